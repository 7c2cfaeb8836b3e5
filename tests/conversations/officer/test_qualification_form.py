"""The form of a request, as its officer fills it."""

from sqlmodel import select

from bot.texts import formats
from storage.enums import RequestState
from storage.tables import Draft, InboxUpdate, University
from tests.support.chat_driver import App
from tests.support.chat_people import (
    REQUIRED_DOCUMENTS,
    at_decision,
    at_documents,
    begin_form,
    expert,
    fill_form,
    officer,
    request_of,
    send_documents,
    submit,
)

SUMMARY = "اطلاعات را مرور کنید"


def test_asks_what_registration_did_not(app: App) -> None:
    sara = officer(app).open("qual.new")
    sara.sees("نیازی به چاپ یا مراجعه به دانشگاه نیست", "نام پدر خود را بنویسید", "بعداً ادامه")
    sara.type("علی").sees("جنسیت خود را").tap("زن").sees("شماره شناسنامه").tap("برابر با کد ملی")
    sara.sees("استان محل زندگی خود را انتخاب کنید", "آذربایجان شرقی").tap("بعدی").sees("یزد")
    sara.type("فارس").sees("نام شهر")
    sara.type("شیراز").sees("آدرس محل زندگی خود را کامل").type("شیراز، خیابان زند، پلاک ۷")
    sara.sees("تلفن ثابت").type("۰۷۱۳۲۱۲۳۴۵۶")
    sara.sees("📎 «تصویر کارت ملی (رو و پشت)»", "بخش ۲ از ۳، مدارک: ۱ از ۷")


def test_only_what_is_really_asked_is_counted_each_part_by_itself(app: App) -> None:
    """What registration asked is not counted again, and no count begins anew in the middle."""
    sara = officer(app).open("qual.new").sees("بخش ۱ از ۳، مشخصات: ۱ از ۷")
    sara.type("علی").sees("مشخصات: ۲ از ۷").tap("زن").type("۱۲۳۴").sees("مشخصات: ۴ از ۷").type(
        "فارس", "شیراز"
    )
    sara.type("شیراز، خیابان زند، پلاک ۷").sees("مشخصات: ۷ از ۷").tap("تلفن ثابت ندارم")
    sara.sees("بخش ۲ از ۳، مدارک: ۱ از ۷").upload().sees("مدارک: ۱ از ۷").upload().sees("مدارک: ۲ از ۷")
    sara.tap("بعداً می‌فرستم").sees("مدارک: ۳ از ۷")
    send_documents(sara, 5).sees("بخش ۳ از ۳، مدارک اختیاری").sees_not("مدارک اختیاری:")
    sara.tap("▫️ سوابق", "ادامه").sees("بخش ۳ از ۳، مدارک اختیاری: ۲ از ۲").upload()
    sara.sees("📎 «تصویر شناسنامه»", "بخش ۲ از ۳، مدارک: ۲ از ۷").upload().sees(SUMMARY)


#: From /start to the tracking code; an album is one action.
MOST_ACTIONS = 28


def test_from_the_first_word_to_the_tracking_code_in_few_actions(app: App) -> None:
    sara = (
        app.person()
        .register()
        .tap("ثبت درخواست")
        .type("علی")
        .tap("زن", "برابر با کد ملی")
        .type("فارس", "شیراز")
    )
    sara.type("شیراز، خیابان زند، پلاک ۷").tap("تلفن ثابت ندارم")
    sara.upload(album="card").upload(album="card").sees("📎 «تصویر شناسنامه»")
    send_documents(sara, 6).tap("هیچ‌کدام را ندارم").sees(SUMMARY).tap("ثبت نهایی", "بله").sees("کد رهگیری:")
    updates = app.all(select(InboxUpdate.raw).where(InboxUpdate.lane == sara.chat_id))
    assert len(updates) - 1 <= MOST_ACTIONS, "the second picture of the album is no action of its own"


def test_an_email_may_be_given_at_the_summary(app: App) -> None:
    sara = (
        fill_form(officer(app))
        .tap("⬅️ نشانی و تماس", "✏️ ایمیل")
        .type("Sara@Example.com")
        .sees(SUMMARY, "sara@example.com")
    )
    sara.tap("ثبت نهایی", "بله")
    assert request_of(sara).snapshot["email"] == "sara@example.com"


def test_a_count_is_of_this_form_also_after_a_rejection(app: App) -> None:
    sara, maryam = submit(officer(app)), expert(app)
    at_decision(maryam, sara).tap("❌ رد", "استان/شهر نادرست", "بدون توضیح")
    maryam.tap("بله، رد می‌کنم")
    sara.open("qual.new").sees("استان محل زندگی خود را", "مشخصات: ۱ از ۲").sees_not("بخش").type("اصفهان")
    sara.sees("مشخصات: ۲ از ۲")


def test_a_paper_that_is_not_at_hand_is_asked_at_the_end_and_blocks_nothing(app: App) -> None:
    sara = at_documents(officer(app).open("qual.new")).tap("بعداً می‌فرستم").sees("📎 «تصویر شناسنامه»")
    send_documents(sara, 6).sees("مدارک اختیاری").tap("هیچ‌کدام را ندارم").sees(
        "📎 «تصویر کارت ملی", "بعداً می‌فرستم"
    )
    sara.tap("بعداً می‌فرستم").sees("هنوز مانده است", "• تصویر کارت ملی").sees_not("📤 ثبت نهایی")
    sara.tap("بعداً ادامه می‌دهم").elsewhere().open("qual").tap("ادامه درخواست").sees("هنوز مانده است")
    sara.open("qual").tap("ادامه درخواست", "📎 ارسال مدارک مانده").upload().upload().sees(
        SUMMARY, "📤 ثبت نهایی"
    )
    sara.tap("ثبت نهایی", "بله").sees("⏳ در انتظار بررسی")
    assert len(request_of(sara).snapshot["doc.national_card"]) == 2


def test_summary_shows_and_edits_everything(app: App) -> None:
    sara = fill_form(officer(app))
    sara.sees(SUMMARY, "نام: سارا", "مقطع تحصیلی: کارشناسی", "رشته تحصیلی: مهندسی پزشکی", "نام پدر: علی")
    sara.tap("⬅️ مدارک").sees("تصویر کارت ملی (رو و پشت): ۱ فایل", "مدارک اختیاری: ندارد").tap("⬅️ مشخصات")
    sara.tap("✏️ نام پدر").sees("نام پدر خود را", "پاسخ فعلی: علی").type("حسین")
    sara.sees(SUMMARY, "نام پدر: حسین").tap("✏️ نام").type("زهرا")
    sara.sees("نام: زهرا").sees_not("نام پدر: حسین")


def test_submission_warns_once_more_and_leads_to_tracking(app: App) -> None:
    sara = fill_form(officer(app)).tap("ثبت نهایی").sees("پس از ثبت نهایی، استان و شهر قابل تغییر نیست")
    assert request_of(sara).state is RequestState.DRAFT
    sara.tap("خیر").sees(SUMMARY).tap("ثبت نهایی", "بله")
    sara.sees("⏳ در انتظار بررسی", "دانشگاه علوم پزشکی شیراز", "کد رهگیری: ")
    request = request_of(sara)
    assert request.state is RequestState.SUBMITTED
    assert request.snapshot["father_name"] == "علی"
    assert len(request.snapshot["doc.national_card"]) == 1
    assert "optional_documents" not in request.snapshot
    assert app.all(select(Draft)) == []


def test_men_owe_the_military_card(app: App) -> None:
    sara = fill_form(officer(app)).tap("✏️ جنسیت", "مرد").sees("📎 «کارت پایان خدمت یا معافیت»")
    sara.upload().sees(SUMMARY, "کارت پایان خدمت یا معافیت: ۱ فایل")
    sara.tap("✏️ جنسیت", "زن").sees(SUMMARY).sees_not("کارت پایان خدمت").tap("ثبت نهایی", "بله")
    assert "doc.military_card" not in request_of(sara).snapshot


def test_another_province_has_other_cities_and_another_university(app: App) -> None:
    sara = fill_form(officer(app)).tap("⬅️ نشانی و تماس")
    sara.tap("✏️ استان").type("اصفهان").sees("نام شهر").type("شیراز").sees("شهری با این نام پیدا نشد")
    sara.type("کاشان").sees(SUMMARY, "شهر محل زندگی: کاشان").tap("ثبت نهایی", "بله")
    assert request_of(sara).university_code == "mui"


def test_tehran_chooses_its_university(app: App) -> None:
    sara = begin_form(officer(app), province="تهران", city="تهران")
    sara.sees("در کدام منطقه شهرداری زندگی می‌کنید", "منطقه ۲۲").tap("منطقه را نمی‌دانم")
    sara.sees("درخواست شما در کدام دانشگاه بررسی شود", "انتخاب نادرست باعث رد درخواست می‌شود")
    sara.sees("• دانشگاه علوم پزشکی ایران").sees_not("پیشنهاد سامانه")
    assert {"تهران", "ایران", "شهید بهشتی"} <= set(sara.labels)
    sara.tap("ایران").sees("آدرس محل زندگی")
    suggested = begin_form(officer(app), province="تهران", city="ری")
    suggested.sees("پیشنهاد سامانه: دانشگاه علوم پزشکی تهران.", "ری در حوزه دانشگاه علوم پزشکی تهران است")


def test_in_the_city_of_tehran_the_district_names_the_university(app: App) -> None:
    app.change(University, "iums", phone="021-88001111")
    for district, name in ((1, "شهید بهشتی"), (22, "ایران")):
        sara = begin_form(officer(app), province="تهران", city="تهران").tap(
            f"منطقه {formats.digits(district)}"
        )
        sara.sees(f"پیشنهاد سامانه: دانشگاه علوم پزشکی {name}", "به همین دلیل آن را پیشنهاد می‌کنیم")
        sara.sees("• دانشگاه علوم پزشکی ایران: ۰۲۱-۸۸۰۰۱۱۱۱").refresh().sees("پیشنهاد سامانه")
    sara.tap("↩️ منطقه دیگر").type("99").sees("از ۱ تا ۲۲").type("منطقه 1").sees(
        "پیشنهاد سامانه: دانشگاه علوم پزشکی شهید بهشتی"
    )
    sara.tap("شهید بهشتی").sees("آدرس محل زندگی").tap("بازگشت").sees("منطقه شهرداری").type("۲۲").tap("ایران")
    sara.sees("آدرس محل زندگی")
    assert sara.answers["university"] == "iums"
    assert "district" not in sara.answers


def test_optional_papers_are_one_question(app: App) -> None:
    sara = begin_form(officer(app)).type("شیراز، خیابان زند، پلاک ۷").tap("تلفن ثابت ندارم")
    send_documents(sara, REQUIRED_DOCUMENTS)
    sara.sees("این مدارک اختیاری است", "هیچ‌کدام را ندارم", "▫️ بازآموزی")
    sara.tap("▫️ بازآموزی").sees_not("هیچ‌کدام را ندارم").tap("ادامه").sees("📎 «گواهی بازآموزی»")
    sara.upload("retraining.jpg").sees(SUMMARY, "گواهی بازآموزی: ۱ فایل")
    sara.tap("ثبت نهایی", "بله")
    assert len(request_of(sara).snapshot["doc.retraining"]) == 1


def test_an_optional_paper_may_be_given_up_again(app: App) -> None:
    sara = (
        fill_form(officer(app))
        .tap("⬅️ مدارک", "✏️ مدارک اختیاری", "▫️ سوابق", "ادامه")
        .sees("📎 «سوابق کاری / بیمه»")
    )
    sara.tap("این را ندارم").sees(SUMMARY, "سوابق کاری / بیمه: ندارد").tap("ثبت نهایی", "بله")
    assert "doc.work_experience" not in request_of(sara).snapshot


def test_a_draft_is_continued_on_the_other_messenger_or_discarded_but_not_doubled(app: App) -> None:
    sara = officer(app).open("qual.new").type("علی").tap("زن", "بعداً ادامه می‌دهم")
    sara.sees("پاسخ‌های شما ذخیره شد", "📝 پیش‌نویس", "ادامه درخواست")
    sara.open("qual.new").sees("درخواست شما نیمه‌کاره مانده است", "ادامه درخواست", "حذف پیش‌نویس")
    there = sara.elsewhere().open("qual").tap("ادامه درخواست").sees("شماره شناسنامه خود را")
    there.tap("حذف پیش‌نویس").sees("مطمئن هستید").tap("بله").sees(
        "پیش‌نویس حذف شد", "هنوز ثبت نشده", "ثبت درخواست"
    )
    assert request_of(sara) is None


def test_after_a_wrong_region_only_the_region_is_asked(app: App) -> None:
    sara, maryam = submit(officer(app)), expert(app)
    first = request_of(sara)
    at_decision(maryam, sara).tap("❌ رد", "استان/شهر نادرست", "بدون توضیح")
    maryam.tap("بله، رد می‌کنم").sees("رد شد")
    sara.open("qual.new").sees("استان محل زندگی خود را").type("اصفهان").sees("نام شهر").type("کاشان")
    sara.sees(SUMMARY, "نام پدر: علی").tap("⬅️ نشانی و تماس").sees("ایمیل: ثبت نشده")
    sara.tap("⬅️ مدارک").sees("مدارک اختیاری: ندارد").tap("ثبت نهایی", "بله")
    second = request_of(sara)
    assert (second.id != first.id, second.university_code) == (True, "mui")


def test_a_draft_that_is_gone_ends_quietly(app: App) -> None:
    sara = fill_form(officer(app))
    there = sara.elsewhere()
    there.open("qual").tap("حذف پیش‌نویس", "بله، حذف شود").sees("هنوز ثبت نشده")
    sara.tap("ثبت نهایی").sees("دیگر معتبر نیست")
    assert request_of(sara) is None
