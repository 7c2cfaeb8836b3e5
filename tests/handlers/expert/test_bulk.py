"""Many files at once: the head assigns and spreads them, an expert takes the next ones."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from storage.enums import RequestState, Role
from storage.tables import QualificationRequest
from tests.support import chat_people as people
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.factories.people import account
from tests.support.factories.qualification import request_row

pytestmark = ON_BOTH_DATABASES


@pytest.fixture(autouse=True)
def fee(app: App) -> None:
    people.tariff(app)


@pytest.fixture
def maryam(app: App) -> Person:
    return people.expert(app)


@pytest.fixture
def bahar(app: App) -> Person:
    return people.expert(app, "رستمی")


@pytest.fixture
def chief(app: App) -> Person:
    return people.in_charge(app)


def many(app: App, number: int, **values: object) -> None:
    """`number` requests of Shiraz, the first the oldest."""

    def unit(db: Session) -> None:
        for n in range(number):
            owner, at = account(db, f"متقاضی{n}", chat=False).id, NOW - timedelta(hours=number - n)
            row = {"tracking_code": f"14050101{n:04}", "submitted_at": at, "state_since": at}
            db.add(request_row(owner, **row | values))

    app.run(unit)


def holders(app: App) -> Counter[int | None]:
    return Counter(app.all(select(QualificationRequest.reviewer_id)))


def test_the_head_spreads_the_queue_evenly_in_one_go(
    app: App, chief: Person, maryam: Person, bahar: Person
) -> None:
    many(app, 60)
    chief.command("menu").tap("👥 همکاران", "📤 ارجاع گروهی").sees("📥 صف پرونده‌ها (۶۰)").tap(
        "📥 صف پرونده‌ها (۶۰)"
    )
    chief.sees("140501010000", "140501010009").sees_not("140501010010").type("۵۱").sees("عددی از ۱ تا ۵۰")
    chief.type("۲۵").sees("☑️ ۱۰").sees_not("قبلی").tap("بعدی", "بعدی").sees("☑️ ۲۵", "▫️ ۲۶", "قبلی").tap(
        "▫️ ۲۶", "☑️ ۲۱", "ادامه"
    )
    chief.tap("مریم رضایی (۰)").sees("☑️ مریم رضایی (۰)").tap("مریم رستمی (۰)", "ادامه")
    chief.type("مرخصی همکاران تمام شد")
    chief.sees("۲۵ پرونده به این صورت ارجاع شود؟", "مریم رستمی: ۱۳ پرونده", "مریم رضایی: ۱۲ پرونده")
    assert holders(app) == {None: 60}
    chief.tap("بله، ارجاع شود")
    assert "✅ ۲۵ پرونده ارجاع شد" in chief.notice
    assert holders(app) == {None: 35, maryam.account.id: 12, bahar.account.id: 13}
    assert (
        app.one(
            select(QualificationRequest).where(QualificationRequest.tracking_code == "140501010020")
        ).state
        is RequestState.SUBMITTED
    )
    (push,) = [one for one in maryam.pushes() if one.kind == "N22"]
    assert "مریم احمدی ۱۲ پرونده به شما ارجاع داد:" in push.text
    assert "مرخصی همکاران تمام شد" in push.text
    assert push.text.count("• ") == 12
    assert len(app.events("assigned")) == 25
    maryam.tap_push("🗂 پرونده‌های من").sees("۱۲ پرونده نزد شماست")


def test_the_files_of_one_expert_go_to_another_and_both_are_told_once(
    app: App, chief: Person, maryam: Person, bahar: Person
) -> None:
    many(app, 3, state=RequestState.IN_REVIEW, reviewer_id=maryam.account.id)
    chief.open("desk.bulk").sees("مریم رضایی (۳)").sees_not("صف پرونده‌ها").tap(
        "مریم رضایی (۳)", "همه (۳)", "ادامه"
    )
    chief.sees_not("مریم رضایی (۳)").tap("مریم رستمی (۰)", "ادامه", "بدون توضیح").sees("مریم رستمی: ۳ پرونده")
    gone = app.first(select(QualificationRequest).order_by(col(QualificationRequest.id)))
    app.change(QualificationRequest, gone.id, state=RequestState.SUBMITTED, reviewer_id=None)  # meanwhile
    chief.tap("بله، ارجاع شود")
    assert "✅ ۲ پرونده ارجاع شد" in chief.notice
    assert "۱ پرونده در این میان تغییر کرده بود" in chief.notice
    assert holders(app) == {None: 1, bahar.account.id: 2}
    assert [one.text.splitlines()[0] for one in maryam.pushes() if one.kind == "N22"] == [
        "مریم احمدی ۲ پرونده شما را به همکاران ارجاع داد:"
    ]


def test_nobody_gets_the_own_file_and_no_button_does_it_twice(
    app: App, chief: Person, maryam: Person, bahar: Person
) -> None:
    many(app, 2)
    first = app.first(select(QualificationRequest).order_by(col(QualificationRequest.id)))
    app.change(QualificationRequest, first.id, account_id=maryam.account.id)
    chief.open("desk.bulk").tap(
        "📥 صف پرونده‌ها (۲)", "همه (۲)", "ادامه", "مریم رضایی (۰)", "ادامه", "بدون توضیح"
    )
    chief.sees("۱ پرونده به این صورت", "مریم رضایی: ۱ پرونده")
    yes = chief.button("بله، ارجاع شود")
    chief.press(yes).press(yes)
    assert holders(app) == {None: 1, maryam.account.id: 1}
    assert len(app.events("assigned")) == 1


def test_only_the_head_assigns_many_and_only_of_the_own_university(app: App, maryam: Person) -> None:
    many(app, 2)
    maryam.open("desk.team").sees_not("📤 ارجاع گروهی").open("desk.bulk").sees("دسترسی ندارید")
    far = people.expert(app, "دور", university="mui")
    people.grant(far, Role.IN_CHARGE, university_code="mui")
    far.open("desk.take").sees("پرونده‌ای در انتظار بررسی نیست")


def test_an_expert_takes_the_next_five(app: App, maryam: Person, bahar: Person) -> None:
    many(app, 12)
    maryam.open("desk.team").tap("📌 برداشتن چند پرونده").sees("۵ پرونده", "۱۰ پرونده", "۱۲ پرونده").tap(
        "۵ پرونده"
    )
    maryam.sees("این ۵ پرونده نزد شما بیاید؟", "140501010000 — متقاضی0", "140501010004")
    bahar.open("desk.take").tap("۵ پرونده", "بله، برمی‌دارم").sees("۵ پرونده نزد شماست")
    yes = maryam.button("بله، برمی‌دارم")
    maryam.press(yes)
    assert maryam.notice == "✅ ۵ پرونده نزد شماست."
    assert holders(app) == {None: 2, maryam.account.id: 5, bahar.account.id: 5}
    assert len(app.events("claimed")) == 10
    maryam.open("desk.take_do", arg="51").sees("این دکمه دیگر معتبر نیست.")


def test_cooperation_files_are_assigned_and_taken_too(app: App, chief: Person, maryam: Person) -> None:
    manager, central = people.distributor(app)
    sara = people.eligible(app)
    people.pick(manager, central, sara)
    people.accept(sara)
    chief.open("desk.coop_bulk").tap("📥 صف پرونده‌ها (۱)", "همه (۱)", "ادامه", "مریم رضایی (۰)", "ادامه")
    chief.tap("بدون توضیح", "بله، ارجاع شود")
    assert "✅ ۱ پرونده ارجاع شد" in chief.notice
    assert people.cooperation(app).reviewer_id == maryam.account.id
    maryam.tap_push(maryam.pushes()[-1].buttons[0][0]["label"]).sees("سارا")
    maryam.open("desk.coop_take").sees("پرونده‌ای در انتظار بررسی نیست")


def test_taking_and_assigning_are_where_the_work_is(app: App, chief: Person, maryam: Person) -> None:
    """In the head's first screen and in the queue itself; an expert takes from there and comes back to it."""
    many(app, 3)
    chief.command("menu").tap("📤 ارجاع گروهی").sees("📥 صف پرونده‌ها (۳)")
    chief.command("cancel").command("menu").tap("📥 پرونده‌های جدید").sees(
        "📌 برداشتن چند پرونده", "📤 ارجاع گروهی"
    )
    maryam.command("menu").sees_not("📤 ارجاع گروهی").tap("📥 پرونده‌های جدید").sees_not("📤 ارجاع گروهی")
    maryam.tap("📌 برداشتن چند پرونده", "بازگشت").sees("📥 ۳ پرونده در انتظار بررسی است")
    maryam.tap("📌 برداشتن چند پرونده", "۳ پرونده", "بله، برمی‌دارم").sees("🗂 ۳ پرونده نزد شماست")
    maryam.open("desk.queue").sees_not("📌 برداشتن چند پرونده")


def test_the_head_assigns_from_the_files_of_a_colleague(
    app: App, chief: Person, maryam: Person, bahar: Person
) -> None:
    many(app, 2, state=RequestState.IN_REVIEW, reviewer_id=maryam.account.id)
    chief.command("menu").tap("👥 همکاران", "۱").sees("پرونده‌های مریم رضایی").tap("📤 ارجاع به دیگران")
    chief.sees("پرونده‌ها را علامت بزنید").tap("همه (۲)", "ادامه").sees_not("مریم رضایی (۲)")
    chief.tap("مریم رستمی (۰)", "ادامه", "بدون توضیح", "بله، ارجاع شود")
    assert holders(app) == {bahar.account.id: 2}
