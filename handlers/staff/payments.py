"""Screens of the directorate's staff: every attempt to pay of a person, or of one file, for «my payment is lost».

See docs/specification.md 2.3.
"""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.screens import Press, Screen
from bot.services.directorate import account_lookup
from bot.services.payments import history
from bot.services.payments.history import PaymentRecord
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.texts import t
from handlers.common.navigation import (
    ButtonRow,
    first_page,
    navigation_row,
    page_of,
    pager_rows,
    truncate_lines,
)
from handlers.common.numbered_list import STAFF
from handlers.common.payment_lines import record_lines

LINES = 5


def routes() -> Routes:
    """staff.account_payments, staff.file_payments."""
    table = Routes()
    table.show("staff.account_payments", roles=STAFF)(show_of_account)
    table.show("staff.file_payments", roles=STAFF)(show_of_file)
    return table


def show_of_account(turn: Turn, press: Press) -> Screen:
    """Of everything that the person filed, newest first."""
    account = account_lookup.open_account(turn.db, actor=turn.actor, account_id=press.id, now=turn.now)
    page = page_of(press)
    found = history.payments_of_account(
        turn.db, actor=turn.actor, account_id=press.id, limit=LINES + 1, offset=page * LINES
    )
    if not found and page:
        return show_of_account(turn, first_page(press))
    title = t("payments_staff.of_account", name=account.name)
    return _screen(press, title, found, page, navigation_row("staff.account", press.id))


def show_of_file(turn: Turn, press: Press) -> Screen:
    """Of one file, newest first."""
    request, _ = QUALIFICATION_WORKFLOW.see(turn.db, press.id, actor=turn.actor)
    page = page_of(press)
    found = history.payments_of_request(
        turn.db, actor=turn.actor, request_id=press.id, limit=LINES + 1, offset=page * LINES
    )
    if not found and page:
        return show_of_file(turn, first_page(press))
    title = t("payments_staff.of_file", code=request.tracking_code or "–")
    return _screen(press, title, found, page, navigation_row("desk.file", press.id))


def _screen(press: Press, title: str, found: list[PaymentRecord], page: int, last: ButtonRow) -> Screen:
    lines = [title]
    for i, record in enumerate(found[:LINES], start=page * LINES + 1):
        lines += ["", *record_lines(i, record)]
    if not found:
        lines.append(t("error.empty"))
    pages = page + (2 if len(found) > LINES else 1)
    turns = pager_rows(Press(press.action, press.id), page=page, pages=pages)
    return Screen(truncate_lines(lines), (*turns, last))
