"""Staff register distributors: dialogue, card, search, edit, one more manager; the password is shown once."""

from sqlmodel import select

from storage.tables import Branch, Distributor
from tests.support.chat_driver import App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import staff
from tests.support.factories.distributors import distributor

pytestmark = ON_BOTH_DATABASES

MANAGER = "9991234561"
LEGAL_ID = "14009999995"


def fill_in(app: App) -> Person:
    """Somebody of the directorate at the summary of a new company in Shiraz."""
    boss = staff(app).tap("🏢 توزیع‌کنندگان", "➕ توزیع‌کننده جدید", "شرکت").type("شرکت کیان طب", "123")
    boss.sees("شناسه ملی شرکت درست نیست").type(LEGAL_ID, MANAGER, "حمید", "صالحی", "09121110000")
    boss.type("07132123456", "شیراز، خیابان زند، پلاک ۱۰").sees("استان شعبه مرکزی").type("فارس", "شیراز")
    return boss.sees("نام توزیع‌کننده: کیان طب", "همراه مدیر: ۰۹۱۲۱۱۱۰۰۰۰", "شناسه ملی شرکت: ۱۴۰۰۹۹۹۹۹۹۵")


def test_a_company_and_its_manager(app: App) -> None:
    boss = fill_in(app).tap("✅ تأیید").sees("کیان طب ثبت شد", "حمید صالحی")
    boss.sees("این رمز دوباره نمایش داده نمی‌شود")
    boss.sees("مدیران در سامانه: حمید صالحی", "کیان طب (شرکت)", "• مرکزی، شیراز: بدون مسئول فنی")
    manager = app.person().log_in(*boss.shown_credentials)
    manager.sees("مدیریت شعبه‌ها و مسئول فنی کیان طب", "🏢 شعبه‌ها")
    stored = app.one(select(Distributor))
    assert (stored.name, stored.manager_mobile) == ("کیان طب", "+989121110000")
    assert app.one(select(Branch)).is_central


def test_the_same_company_twice(app: App) -> None:
    boss = fill_in(app).tap("✅ تأیید").command("menu").tap("🏢 توزیع‌کنندگان", "➕ توزیع‌کننده جدید", "شرکت")
    boss.type("دیگر", LEGAL_ID, "9999999999").sees("کد ملی درست نیست").type(MANAGER)
    boss.sees("شماره همراه مدیر را بنویسید").sees_not("نام مدیر را بنویسید").type("09121110001")
    boss.tap("تلفن ثابت ندارم").type("شیراز، خیابان زند، پلاک ۱۱", "فارس", "شیراز").tap("✅ تأیید")
    boss.sees("توزیع‌کننده‌ای با این شناسه پیش‌تر ثبت شده است")


def test_one_more_manager(app: App) -> None:
    boss = fill_in(app).tap("✅ تأیید", "➕ مدیر دیگر").type(MANAGER).tap("✅ تأیید")
    boss.sees("این شخص هم‌اکنون مدیر یک توزیع‌کننده است").tap("✏️ کد ملی مدیر")
    boss.type("9990000018", "ناصر", "مرادی").tap("✅ تأیید")
    boss.sees("ناصر مرادی مدیر کیان طب شد", "مدیران در سامانه: حمید صالحی، ناصر مرادی")
    app.person().log_in(*boss.shown_credentials).sees("مدیریت شعبه‌ها و مسئول فنی کیان طب")


def test_an_officer_becomes_a_manager(app: App) -> None:
    """One person is one account: no new password, and the roles are switched."""
    officer = app.person().register()
    boss = staff(app).command("menu").tap("🏢 توزیع‌کنندگان", "➕ توزیع‌کننده جدید", "واحد صنفی")
    boss.type("واحد صنفی سلامت", "12", "12345", MANAGER).sees("شماره همراه مدیر را بنویسید")
    boss.type("09121110000").tap("تلفن ثابت ندارم")
    boss.type("تهران، خیابان آزادی، پلاک ۱۱", "تهران", "تهران").sees("در کدام منطقه شهرداری است؟")
    boss.type("ایران").tap("✅ تأیید")
    boss.sees("سلامت ثبت شد", "پیش‌تر حساب داشت", "رمز او تغییر نکرده است").sees_not("رمز عبور:")
    officer.command("menu").tap("🔁 تغییر نقش", "توزیع‌کننده").sees("مدیریت شعبه‌ها و مسئول فنی سلامت")
    officer.tap("🔁 تغییر نقش", "مسئول فنی").sees("🤝 مراکز طرف قرارداد")


def test_search_and_edit(app: App) -> None:
    boss = staff(app)
    for name in ("کیان طب", "کیان سلامت", *(f"مرکز {n:02}" for n in range(10))):
        app.run(lambda db, name=name: distributor(db, name))
    boss.command("menu").tap("🏢 توزیع‌کنندگان")
    boss.sees("🏢 توزیع‌کنندگان: ۱۲", "۸. ", "بعدی").sees_not("۹. ").tap("بعدی").sees("۱۲. ", "قبلی")
    boss.tap("🔎 جست‌وجو").type("کیان طب").sees("کیان طب (واحد صنفی)")  # the only one
    boss.command("menu").tap("🏢 توزیع‌کنندگان", "🔎 جست‌وجو")
    boss.type("هیچ").sees("پیدا نشد").type("کیان").sees("کیان طب", "کیان سلامت")
    boss.tap("کیان طب").sees("کیان طب (واحد صنفی)", "هنوز مدیری در سامانه ندارد")
    boss.tap("✏️ ویرایش", "✏️ نام توزیع‌کننده").type("صنف کیان نو").tap("✅ تأیید").sees("کیان نو (واحد صنفی)")
