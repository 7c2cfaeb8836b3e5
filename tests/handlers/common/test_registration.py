"""Registration as a person lives it (J1)."""

from sqlmodel import select

from storage.enums import Messenger
from storage.tables import Account, Draft, Officer
from tests.support.handler_app import House
from tests.support.handler_people import CODE, logs_in, registers


async def test_a_stranger_is_welcomed(house: House) -> None:
    guest = await house.visitor().commands("start")

    guest.sees(
        "به سامانه احراز صلاحیت مسئولان فنی تجهیزات پزشکی خوش آمدید", "📝 ثبت‌نام", "🔑 ورود", "❓ راهنما"
    )


async def test_registration_from_hello_to_the_password(house: House) -> None:
    sara = await house.visitor(Messenger.BALE).commands("start")
    (await sara.taps("ثبت‌نام")).sees("کد ملی ۱۰ رقمی خود را بفرستید", "فقط یک بار")
    (await sara.types("۹۹۹۱۲۳۴۵۶۱")).sees("تاریخ تولد خود را به‌صورت شمسی بفرستید")
    (await sara.types("۱۳۶۵-۴-۱۲")).sees("نام خود را مطابق شناسنامه")
    (await sara.types("Sara")).sees("لطفاً فقط از حروف فارسی استفاده کنید", "نام خود را مطابق شناسنامه")
    (await sara.types("سارا")).sees("نام خانوادگی")
    (await sara.types("كريمي‌نژاد")).sees("مقطع تحصیلی", "مدرک دانشگاهی ندارم", "کارشناسی ارشد")
    (await sara.taps("کارشناسی")).sees("بخشی از نام رشته")
    (await sara.types("مهندسی پز")).sees("مهندسی پزشکی")
    (await sara.taps(sara.labels[0])).sees("شماره همراه خود را با دکمه زیر")
    assert sara.screens[-1].ask_contact == "📱 ارسال شماره همراه"
    await sara.shares("+98 912 123 4567")
    sara.sees(
        "آیا اطلاعات زیر درست است؟",
        "کد ملی: ۹۹۹۱۲۳۴۵۶۱",
        "تاریخ تولد: ۱۳۶۵/۰۴/۱۲",
        "نام خانوادگی: کریمی‌نژاد",
        "شماره همراه: ۰۹۱۲۱۲۳۴۵۶۷",
    )
    await sara.taps("✅ تأیید")

    sara.sees("✅ ثبت‌نام شما انجام شد.", "رمز دوباره نمایش داده نمی‌شود", "ثبت درخواست")
    sara.sees("تا پیش از احراز صلاحیت، شرکت‌ها و اصناف نمی‌توانند شما را انتخاب کنند.")
    assert len(sara.screens) == 2
    user_code, password = sara.line("کد کاربری"), sara.line("رمز عبور")
    assert user_code.isascii()
    assert len(user_code) == 8
    assert len(password) == 12
    account = await house.ask(lambda db: db.exec(select(Account)).one())
    assert (account.last_name, account.mobile, account.mobile_verified) == (
        "کریمی‌نژاد",
        "+989121234567",
        True,
    )
    assert not account.credentials_pending
    assert await house.ask(lambda db: db.exec(select(Draft)).all()) == []
    (await sara.commands("menu")).sees("سارا کریمی‌نژاد گرامی", "🎓 احراز صلاحیت", "🚪 خروج")
    sara.sees_not("دریافت رمز")

    (await sara.taps("🚪 خروج")).sees("از حساب خود خارج شدید", "🔑 ورود")
    (await logs_in(sara, user_code, password)).sees("گرامی، خوش آمدید.", "🎓 احراز صلاحیت")


async def test_no_degree_no_registration(house: House) -> None:
    sara = house.visitor()
    await sara.commands("start")
    await sara.taps("ثبت‌نام")
    await sara.types(CODE, "13650412", "سارا", "کریمی")

    await sara.taps("مدرک دانشگاهی ندارم")

    sara.sees(
        "ثبت‌نام بدون مدرک و رشته تحصیلی امکان‌پذیر نیست و سابقه کار جایگزین مدرک نمی‌شود.", "مقطع تحصیلی خود را"
    )
    assert await house.ask(lambda db: db.exec(select(Account)).all()) == []


async def test_the_other_field_needs_its_name(house: House) -> None:
    sara = house.visitor()
    await sara.commands("start")
    await sara.taps("ثبت‌نام")
    await sara.types(CODE, "13650412", "سارا", "کریمی")
    await sara.taps("کارشناسی")
    await sara.types("سایر")
    if "رشته تحصیلی خود را همان‌طور" not in sara.text:
        await sara.taps(sara.labels[0])
    sara.sees("رشته تحصیلی خود را همان‌طور که در مدرک آمده است بنویسید.")
    await sara.types("فناوری اطلاعات سلامت")
    await sara.shares("989121234567")
    sara.sees("توضیح رشته: فناوری اطلاعات سلامت")
    await sara.taps("✅ تأیید")

    officer = await house.ask(lambda db: db.exec(select(Officer)).one())
    assert officer.field_note == "فناوری اطلاعات سلامت"


async def test_a_typed_mobile_is_marked_unverified(house: House) -> None:
    sara = house.visitor()

    await registers(sara, phone=None)

    account = await house.ask(lambda db: db.exec(select(Account)).one())
    assert (account.mobile, account.mobile_verified) == ("+989121234567", False)
    (await sara.commands("menu")).sees("اطلاعات من")
    (await sara.taps("👤 اطلاعات من")).sees(
        "۰۹۱۲۱۲۳۴۵۶۷ (تأییدنشده)", "کد ملی: ۹۹۹۱۲۳۴۵۶۱", "تاریخ تولد: ۱۳۶۵/۰۴/۱۲"
    )


async def test_somebody_elses_contact_is_refused(house: House) -> None:
    sara = house.visitor()
    await sara.commands("start")
    await sara.taps("ثبت‌نام")
    await sara.types(CODE, "13650412", "سارا", "کریمی")
    await sara.taps("کارشناسی")
    await sara.types("پرستاری")

    await sara.shares("989121234567", own=False)

    sara.sees("لطفاً شماره خودتان را با دکمه ارسال کنید.", "شماره همراه خود را با دکمه زیر")


async def test_a_registered_national_code_leads_to_the_doors(house: House) -> None:
    await registers(house.visitor())
    other = house.visitor(Messenger.BALE)
    await other.commands("start")
    await other.taps("ثبت‌نام")

    await other.types(CODE)

    other.sees("با این کد ملی پیش‌تر ثبت‌نام شده است. لطفاً وارد شوید.", "🔑 ورود", "فراموشی کد یا رمز")
    (await other.taps("🔑 ورود")).sees("کد کاربری خود را بفرستید")


async def test_nobody_learns_who_is_registered_by_trying(house: House) -> None:
    await registers(house.visitor())
    nosy = house.visitor()
    await nosy.commands("start")
    await nosy.taps("ثبت‌نام")

    await nosy.types(*[CODE] * 5)
    nosy.sees("پیش‌تر ثبت‌نام شده است")
    await nosy.types(CODE)

    nosy.sees("امروز بیش از حد مجاز تلاش کرده‌اید").sees_not("پیش‌تر ثبت‌نام شده است")
    house.clock.passes(days=1)
    (await nosy.types(CODE)).sees("پیش‌تر ثبت‌نام شده است")


async def test_a_half_registration_is_kept_and_can_be_thrown_away(house: House) -> None:
    sara = house.visitor()
    await sara.commands("start")
    await sara.taps("ثبت‌نام")
    await sara.types(CODE, "13650412")

    (await sara.taps("💾 بعداً ادامه می‌دهم")).sees("پیش‌نویس ذخیره شد", "ادامه پیش‌نویس")
    (await sara.taps("ادامه پیش‌نویس")).sees("نام خود را مطابق شناسنامه")
    await sara.taps("💾 بعداً ادامه می‌دهم")
    (await sara.taps("🗑 حذف پیش‌نویس")).sees("📝 ثبت‌نام").sees_not("ادامه پیش‌نویس")

    assert await house.ask(lambda db: db.exec(select(Draft)).all()) == []


async def test_two_chats_finish_with_one_national_code(house: House) -> None:
    first, second = house.visitor(), house.visitor()
    for visitor in (first, second):
        await visitor.commands("start")
        await visitor.taps("ثبت‌نام")
        await visitor.types(CODE, "13650412", "سارا", "کریمی")
        await visitor.taps("کارشناسی")
        await visitor.types("پرستاری")
        await visitor.shares("989121234567")

    (await first.taps("✅ تأیید")).sees("ثبت‌نام شما انجام شد")
    (await second.taps("✅ تأیید")).sees("با این کد ملی پیش‌تر ثبت‌نام شده است", "🔑 ورود")


async def test_a_password_that_never_arrived_is_made_anew(house: House) -> None:
    """Q30: the process dies between the commit and the answer."""
    sara = house.visitor()
    await sara.commands("start")
    await sara.taps("ثبت‌نام")
    await sara.types(CODE, "13650412", "سارا", "کریمی")
    await sara.taps("کارشناسی")
    await sara.types("پرستاری")
    await sara.shares("989121234567")
    house.loses = True
    await sara.taps("✅ تأیید")
    house.loses = False

    (await sara.commands("start")).sees("رمز عبور شما هنوز نمایش داده نشده است", "🔑 دریافت رمز")
    get = sara.button("🔑 دریافت رمز")
    await sara.taps("🔑 دریافت رمز")
    user_code, password = sara.line("کد کاربری"), sara.line("رمز عبور")
    sara.sees_not("هنوز نمایش داده نشده")
    assert get.press is not None
    (await sara.presses(get.press)).sees("رمز عبور شما پیش‌تر نمایش داده شده است").sees_not("رمز عبور:")

    (await logs_in(house.visitor(), user_code, password)).sees("خوش آمدید")
