"""Rejecting, declaring deficiencies and searching, as experts do it."""

from __future__ import annotations

from datetime import date

import pytest
from sqlmodel import Session

from storage.enums import RejectReason, RequestKind, RequestState
from storage.tables import Tariff
from tests.conversations.officer.test_qualification_form import request_of
from tests.support.handler_driver import Visitor, expert, officer, submit


@pytest.fixture
def sara(db: Session) -> Visitor:
    db.add(Tariff(kind=RequestKind.NEW, amount_rial=1_500_000, valid_from=date(2026, 1, 1)))
    return submit(officer(db))


def at_file(maryam: Visitor, sara: Visitor) -> Visitor:
    return maryam.opens("desk.file", request_of(sara).id or 0)


def test_a_preset_needs_no_words(db: Session, sara: Visitor) -> None:
    maryam = at_file(expert(db), sara).taps("❌ رد")
    maryam.sees("سارا کریمی‌نژاد", "این متن برای متقاضی ارسال می‌شود", "📍 استان/شهر نادرست", "سایر", "انصراف")
    maryam.taps("مدارک نامعتبر").sees("بدون توضیح").sees_not("رد کردن")
    maryam.taps("بدون توضیح").sees("رد شود؟", "سارا کریمی‌نژاد", "دلیل: مدارک نامعتبر")
    assert request_of(sara).state is RequestState.SUBMITTED
    maryam.taps("بله، رد می‌کنم").sees("❌ پرونده", "رد شد", "دلیل: مدارک نامعتبر", "تصمیم: مریم رضایی")
    assert request_of(sara).reject_reason is RejectReason.INVALID_DOCUMENTS


def test_a_preset_with_an_addition(db: Session, sara: Visitor) -> None:
    maryam = at_file(expert(db), sara).taps("❌ رد").taps("رشته نامرتبط").types("رشته باید مهندسی پزشکی باشد")
    maryam.sees("│ رشته باید مهندسی پزشکی باشد\n└ شما").taps("بله، رد می‌کنم")
    assert request_of(sara).reject_text == "رشته نامرتبط؛ رشته باید مهندسی پزشکی باشد"
    sara.opens("qual.track").sees("❌ ردشده", "رشته باید مهندسی پزشکی باشد", "ثبت دوباره")


def test_the_experts_own_words_are_a_reason(db: Session, sara: Visitor) -> None:
    maryam = at_file(expert(db), sara).taps("❌ رد").types("کم").sees("لطفاً دلیل را کامل‌تر بنویسید")
    maryam.types("مدارک با هم نمی‌خواند").sees("رد شود؟", "مدارک با هم نمی‌خواند").types("بله").sees("رد شد")
    request = request_of(sara)
    assert (request.reject_reason, request.reject_text) == (RejectReason.OTHER, "مدارک با هم نمی‌خواند")


def test_other_wants_words(db: Session, sara: Visitor) -> None:
    maryam = at_file(expert(db), sara).taps("❌ رد").taps("سایر").sees("توضیح خود را برای متقاضی بنویسید")
    maryam.sees_not("بدون توضیح").types("پرونده تکراری است").taps("بله، رد می‌کنم").sees("رد شد")


def test_no_leaves_the_file_as_it_was(db: Session, sara: Visitor) -> None:
    maryam = at_file(expert(db), sara).taps("❌ رد").taps("رشته نامرتبط").taps("بدون توضیح").taps("خیر")
    maryam.sees("⏳ در انتظار بررسی", "❌ رد")
    maryam.taps("❌ رد").taps("انصراف").sees("متوقف شد", "⏳ در انتظار بررسی")
    assert request_of(sara).state is RequestState.SUBMITTED


def test_items_are_ticked_and_unticked(db: Session, sara: Visitor) -> None:
    maryam = at_file(expert(db), sara).taps("اعلام نواقص")
    assert not {"▫️ استان", "▫️ شهر محل زندگی", "▫️ دانشگاه"} & set(maryam.labels)
    assert all(len(label) <= 20 for label in maryam.labels)
    maryam.taps("ارسال نواقص").sees("هیچ موردی علامت نخورده")
    maryam.taps("▫️ نام پدر").sees("☑️ نام پدر").taps("☑️ نام پدر").sees("▫️ نام پدر").taps("▫️ عکس")
    maryam.types("عکس قدیمی است").taps("ارسال نواقص")
    maryam.sees("ارسال شود؟", "سارا کریمی‌نژاد", "• عکس پرسنلی", "عکس قدیمی است").sees_not("• نام پدر")
    maryam.taps("بله، ارسال شود").sees("⚠️ نواقص پرونده", "• عکس پرسنلی", "تصمیم: مریم رضایی")


def test_a_colleague_was_faster(db: Session, sara: Visitor) -> None:
    maryam, bahar = at_file(expert(db), sara), at_file(expert(db, "رستمی"), sara)
    bahar.taps("❌ رد").taps("رشته نامرتبط").taps("بدون توضیح")
    maryam.taps("✅ تأیید").taps("بله، تأیید می‌کنم").sees("تأیید شد")
    bahar.taps("بله، رد می‌کنم").sees("پیش‌تر تصمیم گرفته شده است (مریم رضایی،", "💳 تأییدشده")
    assert "❌ رد" not in bahar.labels
    assert request_of(sara).state is RequestState.AWAITING_PAYMENT


def test_deficiencies_of_a_file_that_was_withdrawn(db: Session, sara: Visitor) -> None:
    maryam = at_file(expert(db), sara).taps("اعلام نواقص").taps("▫️ عکس").taps("ارسال نواقص")
    sara.opens("qual.track").taps("انصراف از درخواست").taps("بله، انصراف می‌دهم")
    maryam.taps("بله، ارسال شود").sees("دیگر معتبر نیست", "⚪️ پس‌گرفته‌شده")


def test_search_by_either_code(db: Session, sara: Visitor) -> None:
    maryam = expert(db).opens("desk.search").sees("کد رهگیری ۱۲ رقمی")
    maryam.types("12").sees("کد درست نیست", "کد رهگیری ۱۲ رقمی").types("140501010001").sees("پیدا نشد")
    maryam.types(request_of(sara).tracking_code or "").sees("سارا", "📌 بررسی با من")
    maryam.opens("desk.search").types(sara.account.national_code or "").sees("سارا", "📌 بررسی با من")


def test_search_shows_all_requests_of_a_person(db: Session, sara: Visitor) -> None:
    first = request_of(sara).tracking_code
    sara.opens("qual.withdraw_do", request_of(sara).id or 0, request_of(sara).version)
    sara.opens("qual.new").taps("ثبت نهایی").taps("بله")
    maryam = expert(db).opens("desk.search").types(sara.account.national_code or "")
    maryam.sees("درخواست‌های سارا کریمی‌نژاد", first or "", request_of(sara).tracking_code or "")


def test_another_university_finds_nothing(db: Session, sara: Visitor) -> None:
    stranger = expert(db, university="mui").opens("desk.search").types(sara.account.national_code or "")
    stranger.sees("پیدا نشد")
