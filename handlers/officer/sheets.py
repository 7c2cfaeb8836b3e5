"""The receipt of a payment and the certificate of qualification, as PDF, for their owner (docs/specification.md 7)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from sqlmodel import Session

from bot.application.resources import Resources
from bot.application.routes import READS_SUSPENDED, Routes
from bot.core.context import Turn
from bot.core.incoming import Incoming
from bot.core.screens import Button, GeneratedFile, Press, Reply, Screen, button
from bot.messengers.processing.inbox_store import load_turn
from bot.reports.drawing_queue import DRAWING
from bot.reports.model import Sheet
from bot.services.officers import card, certificate
from bot.services.officers.certificate import Certificate
from bot.services.payments import receipts
from bot.services.payments.receipts import Receipt
from bot.texts import formats, isolate, t
from conversations.engine.engine import Engine
from handlers.common.navigation import button_grid, navigation_row
from handlers.officer.card import card_link
from storage.database.unit_of_work import run_when_available
from storage.enums import AccountState, Role
from storage.tables import Account

OFFICER = (Role.OFFICER,)
T = TypeVar("T")


def routes(engine: Engine) -> Routes:
    """receipts, receipts.send and certificate."""
    table = Routes()
    table.show("receipts", roles=OFFICER, suspended=READS_SUSPENDED)(show_receipts)
    table.act("receipts.send", roles=OFFICER, suspended=READS_SUSPENDED, prepare=_prepare_receipt)(
        send_receipt
    )
    table.act("certificate", roles=OFFICER, prepare=_prepare_certificate)(send_certificate)
    return table


def show_receipts(turn: Turn, press: Press) -> Screen:
    """One button a payment."""
    made = receipts.receipts_of(turn.db, actor=turn.actor)
    lines, buttons = [t("receipts.list" if made else "receipts.none")], list[Button]()
    for place, one in enumerate(made, start=1):
        known = {"i": formats.digits(place), "day": formats.jalali_day(one.paid_at)}
        amount = formats.number(one.amount_rial)
        lines.append(t("receipts.line", **known, kind=t(f"pay.kind.{one.kind}"), amount=amount))
        buttons.append(button(t("receipts.one", **known), "receipts.send", one.request_id))
    return Screen("\n".join(lines), (*button_grid(buttons, columns=2), navigation_row("qual")))


def send_receipt(turn: Turn, press: Press) -> Reply:
    """The file that was made before this unit, and the list below it."""
    if turn.prepared is None:
        return Reply(goto=Press("receipts"))
    _, receipt = receipts.receipt_of(turn.db, actor=turn.actor, request_id=press.id)
    name = f"receipt-{receipt.tracking_code}.pdf"
    file = GeneratedFile(name, turn.prepared, t("receipt.caption", code=receipt.tracking_code))
    return Reply((Screen("", attachments=(file,)),), goto=Press("receipts"), send_as_new=True)


def send_certificate(turn: Turn, press: Press) -> Reply:
    """The file that was made before this unit, and the menu below it."""
    if turn.prepared is None:
        return Reply(goto=Press("qual"))
    file = GeneratedFile("certificate.pdf", turn.prepared, t("certificate.caption"))
    return Reply((Screen("", attachments=(file,)),), goto=Press("qual"), send_as_new=True)


async def _prepare_receipt(resources: Resources, incoming: Incoming, press: Press) -> bytes | None:
    """Made outside any transaction. Raises NotAllowed for somebody else's, Unavailable where many are drawn."""

    def unit(turn: Turn) -> tuple[Account, Receipt, str | None]:
        payer, receipt = receipts.receipt_of(turn.db, actor=turn.actor, request_id=press.id)
        if card.may_have(turn.db, account=payer):
            token: str | None = card.issue_card(turn.db, actor=turn.actor, now=turn.now).token
        else:
            token = card.token_of(turn.db, account_id=payer.id or 0)
        return payer, receipt, token

    read = await _run(resources, incoming, unit)
    if read is None:
        return None
    payer, receipt, token = read
    link = card_link(resources.public_info, incoming.messenger, token) if token else None
    amount = t(
        "pay.page.both", amount=formats.number(receipt.amount_rial), toman=formats.toman(receipt.amount_rial)
    )
    facts: list[tuple[str, str | None]] = [
        ("payer", payer.name),
        ("national_code", formats.masked(payer.national_code or "")),
        ("kind", t(f"pay.kind.{receipt.kind}")),
        ("tracking_code", receipt.tracking_code),
        ("amount", amount),
        ("paid_at", formats.jalali_time(receipt.paid_at)),
        ("bank_ref", receipt.bank_ref),
        ("bank_card", receipt.card_masked),
    ]
    note = t("sheet.receipt_note" if link else "sheet.receipt_note_alone")
    return await _draw(resources, payer.id or 0, "sheet.receipt", facts, note, link)


async def _prepare_certificate(resources: Resources, incoming: Incoming, press: Press) -> bytes | None:
    """Made outside any transaction. Raises NotAllowed for an officer who is not qualified, Unavailable where
    many are drawn."""

    def unit(turn: Turn) -> Certificate | None:
        assert turn.account is not None
        if turn.account.state is not AccountState.ACTIVE:
            return None
        return certificate.issue_certificate(turn.db, actor=turn.actor, now=turn.now)

    issued = await _run(resources, incoming, unit)
    if issued is None:
        return None
    facts: list[tuple[str, str | None]] = [
        ("name", issued.card.name),
        ("national_code", issued.card.masked_code),
        ("status", t("sheet.qualified")),
        ("level", issued.level),
        ("field", issued.field),
        ("university", issued.university),
        ("qualified_at", formats.jalali_day(issued.qualified_at) if issued.qualified_at else None),
        ("tracking_code", issued.tracking_code),
    ]
    link = card_link(resources.public_info, incoming.messenger, issued.card.token)
    return await _draw(
        resources, issued.card.account_id, "sheet.certificate", facts, t("sheet.certificate_note"), link
    )


async def _run(resources: Resources, incoming: Incoming, unit: Callable[[Turn], T]) -> T | None:
    """What `unit` reads for the officer of this chat; None where the press will be refused anyway."""
    now = resources.clock()

    def work(db: Session) -> T | None:
        turn = load_turn(db, incoming, now, resources.public_info, reading=True)
        if turn.account is None or turn.role is not Role.OFFICER or not turn.holds_role:
            return None
        return unit(turn)

    return await run_when_available(resources.database, work)


async def _draw(
    resources: Resources,
    account_id: int,
    title: str,
    facts: list[tuple[str, str | None]],
    note: str,
    link: str | None,
) -> bytes:
    now = resources.clock()
    sheet = Sheet(
        t(title),
        t("sheet.issuer"),
        tuple((t(f"sheet.{name}"), isolate(value)) for name, value in facts if value),
        note,
        t("sheet.issued", time=formats.jalali_time(now)),
        link,
        now,
    )
    return await DRAWING.draw(account_id, partial(_drawn, sheet))


def _drawn(sheet: Sheet) -> bytes:
    from bot.reports import pdf_document  # 20 MB that few processes ever need, loaded beside the loop

    return pdf_document.pdf_document(sheet)
