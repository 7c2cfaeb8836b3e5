"""The form of a request, as its officer fills it."""

from __future__ import annotations

from sqlmodel import Session, select

from storage.enums import Messenger, RequestState, Role
from storage.tables import Draft, QualificationRequest
from tests.support.handler_driver import EVERYBODYS, Visitor, expert, fill_in, officer, submit

SUMMARY = "لطفاً اطلاعات را با دقت بررسی کنید"


def request_of(person: Visitor) -> QualificationRequest:
    person.db.expire_all()
    query = select(QualificationRequest).where(QualificationRequest.account_id == person.account.id)
    return person.db.exec(query.order_by(QualificationRequest.id.desc())).first()  # type: ignore[union-attr,return-value]


def test_asks_what_registration_did_not(db: Session) -> None:
    sara = officer(db).opens("qual.new")
    sara.sees("نیازی به چاپ یا مراجعه به دانشگاه نیست", "نام پدر خود را بفرستید", "بعداً ادامه")
    sara.types("علی").sees("جنسیت خود را").taps("زن").sees("شماره شناسنامه").taps("برابر با کد ملی")
    sara.sees("استان محل زندگی خود را انتخاب کنید").types("فارس").sees("بخشی از نام شهر")
    sara.types("شیراز").sees("آدرس پستی کامل").types("شیراز، خیابان زند، پلاک ۷")
    sara.sees("شماره تماس ثابت").types("۰۷۱۳۲۱۲۳۴۵۶").sees("نشانی ایمیل").types("Sara@Example.com")
    sara.sees("📎 «تصویر کارت ملی (رو و پشت)»", "(۱ از ۷)")


def test_summary_shows_and_edits_everything(db: Session) -> None:
    sara = fill_in(officer(db).opens("qual.new"))
    sara.sees(SUMMARY, "نام: سارا", "مقطع تحصیلی: کارشناسی", "رشته تحصیلی: مهندسی پزشکی", "نام پدر: علی")
    sara.sees("تصویر کارت ملی (رو و پشت): ۱ فایل", "مدارک اختیاری: ندارد")
    sara.taps("✏️ نام پدر").sees("نام پدر خود را", "پاسخ فعلی: علی").types("حسین")
    sara.sees(SUMMARY, "نام پدر: حسین")
    sara.taps("✏️ نام").types("زهرا").sees("نام: زهرا")


def test_submission_warns_once_more_and_leads_to_tracking(db: Session) -> None:
    sara = fill_in(officer(db).opens("qual.new")).taps("ثبت نهایی")
    sara.sees("پس از ثبت نهایی، استان و شهر قابل تغییر نیست")
    assert request_of(sara).state is RequestState.DRAFT
    sara.taps("خیر").sees(SUMMARY).taps("ثبت نهایی").taps("بله")
    sara.sees("⏳ در انتظار بررسی", "دانشگاه علوم پزشکی شیراز", "کد رهگیری: ")
    request = request_of(sara)
    assert request.state is RequestState.SUBMITTED
    assert request.snapshot["father_name"] == "علی"
    assert len(request.snapshot["doc.national_card"]) == 1
    assert "optional_documents" not in request.snapshot
    assert db.exec(select(Draft).where(Draft.account_id == sara.account.id)).first() is None


def test_men_owe_the_military_card(db: Session) -> None:
    reza = fill_in(officer(db, "رضا").opens("qual.new"), gender="مرد")
    reza.sees(SUMMARY, "کارت پایان خدمت یا معافیت: ۱ فایل")
    reza.taps("✏️ جنسیت").taps("زن").sees(SUMMARY).sees_not("کارت پایان خدمت")
    reza.taps("ثبت نهایی").taps("بله")
    assert "doc.military_card" not in request_of(reza).snapshot


def test_a_changed_gender_asks_for_the_military_card(db: Session) -> None:
    sara = fill_in(officer(db).opens("qual.new"))
    sara.taps("✏️ جنسیت").taps("مرد").sees("📎 «کارت پایان خدمت یا معافیت»")
    sara.uploads().taps("مدرک بعدی").sees(SUMMARY, "کارت پایان خدمت یا معافیت: ۱ فایل")


def test_another_province_has_other_cities_and_another_university(db: Session) -> None:
    sara = fill_in(officer(db).opens("qual.new"))
    sara.taps("✏️ استان").types("اصفهان").sees("بخشی از نام شهر").types("شیراز").sees(
        "شهری با این نام پیدا نشد"
    )
    sara.types("کاشان").sees(SUMMARY, "شهر محل زندگی: کاشان").taps("ثبت نهایی").taps("بله")
    assert request_of(sara).university_code == "mui"


def test_tehran_chooses_its_university(db: Session) -> None:
    sara = officer(db).opens("qual.new").types("علی").taps("زن").types("۱۲۳۴", "تهران", "تهران")
    sara.sees("پرونده شما به کدام دانشگاه مربوط است", "انتخاب نادرست باعث رد درخواست می‌شود")
    assert {"تهران", "ایران", "شهید بهشتی"} <= set(sara.labels)
    sara.taps("ایران").sees("آدرس پستی")


def test_a_suggestion_where_the_city_speaks_for_one(db: Session) -> None:
    sara = officer(db).opens("qual.new").types("علی").taps("زن").types("۱۲۳۴", "تهران", "ری")
    sara.sees("پیشنهاد سامانه: دانشگاه علوم پزشکی تهران.")


def test_all_provinces_are_there_in_pages(db: Session) -> None:
    sara = officer(db).opens("qual.new").types("علی").taps("زن").types("۱۲۳۴")
    seen = set(sara.labels)
    sara.taps("بعدی")
    seen |= set(sara.labels)
    assert {"آذربایجان شرقی", "فارس", "یزد", "سیستان و بلوچستان"} <= seen


def test_optional_papers_are_one_question(db: Session) -> None:
    sara = officer(db).opens("qual.new").types("علی").taps("زن").types("۱۲۳۴", "فارس", "شیراز")
    sara.types("شیراز، خیابان زند، پلاک ۷").taps("تلفن ثابت ندارم").taps("رد کردن")
    for _ in range(EVERYBODYS):
        sara.uploads().taps("مدرک بعدی")
    sara.sees("این مدارک اختیاری است", "مدرکی ندارم", "▫️ بازآموزی")
    sara.taps("▫️ بازآموزی").sees_not("مدرکی ندارم").taps("ادامه").sees("📎 «گواهی بازآموزی»")
    sara.uploads("retraining.jpg").taps("مدرک بعدی").sees(SUMMARY, "گواهی بازآموزی: ۱ فایل")
    sara.taps("ثبت نهایی").taps("بله")
    assert len(request_of(sara).snapshot["doc.retraining"]) == 1


def test_an_optional_paper_may_be_given_up_again(db: Session) -> None:
    sara = fill_in(officer(db).opens("qual.new"))
    sara.taps("✏️ مدارک اختیاری").taps("▫️ سوابق").taps("ادامه").sees("📎 «سوابق کاری / بیمه»")
    sara.taps("رد کردن").sees(SUMMARY, "سوابق کاری / بیمه: ندارد").taps("ثبت نهایی").taps("بله")
    assert "doc.work_experience" not in request_of(sara).snapshot


def test_half_here_and_half_on_the_other_messenger(db: Session) -> None:
    sara = officer(db).opens("qual.new").types("علی").taps("زن").taps("بعداً ادامه می‌دهم")
    sara.sees("پیش‌نویس ذخیره شد", "📝 پیش‌نویس", "ادامه پیش‌نویس")
    there = Visitor(db, sara.account, Role.OFFICER, Messenger.BALE)
    there.opens("qual").taps("ادامه پیش‌نویس").sees("شماره شناسنامه خود را")


def test_a_second_request_is_refused_with_the_way_to_the_draft(db: Session) -> None:
    sara = officer(db).opens("qual.new").taps("بعداً ادامه می‌دهم").opens("qual.new")
    sara.sees("یک پیش‌نویس ناتمام دارید", "ادامه پیش‌نویس", "حذف پیش‌نویس")


def test_discarding_from_the_form(db: Session) -> None:
    sara = officer(db).opens("qual.new").types("علی").taps("بعداً ادامه می‌دهم").taps("ادامه پیش‌نویس")
    sara.taps("حذف پیش‌نویس").sees("مطمئن هستید").taps("بله").sees("پیش‌نویس حذف شد", "ثبت نشده", "ثبت درخواست")
    assert request_of(sara) is None


def test_after_a_wrong_region_only_the_region_is_asked(db: Session) -> None:
    sara, maryam = submit(officer(db)), expert(db)
    first = request_of(sara)
    maryam.opens("desk.file", first.id or 0).taps("❌ رد").taps("استان/شهر نادرست").taps("بدون توضیح")
    maryam.taps("بله، رد می‌کنم").sees("رد شد")
    sara.opens("qual.new").sees("استان محل زندگی خود را").types("اصفهان").sees("بخشی از نام شهر").types(
        "کاشان"
    )
    sara.sees(SUMMARY, "نام پدر: علی", "ایمیل: ندارد", "مدارک اختیاری: ندارد").taps("ثبت نهایی").taps("بله")
    second = request_of(sara)
    assert (second.id != first.id, second.university_code) == (True, "mui")


def test_a_draft_that_is_gone_ends_quietly(db: Session) -> None:
    sara = fill_in(officer(db).opens("qual.new"))
    there = Visitor(db, sara.account, Role.OFFICER, Messenger.BALE)
    there.opens("qual").taps("حذف پیش‌نویس").taps("بله، حذف شود").sees("ثبت نشده")
    sara.taps("ثبت نهایی").sees("دیگر معتبر نیست")
    assert request_of(sara) is None
