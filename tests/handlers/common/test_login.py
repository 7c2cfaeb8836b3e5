"""Login, forgotten and changed passwords, linked chats, roles (J1, J15, R2)."""

import pytest

from bot.core.screens import Press
from storage.enums import Messenger, Role
from tests.support.chat_driver import NATIONAL_CODE, App
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import distributor, grant, in_charge, staff, suspend

pytestmark = ON_BOTH_DATABASES


def test_login_on_the_other_messenger_is_told_and_can_be_undone(app: App) -> None:
    phone, bale = app.person().register(), app.person(Messenger.BALE)
    persian = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
    user_code, password = (one.translate(persian) for one in phone.credentials)
    bale.log_in(user_code, f"{password} ").sees("سارا کریمی‌نژاد گرامی، خوش آمدید.")
    (told,) = phone.pushes()
    assert "ورود جدید به حساب شما از بله" in told.text
    phone.tap_push("بستن این ورود").sees("آن ورود بسته شد.")
    bale.command("menu").sees("📝 ثبت‌نام").sees_not("🚪 خروج")
    phone.tap_push("بستن این ورود").sees("آن ورود پیش‌تر بسته شده است.")


def test_wrong_logins_say_the_same_and_lock(app: App) -> None:
    user_code, password = app.person().register().credentials
    guest = app.person().log_in("12345678", "whatever1")
    guest.sees("کد کاربری یا رمز عبور درست نیست.", "رمز عبور خود را بنویسید").tap("بازگشت")
    guest.type(user_code, "whatever2").sees("کد کاربری یا رمز عبور درست نیست.")
    guest.type("whatever3", "whatever4", "whatever5").sees("کد کاربری یا رمز عبور درست نیست.").type(password)
    guest.sees("به دلیل تلاش‌های ناموفق، ورود تا ۱۵ دقیقه دیگر ممکن نیست.")
    app.clock.passes(minutes=16)
    guest.type(password).sees("خوش آمدید")
    assert len(guest.deleted) == 7
    assert "whatever" not in guest.stored()
    assert password not in guest.stored()


def test_whoever_is_in_needs_no_login(app: App) -> None:
    sara = app.person().command("start").tap("ورود").type("12345678")
    sara.tap("انصراف").sees("این کار متوقف شد")
    login, register = sara.button("ورود"), sara.button("ثبت‌نام")
    sara.register()
    for old in (login, register):
        sara.press(old).sees("شما وارد حساب خود شده‌اید.", "🎓 احراز صلاحیت")


def test_forgotten_password_by_the_contact_button(app: App) -> None:
    phone, new = app.person().register(), app.person(Messenger.BALE)
    user_code, old = phone.credentials
    new.command("start").tap("ورود", "فراموشی کد یا رمز").sees("کد ملی خود را بنویسید.")
    new.type(NATIONAL_CODE).sees("شماره همراهی را که هنگام ثبت‌نام تأیید کرده‌اید")
    new.type("09121234567").sees(
        "این شماره دیگری است. شماره خودتان را با دکمه «📱 ارسال شماره همراه» بفرستید."
    ).share("989121234567")

    assert new.line("کد کاربری") == user_code
    password = new.line("رمز عبور")
    assert password != old
    new.sees("🎓 احراز صلاحیت").sees_not("دریافت رمز")
    assert "ورود جدید" in phone.pushes()[-1].text
    app.person().log_in(user_code, old).sees("درست نیست")
    app.person().log_in(user_code, password).sees("خوش آمدید")


@pytest.mark.parametrize("case", ["unverified", "other number", "nobody"])
def test_forgotten_password_refuses_alike(app: App, case: str) -> None:
    if case != "nobody":
        app.person().register(phone=None if case == "unverified" else "989121234567")
    new = app.person().command("help").tap("فراموشی کد یا رمز").type(NATIONAL_CODE)

    new.share("989121234567" if case != "other number" else "989129999999")

    new.sees("با این کد ملی و شماره، بازیابی ممکن نیست.", "021-1234", "🏠 منوی اصلی")
    new.tap("🏠 منوی اصلی").sees("📝 ثبت‌نام")


def test_changing_the_password(app: App) -> None:
    sara, other = app.person().register(), app.person()
    user_code, first = sara.credentials
    other.log_in(user_code, first)
    sara.command("menu").tap("👤 اطلاعات من", "تغییر رمز", "خودم انتخاب می‌کنم").sees("رمز جدید را بنویسید")
    sara.type("short").sees("رمز جدید باید دست‌کم ۸ نویسه باشد.")
    sara.type(user_code).sees("رمز نمی‌تواند همان کد کاربری")

    sara.type("رمزخوب۱۲۳").sees("✅ رمز عبور شما تغییر کرد.")

    assert "رمزخوب" not in sara.stored()
    assert len(sara.deleted) == 3
    assert "رمز عبور حساب شما تغییر کرد" in other.pushes()[-1].text
    app.person().log_in(user_code, "رمزخوب123").sees("خوش آمدید")

    sara.tap("👤 اطلاعات من", "تغییر رمز", "سامانه بسازد")
    assert len(sara.line("رمز عبور")) == 12
    app.person().log_in(user_code, sara.line("رمز عبور")).sees("خوش آمدید")


def test_linked_chats_are_listed_and_signed_out(app: App) -> None:
    """Their labels may be typed, and nobody else's chat is reached."""
    sara, bale, thief = app.person().register(), app.person(Messenger.BALE), app.person()
    thief.register("9991234551", phone="989350000000")
    app.clock.passes(hours=1)
    bale.log_in(*sara.credentials)
    thief.open("me.signout", sara.chat.id or 0).sees("آن ورود پیش‌تر بسته شده است.")
    sara.command("menu").type("اطلاعات من").sees("مشخصات ثبت‌شده شما:", sara.credentials[0])
    sara.type("🔑 ورودهای فعال")
    sara.sees("۱. تلگرام، ورود: ۱۴۰۵/۰۹/۰۱ ساعت ۱۲:۳۰ (همین‌جا)", "۲. بله، ورود: ۱۴۰۵/۰۹/۰۱ ساعت ۱۳:۳۰")
    sara.tap("بستن ورود ۲ (بله)").sees("آن ورود بسته شد.").sees_not("۲. بله")
    bale.command("start").sees("📝 ثبت‌نام")


def test_a_new_mobile_is_told_to_the_other_chat(app: App) -> None:
    sara, bale = app.person().register(), app.person(Messenger.BALE)
    bale.log_in(*sara.credentials)
    sara.command("menu").tap("👤 اطلاعات من", "تغییر شماره همراه")

    sara.share("989351112233").sees("شماره همراه شما ذخیره شد.", "۰۹۳۵۱۱۱۲۲۳۳ (تأییدشده)")

    assert bale.pushes()[-1].text.startswith("شماره همراه حساب شما تغییر کرد.")


def test_several_roles_switch(app: App) -> None:
    sara = app.person().register()
    grant(sara, Role.EXPERT, university_code="sums")
    sara.command("menu").sees("🎓 احراز صلاحیت", "🔁 تغییر نقش")
    sara.tap("🔁 تغییر نقش").sees("✅ مسئول فنی", "کارشناس")
    sara.tap("کارشناس").sees("کارتابل دانشگاه علوم پزشکی شیراز", "📥 پرونده‌های جدید", "🔎 جست‌وجو")
    sara.sees("در انتظار بررسی: ۰، نزد شما: ۰").sees_not("🎓 احراز صلاحیت")
    sara.press(Press("role.choose", arg="staff")).sees("این کار برای شما ممکن نیست.")

    app.person().log_in(*sara.credentials).sees("با کدام نقش ادامه می‌دهید؟")


def test_a_suspended_person_reads_and_leaves(app: App) -> None:
    sara = app.person().register()
    user_code, password = sara.credentials
    suspend(sara)
    sara.command("menu").sees("حساب شما غیرفعال شده است. دلیل:\n│ مدارک نادرست\n└ اداره کل", "021-1234")
    sara.sees("🎓 احراز صلاحیت")
    sara.tap("👤 اطلاعات من").sees("کد ملی: ۹۹۹۱۲۳۴۵۶۱").sees_not("تغییر رمز")
    sara.open("password.change").sees("حساب شما غیرفعال شده است")  # a button of a message from before
    app.person().log_in(user_code, password).sees("خوش آمدید", "حساب شما غیرفعال شده است")
    sara.tap("🏠 منوی اصلی").sees("🚪 خروج").tap("🚪 خروج").sees("از حساب خود خارج شدید")


def test_help_and_privacy_for_everybody(app: App) -> None:
    guest = app.person().command("help").sees("/privacy", "پشتیبانی اداره کل: 021-1234")
    guest.tap("🔒 حریم خصوصی").sees("۱۲ ماه", "۲۴ ماه", "رمزشده")
    for person in (staff(app), distributor(app)[0]):
        person.command("help").sees("راهنما")
    expert = in_charge(app).command("menu").sees("👥 نزد کارشناسان")
    expert.command("help").sees("قدیمی‌ترین پرونده در ابتداست").command("privacy").sees("کارشناسان دانشگاه")
