"""The lists of an expert, of a head and of the staff agree: counts, order and age, filters, rows and pages by number, and
the way back to the same page."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from bot.texts import formats
from storage.enums import RequestKind, RequestState, Role
from storage.tables import Account, Push, QualificationRequest
from tests.support import jobs
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import expert, grant, in_charge, staff
from tests.support.factories.people import officer
from tests.support.factories.qualification import request_row

IN_REVIEW, DEFICIENT = RequestState.IN_REVIEW, RequestState.DEFICIENT


def file(app: App, number: int, *, days: float, **values: object) -> None:
    """A file that came to the university so many days ago."""

    def unit(db: Session) -> None:
        at = NOW - timedelta(days=days)
        owner = officer(db, f"متقاضی{number}", "نمونه", chat=False).account_id
        row = {
            "tracking_code": f"14050101{number:04}",
            "submitted_at": at,
            "received_at": at,
            "state_since": at,
        }
        db.add(request_row(owner, **{**row, **values}))  # type: ignore[arg-type]

    app.run(unit)


@pytest.fixture
def maryam(app: App) -> Person:
    return expert(app)


def desk(app: App, maryam: Person) -> None:
    """Three new, one of them late; two in hand, one of them returned and late; one with its applicant, one unpaid, one
    decided."""
    own = {"reviewer_id": maryam.account.id}
    file(app, 1, days=1)
    file(app, 2, days=2, kind=RequestKind.AMENDMENT)
    file(app, 3, days=20)
    file(app, 4, days=2, state=IN_REVIEW, **own)
    file(app, 5, days=40, state=IN_REVIEW, round=1, received_at=NOW - timedelta(days=15), **own)
    file(app, 6, days=5, state=DEFICIENT, state_since=NOW - timedelta(days=3), **own)
    decided = {"decided_at": NOW - timedelta(days=4), **own}
    file(app, 7, days=9, state=RequestState.AWAITING_PAYMENT, fee_rial=1, **decided)
    file(app, 8, days=9, state=RequestState.COMPLETED, **decided)


@ON_BOTH_DATABASES
def test_home_list_and_digest_say_the_same_numbers(app: App, maryam: Person) -> None:
    desk(app, maryam)
    maryam.open("home").sees("در انتظار بررسی: ۳، نزد شما: ۲", "🔁 بازگشته‌ها: ۱", "⏰ دیرکردها: ۲")
    maryam.tap("📂 همه فهرست‌ها").sees("📥 پرونده‌های جدید: ۳", "🗂 پرونده‌های من: ۲", "🔁 بازگشته‌ها: ۱")
    maryam.sees("⏰ دیرکردها: ۲", "⏳ نزد متقاضی: ۱", "💳 منتظر پرداخت: ۱", "☑️ تصمیم‌ها: ۲")
    heads = {
        "desk.queue": "📥 ۳ پرونده در انتظار بررسی است",
        "desk.mine": "🗂 ۲ پرونده نزد شماست",
        "desk.returned": "🔁 ۱ پرونده پس از رفع نقص بازگشته است",
        "desk.overdue": "⏰ ۲ پرونده بیش از مهلت",
        "desk.at_applicant": "⏳ ۱ پرونده در انتظار رفع نقص متقاضی",
        "desk.unpaid": "💳 ۱ پرونده در انتظار پرداخت",
        "desk.decided": "☑️ ۲ پرونده در ۹۰ روز اخیر",
    }
    for action, head in heads.items():
        maryam.open(action).sees(head)
    app.run(lambda db: jobs.send_digests(db, now=NOW.replace(hour=5)))
    (told,) = app.all(Push.__table__.select())  # type: ignore[attr-defined]
    assert "در صف احراز صلاحیت: ۳" in told.text
    assert "نزد شما: ۲" in told.text
    assert "بازگشته از متقاضی: ۱" in told.text
    assert "دیرکرد: ۲" in told.text


def test_marks_kind_and_age_are_of_the_moment_that_orders_the_list(app: App, maryam: Person) -> None:
    desk(app, maryam)
    maryam.open("desk.mine").sees("قدیمی‌ترین: ۱۵ روز. زمان هر پرونده از رسیدن به دانشگاه است")
    maryam.sees("۱. ⏰🔁 140501010005", "جدید، ۱۵ روز", "۲. 140501010004").sees_not("۴۰ روز")
    maryam.open("desk.queue").sees("از ثبت نهایی", "اصلاحیه، ۲ روز", "⏰ 140501010003")
    maryam.open("desk.at_applicant").sees("از اعلام نقص", "۳ روز").sees_not("⏰")
    maryam.open("desk.decided").sees("جدیدترین نخست", "از تصمیم", "۴ روز")


def test_filters_and_order_are_a_tap_each(app: App, maryam: Person) -> None:
    desk(app, maryam)
    maryam.open("desk.queue").tap("نوع: همه").sees("نوع: جدید", "📥 ۲ پرونده", "از ۳ پرونده این فهرست")
    maryam.sees_not("140501010002").tap("نوع: جدید").sees("📥 ۱ پرونده", "140501010002")
    maryam.tap("اصلاحیه").sees("📥 ۳ پرونده").tap("زمان: همه").sees("تا ۳ روز", "📥 ۲ پرونده")
    maryam.tap("تا ۳ روز").sees("هیچ‌یک از ۳ پرونده این فهرست چنین نیست").tap("۳ تا ۱۰ روز").sees(
        "140501010003"
    )
    maryam.open("desk.queue").tap("↕️ ترتیب").sees("جدیدترین نخست", "۱. 140501010001")
    maryam.tap("↕️ ترتیب").sees("قدیمی‌ترین: ۲۰ روز", "۱. ⏰ 140501010003")
    for label in ("زمان: همه", "تا ۳ روز", "۳ تا ۱۰ روز", "بیش از ۱۰"):
        maryam.tap(label)
    maryam.sees("زمان: همه", "📥 ۳ پرونده")


def test_a_list_of_one_file_has_no_filters(app: App, maryam: Person) -> None:
    file(app, 1, days=1)
    maryam.open("desk.queue").sees("📥 ۱ پرونده").sees_not("نوع: همه", "زمان: همه", "↕️ ترتیب")
    file(app, 2, days=1)
    maryam.open("desk.queue").sees("نوع: همه", "زمان: همه", "↕️ ترتیب")


@pytest.mark.parametrize(
    ("number", "others", "page"), [(8, True, False), (9, False, False), (11, False, True)]
)
def test_a_long_list_leaves_room_for_the_way_on(
    app: App, maryam: Person, number: int, others: bool, page: bool
) -> None:
    """From nine rows on the other lists are behind one button; from the eleventh file on there are two pages."""
    for n in range(number):
        file(app, n, days=1)
    maryam.open("desk.queue").sees("📂 همه فهرست‌ها", "🏠 منوی اصلی", f"{formats.digits(min(number, 10))}. ")
    assert ("🗂 پرونده‌های من" in maryam.labels, "🔎 جست‌وجو" in maryam.labels) == (others, others)
    assert (
        "📌 برداشتن چند پرونده" in maryam.labels if others else "📌 برداشتن چند پرونده" not in maryam.labels
    )
    assert ("صفحه ۱ از ۲" in maryam.text, "بعدی" in maryam.labels) == (page, page)


def test_numbers_run_on_a_number_opens_its_row_and_a_page_is_asked_for(app: App, maryam: Person) -> None:
    for number in range(1, 36):
        file(app, number, days=100 - number)
    maryam.open("desk.queue").tap("بعدی").sees("صفحه ۲ از ۴", "۱۱. ⏰ 140501010011").type("۱۲").sees(
        "140501010012"
    )
    maryam.tap("📥 صف پرونده‌ها").sees("صفحه ۲ از ۴", "۲۰. ")
    maryam.type("۳۴").sees("140501010034").tap("📥 صف پرونده‌ها").sees("صفحه ۴ از ۴")
    maryam.type("صفحه ۴").sees("صفحه ۴ از ۴", "۳۵. ⏰ 140501010035").type("صفحهٔ 2").sees("صفحه ۲ از ۴")
    maryam.type("3").sees("140501010003").tap("📋 روند پرونده", "بازگشت", "📥 صف پرونده‌ها").sees(
        "صفحه ۱ از ۴"
    )
    maryam.type("صفحه ۹۹").sees("صفحه ۴ از ۴").type("۷۷").sees("چیزی پیدا نشد", "صفحه ۴ از ۴")
    # From home one begins anew.
    maryam.open("home").tap("📥 پرونده‌های جدید").sees("صفحه ۱ از ۴")


def test_from_a_card_back_to_the_list_that_has_no_button_there(app: App, maryam: Person) -> None:
    for number in range(1, 16):
        file(app, number, days=30 + number, state=IN_REVIEW, reviewer_id=maryam.account.id, round=1)
    maryam.open("desk.returned").tap("بعدی").sees("صفحه ۲ از ۲").type("۱۱").tap("↩️ بازگشت به فهرست")
    maryam.sees("صفحه ۲ از ۲", "🔁 ۱۵ پرونده")


def test_staff_have_every_list_of_any_university(app: App, maryam: Person) -> None:
    desk(app, maryam)
    reza = staff(app).open("home").tap("📂 پرونده‌ها").sees("پرونده‌های کدام دانشگاه")
    reza.type("دانشگاه علوم پزشکی شیراز").open("desk.lists", arg="sums").sees(
        "کارتابل دانشگاه علوم پزشکی شیراز"
    )
    reza.sees(
        "📥 پرونده‌های جدید: ۳", "⏰ دیرکردها: ۲", "💳 منتظر پرداخت: ۱", "☑️ تصمیم‌ها: ۲", "👥 نزد کارشناسان: ۳"
    )
    reza.tap("⏰ دیرکردها").sees("دانشگاه علوم پزشکی شیراز", "⏰ ۲ پرونده", "مریم رضایی").type("۱")
    reza.sees("140501010003").tap("↩️ بازگشت به فهرست").sees("⏰ ۲ پرونده").tap("📂 همه فهرست‌ها")
    reza.sees("کارتابل دانشگاه علوم پزشکی شیراز").open("desk.lists", arg="mui").sees("📥 پرونده‌های جدید: ۰")


def test_staff_type_whose_lists_they_want(app: App, maryam: Person) -> None:
    """One that is meant is opened, several are listed, and all are a button away."""
    reza = (
        staff(app)
        .open("desk.universities")
        .type("دانشگاه علوم پزشکی شیراز")
        .sees("کارتابل دانشگاه علوم پزشکی شیراز")
    )
    reza.open("desk.universities").type("علوم پزشکی ای").sees("نتیجه برای «علوم پزشکی ای»: ۵", "۵. 🏛")
    reza.sees_not("شیراز").tap("۳").sees("کارتابل دانشگاه علوم پزشکی ایران").open("desk.universities")
    reza.type("علوم پزشکی ای", "ایلام").sees("کارتابل دانشگاه علوم پزشکی ایلام")
    reza.open("desk.universities").sees_not("🏛 همه").type("علوم پزشکی ای").tap("🏛 همه").sees("بعدی")
    reza.sees_not("نتیجه برای").type("زغال‌اخته").sees("چیزی پیدا نشد")


def test_a_head_sees_what_is_overdue_at_the_university_and_an_expert_not_a_colleagues(
    app: App, maryam: Person
) -> None:
    desk(app, maryam)
    in_charge(app).open("desk.overdue").sees("⏰ ۲ پرونده", "مریم رضایی")
    expert(app, "رستمی").open("desk.overdue").sees("⏰ ۱ پرونده", "140501010003").sees_not("140501010005")
    expert(app, "اصفهانی", university="mui").open("desk.overdue").sees(
        "پرونده‌ای بیش از مهلت در انتظار تصمیم نیست"
    )


@pytest.mark.parametrize("arg", ["x", "9999999", "1.zzz.", "0.nf.sums", "..", "1.n.%", "۱"])
def test_forged_places_are_the_first_page(app: App, maryam: Person, arg: str) -> None:
    file(app, 1, days=1)
    maryam.open("desk.queue", arg=arg).sees("140501010001")


def test_the_day_is_over_in_working_days(app: App, maryam: Person) -> None:
    # Seven working days before a Sunday: two Fridays are between.
    file(app, 1, days=7.5)
    file(app, 2, days=9)
    maryam.open("desk.overdue").sees("⏰ ۱ پرونده", "140501010002")
    assert app.first(QualificationRequest.__table__.select()) is not None  # type: ignore[attr-defined]


def test_who_comes_next_in_a_chat_gets_no_way_back_to_the_list_of_who_left_it(
    app: App, maryam: Person
) -> None:
    """Logged out and in as another person, another role, or signed out from elsewhere."""
    for number in range(1, 13):
        file(app, number, days=number, state=IN_REVIEW, reviewer_id=maryam.account.id, round=1)
    file(app, 20, days=1)
    bahar, password = expert(app, "رستمی"), "Rostami-1234"
    app.change(Account, bahar.account.id, password_hash=app.resources.passwords.hash_now(password))
    maryam.open("desk.returned").tap("بعدی").open("desk.file", 1).sees("↩️ بازگشت به فهرست")
    maryam.open("logout").log_in(bahar.account.user_code, password).sees("مریم رستمی")
    maryam.open("desk.file", 13).sees("140501010020").sees_not("بازگشت به فهرست")
    # «پرونده بعدی» is of this person's own lists as well.
    maryam.open("desk.next", 13).sees_not("140501010012")
    grant(maryam, Role.STAFF)
    maryam.open("desk.decided").open("desk.file", 13).sees("↩️ بازگشت به فهرست")
    maryam.open("role.choose", arg="staff").open("desk.file", 13).sees_not("بازگشت به فهرست")


def test_all_files_of_one_applicant_are_listed_in_pages(app: App, maryam: Person) -> None:
    file(app, 1, days=90, state=RequestState.COMPLETED)
    owner = app.newest(QualificationRequest).account_id
    for number in range(2, 15):
        row = {"state": RequestState.COMPLETED, "tracking_code": f"14050101{number:04}"}
        app.add(request_row(owner, **row))  # type: ignore[arg-type]
    maryam.open("desk.person", owner).sees("صفحه ۱ از ۲", "140501010014").sees_not("140501010001")
    maryam.type("صفحه ۲").sees("صفحه ۲ از ۲", "140501010001", "۱۴. ").type("۱۳").sees("140501010002")
    maryam.tap("↩️ بازگشت به فهرست").sees("صفحه ۲ از ۲")
