"""A company with many branches: finds one, sees which have no officer, turns pages, closes one; and staff do the same."""

import pytest

from bot.texts.formats import digits
from storage.enums import Messenger
from storage.tables import Branch, Distributor
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App, Person

CITIES = ("شیراز", "مرودشت", "کازرون", "جهرم")


def many(app: App, number: int = 20) -> tuple[Person, list[Branch]]:
    boss, central = people.distributor(app)
    rows = [
        Branch(
            distributor_id=central.distributor_id,
            name=f"نمایندگی {digits(f'{n:02}')}",
            province="فارس",
            city=CITIES[n % 4],
            university_code="sums",
            address="خیابان زند، پلاک ۱۰",
        )
        for n in range(1, number)
    ]
    for row in rows:
        app.add(row)
    return boss, [central, *rows]


@pytest.mark.parametrize("messenger", list(Messenger))
def test_pages_say_where_they_are(app: App, messenger: Messenger) -> None:
    boss = many(app)[0].elsewhere(messenger)
    boss.open("dist.branches").sees("شعبه‌های کیان طب: ۲۰", "صفحه ۱ از ۳").tap("بعدی").sees("صفحه ۲ از ۳")
    boss.open("dist.choose").sees("صفحه ۱ از ۳", "🔎 جست‌وجوی شعبه")
    boss.open("dist.branches", arg="70").sees("صفحه ۳ از ۳", "۲۰. ")


@pytest.mark.parametrize("messenger", list(Messenger))
def test_a_branch_is_found_by_a_part_of_its_name_or_its_city(app: App, messenger: Messenger) -> None:
    boss = many(app)[0].elsewhere(messenger)
    boss.open("dist.branches").tap("🔎 جست‌وجوی شعبه").sees("بخشی از نام یا شهر شعبه را بنویسید")
    boss.type("هرمزگان").sees("شعبه‌ای با این نام یا شهر پیدا نشد").type("كازرون").sees("کازرون").sees_not(
        "جهرم"
    )
    boss.tap("نمایندگی ۰۲، کازرون").sees("شعبه «نمایندگی ۰۲»", "👤 انتخاب مسئول فنی")


def test_branches_without_an_officer(app: App) -> None:
    boss, rows = many(app, 10)
    people.employ(boss, rows[3], people.eligible(app), people.expert(app))
    boss.open("dist.branches").sees("بدون مسئول فنی: ۹").tap("بدون مسئول فنی")
    boss.sees("فقط شعبه‌های بدون مسئول فنی: ۹", "صفحه ۱ از ۲").sees_not("سارا", "نمایندگی ۰۳")
    boss.tap("بعدی").sees("۹. نمایندگی ۰۹", "صفحه ۲ از ۲").tap("همه شعبه‌ها").sees("سارا کریمی‌نژاد")


@pytest.mark.parametrize("messenger", list(Messenger))
def test_closing_a_branch(app: App, messenger: Messenger) -> None:
    boss, (_, second, *_rest) = many(app, 3)
    boss = boss.elsewhere(messenger).open("dist.branch", second.id or 0).tap("⛔️ بستن شعبه")
    boss.sees("شعبه «نمایندگی ۰۱» بسته شود؟", "قابل بازگشت نیست").tap("خیر").sees("✏️ ویرایش شعبه")
    boss.tap("⛔️ بستن شعبه", "بله، بسته شود").sees("✅ شعبه «نمایندگی ۰۱» بسته شد", "شعبه‌های کیان طب: ۲")
    assert app.get(Branch, second.id).closed_at == NOW
    assert [event.subject_id for event in app.events("branch_closed")] == [second.id]
    boss.open("dist.branch", second.id or 0).sees("این شعبه در ۱۴۰۵/۰۹/۰۱ بسته شده است")
    boss.sees_not("👤 انتخاب مسئول فنی", "✏️ ویرایش شعبه", "⛔️ بستن شعبه")
    boss.open("dist.pick", second.id or 0).type(people.code_of(people.eligible(app))).tap("بله").sees(
        "این شعبه بسته شده است"
    )
    boss.open("dist.new_branch").type("نمایندگی ۰۱", "فارس", "شیراز", "خیابان ارم، پلاک ۸")
    boss.tap("بعداً انتخاب می‌کنم", "✅ تأیید").sees("شعبه «نمایندگی ۰۱» ثبت شد")


def test_a_branch_where_somebody_serves_is_not_closed(app: App) -> None:
    boss, (central, second, *_rest) = many(app, 3)
    sara = people.eligible(app)
    people.pick(boss, second, sara)
    boss.open("dist.branch", second.id or 0).tap("⛔️ بستن شعبه")
    boss.sees("درخواست همکاری با سارا کریمی‌نژاد برای شعبه «نمایندگی ۰۱» باز است", "ابتدا آن را پس بگیرید")
    people.accept(sara)
    people.expert(app).open("desk.coop").type("۱").tap("✅ تأیید", "بله، تأیید می‌کنم")
    boss.open("dist.branch", second.id or 0).tap("⛔️ بستن شعبه")
    boss.sees("سارا کریمی‌نژاد مسئول فنی شعبه «نمایندگی ۰۱» است", "ابتدا کد ملی او را آزاد کنید")
    boss.tap("🔓 آزاد کردن کد ملی", "بله، آزاد می‌کنم").tap("⛔️ بستن شعبه", "بله، بسته شود").sees("بسته شد")
    boss.open("dist.branch", central.id or 0).sees_not("⛔️ بستن شعبه")
    boss.open("dist.branch_end", central.id or 0, app.get(Branch, central.id).version)
    boss.sees("شعبه مرکزی بسته نمی‌شود")


def test_picked_while_the_question_stood(app: App) -> None:
    """The other manager asks an officer before «بله»."""
    boss, (_, second, *_rest) = many(app, 3)
    boss.open("dist.branch", second.id or 0).tap("⛔️ بستن شعبه")
    people.pick(boss.elsewhere(Messenger.BALE), second, people.eligible(app))
    boss.tap("بله، بسته شود").sees("درخواست همکاری با سارا کریمی‌نژاد", "باز است")
    assert app.get(Branch, second.id).closed_at is None


def test_staff_see_and_close_all_branches(app: App) -> None:
    _boss, rows = many(app)
    desk = people.staff(app).open("staff.dist", rows[0].distributor_id)
    desk.sees("شعبه‌ها: ۲۰ (بدون مسئول فنی: ۲۰)", "… و ۱۵ شعبه دیگر").tap("🏢 شعبه‌ها")
    desk.sees("شعبه‌های کیان طب: ۲۰", "صفحه ۱ از ۳").tap("بعدی").sees("صفحه ۲ از ۳").tap("🔎 جست‌وجوی شعبه")
    desk.type("۱۹").tap("نمایندگی ۱۹، جهرم").sees("شعبه «نمایندگی ۱۹»", "مرکز: کیان طب").tap(
        "⛔️ بستن شعبه", "بله، بسته شود"
    )
    desk.sees("بسته شد", "شعبه‌های کیان طب: ۱۹")


def test_a_mistyped_code_is_told_apart(app: App) -> None:
    """At the question where it was typed, before anything else is asked."""
    boss, at = people.distributor(app)
    boss.open("dist.pick", at.id or 0).type("9991234562").sees("کد ملی درست نیست", "هر ۱۰ رقم را بررسی کنید")
    boss.sees_not("واجد شرایط").type("9991234561").sees("مسئول فنی واجد شرایطی پیدا نشد").sees_not(
        "درست نیست"
    )


@pytest.mark.parametrize("messenger", list(Messenger))
def test_who_decides_may_call_both_sides(app: App, messenger: Messenger) -> None:
    (boss, at), sara = people.distributor(app), people.eligible(app)
    app.change(Distributor, at.distributor_id, manager_mobile="+989121110000")
    people.pick(boss, at, sara)
    people.accept(sara)
    maryam = people.expert(app).elsewhere(messenger).open("desk.coop").type("۱")
    mobile = "۰" + (sara.account.mobile or "").removeprefix("+98").translate(
        str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
    )
    maryam.sees(f"همراه مسئول فنی: {mobile}", "همراه مدیر: ۰۹۱۲۱۱۱۰۰۰۰")
    maryam.tap("🪪 کارت مسئول فنی").sees(
        "مسئول فنی: سارا کریمی‌نژاد",
        "همکاری‌های پایان‌یافته: ۰",
        "وضعیت: ✅ دارای صلاحیت تأییدشده",
        "زمان استعلام",
    )
    maryam.tap("بازگشت").tap("✅ تأیید", "بله، تأیید می‌کنم").tap("📄 درخواست")
    maryam.sees_not("همراه مسئول فنی", "همراه مدیر")
