"""Registration as a person lives it (J1)."""

from sqlmodel import select

from bot.texts import t
from storage.enums import Messenger
from storage.tables import Account, Draft, Officer
from tests.support.chat_driver import NATIONAL_CODE, App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES

pytestmark = ON_BOTH_DATABASES


def test_registration_from_hello_to_the_password(app: App) -> None:
    sara = app.person(Messenger.BALE).command("start")
    sara.sees("به سامانه احراز صلاحیت مسئولان فنی تجهیزات پزشکی خوش آمدید", "🔑 ورود", "❓ راهنما")
    sara.tap("ثبت‌نام").sees("کد ملی ۱۰ رقمی خود را بنویسید", "فقط یک بار")
    sara.type("۹۹۹۱۲۳۴۵۶۱").sees("تاریخ تولد خود را شمسی بنویسید")
    sara.type("۱۳۶۵-۴-۱۲").sees("نام خود را مطابق شناسنامه")
    sara.type("Sara").sees("لطفاً فقط از حروف فارسی استفاده کنید", "نام خود را مطابق شناسنامه")
    sara.type("سارا").sees("نام خانوادگی")
    sara.type("كريمي‌نژاد").sees("مقطع تحصیلی", "مدرک دانشگاهی ندارم", "کارشناسی ارشد")
    sara.tap("کارشناسی").sees("نام رشته").type("مهندسی پز").sees("مهندسی پزشکی")
    sara.tap(sara.labels[0]).sees("«📱 ارسال شماره همراه» را در پایین صفحه")
    assert sara.screens[-1].ask_contact == "📱 ارسال شماره همراه"
    sara.share("+98 912 123 4567")
    sara.sees("اطلاعات زیر درست است؟", "کد ملی: ۹۹۹۱۲۳۴۵۶۱", "تاریخ تولد: ۱۳۶۵/۰۴/۱۲")
    sara.sees("نام خانوادگی: کریمی‌نژاد", "شماره همراه: ۰۹۱۲۱۲۳۴۵۶۷")
    sara.tap("✅ تأیید").sees("✅ ثبت‌نام شما انجام شد.", "رمز دوباره نمایش داده نمی‌شود", "ثبت درخواست")
    sara.sees(
        "گام بعد: درخواست احراز صلاحیت را ثبت کنید. تا پیش از آن شرکت‌ها و اصناف نمی‌توانند شما را انتخاب کنند."
    )
    assert len(sara.screens) == 2
    user_code, password = sara.shown_credentials
    assert user_code.isascii()
    assert len(user_code) == 8
    assert len(password) == 12
    account = app.one(select(Account))
    assert account.last_name == "کریمی‌نژاد"
    assert (account.mobile, account.mobile_verified) == ("+989121234567", True)
    assert not account.credentials_pending
    assert app.all(select(Draft)) == []
    sara.command("menu").sees("سارا کریمی‌نژاد گرامی", "🎓 احراز صلاحیت", "🚪 خروج").sees_not("دریافت رمز")

    sara.tap("🚪 خروج").sees("از حساب خود خارج شدید", "🔑 ورود")
    sara.log_in(user_code, password).sees("گرامی، خوش آمدید.", "🎓 احراز صلاحیت")


def test_no_degree_no_registration_and_the_other_field_needs_its_name(app: App) -> None:
    sara = app.person().command("start").tap("ثبت‌نام").type(NATIONAL_CODE, "13650412", "سارا", "کریمی")
    sara.tap("مدرک دانشگاهی ندارم")
    sara.sees("ثبت‌نام بدون مدرک و رشته تحصیلی امکان‌پذیر نیست و سابقه کار جایگزین مدرک نمی‌شود.")
    sara.sees("مقطع تحصیلی خود را")
    assert app.all(select(Account)) == []
    sara.tap("کارشناسی").type("سایر")
    if "رشته تحصیلی خود را همان‌طور" not in sara.text:
        sara.tap(sara.labels[0])
    sara.sees("رشته تحصیلی خود را همان‌طور که در مدرک آمده است بنویسید.").type("فناوری اطلاعات سلامت")
    sara.share("989121234567").sees("توضیح رشته: فناوری اطلاعات سلامت").tap("✅ تأیید")
    assert app.one(select(Officer.field_note)) == "فناوری اطلاعات سلامت"


def test_somebody_elses_contact_is_refused_and_a_typed_mobile_is_marked_unverified(app: App) -> None:
    sara = app.person().fill_registration().share("989121234567", own=False)
    sara.sees(
        "این شماره دیگری است. شماره خودتان را با دکمه «📱 ارسال شماره همراه» بفرستید.",
        "«📱 ارسال شماره همراه» را در پایین صفحه",
    )
    sara.type("09121234567").tap("✅ تأیید")
    account = app.one(select(Account))
    assert (account.mobile, account.mobile_verified) == ("+989121234567", False)
    sara.command("menu").tap("👤 اطلاعات من")
    sara.sees("۰۹۱۲۱۲۳۴۵۶۷ (تأییدنشده)", "کد ملی: ۹۹۹۱۲۳۴۵۶۱", "تاریخ تولد: ۱۳۶۵/۰۴/۱۲")


def test_a_registered_national_code_leads_to_the_login_but_not_whoever_tries_many(app: App) -> None:
    app.person().register()
    other = app.person(Messenger.BALE).command("start").tap("ثبت‌نام").type(NATIONAL_CODE)
    other.sees("با این کد ملی پیش‌تر ثبت‌نام شده است. لطفاً وارد شوید.", "🔑 ورود", "فراموشی کد یا رمز")
    other.type(*[NATIONAL_CODE] * 4).sees("پیش‌تر ثبت‌نام شده است")
    other.type(NATIONAL_CODE).sees("امروز بیش از حد مجاز تلاش کرده‌اید").sees_not("پیش‌تر ثبت‌نام شده است")
    other.command("cancel").command("start").tap("ثبت‌نام").type("9991234551")
    other.sees("امروز بیش از حد مجاز")
    app.clock.passes(days=1)
    other.type(NATIONAL_CODE).sees("پیش‌تر ثبت‌نام شده است").tap("🔑 ورود").sees("کد کاربری خود را بنویسید")


def test_a_half_registration_is_kept_and_can_be_thrown_away(app: App) -> None:
    sara = app.person().command("start").tap("ثبت‌نام").type(NATIONAL_CODE, "13650412")

    sara.tap("💾 بعداً ادامه می‌دهم").sees("پاسخ‌های شما ذخیره شد", "ادامه ثبت‌نام")
    sara.tap("ادامه ثبت‌نام").sees("نام خود را مطابق شناسنامه").tap("💾 بعداً ادامه می‌دهم")
    sara.tap("🗑 حذف پیش‌نویس").sees("📝 ثبت‌نام").sees_not("ادامه ثبت‌نام")

    assert app.all(select(Draft)) == []


def test_two_chats_finish_with_one_national_code(app: App) -> None:
    first, second = app.person(), app.person()
    for person in (first, second):
        person.fill_registration().share("989121234567")

    first.tap("✅ تأیید").sees("ثبت‌نام شما انجام شد")
    second.tap("✅ تأیید").sees("با این کد ملی پیش‌تر ثبت‌نام شده است", "🔑 ورود")


def test_a_password_that_never_arrived_is_made_anew(app: App) -> None:
    """Q30: the process dies between the commit and the answer."""
    sara = app.person().fill_registration().share("989121234567")
    app.delivers = False
    sara.tap("✅ تأیید")
    app.delivers = True

    sara.command("start").sees("رمز عبور شما هنوز نمایش داده نشده است", "🔑 دریافت رمز")
    get = sara.button("🔑 دریافت رمز")
    sara.tap("🔑 دریافت رمز")
    user_code, password = sara.shown_credentials
    sara.sees_not("هنوز نمایش داده نشده")
    sara.press(get).sees("رمز عبور شما پیش‌تر نمایش داده شده است").sees_not("رمز عبور:")

    app.person().log_in(user_code, password).sees("خوش آمدید")


def _at_level(app: App) -> Person:
    return app.person().command("start").tap("ثبت‌نام").type(NATIONAL_CODE, "۱۲ تیر ۱۳۶۵", "سارا", "کریمی")


def test_a_field_by_the_words_that_people_use(app: App) -> None:
    sara = _at_level(app).type("لیسانس").sees("✅ مقطع تحصیلی: کارشناسی", "نام رشته")
    sara.type("پزشکی").sees("مهندسی پزشکی", "پزشکی", "رشته من در فهرست نیست").type("داروسای")
    sara.sees("آیا منظورتان", "داروسازی").tap("رشته من در فهرست نیست").sees("رشته تحصیلی خود را همان‌طور")


def test_a_typed_diploma_is_no_degree(app: App) -> None:
    _at_level(app).type("دیپلم").sees("سابقه کار جایگزین مدرک نمی‌شود")


def test_a_guest_throws_away_what_was_begun(app: App) -> None:
    guest = app.person().command("start").tap("ثبت‌نام").type(NATIONAL_CODE).tap(t("form.later"))
    guest.tap(t("form.discard")).sees(t("form.discarded"), t("guest.register"))
    assert t("resume.registration") not in guest.labels
    assert app.all(select(Draft)) == []
