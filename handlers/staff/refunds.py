"""Screens of the directorate's staff: money that must go back, what went back, and payments of a wrong amount.

See docs/specification.md 2.3.
"""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.refusals import Stale
from bot.core.screens import Press, Reply, Screen, button
from bot.services import payments
from bot.services.exports.wanted import ExportKind
from bot.texts import t
from bot.texts.formats import digits, jalali_day, jalali_time, local_mobile, number, toman
from conversations.engine.engine import Engine
from conversations.staff.refunds import ATTEMPT, VERSION
from handlers.common.navigation import (
    ButtonRow,
    button_grid,
    first_page,
    home_button,
    navigation_row,
    page_of,
    pager_rows,
)
from handlers.common.numbered_list import STAFF
from handlers.staff.exports import USUAL

LINES = 5


def routes(engine: Engine) -> Routes:
    """staff.refunds, refund, wrong, wrong_do, refunded, refund_card, refund_fix."""
    table = Routes()
    table.show("staff.refunds", roles=STAFF, listed=True)(show_refunds)
    table.show("staff.wrong", roles=STAFF, listed=True)(show_wrong_amounts)
    table.show("staff.refunded", roles=STAFF, listed=True)(show_archive)
    table.show("staff.refund_card", roles=STAFF)(show_refund)

    @table.act("staff.refund", roles=STAFF)
    def refund(turn: Turn, press: Press) -> Reply:
        return engine.start(
            turn,
            "refund",
            subject_id=press.id,
            answers={ATTEMPT: press.id, VERSION: press.version},
        )

    @table.act("staff.refund_fix", roles=STAFF)
    def correct(turn: Turn, press: Press) -> Reply:
        refund = payments.view_refund(turn.db, actor=turn.actor, attempt_id=press.id)
        if refund.refund_ref is None or press.version != refund.version:
            raise Stale
        given = {ATTEMPT: press.id, VERSION: press.version}
        return engine.start(turn, "refund_fix", subject_id=press.id, answers=given)

    @table.act("staff.wrong_do", roles=STAFF)
    def returned(turn: Turn, press: Press) -> Reply:
        return engine.start(turn, "wrong_amount", subject_id=press.id, answers={ATTEMPT: press.id})

    return table


def more_rows() -> list[ButtonRow]:
    """From what is due to the archive, and to the file."""
    return [
        (
            button(t("refunds.archive"), "staff.refunded"),
            button(t("export.button"), "export.kind", USUAL + 1, arg=ExportKind.REFUNDS),
        )
    ]


def show_refunds(turn: Turn, press: Press) -> Screen:
    """Money that must go back, oldest first."""
    page = page_of(press)
    due = payments.refunds_due(turn.db, actor=turn.actor, limit=LINES + 1, offset=page * LINES)
    if not due and page:
        return show_refunds(turn, first_page(press))
    wrong = wrong_amounts_rows(turn)
    if not due:
        return Screen(t("error.empty"), (*wrong, *more_rows(), (home_button(),)))
    lines, rows = [t("staff.refunds_title")], list[ButtonRow]()
    for i, refund in enumerate(due[:LINES], start=page * LINES + 1):
        paid = jalali_day(refund.paid_at) if refund.paid_at is not None else "–"
        lines.append(
            t(
                "staff.refund_line",
                i=digits(i),
                payer=refund.payer,
                code=refund.tracking_code or "–",
                amount=number(refund.amount_rial),
                toman=toman(refund.amount_rial),
                ref=refund.bank_ref or "–",
                date=paid,
            )
        )
        label = t("staff.refund", i=digits(i))
        details = button(t("refunds.details", i=digits(i)), "staff.refund_card", refund.attempt_id)
        rows.append((button(label, "staff.refund", refund.attempt_id, refund.version), details))
    pages = page + (2 if len(due) > LINES else 1)
    rows += pager_rows(Press("staff.refunds"), page=page, pages=pages)
    return Screen("\n".join(lines), (*rows, *wrong, *more_rows(), (home_button(),)))


def show_archive(turn: Turn, press: Press) -> Screen:
    """What was recorded as returned, newest first."""
    total = payments.count_refunded(turn.db, actor=turn.actor)
    if not total:
        return Screen(t("error.empty"), (navigation_row("staff.refunds"),))
    pages = -(-total // LINES)
    page = min(page_of(press), pages - 1)
    shown = payments.refunded(turn.db, actor=turn.actor, limit=LINES, offset=page * LINES)
    lines = [t("refunds.archive_title", n=number(total))]
    if pages > 1:
        lines.append(t("coop.page", page=number(page + 1), pages=number(pages)))
    buttons = []
    for i, refund in enumerate(shown, start=page * LINES + 1):
        lines.append(
            t(
                "refunds.archive_line",
                i=digits(i),
                payer=refund.payer,
                code=refund.tracking_code or "–",
                amount=number(refund.amount_rial),
                ref=refund.refund_ref or "–",
                date=jalali_day(refund.refunded_at) if refund.refunded_at is not None else "–",
            )
        )
        buttons.append(button(digits(i), "staff.refund_card", refund.attempt_id))
    turns = pager_rows(Press("staff.refunded"), page=page, pages=pages)
    export = button(t("export.button"), "export.kind", USUAL + 1, arg=ExportKind.REFUNDS)
    return Screen(
        "\n".join(lines),
        (*button_grid(buttons, columns=5), *turns, (export,), navigation_row("staff.refunds")),
    )


def show_refund(turn: Turn, press: Press) -> Screen:
    """One payment that goes or went back, with all that the bank's panel asks for."""
    refund = payments.view_refund(turn.db, actor=turn.actor, attempt_id=press.id)
    lines = [
        t("refunds.payer", payer=refund.payer),
        *([t("refunds.mobile", mobile=local_mobile(refund.mobile))] if refund.mobile else []),
        t("refunds.code", code=refund.tracking_code or "–"),
        t("refunds.amount", amount=number(refund.amount_rial), toman=toman(refund.amount_rial)),
        t("refunds.gateway", what=refund.gateway, ref=refund.gateway_ref or "–"),
        t("refunds.bank_ref", ref=refund.bank_ref or "–"),
        t("refunds.card", number=refund.card_masked or "–"),
    ]
    if refund.paid_at is not None:
        lines.append(t("refunds.paid", time=jalali_time(refund.paid_at)))
    rows: list[ButtonRow] = []
    if refund.refund_ref is not None:
        when = jalali_time(refund.refunded_at) if refund.refunded_at is not None else "–"
        lines += [
            "",
            t("refunds.returned", ref=refund.refund_ref, time=when),
            t("refunds.by", name=refund.refunded_by or "–"),
        ]
        rows.append((button(t("refunds.correct"), "staff.refund_fix", press.id, refund.version),))
    else:
        rows.append((button(t("refunds.record"), "staff.refund", press.id, refund.version),))
    back = "staff.refunded" if refund.refund_ref is not None else "staff.refunds"
    return Screen("\n".join(lines), (*rows, navigation_row(back)))


def wrong_amounts_rows(turn: Turn) -> list[ButtonRow]:
    """The way here, where there is anything."""
    number_due = len(payments.wrong_amounts(turn.db, actor=turn.actor, offset=0, limit=99))
    return [(button(t("wrong_amounts.button", n=digits(number_due)), "staff.wrong"),)] if number_due else []


def show_wrong_amounts(turn: Turn, press: Press) -> Screen:
    """Payments of a wrong amount, oldest first."""
    page = page_of(press)
    refunds = payments.wrong_amounts(turn.db, actor=turn.actor, limit=LINES + 1, offset=page * LINES)
    if not refunds and page:
        return show_wrong_amounts(turn, first_page(press))
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
