"""Resolving deficiencies, as the officer does it and the same expert sees it."""

from __future__ import annotations

from sqlmodel import Session, select

from storage.enums import RequestState
from storage.tables import DeficiencyRound, Draft
from tests.conversations.officer.test_qualification_form import request_of
from tests.support.handler_driver import Visitor, expert, officer, submit

SUMMARY = "پس از بررسی، پرونده را دوباره ارسال کنید"


def deficient(db: Session, *labels: str, note: str | None = None) -> tuple[Visitor, Visitor]:
    """An officer whose file has these items ticked, and the expert who ticked them."""
    sara, maryam = submit(officer(db)), expert(db)
    maryam.opens("desk.file", request_of(sara).id or 0).taps("اعلام نواقص")
    for label in labels:
        maryam.taps(f"▫️ {label}")
    if note:
        maryam.types(note)
    maryam.taps("ارسال نواقص").sees("ارسال شود؟").taps("بله، ارسال شود").sees("نواقص پرونده", "اعلام شد")
    assert request_of(sara).state is RequestState.DEFICIENT
    return sara.opens("qual.track"), maryam


def test_only_the_ticked_items_are_asked(db: Session) -> None:
    sara, maryam = deficient(db, "نام پدر", "مدرک تحصیلی", note="مدرک خوانا نیست")
    sara.sees("⚠️ دارای نقص", "• نام پدر", "• تصویر مدرک تحصیلی", "│ مدرک خوانا نیست\n└ کارشناس")
    sara.taps("رفع نقص").sees("نام پدر خود را", "مقدار فعلی: علی", "│ مدرک خوانا نیست\n└ کارشناس")
    sara.types("عباس").sees("📎 «تصویر مدرک تحصیلی»", "جایگزین فایل‌های قبلی")
    sara.uploads("مدرک.jpg").taps("مدرک بعدی").sees("اگر توضیحی برای کارشناس دارید").types("خواناتر فرستادم")
    sara.sees(SUMMARY, "نام پدر: عباس").taps("ارسال دوباره").sees("به همان کارشناس بازمی‌گردد").taps("بله")
    sara.sees("🔍 در حال بررسی")
    request = request_of(sara)
    assert (request.state, request.reviewer_id) == (RequestState.IN_REVIEW, maryam.account.id)
    maryam.opens("desk.file", request.id or 0)
    maryam.sees("• نام پدر — قبلی: علی / جدید: عباس", "• تصویر مدرک تحصیلی: فایل تازه")
    maryam.sees("│ خواناتر فرستادم\n└ متقاضی")


def test_an_item_may_be_explained(db: Session) -> None:
    sara, maryam = deficient(db, "نام پدر")
    sara.taps("رفع نقص").taps("توضیح می‌دهم").sees("برای «نام پدر» توضیح خود را").types("کم")
    sara.sees("لطفاً کامل‌تر بنویسید").types("نام پدرم همین است").taps("رد کردن")
    sara.sees(SUMMARY, "توضیح «نام پدر»: نام پدرم همین است").taps("ارسال دوباره").taps("بله")
    assert request_of(sara).snapshot["father_name"] == "علی"
    maryam.opens("desk.file", request_of(sara).id or 0)
    maryam.sees("• نام پدر؛ پاسخ متقاضی:\n│ نام پدرم همین است\n└ متقاضی", "بدون تغییر در اطلاعات")


def test_a_paper_may_be_explained(db: Session) -> None:
    sara, _ = deficient(db, "کارت ملی")
    sara.taps("رفع نقص").taps("توضیح می‌دهم").types("کارت من همین است").taps("رد کردن").taps("ارسال دوباره")
    sara.taps("بله").sees("🔍 در حال بررسی")
    assert len(request_of(sara).snapshot["doc.national_card"]) == 1


def test_sent_files_are_not_lost_to_an_explanation(db: Session) -> None:
    sara, _ = deficient(db, "کارت ملی")
    sara.taps("رفع نقص").sees("توضیح می‌دهم").uploads().sees_not("توضیح می‌دهم")


def test_the_old_value_is_no_answer(db: Session) -> None:
    sara, _ = deficient(db, "نام پدر")
    sara.taps("رفع نقص").types("علی").sees("این همان مقدار قبلی است", "توضیح می‌دهم")


def test_the_region_is_locked_and_the_rest_may_be_edited(db: Session) -> None:
    sara, _ = deficient(db, "نام پدر")
    sara.taps("رفع نقص").types("عباس").taps("رد کردن").sees(SUMMARY)
    assert not {"✏️ استان", "✏️ شهر محل زندگی", "✏️ دانشگاه"} & set(sara.labels)
    sara.taps("✏️ آدرس پستی").types("شیراز، خیابان ارم، پلاک ۲").sees(SUMMARY, "ارم")
    sara.taps("✏️ مدارک اختیاری").taps("▫️ سوابق").taps("ادامه").uploads().taps("مدرک بعدی")
    sara.taps("ارسال دوباره").taps("بله")
    snapshot = request_of(sara).snapshot
    assert snapshot["postal_address"] == "شیراز، خیابان ارم، پلاک 2"
    assert (snapshot["province"], snapshot["city"]) == ("فارس", "شیراز")
    assert len(snapshot["doc.work_experience"]) == 1


def test_a_new_gender_asks_for_the_mens_card(db: Session) -> None:
    sara, _ = deficient(db, "جنسیت")
    sara.taps("رفع نقص").taps("مرد").taps("رد کردن").sees("📎 «کارت پایان خدمت یا معافیت»")
    sara.uploads().taps("مدرک بعدی").taps("ارسال دوباره").taps("بله")
    assert len(request_of(sara).snapshot["doc.military_card"]) == 1


def test_a_note_alone_wants_an_answer_or_a_change(db: Session) -> None:
    sara, maryam = deficient(db, note="تاریخ مدرک را توضیح دهید")
    sara.sees("│ تاریخ مدرک را توضیح دهید\n└ کارشناس").taps("رفع نقص")
    sara.sees("کارشناس درباره پرونده شما نوشته است:\n│ تاریخ مدرک را توضیح دهید\n└ کارشناس").taps("رد کردن")
    sara.taps("ارسال دوباره").taps("بله").sees("به توضیح کارشناس پاسخ دهید")
    sara.taps("خیر").taps("✏️ توضیح به کارشناس").types("مدرک سال ۱۳۹۰ است").taps("ارسال دوباره").taps("بله")
    maryam.opens("desk.file", request_of(sara).id or 0).sees("│ مدرک سال ۱۳۹۰ است\n└ متقاضی")


def test_fixing_can_wait(db: Session) -> None:
    sara, _ = deficient(db, "نام پدر", "جنسیت")
    sara.taps("رفع نقص").types("عباس").taps("بعداً ادامه می‌دهم").sees("پیش‌نویس ذخیره شد", "⚠️ دارای نقص")
    sara.taps("رفع نقص").sees("جنسیت خود را")


def test_a_second_round_asks_anew(db: Session) -> None:
    sara, maryam = deficient(db, "نام پدر")
    sara.taps("رفع نقص").types("عباس").taps("رد کردن").taps("ارسال دوباره").taps("بله")
    maryam.opens("desk.file", request_of(sara).id or 0).taps("اعلام نواقص").taps("▫️ جنسیت")
    maryam.taps("ارسال نواقص").taps("بله، ارسال شود")
    sara.opens("qual.track").taps("رفع نقص").sees("جنسیت خود را").sees_not("عباس")
    rounds = db.exec(select(DeficiencyRound).where(DeficiencyRound.request_id == request_of(sara).id)).all()
    assert [one.round for one in rounds] == [1, 2]
    maryam.opens("desk.file", request_of(sara).id or 0).taps("نوبت‌های قبلی").sees("نوبت ۱", "نوبت ۲")


def test_a_rejection_meanwhile_ends_the_fixing(db: Session) -> None:
    sara, maryam = deficient(db, "نام پدر")
    sara.taps("رفع نقص").types("عباس").taps("رد کردن").taps("ارسال دوباره")
    maryam.opens("desk.file", request_of(sara).id or 0).taps("❌ رد").taps("رشته نامرتبط").taps("بدون توضیح")
    maryam.taps("بله، رد می‌کنم")
    sara.taps("بله").sees("دیگر معتبر نیست", "❌ ردشده", "دلیل: رشته نامرتبط", "ثبت دوباره")
    assert db.exec(select(Draft).where(Draft.account_id == sara.account.id)).first() is None


def test_an_old_button_of_fixing_leads_to_tracking(db: Session) -> None:
    sara, _ = deficient(db, "نام پدر")
    kept = sara.button("رفع نقص")
    sara.taps("رفع نقص").types("عباس").taps("رد کردن").taps("ارسال دوباره").taps("بله")
    sara.presses(kept).sees("🔍 در حال بررسی")
