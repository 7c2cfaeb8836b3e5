"""Screens of the directorate's staff: payments of a wrong amount, which only staff can end.

See docs/specification.md 2.3.
"""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.screens import Press, Reply, Screen, button
from bot.services import payments
from bot.texts import t
from bot.texts.formats import digits, number
from conversations.engine.engine import Engine
from conversations.staff.refunds import ATTEMPT
from handlers.common.navigation import ButtonRow, navigation_row, page_of, pager
from handlers.common.numbered_list import STAFF

LINES = 5


def routes(engine: Engine) -> Routes:
    """staff.wrong, staff.wrong_do."""
    table = Routes()
    table.show("staff.wrong", roles=STAFF)(wrong)

    @table.act("staff.wrong_do", roles=STAFF)
    def returned(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "wrong_amount", subject_id=press.id, answers={ATTEMPT: press.id})

    return table


def wrong_amounts_rows(turn: Turn) -> list[ButtonRow]:
    """The way here, where there is anything."""
    found = len(payments.wrong_amounts(turn.db, actor=turn.actor, limit=99))
    return [(button(t("kept.wrong.button", n=digits(found)), "staff.wrong"),)] if found else []


def wrong(turn: Turn, press: Press) -> Screen:
    """Payments of a wrong amount, oldest first."""
    page = page_of(press)
    found = payments.wrong_amounts(turn.db, actor=turn.actor, limit=LINES + 1, offset=page * LINES)
    if not found:
        return Screen(t("error.empty"), (navigation_row("staff.refunds"),))
    lines, rows = [t("kept.wrong.title")], list[ButtonRow]()
    for i, one in enumerate(found[:LINES], start=page * LINES + 1):
        lines.append(
            t(
                "kept.wrong.line",
                i=digits(i),
                payer=one.payer,
                code=one.tracking_code or "–",
                amount=number(one.amount_rial),
                ref=one.gateway_ref or "–",
            )
        )
        label = t("kept.wrong.do", i=digits(i))
        rows.append((button(label, "staff.wrong_do", one.attempt_id),))
    pages = page + (2 if len(found) > LINES else 1)
    rows += pager(Press("staff.wrong"), page=page, pages=pages)
    return Screen("\n".join(lines), (*rows, navigation_row("staff.refunds")))
