"""Staff register distributors: dialogue, card, search, edit, one more manager; the password is shown once."""

from __future__ import annotations

from sqlmodel import Session, select

from storage.enums import Role
from storage.tables import Branch, Distributor
from tests.support.distributor_data import firm
from tests.support.handler_app import House, Visitor
from tests.support.handler_people import logs_in, staff

MANAGER = "9991234561"
LEGAL_ID = "14009999995"


async def registers(resources: Visitor, *, name: str = "شرکت کیان طب") -> Visitor:
    """The whole dialogue for a company in Shiraz, up to its summary."""
    await resources.commands("menu")
    await resources.taps("🏢 توزیع‌کنندگان", "➕ توزیع‌کننده جدید", "شرکت")
    await resources.types(name, "123")
    resources.sees("شناسه ملی شرکت درست نیست")
    await resources.types(
        LEGAL_ID, MANAGER, "حمید", "صالحی", "09121110000", "07132123456", "شیراز، خیابان زند، پلاک ۱۰"
    )
    resources.sees("استان شعبه مرکزی")
    await resources.types("فارس", "شیراز")
    return resources.sees("نام توزیع‌کننده: کیان طب", "همراه مدیر: ۰۹۱۲۱۱۱۰۰۰۰", "شناسه ملی شرکت: ۱۴۰۰۹۹۹۹۹۹۵")


async def test_a_company_and_its_manager(house: House) -> None:
    resources = await staff(house)
    await registers(resources)
    await resources.taps("✅ تأیید")
    resources.sees(
        "کیان طب ثبت شد", "حمید صالحی", "این رمز دوباره نمایش داده نمی‌شود", "مدیران در سامانه: حمید صالحی"
    )
    resources.sees("کیان طب (شرکت)", "• مرکزی، شیراز: بدون مسئول فنی")
    code, password = resources.line("کد کاربری"), resources.line("رمز عبور")
    boss = await logs_in(house.visitor(), code, password)
    boss.sees("مدیریت شعبه‌ها و مسئول فنی کیان طب", "🏢 شعبه‌ها")

    def stored(db: Session) -> tuple[str, str, bool]:
        one = db.exec(select(Distributor)).one()
        return one.name, one.manager_mobile or "", db.exec(select(Branch)).one().is_central

    assert await house.ask(stored) == ("کیان طب", "+989121110000", True)


async def test_the_same_company_twice(house: House) -> None:
    resources = await staff(house)
    await registers(resources)
    await resources.taps("✅ تأیید")
    await resources.commands("menu")
    await resources.taps("🏢 توزیع‌کنندگان", "➕ توزیع‌کننده جدید", "شرکت")
    await resources.types("دیگر", LEGAL_ID, "9999999999")
    resources.sees("کد ملی درست نیست")
    await resources.types(MANAGER)
    resources.sees("شماره همراه مدیر را بفرستید").sees_not("نام مدیر را بفرستید")
    await resources.types("09121110001")
    await resources.taps("تلفن ثابت ندارم")
    await resources.types("شیراز، خیابان زند، پلاک ۱۱", "فارس", "شیراز")
    await resources.taps("✅ تأیید")
    resources.sees("توزیع‌کننده‌ای با این شناسه پیش‌تر ثبت شده است")


async def test_one_more_manager(house: House) -> None:
    resources = await staff(house)
    await registers(resources)
    await resources.taps("✅ تأیید")
    await resources.taps("➕ مدیر دیگر")
    await resources.types(MANAGER)
    await resources.taps("✅ تأیید")
    resources.sees("این شخص هم‌اکنون مدیر یک توزیع‌کننده است")
    await resources.taps("✏️ کد ملی مدیر")
    await resources.types("9990000018", "ناصر", "مرادی")
    await resources.taps("✅ تأیید")
    resources.sees("ناصر مرادی مدیر کیان طب شد", "مدیران در سامانه: حمید صالحی، ناصر مرادی")
    second = await logs_in(house.visitor(), resources.line("کد کاربری"), resources.line("رمز عبور"))
    second.sees("مدیریت شعبه‌ها و مسئول فنی کیان طب")


async def test_an_officer_becomes_a_manager(house: House) -> None:
    """One person is one account: no new password, and the roles are switched."""
    from tests.support.handler_people import registers as officer_registers

    officer = house.visitor()
    await officer_registers(officer)
    resources = await staff(house)
    await resources.commands("menu")
    await resources.taps("🏢 توزیع‌کنندگان", "➕ توزیع‌کننده جدید", "واحد صنفی")
    await resources.types("واحد صنفی سلامت", "12", "12345", MANAGER)
    resources.sees("شماره همراه مدیر را بفرستید")
    await resources.types("09121110000")
    await resources.taps("تلفن ثابت ندارم")
    await resources.types("تهران، خیابان آزادی، پلاک ۱۱", "تهران", "تهران")
    resources.sees("در حوزه کدام دانشگاه است؟")
    await resources.types("ایران")
    await resources.taps("✅ تأیید")
    resources.sees("سلامت ثبت شد", "پیش‌تر حساب داشت", "رمز او تغییر نکرده است").sees_not("رمز عبور:")
    await officer.commands("menu")
    await officer.taps("🔁 تغییر نقش", "توزیع‌کننده")
    officer.sees("مدیریت شعبه‌ها و مسئول فنی سلامت")
    await officer.taps("🔁 تغییر نقش", "مسئول فنی")
    officer.sees("🤝 مراکز طرف قرارداد")


async def test_search_and_edit(house: House) -> None:
    resources = await staff(house)

    def make(db: Session) -> None:
        for name in ("کیان طب", "کیان سلامت", *(f"مرکز {n:02}" for n in range(10))):
            firm(db, name)

    await house.database.run(make)
    await resources.commands("menu")
    await resources.taps("🏢 توزیع‌کنندگان")
    resources.sees("🏢 توزیع‌کنندگان: ۱۲", "۸. ", "بعدی").sees_not("۹. ")
    await resources.taps("بعدی")
    resources.sees("۱۲. ", "قبلی")
    await resources.taps("🔎 جست‌وجو")
    await resources.types("هیچ")
    resources.sees("پیدا نشد")
    await resources.types("کیان")
    resources.sees("کیان طب", "کیان سلامت")
    await resources.taps("کیان طب")
    resources.sees("کیان طب (واحد صنفی)", "هنوز مدیری در سامانه ندارد")
    await resources.taps("✏️ ویرایش", "✏️ نام توزیع‌کننده")
    await resources.types("صنف کیان نو")
    await resources.taps("✅ تأیید")
    resources.sees("کیان نو (واحد صنفی)")


async def test_only_staff(house: House) -> None:
    expert = await staff(house, Role.EXPERT, "sums")
    from bot.core.screens import Press

    for action in ("staff.dists", "staff.dist", "staff.new_dist", "staff.find_dist", "staff.edit_dist"):
        await expert.presses(Press(action, 1))
        expert.sees("دسترسی ندارید")
