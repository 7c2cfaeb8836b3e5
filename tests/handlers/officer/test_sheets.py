"""The receipt of a payment and the certificate of qualification: PDF that prove something, for their owner alone."""

from __future__ import annotations

import threading
from io import BytesIO
from typing import Any

import pypdfium2
import pytest
import zxingcpp

from bot.core.screens import GeneratedFile
from bot.reports import pdf_document
from bot.reports.model import Sheet
from storage.enums import AttemptState, Messenger, RequestKind
from storage.tables import Officer
from tests.support import chat_people as people
from tests.support.chat_driver import NATIONAL_CODE, App, Person
from tests.support.factories.qualification import request_row

BOT = "https://t.me/officer_bot"


@pytest.fixture(autouse=True)
def known_bot(app: App) -> None:
    app.resources.public_info.bot_links[Messenger.TELEGRAM] = BOT


def paid(app: App) -> Person:
    """An officer whose fee came an hour ago."""
    people.tariff(app)
    sara = people.submit(people.officer(app))
    people.approve(people.expert(app), sara)
    bank = {"bank_ref": "201000001", "card_masked": "502229******5995", "paid_at": app.clock()}
    people.payment_attempt(app, people.request_of(sara), AttemptState.PAID, **bank, amount_rial=1_500_000)
    people.complete(app, people.request_of(sara))
    app.clock.passes(hours=1)
    return sara


def document(person: Person) -> GeneratedFile:
    (sheet,) = person.files
    assert isinstance(sheet, GeneratedFile)
    assert sheet.name.endswith(".pdf")
    assert not sheet.picture
    return sheet


def read(sheet: GeneratedFile) -> tuple[str, str]:
    """The text of the only page, and what a camera reads off it. «لا» is one glyph, and read the other way round."""
    (page,) = pypdfium2.PdfDocument(BytesIO(sheet.content))
    codes = zxingcpp.read_barcodes(page.render(scale=2).to_pil())
    return page.get_textpage().get_text_range(), codes[0].text if codes else ""


def check(app: App, link: str) -> Person:
    """What a stranger sees who scans it."""
    address, _, payload = link.partition("?start=")
    assert address == BOT
    return app.person().command("start", payload)


def test_a_receipt_from_the_chat(app: App) -> None:
    sara = paid(app).command("menu").tap("🎓 احراز صلاحیت", "🧾 رسیدهای پرداخت")
    sara.sees("رسید کدام پرداخت", "۱٬۵۰۰٬۰۰۰ ریال").tap("۱. ۱۴۰۵/۰۹/۰۱")
    sheet = document(sara)
    code = people.request_of(sara).tracking_code
    assert sheet.name == f"receipt-{code}.pdf"
    text, link = read(sheet)
    for fact in ("سارا", "۱٬۵۰۰٬۰۰۰ ریال", "۱۵۰٬۰۰۰ تومان", "۱۴۰۵/۰۹/۰۱", "۱۲:۳۰", "201000001", code, "5995"):
        assert fact in text, text
    assert sara.account.national_code not in text
    check(app, link).sees("استعلام کارت مسئول فنی", "سارا کریمی‌نژاد")
    sara.sees("رسید کدام پرداخت", "بازگشت")  # the list stands below the file


def test_the_receipt_is_a_button_of_the_paid_request(app: App) -> None:
    sara = paid(app).open("qual.track").sees("✅ تأیید نهایی").tap("🧾 رسید پرداخت")
    assert "201000001" in read(document(sara))[0]


def test_the_message_that_the_payment_came_leads_to_the_receipt(app: App) -> None:
    sara = paid(app).tap_push("🧾 رسید پرداخت")
    assert "201000001" in read(document(sara))[0]


def test_the_receipt_of_the_first_request_stays_at_hand(app: App) -> None:
    """Also while an amendment is the newest request, and after a year."""
    sara = paid(app)
    app.add(request_row(sara.account.id, kind=RequestKind.AMENDMENT, tracking_code="140601010001"))
    app.clock.passes(days=400)
    sara.open("qual").tap("🧾 رسیدهای پرداخت", "۱. ۱۴۰۵/۰۹/۰۱")
    assert "۱۴۰۵/۰۹/۰۱" in read(document(sara))[0]


def test_nothing_was_paid_yet(app: App) -> None:
    sara = people.submit(people.officer(app))
    sara.open("qual").sees_not("رسید").open("receipts").sees("هنوز پرداختی ثبت نشده است")
    sara.open("receipts.send", people.request_of(sara).id).sees("دسترسی ندارید")


def test_a_payment_that_goes_back_has_no_receipt(app: App) -> None:
    sara = people.submit(people.officer(app))
    people.payment_attempt(app, people.request_of(sara), AttemptState.REFUND_DUE)
    sara.open("receipts").sees("هنوز پرداختی ثبت نشده است")


def test_the_receipt_of_another_officer(app: App) -> None:
    sara, other = paid(app), people.officer(app, "رضا")
    other.open("receipts.send", people.request_of(sara).id).sees("دسترسی ندارید")
    assert not other.files
    people.expert(app, "نجفی").open("receipts.send", people.request_of(sara).id).sees_not("🧾")


def test_a_suspended_officer_keeps_the_receipt_and_loses_the_certificate(app: App) -> None:
    sara = paid(app).open("certificate")
    _, link = read(document(sara))
    people.suspend(sara)
    check(app, link).sees("⛔️ غیرفعال", "معتبر نیست")
    sara.open("certificate").sees("حساب شما غیرفعال شده است")
    assert not sara.files
    sara.open("receipts").tap("۱. ۱۴۰۵/۰۹/۰۱")
    assert "201000001" in read(document(sara))[0]


def test_the_certificate(app: App) -> None:
    sara = paid(app).open("qual").tap("📄 گواهی صلاحیت")
    text, link = read(document(sara))
    for fact in (
        "سارا",
        "کارشناسی",
        "دانشگاه علوم پزشکی شیراز",
        "۱۴۰۵/۰۹/۰۱",
        people.request_of(sara).tracking_code,
    ):
        assert fact in text, text
    assert sara.account.national_code not in text
    assert "۵۶۱" not in text or NATIONAL_CODE not in text
    check(app, link).sees("سارا کریمی‌نژاد", "✅")
    sara.sees("کارت مسئول فنی")  # the menu stands below the file


def test_there_is_no_certificate_before_qualification(app: App) -> None:
    sara = people.submit(people.officer(app))
    sara.open("qual").sees_not("گواهی صلاحیت").open("certificate").sees("پس از احراز صلاحیت صادر می‌شود")
    assert not sara.files


def test_the_certificate_of_an_officer_of_the_old_system(app: App) -> None:
    """What the old system did not know is left out, not shown as empty."""
    sara = people.officer(app)
    nothing: dict[str, Any] = dict.fromkeys(("level_code", "field_code", "university_code"))
    app.change(Officer, sara.account.id, legacy_qualified=True, **nothing)
    text, link = read(document(sara.open("qual").tap("گواهی صلاحیت")))
    assert "سارا" in text
    assert "مقطع" not in text
    assert "None" not in text
    check(app, link).sees("✅")


def test_a_long_field_of_study_stays_on_the_page(app: App) -> None:
    sara = people.eligible(app)
    app.change(
        Officer, sara.account.id, field_code="other", field_note="مهندسی تجهیزات تصویربرداری MRI و CT " * 3
    )
    text, link = read(document(sara.open("certificate")))
    assert text.count("MRI") == 3
    assert link


def test_it_is_drawn_beside_the_loop(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a thread of its own: nobody else's update waits for it."""
    threads: list[str] = []
    draw = pdf_document.pdf_document

    def noted(sheet: Sheet) -> bytes:
        threads.append(threading.current_thread().name)
        return draw(sheet)

    monkeypatch.setattr(pdf_document, "pdf_document", noted)
    document(people.eligible(app).open("certificate"))
    assert [name.partition("_")[0] for name in threads] == ["drawing"]
