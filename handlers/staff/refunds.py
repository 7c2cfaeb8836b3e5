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
from handlers.common.navigation import ButtonRow, navigation_row, page_of, pager_rows
from handlers.common.numbered_list import STAFF

LINES = 5


def routes(engine: Engine) -> Routes:
    """staff.wrong, staff.wrong_do."""
    table = Routes()
    table.show("staff.wrong", roles=STAFF)(show_wrong_amounts)

    @table.act("staff.wrong_do", roles=STAFF)
    def returned(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "wrong_amount", subject_id=press.id, answers={ATTEMPT: press.id})

    return table


def wrong_amounts_rows(turn: Turn) -> list[ButtonRow]:
    """The way here, where there is anything."""
    number_due = len(payments.wrong_amounts(turn.db, actor=turn.actor, limit=99))
    return [(button(t("wrong_amounts.button", n=digits(number_due)), "staff.wrong"),)] if number_due else []


def show_wrong_amounts(turn: Turn, press: Press) -> Screen:
    """Payments of a wrong amount, oldest first."""
    page = page_of(press)
    refunds = payments.wrong_amounts(turn.db, actor=turn.actor, limit=LINES + 1, offset=page * LINES)
    if not refunds:
        return Screen(t("error.empty"), (navigation_row("staff.refunds"),))
    lines, rows = [t("wrong_amounts.title")], list[ButtonRow]()
    for i, refund in enumerate(refunds[:LINES], start=page * LINES + 1):
        lines.append(
            t(
                "wrong_amounts.line",
                i=digits(i),
                payer=refund.payer,
                code=refund.tracking_code or "–",
                amount=number(refund.amount_rial),
                ref=refund.gateway_ref or "–",
            )
        )
        label = t("wrong_amounts.do", i=digits(i))
        rows.append((button(label, "staff.wrong_do", refund.attempt_id),))
    pages = page + (2 if len(refunds) > LINES else 1)
    rows += pager_rows(Press("staff.wrong"), page=page, pages=pages)
    return Screen("\n".join(lines), (*rows, navigation_row("staff.refunds")))
