"""Login, forgotten and changed passwords, linked chats, roles (J1, J15, R2)."""

import pytest
from sqlmodel import Session, select

from bot.core.context import Actor
from bot.core.screens import Press
from bot.services import accounts
from storage.enums import Messenger, Role
from storage.tables import Account, Chat
from tests.support.handler_app import NOW, House
from tests.support.handler_people import CODE, logs_in, registers, staff


async def test_login_on_the_other_messenger_is_told_and_can_be_undone(house: House) -> None:
    phone, bale = house.visitor(), house.visitor(Messenger.BALE)
    user_code, password = await registers(phone)

    (await logs_in(bale, user_code, password)).sees("سارا کریمی‌نژاد گرامی، خوش آمدید.")

    (told,) = await phone.pushes()
    assert "ورود جدید به حساب شما از بله" in told.text
    (await phone.taps_push("خروج از آن گفت‌وگو")).sees("آن گفت‌وگو از حساب شما خارج شد.")
    (await bale.commands("menu")).sees("📝 ثبت‌نام").sees_not("🚪 خروج")
    (await phone.taps_push("خروج از آن گفت‌وگو")).sees("آن گفت‌وگو دیگر به حساب شما متصل نیست.")


async def test_the_password_is_deleted_and_wiped(house: House) -> None:
    phone, other = house.visitor(), house.visitor()
    user_code, password = await registers(phone)

    await logs_in(other, user_code, "wrongpassword")
    await other.types(password)

    other.sees("خوش آمدید")
    assert len(other.deleted) == 2
    kept = "\n".join(await other.stored())
    assert password not in kept
    assert "wrongpassword" not in kept


async def test_persian_digits_log_in(house: House) -> None:
    user_code, password = await registers(house.visitor())
    persian = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")

    other = await logs_in(house.visitor(), user_code.translate(persian), f"{password.translate(persian)} ")

    other.sees("خوش آمدید")


async def test_wrong_logins_say_the_same_and_lock(house: House) -> None:
    user_code, password = await registers(house.visitor())
    guest = await logs_in(house.visitor(), "12345678", "whatever1")
    guest.sees("کد کاربری یا رمز عبور درست نیست.", "رمز عبور خود را بفرستید")
    await guest.taps("بازگشت")
    await guest.types(user_code, "whatever2")
    guest.sees("کد کاربری یا رمز عبور درست نیست.")
    await guest.types("whatever3", "whatever4", "whatever5")
    guest.sees("کد کاربری یا رمز عبور درست نیست.")

    await guest.types(password)

    guest.sees("به دلیل تلاش‌های ناموفق، ورود تا ۱۵ دقیقه دیگر ممکن نیست.")
    house.clock.passes(minutes=16)
    (await guest.types(password)).sees("خوش آمدید")


async def test_cancelled_login_leaves_nothing(house: House) -> None:
    guest = house.visitor()
    await guest.commands("start")
    await guest.taps("ورود")
    await guest.types("12345678")

    (await guest.taps("انصراف")).sees("متوقف شد.", "📝 ثبت‌نام")


async def test_whoever_is_in_needs_no_login(house: House) -> None:
    sara = house.visitor()
    await sara.commands("start")
    login, register = sara.button("ورود").press, sara.button("ثبت‌نام").press
    await registers(sara)
    assert login is not None
    assert register is not None

    for old in (login, register):
        (await sara.presses(old)).sees("شما وارد حساب خود شده‌اید.", "🎓 احراز صلاحیت")


async def test_forgotten_password_by_the_contact_button(house: House) -> None:
    phone, new = house.visitor(), house.visitor(Messenger.BALE)
    user_code, old = await registers(phone)
    await new.commands("start")
    await new.taps("ورود")
    await new.taps("فراموشی کد یا رمز")
    new.sees("کد ملی خود را بفرستید.")
    (await new.types(CODE)).sees("شماره همراهی را که هنگام ثبت‌نام تأیید کرده‌اید")
    (await new.types("09121234567")).sees("لطفاً شماره خودتان را با دکمه ارسال کنید.")

    await new.shares("989121234567")

    assert new.line("کد کاربری") == user_code
    password = new.line("رمز عبور")
    assert password != old
    new.sees("🎓 احراز صلاحیت").sees_not("دریافت رمز")
    assert "ورود جدید" in (await phone.pushes())[-1].text
    (await logs_in(house.visitor(), user_code, old)).sees("درست نیست")
    (await logs_in(house.visitor(), user_code, password)).sees("خوش آمدید")


@pytest.mark.parametrize("case", ["unverified", "other number", "nobody"])
async def test_forgotten_password_refuses_alike(house: House, case: str) -> None:
    if case != "nobody":
        await registers(house.visitor(), phone=None if case == "unverified" else "989121234567")
    new = house.visitor()
    await new.commands("help")
    await new.taps("فراموشی کد یا رمز")
    await new.types(CODE)

    await new.shares("989121234567" if case != "other number" else "989129999999")

    new.sees("با این کد ملی و شماره، بازیابی ممکن نیست.", "021-1234", "🏠 منوی اصلی")
    (await new.taps("🏠 منوی اصلی")).sees("📝 ثبت‌نام")


async def test_changing_the_password(house: House) -> None:
    sara, other = house.visitor(), house.visitor()
    user_code, first = await registers(sara)
    await logs_in(other, user_code, first)
    await sara.commands("menu")
    await sara.taps("👤 اطلاعات من", "تغییر رمز", "خودم انتخاب می‌کنم")
    sara.sees("رمز جدید را بفرستید")
    (await sara.types("short")).sees("رمز جدید باید دست‌کم ۸ نویسه باشد.")
    (await sara.types(user_code)).sees("رمز نمی‌تواند همان کد کاربری")

    (await sara.types("رمزخوب۱۲۳")).sees("✅ رمز عبور شما تغییر کرد.")

    assert "رمزخوب" not in "\n".join(await sara.stored())
    assert len(sara.deleted) == 3
    assert "رمز عبور حساب شما تغییر کرد" in (await other.pushes())[-1].text
    (await logs_in(house.visitor(), user_code, "رمزخوب123")).sees("خوش آمدید")

    await sara.taps("👤 اطلاعات من", "تغییر رمز", "سامانه بسازد")
    assert len(sara.line("رمز عبور")) == 12
    (await logs_in(house.visitor(), user_code, sara.line("رمز عبور"))).sees("خوش آمدید")


async def test_linked_chats_are_listed_and_signed_out(house: House) -> None:
    sara, bale = house.visitor(), house.visitor(Messenger.BALE)
    user_code, password = await registers(sara)
    house.clock.passes(hours=1)
    await logs_in(bale, user_code, password)
    await sara.commands("menu")

    await sara.taps("👤 اطلاعات من", "گفت‌وگوهای متصل")

    sara.sees("۱. تلگرام، ورود: ۱۴۰۵/۰۹/۰۱ ساعت ۱۲:۳۰ (همین گفت‌وگو)", "۲. بله، ورود: ۱۴۰۵/۰۹/۰۱ ساعت ۱۳:۳۰")
    (await sara.taps("خروج از ۲. بله")).sees("آن گفت‌وگو از حساب شما خارج شد.").sees_not("۲. بله")
    (await bale.commands("start")).sees("📝 ثبت‌نام")


async def test_nobody_reaches_anothers_chat(house: House) -> None:
    sara, thief = house.visitor(), house.visitor()
    await registers(sara)
    await registers(thief, "9991234551", phone="989350000000")
    row = await house.ask(lambda db: db.exec(select(Chat.id).where(Chat.chat_id == sara.chat_id)).one())

    await thief.presses(Press("me.signout", row))

    thief.sees("آن گفت‌وگو دیگر به حساب شما متصل نیست.")
    (await sara.commands("menu")).sees("🚪 خروج")


async def test_a_new_mobile_is_told_to_the_other_chat(house: House) -> None:
    sara, bale = house.visitor(), house.visitor(Messenger.BALE)
    user_code, password = await registers(sara)
    await logs_in(bale, user_code, password)
    await sara.commands("menu")
    await sara.taps("👤 اطلاعات من", "تغییر شماره همراه")

    (await sara.shares("989351112233")).sees("شماره همراه شما ذخیره شد.", "۰۹۳۵۱۱۱۲۲۳۳ (تأییدشده)")

    assert (await bale.pushes())[-1].text.startswith("شماره همراه حساب شما تغییر کرد.")


async def test_several_roles_switch(house: House) -> None:
    sara = house.visitor()
    user_code, password = await registers(sara)

    def unit(db: Session) -> None:
        boss = accounts.create_user(
            db, role=Role.STAFF, university_code=None, name="رضا", now=NOW, password_hash="x"
        )
        accounts.appoint_expert(
            db,
            actor=Actor(boss.id, Role.STAFF),
            role=Role.EXPERT,
            university_code="sums",
            national_code="9991234561",
            name=None,
            password_hash="x",
            now=NOW,
        )

    await house.database.run(unit)
    (await sara.commands("menu")).sees("🎓 احراز صلاحیت", "🔁 تغییر نقش")
    (await sara.taps("🔁 تغییر نقش")).sees("✅ مسئول فنی", "کارشناس")
    (await sara.taps("کارشناس")).sees("کارتابل دانشگاه علوم پزشکی شیراز", "📥 پرونده‌های جدید", "🔎 جست‌وجو")
    sara.sees("در انتظار بررسی: ۰، نزد شما: ۰").sees_not("🎓 احراز صلاحیت")
    forged = await sara.presses(Press("role.choose", arg="staff"))
    forged.sees("این کار برای شما ممکن نیست.")

    (await logs_in(house.visitor(), user_code, password)).sees("با کدام نقش ادامه می‌دهید؟")


async def test_a_suspended_person_reads_and_leaves(house: House) -> None:
    sara = house.visitor()
    user_code, password = await registers(sara)

    def suspend(db: Session) -> None:
        boss = accounts.create_user(
            db, role=Role.STAFF, university_code=None, name="رضا", now=NOW, password_hash="x"
        )
        account = accounts.by_user_code(db, user_code)
        assert account is not None
        accounts.suspend(
            db,
            actor=Actor(boss.id, Role.STAFF),
            account_id=account.id or 0,
            reason="مدارک نادرست",
            public_info=house.resources.public_info,
            now=NOW,
        )

    await house.database.run(suspend)
    (await sara.commands("menu")).sees(
        "حساب شما غیرفعال شده است. دلیل:\n│ مدارک نادرست\n└ اداره کل", "021-1234", "🎓 احراز صلاحیت"
    )
    (await sara.taps("👤 اطلاعات من")).sees("کد ملی: ۹۹۹۱۲۳۴۵۶۱")
    (await sara.taps("تغییر رمز")).sees("حساب شما غیرفعال شده است")
    (await logs_in(house.visitor(), user_code, password)).sees("خوش آمدید", "حساب شما غیرفعال شده است")
    (await sara.taps("🏠 منوی اصلی")).sees("🚪 خروج")
    (await sara.taps("🚪 خروج")).sees("از حساب خود خارج شدید")


async def test_help_and_privacy_for_everybody(house: House) -> None:
    guest = await house.visitor().commands("help")
    guest.sees("/privacy", "پشتیبانی اداره کل: 021-1234")
    (await guest.taps("🔒 حریم خصوصی")).sees("۱۲ ماه", "۲۴ ماه", "رمزشده")
    for role in (Role.STAFF, Role.DISTRIBUTOR):
        (await (await staff(house, role)).commands("help")).sees("راهنما")
    expert = await staff(house, Role.IN_CHARGE, "sums")
    expert.sees("👥 در دست بررسی")
    (await expert.commands("help")).sees("قدیمی‌ترین پرونده در ابتداست")
    (await expert.commands("privacy")).sees("کارشناسان دانشگاه")


async def test_all_menu_buttons_lead_somewhere(house: House) -> None:
    """No label of any home leads to a stale button."""
    people = [
        await staff(house, role, "sums" if role is Role.IN_CHARGE else None)
        for role in Role
        if role is not Role.SYSTEM and role is not Role.EXPERT
    ]
    for person in people:
        await person.commands("menu")
        for label in [label for label in person.labels if "خروج" not in label]:
            await person.commands("menu")
            (await person.taps(label)).sees_not("این دکمه دیگر معتبر نیست", "خطایی رخ داد", "دسترسی ندارید")
    assert await house.ask(lambda db: len(db.exec(select(Account)).all())) == len(people)


async def test_commands_in_the_middle_of_a_dialogue(house: House) -> None:
    """Q39: /start leaves the form where it is and offers to go on."""
    sara = house.visitor()
    await sara.commands("start")
    await sara.taps("ثبت‌نام")
    await sara.types(CODE)

    await sara.commands("start")
    if "ادامه پیش‌نویس" not in sara.labels:
        await sara.commands("cancel")
    (await sara.taps("ادامه پیش‌نویس")).sees("تاریخ تولد خود را")


async def test_labels_can_be_typed(house: House) -> None:
    sara = house.visitor()
    user_code, _ = await registers(sara)
    await sara.commands("menu")

    (await sara.types("اطلاعات من")).sees("مشخصات ثبت‌شده شما:", user_code)
    (await sara.types("گفت‌وگوهای متصل")).sees("همین گفت‌وگو")
