"""General edit, amendment and «اطلاعات من», as the officer and the expert see them in the chat."""

import pytest
from sqlmodel import select

from bot.texts import t
from storage.enums import RequestKind, RequestState
from storage.tables import Draft, Officer
from tests.support import chat_people as people
from tests.support.chat_driver import App, Person

SUMMARY = "اطلاعات را مرور کنید"
IN_CIRCULATION = "درخواست شما در گردش است؛ تا پایان بررسی و پرداخت، تغییر اطلاعات عمومی ذخیره نمی‌شود."
IMMUTABLE = "کد ملی و تاریخ تولد قابل تغییر نیست. اگر اشتباه ثبت شده است، با اداره کل تماس بگیرید: \u2066021-1234\u2069"


def profile(person: Person) -> Officer:
    return person.app.get(Officer, person.account.id)


def amend_name(sara: Person) -> None:
    """An amendment that asks for another first name."""
    sara.open("qual.amend").tap("✏️ نام").type("مینا").tap("📤 ثبت نهایی", "بله")


@pytest.fixture
def sara(app: App) -> Person:
    """Somebody qualified, by a request of her own."""
    people.tariff(app)
    people.tariff(app, RequestKind.AMENDMENT, 2_800_000)
    sara = people.submit(people.officer(app))
    people.approve(people.expert(app, "یکم"), sara)
    people.complete(app, people.request_of(sara))
    return sara.open("home")


def migrated(app: App) -> Person:
    """Somebody of the old system, qualified on experience, with nothing but a name."""
    reza = people.officer(app, "رضا", "مرادی", migrated=True, mobile=None)
    app.change(Officer, reza.account.id, level_code=None, field_code=None, legacy_qualified=True)
    return reza


# ── general data ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_list_shows_what_is_stored_and_saves_at_once(sara: Person) -> None:
    sara.tap("🎓 احراز صلاحیت", "ویرایش اطلاعات عمومی")
    sara.sees("این موارد بدون نیاز به تأیید دانشگاه تغییر می‌کنند.", "نام پدر: علی", "تلفن ثابت: ندارد")
    sara.sees("شماره همراه: ۰۹۱۲۱۲۳۴۵۶۷ (تأییدنشده)", "جنسیت: زن", "ایمیل: ثبت نشده", "شماره شناسنامه: ۱۲۳۴")
    sara.tap("ایمیل").sees("ایمیل خود را بنویسید", "انصراف").type("nobody")
    sara.sees("ایمیل درست نیست")
    sara.type("Sara@Example.com").sees("تغییر «ایمیل» ذخیره شد.", "ایمیل: \u2066sara@example.com\u2069")
    assert profile(sara).email == "sara@example.com"
    sara.tap("تلفن ثابت").sees("پاسخ فعلی: ندارد").type("07132123456").sees("تغییر «تلفن ثابت» ذخیره شد.")
    sara.tap("جنسیت", "مرد").sees("جنسیت: مرد")
    sara.tap("ایمیل", "حذف پاسخ").sees("تغییر «ایمیل» ذخیره شد.", "ایمیل: ثبت نشده")
    sara.tap("نام پدر").sees("پاسخ فعلی: علی").tap("بدون تغییر").sees("«نام پدر» بدون تغییر ماند.")
    sara.tap("نام پدر", "انصراف").sees("این موارد بدون نیاز به تأیید")
    assert profile(sara).father_name == "علی"
    assert sara.app.all(select(Draft)) == []


def test_a_new_address_in_another_city_is_saved_and_pointed_out(sara: Person) -> None:
    sara.open("general").tap("آدرس محل زندگی").type("تهران، خیابان آزادی، پلاک ۳")
    sara.sees("ذخیره شد", "این آدرس از «تهران» نام می‌برد", "«شیراز» ثبت شده است", "«ثبت اصلاحیه» لازم است")
    sara.tap("آدرس محل زندگی").type("شیراز، خیابان ارم، پلاک ۳").sees("ذخیره شد").sees_not("نام می‌برد")


def test_every_free_item_can_be_reached(sara: Person) -> None:
    for label in ("نام پدر", "جنسیت", "شماره شناسنامه", "آدرس محل زندگی", "تلفن ثابت", "ایمیل"):
        sara.open("general").tap(label).sees("پاسخ فعلی" if label != "ایمیل" else "ایمیل ندارم")
    sara.open("general").tap("شماره همراه").sees("«📱 ارسال شماره همراه» را در پایین صفحه").type(
        "09351112233"
    )
    sara.sees("شماره همراه شما ذخیره شد.", "شماره همراه: ۰۹۳۵۱۱۱۲۲۳۳ (تأییدنشده)", "سایر موارد")
    sara.open("me.mobile").tap("انصراف").sees("مشخصات ثبت‌شده شما")
    # Two items at once in two chats do not mix.
    other = sara.elsewhere().open("general").tap("آدرس محل زندگی")
    sara.open("general").tap("نام پدر").type("حسن").sees("تغییر «نام پدر» ذخیره شد.")
    other.type("اصفهان، خیابان چهارباغ").sees("تغییر «آدرس محل زندگی» ذخیره شد.", "نام پدر: حسن")


def test_what_cannot_be_edited_here_says_why(sara: Person) -> None:
    sara.open("general").tap("🔒 کد ملی").sees(IMMUTABLE, "این موارد بدون نیاز")
    sara.type("تاریخ تولد").sees(IMMUTABLE)
    sara.tap("سایر موارد").sees("با ثبت اصلاحیه و تأیید دانشگاه تغییر می‌کند", "ثبت اصلاحیه")
    for forged in ("first_name", "doc.national_card", "nonsense", ""):
        sara.open("general.edit", arg=forged).sees("با ثبت اصلاحیه و تأیید دانشگاه تغییر می‌کند")
    sara.tap("ثبت اصلاحیه").sees(SUMMARY)


def test_in_circulation_nothing_is_saved_and_the_reason_is_said(app: App) -> None:
    sara = people.officer(app).open("general")
    kept = sara.button("نام پدر")
    sara.tap("ایمیل")
    other = sara.elsewhere()
    people.submit(other)
    # The question was open when the request went out on the other messenger.
    sara.type("a@b.ir").sees(IN_CIRCULATION, "🔎 پیگیری درخواست")
    assert profile(sara).email is None
    sara.press(kept).sees(IN_CIRCULATION)
    sara.open("general").sees(IN_CIRCULATION, "🔎 پیگیری درخواست").sees_not("سایر موارد", "🔒 کد ملی")
    sara.tap("🔎 پیگیری درخواست").sees("⏳ در انتظار بررسی")


def test_a_draft_takes_a_general_edit_over(sara: Person) -> None:
    sara.open("qual.amend").tap("بعداً ادامه می‌دهم")
    sara.open("general").tap("نام پدر").type("حسن").open("qual.draft").sees("نام پدر: حسن").sees_not("قبلی:")
    sara.tap("📤 ثبت نهایی").sees("چیزی تغییر نکرده است. روی هر چه تغییر کرده بزنید و مقدار جدید را بفرستید.")


# ── amendment ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_address_of_the_old_city_is_pointed_out_before_submission(sara: Person) -> None:
    sara.open("qual.amend").tap("⬅️ نشانی و تماس", "✏️ استان").type("البرز", "کرج").tap("📤 ثبت نهایی")
    sara.sees("آدرس شما هنوز از «شیراز» نام می‌برد، ولی شهر محل زندگی «کرج» انتخاب شده است", "ادامه می‌دهید؟")
    sara.tap("خیر، ویرایش می‌کنم").sees(SUMMARY).tap("⬅️ نشانی و تماس", "✏️ آدرس محل زندگی").type(
        "کرج، خیابان بهار، پلاک ۲"
    )
    sara.tap("📤 ثبت نهایی").sees("ادامه می‌دهید؟").sees_not("هنوز از")


def test_an_amendment_opens_on_the_approved_file_and_marks_what_changed(sara: Person, app: App) -> None:
    sara.open("qual").sees("وضعیت درخواست شما: ✅ تأیید نهایی", "«ثبت اصلاحیه» را بزنید")
    sara.tap("ثبت اصلاحیه").sees("اطلاعات جدید پس از تأیید و پرداخت", SUMMARY, "نام: سارا")
    sara.tap("⬅️ مدارک").sees("تصویر کارت ملی").tap("⬅️ مشخصات")
    sara.tap("📤 ثبت نهایی").sees(
        "چیزی تغییر نکرده است. روی هر چه تغییر کرده بزنید و مقدار جدید را بفرستید.", SUMMARY
    ).tap("✏️ نام خانوادگی").type("محمدی")
    sara.sees("نام خانوادگی — قبلی: کریمی‌نژاد / جدید: محمدی").sees_not("نام: سارا")
    sara.tap("✏️ مقطع تحصیلی", "کارشناسی ارشد").sees("مقطع تحصیلی — قبلی: کارشناسی / جدید: کارشناسی ارشد")
    sara.tap("⬅️ نشانی و تماس", "✏️ ایمیل").type("a@b.ir").sees(
        "ایمیل — قبلی: ثبت نشده / جدید: \u2066a@b.ir\u2069"
    )
    sara.tap("⬅️ مدارک", "✏️ مدرک تحصیلی", "🔁 جایگزینی").upload("مدرک تحصیلی.jpg")
    sara.sees("تصویر مدرک تحصیلی — فایل جدید (۱)")
    sara.tap("📤 ثبت نهایی", "بله").sees("⏳ در انتظار بررسی", "نام خانوادگی — قبلی: کریمی‌نژاد / جدید: محمدی")
    assert profile(sara).level_code == "bachelor"

    maryam = people.expert(app, "دوم")
    people.at_request(maryam, sara).sees("اصلاحیه", "متقاضی: سارا کریمی‌نژاد")
    maryam.sees("✏️ تغییرهای خواسته‌شده:", "• نام خانوادگی — قبلی: کریمی‌نژاد / جدید: محمدی")
    maryam.sees("• تصویر مدرک تحصیلی: فایل جدید").sees_not("نام پدر", "شهر محل زندگی")
    maryam.tap("📄 همه اطلاعات").sees("نام پدر: علی", "شهر محل زندگی: شیراز").tap("بازگشت")
    maryam.tap("📎 مدارک").sees("مدرک تحصیلی (۱)", "قبلی: مدرک تحصیلی")
    assert sum("قبلی" in label for label in maryam.labels) == 1
    request = people.request_of(sara)
    (old,), (new,) = (held["doc.degree_certificate"] for held in (request.before, request.snapshot))
    maryam.tap("قبلی: مدرک تحصیلی")
    assert [(one.file_id, "(قبلی)" in one.caption) for one in maryam.files] == [(old, True)]
    maryam.tap("مدرک تحصیلی (۱)")
    assert [(one.file_id, "(قبلی)" in one.caption) for one in maryam.files] == [(new, False)]
    people.at_decision(maryam, sara).tap("✅ تأیید", "بله، تأیید می‌کنم")
    assert people.request_of(sara).fee_rial == 2_800_000
    assert (profile(sara).level_code, sara.account.last_name) == ("bachelor", "کریمی‌نژاد")
    sara.open("qual").sees("وضعیت درخواست شما: ✅ تأیید نهایی", "اصلاحیه: 💳 تأییدشده، در انتظار پرداخت")
    people.complete(app, people.request_of(sara))
    assert (profile(sara).level_code, sara.account.last_name) == ("master", "محمدی")
    sara.open("qual.track").sees("اصلاحیه تأیید و اطلاعات جدید شما ثبت شد.").open("qual").sees("ثبت اصلاحیه")


def test_another_province_goes_to_its_university(sara: Person) -> None:
    people.expert(sara.app, "اصفهانی", university="mui")
    sara.open("qual.amend").tap("⬅️ نشانی و تماس", "✏️ استان").type("اصفهان").sees("نام شهر محل زندگی").type(
        "اصفهان"
    )
    sara.sees("استان — قبلی: فارس / جدید: اصفهان").tap("📤 ثبت نهایی", "بله").sees("اصفهان")
    assert people.request_of(sara).university_code == "mui"
    assert profile(sara).university_code == "sums"


def test_a_rejected_amendment_leaves_its_officer_qualified(sara: Person) -> None:
    amend_name(sara)
    sara.open("me").sees("نام: سارا", "وضعیت درخواست: ✅ تأیید نهایی").sees_not("ثبت اصلاحیه", "مینا")
    maryam = people.at_decision(people.expert(sara.app, "دوم"), sara).tap("❌ رد")
    maryam.tap("اطلاعات نادرست", "بدون توضیح", "بله، رد می‌کنم")
    sara.open("qual").sees("وضعیت درخواست شما: ✅ تأیید نهایی", "اصلاحیه: ❌ ردشده")
    sara.tap("پیگیری درخواست").sees("دلیل: اطلاعات نادرست").tap("ثبت دوباره").sees(SUMMARY, "نام: سارا")
    assert people.request_of(sara).kind is RequestKind.AMENDMENT


def test_whoever_is_not_qualified_files_a_request_and_edits_the_rest_there(app: App) -> None:
    sara = people.officer(app).open("qual.amend").sees("ثبت اصلاحیه پس از تأیید احراز صلاحیت ممکن است.")
    sara.open("qual").sees_not("ثبت اصلاحیه").tap("ویرایش اطلاعات عمومی", "سایر موارد")
    sara.sees("را در درخواست احراز صلاحیت ویرایش کنید").tap("🎓 احراز صلاحیت").sees("وضعیت درخواست شما")
    # A general edit before the first form leaves nothing unasked.
    sara.open("general").tap("آدرس محل زندگی").type("شیراز، خیابان زند، کوچه ۳")
    sara.open("qual.new").type("علی").tap("زن").type("۱۲۳۴", "فارس", "شیراز").sees("تلفن ثابت")
    sara.tap("تلفن ثابت ندارم").sees("📎")


def test_whoever_is_qualified_amends(sara: Person) -> None:
    sara.open("qual.new").sees("صلاحیت شما تأیید شده است؛ برای تغییر اطلاعات، اصلاحیه ثبت کنید.")
    sara.tap("ثبت اصلاحیه").sees(SUMMARY)


def test_deficiencies_of_an_amendment_are_fixed_like_any_other(sara: Person) -> None:
    amend_name(sara)
    maryam = people.at_decision(people.expert(sara.app, "دوم"), sara).tap("اعلام نواقص")
    maryam.tap("▫️ نام", "ارسال نواقص", "بله، ارسال شود")
    sara.open("qual.track").tap("رفع نقص").sees("مقدار فعلی: مینا").type("مینو").tap("توضیحی ندارم")
    sara.tap("ارسال دوباره", "بله").sees("🔍 در حال بررسی")
    people.at_request(maryam, sara).sees("• نام — قبلی: سارا / جدید: مینو")
    maryam.sees("• نام — قبلی: مینا / جدید: مینو")


def test_a_migrated_officer_is_asked_only_for_what_is_touched(app: App) -> None:
    reza = migrated(app).open("qual").sees("وضعیت درخواست شما: ✅ تأیید نهایی").tap("ثبت اصلاحیه")
    reza.sees("استان محل زندگی خود را").type("فارس", "شیراز").sees(SUMMARY, "مقطع تحصیلی: ثبت نشده")
    reza.tap("✏️ نام").type("رضوان").sees(SUMMARY).tap("📤 ثبت نهایی", "بله").sees("⏳ در انتظار بررسی")
    maryam = people.at_request(people.expert(app), reza)
    maryam.sees("• نام — قبلی: رضا / جدید: رضوان").tap("📄 همه اطلاعات").sees("بدون مدرک (ثبت قدیمی)")
    people.at_decision(maryam, reza).tap("اعلام نواقص")
    maryam.tap("▫️ نام", "ارسال نواقص", "بله، ارسال شود")
    reza.open("qual.track").tap("رفع نقص").type("رضوانه").tap("توضیحی ندارم").sees("اصلاح‌ها را مرور کنید")
    reza.tap("ارسال دوباره", "بله").sees("🔍 در حال بررسی")


def test_a_degree_brings_its_field_and_its_paper(app: App) -> None:
    reza = migrated(app).open("qual.amend").type("فارس", "شیراز").tap("✏️ مقطع تحصیلی", "کارشناسی")
    reza.sees("نام رشته تحصیلی").sees_not("بدون پاسخ").type("مهندسی مکانیک").sees("📎 «تصویر مدرک تحصیلی»")
    reza.upload("مدرک.jpg").sees(SUMMARY, "مقطع تحصیلی — قبلی: ثبت نشده / جدید: کارشناسی")
    reza.tap("📤 ثبت نهایی", "بله").sees("⏳ در انتظار بررسی")
    assert people.request_of(reza).state is RequestState.SUBMITTED


def test_what_is_empty_may_be_passed_by(app: App) -> None:
    """Also the level and the field, each of which asks for the other only where it is given."""
    reza = migrated(app).open("qual.amend").type("فارس", "شیراز")
    for label in ("✏️ مقطع تحصیلی", "✏️ رشته تحصیلی", "✏️ نام پدر", "✏️ مدرک تحصیلی"):
        reza.tap("⬅️ مدارک" if "مدرک" in label else "⬅️ نشانی و تماس")
        reza.tap(*(() if "مدرک" in label else ("⬅️ مشخصات",)), label).tap(
            "این را ندارم" if "مدرک" in label else "بدون پاسخ"
        ).sees(SUMMARY)


# ── my data ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_my_data_shows_everything(sara: Person) -> None:
    other = sara.elsewhere()
    sara.tap("👤 اطلاعات من").sees("مشخصات ثبت‌شده شما:", "نام: سارا", "تاریخ تولد: ۱۳۶۵/۰۴/۱۲")
    sara.sees("مقطع تحصیلی: کارشناسی", "شهر محل زندگی: شیراز", "دانشگاه: دانشگاه علوم پزشکی شیراز")
    sara.sees("آدرس محل زندگی: شیراز، خیابان زند، کوچه ۳، پلاک ۷", "شماره شناسنامه: ۱۲۳۴", "ایمیل: ثبت نشده")
    sara.sees("مدارک: کارت ملی (۱)", "وضعیت درخواست: ✅ تأیید نهایی", "نقش: مسئول فنی")
    sara.sees("ورودهای فعال:", "تلگرام", "بله", "ویرایش اطلاعات عمومی", "ثبت اصلاحیه")
    (way_out,) = [label for label in sara.labels if label.startswith("بستن")]
    sara.tap("📎 مدارک من", "کارت ملی (۱)")
    assert len(sara.files) == 1
    sara.sees("مدارک تأییدشده شما").tap("بازگشت").tap(way_out).sees("آن ورود بسته شد")
    assert other.chat.account_id is None
    sara.open("me").tap("ویرایش اطلاعات عمومی").sees("این موارد بدون نیاز")
    sara.open("me").tap("ثبت اصلاحیه").sees(SUMMARY)


def test_my_data_of_a_migrated_officer_says_what_is_missing(app: App) -> None:
    reza = migrated(app).open("me").sees("مقطع تحصیلی: بدون مدرک (ثبت قدیمی)", "مدارک: بدون مدرک (ثبت قدیمی)")
    reza.tap("📎 مدارک من").sees("بدون مدرک (ثبت قدیمی)")
    reza.open("me.document", arg="national_card").sees("این فایل دیگر در دسترس نیست")


def test_my_data_is_paged_where_it_is_long(sara: Person) -> None:
    for _ in range(90):
        sara.elsewhere()
    sara.open("me").sees("صفحه ۱ از", "بعدی", "🔑 ورودهای فعال").sees_not("بستن ۲").tap("بعدی")
    sara.sees("صفحه ۲ از", "قبلی")


def test_an_expert_sees_own_data_without_an_officers_file(app: App) -> None:
    maryam = people.expert(app).open("me").sees("نام: مریم", "نقش: کارشناس، دانشگاه علوم پزشکی شیراز")
    maryam.sees_not("ویرایش اطلاعات عمومی", "مدارک").open("general").sees("شما به این پرونده دسترسی ندارید")


def test_a_suspended_officer_reads_and_changes_nothing(sara: Person) -> None:
    people.suspend(sara)
    sara.open("me").sees("نام: سارا", "📎 مدارک من").sees_not("ثبت اصلاحیه", "ویرایش اطلاعات عمومی")
    sara.sees_not(t("password.button"), t("me.mobile"))
    sara.open("general").sees("نام پدر: علی").sees_not("سایر موارد")
    for action, arg in (("general.edit", "father_name"), ("qual.amend", "")):
        sara.open(action, arg=arg).sees("حساب شما غیرفعال شده است")
