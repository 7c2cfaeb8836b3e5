"""Universities by province and the places that they cover, and the experts of each, as the directorate reads them."""

import pytest
from sqlmodel import col, select

from bot.core.screens import Press
from storage.enums import Role
from storage.tables import Account, Coverage, Grant, University
from tests.support.chat_driver import App, Person
from tests.support.chat_people import expert, staff


@pytest.fixture
def boss(app: App) -> Person:
    return staff(app)


def province(app: App, boss: Person, name: str) -> Press:
    """Its screen; its number is that in the list."""
    boss.open("staff.provinces")
    press = boss.button(boss.find_line(name)).press
    assert press is not None
    return press


def test_a_province_whose_files_reach_nobody_is_marked(app: App, boss: Person) -> None:
    fars = University.province == "فارس"
    number = len(app.all(select(University).where(fars, col(University.active), col(University.regional))))
    card = province(app, boss, "فارس")
    boss.sees(f"فارس: {number} دانشگاه".translate(PERSIAN)).sees_not("⚠️")
    boss.press(card).sees("دانشگاه‌های استان فارس:", "۱. ", "فعال، در استان‌بندی، پیش‌فرض استان، ۰ کارشناس")
    boss.sees_not("⚠️", "متقاضی دانشگاه را خود انتخاب می‌کند")
    expert(app)
    boss.press(card).sees("پیش‌فرض استان، ۱ کارشناس")
    for code in app.all(select(University.code).where(fars)):
        app.change(University, code, active=False)
    province(app, boss, "فارس")
    boss.sees("⚠️ فارس: ۰ دانشگاه، بدون دانشگاه مقصد").press(card)
    boss.sees("⚠️ پرونده‌های این استان به هیچ دانشگاهی نمی‌رسد", "غیرفعال، در استان‌بندی")
    assert boss.text.count("⚠️") == 1


def test_in_tehran_the_applicant_chooses(app: App, boss: Person) -> None:
    boss.press(province(app, boss, "تهران")).sees("در این استان متقاضی دانشگاه را خود انتخاب می‌کند")
    boss.tap(next(label for label in boss.labels if label.startswith("🗺")))
    boss.sees("در این استان هر ردیف فقط پیشنهادی به متقاضی است").sees_not("مقدم است")


@pytest.mark.parametrize(("number", "page"), [(1, "0"), (10, "0"), (11, "1"), (21, "2"), (31, "3")])
def test_the_way_back_from_a_province_is_to_its_page(boss: Person, number: int, page: str) -> None:
    boss.open("home").open("staff.province", number)
    assert boss.button("بازگشت").press == Press("staff.provinces", arg=page)
    boss.tap("بازگشت").sees(f"{number}. ".translate(PERSIAN))


def test_the_places_that_go_elsewhere(app: App, boss: Person) -> None:
    """Those that are on are counted; a district stands with its city; a province without any says so."""
    for row in app.all(select(Coverage.id).where(Coverage.province == "فارس")):
        app.change(Coverage, row, active=False)
    card = province(app, boss, "فارس")
    row = {"province": "فارس", "university_code": "sums"}
    on = app.add(Coverage(city="شیراز", district=3, active=True, **row))
    app.add(Coverage(city="کازرون", district=None, active=True, **row))
    boss.press(card).tap("🗺 پوشش شهرها (۲)").sees(
        "🗺 پوشش شهرهای استان فارس", "بر دانشگاه پیش‌فرض استان مقدم است"
    )
    boss.sees("✅ شیراز، منطقه ۳ ← دانشگاه علوم پزشکی شیراز", "✅ کازرون ← دانشگاه علوم پزشکی شیراز")
    boss.open("staff.cover", on.id).sees("استان فارس، شیراز، منطقه ۳", "دانشگاه: دانشگاه علوم پزشکی شیراز")
    boss.tap("بازگشت").sees("🗺 پوشش شهرهای استان فارس")
    app.change(Coverage, on.id, active=False)
    boss.press(card).tap("🗺 پوشش شهرها (۱)").sees("⛔️ شیراز، منطقه ۳")
    covered = set(app.all(select(Coverage.province)))
    empty = next(one for one in app.all(select(University.province)) if one not in covered)
    boss.press(province(app, boss, f"{empty}:")).tap("🗺 پوشش شهرها (۰)").sees("موردی برای نمایش")
    boss.tap("➕ ردیف جدید").sees_not("معتبر نیست")


def test_each_university_that_reviews_stands_once_with_its_experts(app: App, boss: Person) -> None:
    expert(app)
    boss.open("staff.experts").sees_not("قبلی")
    pages = [numbered(boss)]
    while "بعدی" in boss.labels:
        pages.append(numbered(boss.tap("بعدی")))
    lines = [line for page in pages for line in page]
    assert {len(page) for page in pages[:-1]} == {10}
    assert [int(line.partition(".")[0]) for line in lines] == list(range(1, len(lines) + 1))
    assert len({line.partition(". ")[2] for line in lines}) == len(lines) > 50
    assert [line.partition(". ")[2] for line in lines if "۰ کارشناس" not in line] == [
        "دانشگاه علوم پزشکی شیراز: ۱ کارشناس"
    ]
    boss.type("۱۳").sees(f"کارشناسان {lines[12].partition('. ')[2].partition(':')[0]}:")


def numbered(boss: Person) -> list[str]:
    return [line for line in boss.text.splitlines() if line[:1].isdigit()]


def test_a_university_is_opened_by_its_name_where_one_alone_is_meant(boss: Person) -> None:
    boss.open("staff.experts").type("ایلام").sees("کارشناسان دانشگاه علوم پزشکی ایلام:")
    boss.open("staff.experts").type("علوم پزشکی ای").sees_not("کارشناسان دانشگاه")


def test_an_expert_as_far_as_is_known(app: App, boss: Person) -> None:
    """Of a password that did not arrive it is said; without a national code there is no line of it."""
    maryam = expert(app).account.id
    boss.open("staff.university", arg="sums").sees("۱. مریم رضایی، کارشناس").tap("۱. مریم رضایی")
    boss.sees("کارشناس، دانشگاه علوم پزشکی شیراز", "وضعیت حساب: فعال").sees_not("رمز این حساب هنوز")
    app.change(Account, maryam, credentials_pending=True, national_code=None)
    grant = app.newest(Grant, Grant.account_id == maryam, Grant.role == Role.EXPERT)
    boss.open("staff.expert", grant.id).sees("رمز این حساب هنوز").sees_not("کد ملی")
    assert boss.button("بازگشت").press == Press("staff.university", arg="sums")
    app.change(Grant, grant.id, active=False)
    boss.open("staff.expert", grant.id).sees("این دکمه دیگر معتبر نیست")


PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
