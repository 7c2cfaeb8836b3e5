"""An expert sees a picture of a PDF's first page, the PDF by a tap, and may ask for the original of a picture."""

import pytest
from sqlmodel import select

from storage.tables import AuditEvent, StoredFile
from tests.support.chat_driver import App, Person
from tests.support.chat_people import at_request, expert, officer, request_of, submit, tariff


@pytest.fixture
def sara(app: App) -> Person:
    tariff(app)
    return submit(officer(app))


@pytest.fixture
def maryam(app: App, sara: Person) -> Person:
    return at_request(expert(app), sara)


def becomes_pdf(app: App, sara: Person, remarks: str | None = None) -> int:
    """The degree certificate is a PDF of three pages."""
    (file_id,) = request_of(sara).snapshot["doc.degree_certificate"]
    kind = "application/pdf"
    values = {"media_type": kind, "shown_media_type": kind, "preview_key": "p" * 32, "pages": 3}
    app.change(StoredFile, file_id, **values, remarks=remarks)
    return file_id


def viewed(app: App) -> list[dict]:
    return [one.data for one in app.all(select(AuditEvent).where(AuditEvent.event == "document_viewed"))]


def test_a_pdf_is_a_picture_among_all_documents_and_a_file_by_a_tap(
    app: App, sara: Person, maryam: Person
) -> None:
    file_id = becomes_pdf(app, sara, "signed,cleaned")
    maryam.tap("📌 برداشتن پرونده")
    (degree,) = [one for one in maryam.files if one.file_id == file_id]
    assert degree.variant == "preview"
    for said in ("صفحه اول از ۳", "امضای دیجیتال دارد", "نسخه پاک‌سازی‌شده"):
        assert said in degree.caption

    maryam.tap("📎 مدارک").tap("مدرک تحصیلی (۱)")
    assert [(one.file_id, one.variant) for one in maryam.files] == [(file_id, "shown")]
    assert "📎 فایل اصلی" not in maryam.labels


def test_an_expert_knows_that_the_preview_lacks_writing(app: App, sara: Person, maryam: Person) -> None:
    file_id = becomes_pdf(app, sara, "fonts")
    maryam.tap("📌 برداشتن پرونده")
    (degree,) = [one for one in maryam.files if one.file_id == file_id]
    assert "قلم‌های این فایل در پیش‌نمایش دیده نمی‌شوند" in degree.caption
    maryam.tap("📎 مدارک").tap("مدرک تحصیلی (۱)")
    assert "قلم" not in maryam.files[0].caption  # the PDF itself


def test_the_original_of_a_picture_is_sent_and_recorded(app: App, sara: Person, maryam: Person) -> None:
    maryam.tap("📎 مدارک")
    assert "📎 فایل اصلی" not in maryam.labels
    maryam.tap("شناسنامه (۱)").tap("📎 فایل اصلی")
    (sent,) = maryam.files
    assert sent.variant == "original"
    assert "فایل اصلی" in sent.caption
    assert viewed(app)[-1]["copy"] == "original"
    assert "copy" not in viewed(app)[-2]
