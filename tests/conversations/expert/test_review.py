"""Rejecting, declaring deficiencies and searching, as experts do it."""

import pytest

from storage.enums import RejectReason, RequestState
from tests.support.chat_driver import App, Person
from tests.support.chat_people import (
    at_decision,
    at_request,
    expert,
    in_charge,
    officer,
    request_of,
    submit,
    tariff,
)


@pytest.fixture
def sara(app: App) -> Person:
    tariff(app)
    return submit(officer(app))


@pytest.fixture
def maryam(app: App, sara: Person) -> Person:
    """An expert at the request."""
    return at_decision(expert(app), sara)


def test_a_preset_needs_no_words(sara: Person, maryam: Person) -> None:
    maryam.tap("❌ رد")
    maryam.sees("سارا کریمی‌نژاد", "این متن به متقاضی گفته می‌شود", "📍 استان/شهر نادرست", "سایر", "انصراف")
    maryam.tap("مدارک نامعتبر").sees("بدون توضیح").sees_not("بدون پاسخ")
    maryam.tap("بدون توضیح").sees("رد شود؟", "سارا کریمی‌نژاد", "دلیل: مدارک نامعتبر")
    assert request_of(sara).state is RequestState.IN_REVIEW
    maryam.tap("بله، رد می‌کنم").sees("❌ پرونده", "رد شد", "دلیل: مدارک نامعتبر", "تصمیم: مریم رضایی")
    assert request_of(sara).reject_reason is RejectReason.INVALID_DOCUMENTS


def test_a_preset_with_an_addition(sara: Person, maryam: Person) -> None:
    maryam.tap("❌ رد", "رشته نامرتبط").type("رشته باید مهندسی پزشکی باشد")
    maryam.sees("│ رشته باید مهندسی پزشکی باشد\n└ شما").tap("بله، رد می‌کنم")
    assert request_of(sara).reject_text == "رشته نامرتبط؛ رشته باید مهندسی پزشکی باشد"
    sara.open("qual.track").sees("❌ ردشده", "رشته باید مهندسی پزشکی باشد", "می‌توانید بدون محدودیت")
    sara.sees("ثبت دوباره")


def test_the_experts_own_words_are_a_reason(sara: Person, maryam: Person) -> None:
    maryam.tap("❌ رد").type("کم").sees("لطفاً دلیل را کامل‌تر بنویسید")
    maryam.type("مدارک با هم نمی‌خواند").sees("رد شود؟", "مدارک با هم نمی‌خواند").type("بله").sees("رد شد")
    request = request_of(sara)
    assert (request.reject_reason, request.reject_text) == (RejectReason.OTHER, "مدارک با هم نمی‌خواند")


def test_no_leaves_the_file_as_it_was_and_other_wants_words(sara: Person, maryam: Person) -> None:
    maryam.tap("❌ رد", "رشته نامرتبط", "بدون توضیح", "خیر")
    maryam.sees("🔍 در حال بررسی", "❌ رد").tap("❌ رد", "انصراف").sees("متوقف شد", "🔍 در حال بررسی")
    assert request_of(sara).state is RequestState.IN_REVIEW
    maryam.tap("❌ رد", "سایر").sees("توضیح خود را برای متقاضی بنویسید").sees_not("بدون توضیح")
    maryam.type("پرونده تکراری است").tap("بله، رد می‌کنم").sees("رد شد")


def test_items_are_ticked_and_unticked(maryam: Person) -> None:
    maryam.tap("اعلام نواقص")
    assert not {"▫️ استان", "▫️ شهر محل زندگی", "▫️ دانشگاه"} & set(maryam.labels)
    assert all(len(label) <= 20 for label in maryam.labels)
    maryam.tap("ارسال نواقص").sees("هیچ موردی علامت نخورده")
    maryam.tap("▫️ نام پدر").sees("☑️ نام پدر").tap("☑️ نام پدر").sees("▫️ نام پدر").tap("▫️ عکس")
    maryam.type("عکس قدیمی است").tap("ارسال نواقص")
    maryam.sees("ارسال شود؟", "سارا کریمی‌نژاد", "• عکس پرسنلی", "عکس قدیمی است").sees_not("• نام پدر")
    maryam.tap("بله، ارسال شود").sees("⚠️ نواقص پرونده", "• عکس پرسنلی", "تصمیم: مریم رضایی")


REJECTION, APPROVAL = ["❌ رد", "رشته نامرتبط", "بدون توضیح"], ["✅ تأیید"]


@pytest.mark.parametrize(
    ("asked", "yes", "seen"),
    [(REJECTION, "بله، رد می‌کنم", "💳 تأییدشده"), (APPROVAL, "بله، تأیید می‌کنم", "📄 پرونده")],
    ids=["rejecting", "approving"],
)
def test_a_colleague_was_faster(
    app: App, sara: Person, maryam: Person, asked: list[str], yes: str, seen: str
) -> None:
    """The head gave the file to her while it was decided."""
    maryam.tap("↩️ بازگشت به صف")
    bahar = at_decision(expert(app, "رستمی"), sara).tap(*asked)
    at_request(in_charge(app), sara).tap("ارجاع به کارشناس", "مریم رضایی (۰)")
    at_request(maryam, sara).tap("✅ تأیید", "بله، تأیید می‌کنم").sees("تأیید شد")
    bahar.tap(yes).sees("پیش‌تر تصمیم گرفته شده است (مریم رضایی،", seen).sees_not("❌ رد")
    assert request_of(sara).state is RequestState.AWAITING_PAYMENT
    assert len(app.events("approved")) == 1


def test_deficiencies_of_a_file_that_was_withdrawn(sara: Person, maryam: Person) -> None:
    """The question is one that an earlier release asked of a file that nobody has taken."""
    maryam.tap("↩️ بازگشت به صف")
    maryam.open("desk.defects", request_of(sara).id, request_of(sara).version).tap("▫️ عکس", "ارسال نواقص")
    sara.open("qual.track").tap("انصراف از درخواست", "بله، انصراف می‌دهم")
    maryam.tap("بله، ارسال شود").sees("دیگر معتبر نیست", "⚪️ انصراف‌داده‌شده")
