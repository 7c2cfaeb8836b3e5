"""The head's desk: what each colleague has and did, who is away; the morning report; an expert's own figures."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from conversations.catalogue import ALL
from storage.enums import RequestState
from storage.tables import Grant
from tests.support import jobs
from tests.support.chat_driver import NOW, App, Person
from tests.support.chat_fixtures import ON_BOTH_DATABASES
from tests.support.chat_people import expert, in_charge
from tests.support.factories.people import account
from tests.support.factories.qualification import request_row

pytestmark = ON_BOTH_DATABASES


def files(app: App, number: int, *, days: int = 1, **values: Any) -> None:
    """`number` requests of Shiraz, submitted so many days ago."""
    at = NOW - timedelta(days=days)

    def unit(db: Session) -> None:
        for _ in range(number):
            owner = account(db, "متقاضی", chat=False).id
            code = f"1405{owner:08}"
            row = {"tracking_code": code, "submitted_at": at, "received_at": at, "state_since": at}
            db.add(request_row(owner, **{**row, **values}))

    app.run(unit)


def a_team_at_work(app: App) -> tuple[Person, Person, Person]:
    """The head, Maryam with five files (two back from the applicant, three overdue), and Bahar who decided."""
    chief, maryam, bahar = in_charge(app), expert(app), expert(app, "رستمی")
    reviewed = {"state": RequestState.IN_REVIEW, "reviewer_id": maryam.account.id}
    files(app, 2, round=1, **reviewed)
    files(app, 3, days=12, **reviewed)
    decided = {"state": RequestState.AWAITING_PAYMENT, "reviewer_id": bahar.account.id}
    files(app, 2, days=4, decided_at=NOW - timedelta(hours=2), **decided)
    files(app, 1, days=13, decided_at=NOW - timedelta(days=6), **decided)
    files(app, 4)
    files(app, 1, days=11)
    files(app, 7, university_code="mui")
    return chief, maryam, bahar


def test_the_head_sees_each_colleague_and_opens_their_files(app: App) -> None:
    chief, maryam, _ = a_team_at_work(app)
    chief.command("menu").tap("👥 همکاران").sees("در صف: ۵ پرونده", "⏰ دیرکردها: ۴ پرونده")
    chief.sees("۱. مریم رضایی: ۵ پرونده (۲ بازگشته، ۳ دیرکرد)، ۰ همکاری، این هفته ۰ تصمیم، میانه نامعلوم")
    chief.sees("مریم رستمی: ۰ پرونده (۰ بازگشته، ۰ دیرکرد)، ۰ همکاری، این هفته ۲ تصمیم، میانه ۴ روز")
    chief.tap("۱").sees("پرونده‌های مریم رضایی، قدیمی‌ترین نخست", "۵. ")
    maryam.open("desk.team").sees("کار من: ۵ پرونده برای تصمیم (۲ بازگشته، ۳ دیرکرد)").sees_not("مریم رستمی")
    maryam.open("desk.colleague", chief.account.id).sees("دسترسی ندارید")
    expert(app, "دور", university="mui").open("desk.team").sees("کار من: ۰ پرونده").sees_not("رضایی")


def test_overdue_is_one_number_on_the_desk_in_the_list_at_home_in_digest_and_report(app: App) -> None:
    """By the setting of working days since a file last came to the university, whoever had it."""
    chief, maryam = in_charge(app), expert(app)
    mine = {"state": RequestState.IN_REVIEW, "reviewer_id": maryam.account.id}
    # Nine days are more than seven working days with one Friday; eleven are none where it came back yesterday.
    files(app, 2, days=9, **mine)
    files(app, 1, days=40, round=1, received_at=NOW - timedelta(days=1), **mine)
    files(app, 1, days=9)
    gone = expert(app, "رفته").account.id
    files(app, 1, days=30, state=RequestState.IN_REVIEW, reviewer_id=gone)
    app.run(lambda db: db.delete(db.exec(select(Grant).where(Grant.account_id == gone)).one()))
    chief.open("desk.team").sees("⏰ دیرکردها: ۴ پرونده", "مریم رضایی: ۳ پرونده (۱ بازگشته، ۲ دیرکرد)")
    chief.open("desk.overdue").sees("⏰ ۴ پرونده بیش از مهلت")
    chief.open("home").sees("⏰ دیرکردها: ۴")
    maryam.open("desk.team").sees("(۱ بازگشته، ۲ دیرکرد)")
    app.clock.now = NOW.replace(hour=5)
    app.run(lambda db: jobs.send_team_reports(db, now=app.clock(), overdue_days=7))
    app.run(lambda db: jobs.send_digests(db, now=app.clock(), overdue_days=7))
    report, digest = (push.text for push in chief.pushes())
    assert "⏰ دیرکردها: ۴ پرونده" in report
    assert "⏰ دیرکرد: ۴" in digest
    app.resources = replace(app.resources, public_info=replace(app.resources.public_info, overdue_days=30))
    app.use(*ALL)
    chief.open("desk.team").sees("⏰ دیرکردها: ۰ پرونده").open("desk.overdue").sees("پرونده‌ای بیش از مهلت")


def test_the_leave_of_a_colleague_is_seen_on_the_desk(app: App) -> None:
    chief, maryam, _ = a_team_at_work(app)
    maryam.open("desk.leave").tap("➕ ثبت مرخصی", "از امروز", "فقط همان روز").type("مریم رستمی").tap(
        "✅ تأیید"
    )
    chief.open("desk.team").sees("۱. 🏖 مریم رضایی: ۵ پرونده")


def test_the_morning_report_reaches_the_head_once_and_weekly_with_the_week(app: App) -> None:
    chief, maryam, _ = a_team_at_work(app)

    def report(day: int, hour: int = 5) -> int:
        app.clock.now = datetime(2026, 11, day, hour, 30, tzinfo=UTC)
        return app.run(lambda db: jobs.send_team_reports(db, now=app.clock()))

    assert report(22) == 1  # a Sunday
    (push,) = chief.pushes()
    assert "👥 کار دانشگاه" in push.text
    assert "در صف: ۵ پرونده" in push.text
    assert "هفته پیش" not in push.text
    assert [report(22, 6), report(22, 9), report(27)] == [0, 0, 0]  # again, too late, a Friday
    assert report(28) == 1  # a Saturday
    assert "📊 هفته پیش:" in chief.pushes()[-1].text
    assert "مریم رستمی: ۲ تصمیم" in chief.pushes()[-1].text
    chief.tap_push("👥 همکاران").sees("مریم رضایی")
    assert not maryam.pushes()
