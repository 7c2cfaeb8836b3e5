"""Staff register distributors: dialogue, card, search, edit, one more manager; a new manager is invited."""

from sqlmodel import Session, select

from storage.enums import Messenger, PushChannel
from storage.tables import Branch, Distributor, Push
from tests.support.chat_driver import App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import link_and_code, staff, with_links
from tests.support.factories.distributors import distributor

pytestmark = ON_BOTH_DATABASES

MANAGER = "9991234561"
LEGAL_ID = "14009999995"


def fill_in(app: App) -> Person:
    """Somebody of the directorate at the summary of a new company in Shiraz."""
    boss = staff(with_links(app)).tap("🏢 توزیع‌کنندگان", "➕ توزیع‌کننده جدید", "شرکت")
    boss.type("شرکت کیان طب", "123")
    boss.sees("شناسه ملی شرکت درست نیست").type(LEGAL_ID, MANAGER, "حمید", "صالحی", "09121110000")
    boss.type("07132123456", "شیراز، خیابان زند، پلاک ۱۰").sees("استان شعبه مرکزی").type("فارس", "شیراز")
    return boss.sees("نام توزیع‌کننده: کیان طب", "همراه مدیر: ۰۹۱۲۱۱۱۰۰۰۰", "شناسه ملی شرکت: ۱۴۰۰۹۹۹۹۹۹۵")


def accept(app: App, boss: Person) -> Person:
    """The invited person, who wrote the one-time code and a password."""
    token, code = link_and_code(boss)
    person = app.person(Messenger.BALE).command("start", f"invite_{token}").tap("✅ پذیرفتن دعوت")
    return person.type(code).sees("یک رمز با دست‌کم ۸ نویسه").type("گذرواژه-خوب-۷").sees("خوش آمدید")


def test_a_company_and_its_manager(app: App) -> None:
    boss = fill_in(app).tap("✅ تأیید").sees("✅ حمید صالحی دعوت شد", "به‌عنوان توزیع‌کننده کیان طب دعوت")
    boss.sees("هنوز مدیری در سامانه ندارد", "✉️ حمید صالحی، توزیع‌کننده: دعوت‌شده").sees_not("رمز عبور")
    boss.sees("کیان طب (شرکت)", "• مرکزی، شیراز: بدون مسئول فنی")
    manager = accept(app, boss).sees("شما اکنون توزیع‌کننده کیان طب هستید", "🏢 شعبه‌ها")
    manager.sees("مدیریت شعبه‌ها و مسئول فنی کیان طب")
    boss.tap_push("مشاهده").sees("مدیران در سامانه: حمید صالحی").sees_not("دعوت‌شده")
    assert manager.account.national_code == MANAGER
    sms = app.one(select(Push).where(Push.channel == PushChannel.SMS, Push.kind == "N27"))
    assert sms.mobile == "+989121110000"
    stored = app.one(select(Distributor))
    assert (stored.name, stored.manager_mobile) == ("کیان طب", "+989121110000")
    assert app.one(select(Branch)).is_central


def test_the_same_company_twice(app: App) -> None:
    boss = fill_in(app).tap("✅ تأیید").command("menu").tap("🏢 توزیع‌کنندگان", "➕ توزیع‌کننده جدید", "شرکت")
    boss.type("دیگر", LEGAL_ID, "9999999999").sees("کد ملی درست نیست").type(MANAGER)
    boss.type("حمید", "صالحی").sees("شماره همراه مدیر را بنویسید").type("09121110001")
    boss.tap("تلفن ثابت ندارم").type("شیراز، خیابان زند، پلاک ۱۱", "فارس", "شیراز").tap("✅ تأیید")
    boss.sees("توزیع‌کننده‌ای با این شناسه پیش‌تر ثبت شده است")


def test_one_more_manager(app: App) -> None:
    boss = fill_in(app).tap("✅ تأیید")
    accept(app, boss)
    boss.command("menu").tap("🏢 توزیع‌کنندگان", "۱. کیان طب", "➕ مدیر دیگر").type(MANAGER).tap("✅ تأیید")
    boss.sees("این شخص هم‌اکنون مدیر یک توزیع‌کننده است").tap("✏️ کد ملی مدیر")
    boss.type("9990000018", "ناصر", "مرادی", "09121110002").tap("✅ تأیید").sees("✅ ناصر مرادی دعوت شد")
    boss.sees("مدیران در سامانه: حمید صالحی", "✉️ ناصر مرادی").sees_not("رمز عبور")
    boss.tap("✉️ ناصر مرادی").sees("توزیع‌کننده", "کیان طب").tap("🔁 دعوت دوباره")
    accept(app, boss).sees("مدیریت شعبه‌ها و مسئول فنی کیان طب")
    boss.command("menu").tap("🏢 توزیع‌کنندگان", "۱. کیان طب")
    boss.sees("مدیران در سامانه: حمید صالحی، ناصر مرادی")


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
    boss.sees("🏢 توزیع‌کنندگان: ۱۲", "صفحه ۱ از ۲", "… ۴ توزیع‌کننده دیگر", "۸. ").sees_not("۹. ")
    boss.tap("بعدی").sees("صفحه ۲ از ۲", "۱۲. ", "قبلی").sees_not("توزیع‌کننده دیگر")
    boss.tap("🔎 جست‌وجو").type("کیان طب").sees("کیان طب (واحد صنفی)")  # the only one
    boss.command("menu").tap("🏢 توزیع‌کنندگان", "🔎 جست‌وجو")
    boss.type("نیستان").sees("پیدا نشد").type("کیان").sees("کیان طب", "کیان سلامت")
    boss.type("کیان طب").sees("کیان طب (واحد صنفی)", "هنوز مدیری در سامانه ندارد")
    boss.tap("✏️ ویرایش", "✏️ نام توزیع‌کننده").type("صنف کیان نو").tap("✅ تأیید").sees("کیان نو (واحد صنفی)")


def companies(app: App, number: int, name: str) -> None:
    def unit(db: Session) -> None:
        for n in range(number):
            distributor(db, f"{name} {n:02}")

    app.run(unit)


def test_a_name_typed_on_the_list_narrows_it_in_pages_and_says_how_many_more(app: App) -> None:
    companies(app, 20, "آوای سلامت")
    companies(app, 3, "کیان طب")
    boss = (
        staff(app).tap("🏢 توزیع‌کنندگان").sees("🏢 توزیع‌کنندگان: ۲۳", "صفحه ۱ از ۳", "… ۱۵ توزیع‌کننده دیگر")
    )
    boss.type("سلامت").sees("نتیجه جست‌وجوی «سلامت»: ۲۰", "صفحه ۱ از ۳", "… ۱۲ توزیع‌کننده دیگر", "شیراز")
    boss.tap("بعدی").sees("۱۶. آوای سلامت").type("صفحه ۳").sees("صفحه ۳ از ۳", "۲۰. ").sees_not("کیان")
    boss.type("۱۹").sees("آوای سلامت 18").tap("بازگشت").sees("نتیجه جست‌وجوی «سلامت»", "صفحه ۳ از ۳")
    boss.tap("🏢 همه").sees("🏢 توزیع‌کنندگان: ۲۳").type("سلام آوا").sees("نتیجه جست‌وجوی «سلام آوا»: ۲۰")
    boss.tap("🔎 جست‌وجو").type("کیان").sees("نتیجه جست‌وجوی «کیان»: ۳").type("کیان طب 01")
    boss.sees("کیان طب 01 (واحد صنفی)")


def test_company_buttons_show_city_and_number(app: App) -> None:
    companies(app, 1, "کیان طب")
    stored = app.one(select(Distributor))
    boss = staff(app).tap("🏢 توزیع‌کنندگان").sees(f"کیان طب 00، شیراز، {stored.guild_id}")
    boss.sees(f"(واحد صنفی، شیراز، {stored.guild_id})").type(stored.guild_id).sees(
        "کیان طب 00 (واحد صنفی)", "هنوز مدیری"
    )


def test_a_branch_is_found_by_typing_on_the_list_of_branches(app: App) -> None:
    made, _ = app.run(lambda db: distributor(db, "کیان طب"))
    for name, city in (("غرب", "شیراز"), ("شرق", "کازرون"), ("شمال شرق", "شیراز")):
        app.add(
            Branch(
                distributor_id=made.id, name=name, province="فارس", city=city, address="خیابان زند، پلاک ۱"
            )
        )
    boss = staff(app).open("staff.branches", made.id).type("کازرون").sees("شعبه «شرق»").tap("بازگشت")
    boss.type("شر").sees("شرق", "شمال شرق").sees_not("غرب")


def test_a_list_narrowed_by_another_person_is_not_shown(app: App) -> None:
    companies(app, 3, "کیان طب")
    staff(app).tap("🏢 توزیع‌کنندگان").type("کیان").sees("نتیجه جست‌وجوی")
    staff(app).open("staff.dists", arg="0.q1").sees("دیگر معتبر نیست")
