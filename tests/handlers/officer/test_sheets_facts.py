"""The facts of a receipt and of a certificate, as they are handed to be drawn; nothing is drawn here."""

from typing import Any

import pytest
from sqlmodel import select

from bot.core.incoming import Incoming
from bot.core.screens import Press, Reply
from bot.reports import pdf_document
from bot.reports.model import Sheet
from bot.texts import BIDI_MARKS, t
from handlers.officer import card, sheets
from storage.enums import AttemptState, Messenger, RequestState
from storage.tables import Grant, Officer, QualificationRequest
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App, Person
from tests.support.factories.qualification import request_row

BOT = "https://t.me/officer_bot"
BANK: dict[str, Any] = {"bank_ref": "201", "card_masked": "502229******5995"}


@pytest.fixture
def drawn(app: App, monkeypatch: pytest.MonkeyPatch) -> list[Sheet]:
    app.resources.public_info.bot_links[Messenger.TELEGRAM] = BOT
    made: list[Sheet] = []

    def keep(sheet: Sheet) -> bytes:
        made.append(sheet)
        return b"%PDF"

    monkeypatch.setattr(pdf_document, "pdf_document", keep)
    return made


def paid(person: Person, *, code: str = "140509010001", **values: Any) -> int:
    row = request_row(
        person.account.id, state=RequestState.COMPLETED, fee_rial=1_500_000, tracking_code=code, closed_at=NOW
    )
    request: QualificationRequest = person.app.add(row)
    bank = {"amount_rial": 1_500_000, "paid_at": NOW, "ref": code} | BANK | values
    people.payment_attempt(person.app, request, AttemptState.PAID, **bank)
    return request.id or 0


def facts(sheet: Sheet) -> list[tuple[str, str]]:
    return [(label, BIDI_MARKS.sub("", value)) for label, value in sheet.facts]


@pytest.mark.parametrize("known", [True, False])
def test_the_facts_of_a_receipt(app: App, drawn: list[Sheet], known: bool) -> None:
    sara = people.officer(app)
    request_id = paid(sara, **({} if known else dict.fromkeys(BANK)))
    sara.open("receipts.send", request_id)
    (sheet,) = drawn
    code = people.code_of(sara)[-3:].translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    said = {
        "payer": "سارا کریمی‌نژاد",
        "national_code": f"•••••••{code}",
        "kind": t("pay.kind.NEW"),
        "tracking_code": "140509010001",
        "amount": BIDI_MARKS.sub("", t("pay.page.both", amount="۱٬۵۰۰٬۰۰۰", toman="۱۵۰٬۰۰۰")),
        "paid_at": "۱۴۰۵/۰۹/۰۱ ساعت ۱۲:۳۰",
    }
    bank = {"bank_ref": "201", "bank_card": "502229******5995"} if known else {}
    assert facts(sheet) == [(t(f"sheet.{name}"), value) for name, value in (said | bank).items()]
    assert (sheet.title, sheet.note, sheet.link) == (t("sheet.receipt"), t("sheet.receipt_note_alone"), None)


def test_a_receipt_leads_to_the_card_of_who_has_one(app: App, drawn: list[Sheet]) -> None:
    """Also where it says today that the qualification was taken back."""
    sara = people.eligible(app)
    request_id = paid(sara)
    sara.open("receipts.send", request_id)
    app.change(Officer, sara.account.id, qualified_at=None)
    sara.open("receipts.send", request_id)
    app.resources.public_info.bot_links.clear()
    sara.open("receipts.send", request_id)
    first, second, unknown = drawn
    token = app.get(Officer, sara.account.id).card_token
    assert first.link == second.link == f"{BOT}?start=card_{token}"
    assert first.note == second.note == t("sheet.receipt_note")
    assert (unknown.link, unknown.note) == (None, t("sheet.receipt_note_alone"))


def test_receipts_are_counted_and_each_leads_to_its_own(app: App, drawn: list[Sheet]) -> None:
    sara = people.officer(app)
    paid(sara)
    paid(sara, code="140509010002", paid_at=NOW.replace(year=2025))
    sara.open("receipts")
    lines = sara.text.splitlines()
    assert [line[:14] for line in lines[1:]] == ["۱. ۱۴۰۴/۰۹/۰۱:", "۲. ۱۴۰۵/۰۹/۰۱:"]
    sara.tap("۲. ۱۴۰۵/۰۹/۰۱")
    assert (t("sheet.tracking_code"), "140509010001") in facts(drawn[0])
    assert sara.files[0].name == "receipt-140509010001.pdf"


@pytest.mark.parametrize("migrated", [True, False])
def test_the_facts_of_a_certificate(app: App, drawn: list[Sheet], migrated: bool) -> None:
    sara = people.eligible(app)
    if migrated:
        app.change(Officer, sara.account.id, qualified_at=None, legacy_qualified=True, university_code=None)
    else:
        paid(sara)
    sara.open("certificate")
    (sheet,) = drawn
    names = ["name", "national_code", "status", "level", "field"]
    names += [] if migrated else ["university", "qualified_at", "tracking_code"]
    assert [label for label, _ in sheet.facts] == [t(f"sheet.{name}") for name in names]
    assert (t("sheet.status"), t("sheet.qualified")) in facts(sheet)
    assert sheet.link is not None


def test_without_the_file_that_was_to_be_made_the_menu_is_shown(app: App) -> None:
    """Somebody who was logged out or suspended while it was drawn."""
    sara = people.officer(app)
    sent = sara.read_turn(lambda turn: sheets.send_receipt(turn, Press("receipts.send", 1)))
    assert sent == Reply(goto=Press("receipts"))
    sent = sara.read_turn(lambda turn: sheets.send_certificate(turn, Press("certificate")))
    assert sent == Reply(goto=Press("qual"))


@pytest.mark.parametrize("who", ["guest", "expert", "role ended", "suspended"])
def test_who_left_before_the_file_was_begun_has_none_made(app: App, drawn: list[Sheet], who: str) -> None:
    """The press was allowed when it came; the screen that follows says what is the matter. A receipt is kept by who is
    suspended."""
    sara = people.eligible(app)
    request_id, account_id = paid(sara), sara.account.id
    if who == "suspended":
        people.suspend(sara)
    if who == "role ended":
        app.change(Grant, app.one(select(Grant.id).where(Grant.account_id == account_id)), active=False)
    person = {"guest": app.person, "expert": lambda: people.expert(app)}.get(who, lambda: sara)()
    incoming = Incoming(person.messenger, 1, person.chat_id)
    pressed = Press("receipts.send", request_id)
    receipt = app.wait(sheets._prepare_receipt(app.resources, incoming, pressed))
    assert (receipt is None) is (who != "suspended")
    assert app.wait(sheets._prepare_certificate(app.resources, incoming, Press("certificate"))) is None
    if who != "role ended":
        assert app.wait(card._prepare_picture(app.resources, incoming, Press("card.picture"))) is None


def test_nobody_else_has_a_sheet_made(app: App, drawn: list[Sheet]) -> None:
    """Neither a guest nor somebody in another role."""
    sara, maryam = people.eligible(app), people.expert(app)
    request_id = paid(sara)
    for person in (app.person(), maryam):
        person.open("receipts.send", request_id)
        person.open("certificate")
        assert not person.files
    assert drawn == []
