"""The morning digest: once a working morning, to experts who have something waiting, with what it is."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from storage.enums import AccountState, RequestState
from storage.tables import Account
from tests.support import jobs
from tests.support.effects import labels, pushes
from tests.support.factories.cooperation import accepted_request, parties
from tests.support.factories.people import Participants, officer
from tests.support.factories.qualification import add_request, submitted_request
from tests.support.services import as_unit

#: Saturday, 1405/09/07, 8:30 in Tehran.
MORNING = datetime(2026, 11, 28, 5, 0, tzinfo=UTC)


@as_unit
def test_it_says_what_waits_and_leads_there(db: Session, people: Participants) -> None:
    mine = submitted_request(db, people.sara)
    QUALIFICATION_WORKFLOW.claim(
        db, actor=people.ali, request_id=mine.id or 0, version=mine.version, now=MORNING - timedelta(days=12)
    )
    mine.received_at = MORNING - timedelta(days=12)
    db.flush()
    for _ in range(2):  # two processes, and the next tick
        jobs.send_digests(db, now=MORNING)
    (ali,) = pushes(db, people.ali, "digest")
    assert "۱۴۰۵/۰۹/۰۷" in ali.text
    assert "نزد شما: ۱" in ali.text
    assert "⏰ دیرکرد: ۱" in ali.text
    assert "در صف" not in ali.text
    assert labels(ali) == ["🗂 پرونده‌های من", "⏰ دیرکردها"]
    # Nothing waits for the colleague.
    assert pushes(db, people.zahra, "digest") == []


@as_unit
def test_whoever_has_the_queue_before_them_sees_its_age(db: Session, people: Participants) -> None:
    request = submitted_request(db, people.sara)
    request.submitted_at = MORNING - timedelta(days=4)
    db.flush()
    assert jobs.send_digests(db, now=MORNING) == 3
    for expert in (people.ali, people.zahra, people.in_charge):
        (told,) = pushes(db, expert, "digest")
        assert "در صف احراز صلاحیت: ۱" in told.text
        assert "قدیمی‌ترین در صف: ۴ روز" in told.text
        assert labels(told) == ["📥 پرونده‌های جدید"]
    assert pushes(db, people.foreign, "digest") == []


@as_unit
def test_only_on_working_mornings(db: Session, people: Participants) -> None:
    submitted_request(db, people.sara)
    db.get_one(Account, people.zahra.account_id).state = AccountState.SUSPENDED
    db.flush()
    friday = MORNING - timedelta(days=1)
    told = [
        jobs.send_digests(db, now=moment + timedelta(minutes=10 * step))
        for moment in (friday - timedelta(hours=6), MORNING - timedelta(hours=6))
        for step in range(18 * 6)
    ]
    # One morning for two experts; neither at night, nor on Friday, nor late.
    assert [one for one in told if one] == [2]
    assert jobs.send_digests(db, now=MORNING + timedelta(days=1)) == 2
    assert jobs.send_digests(db, now=MORNING + timedelta(days=2, hours=4)) == 0


@as_unit
def test_a_clock_that_was_ahead_costs_no_morning(db: Session, people: Participants) -> None:
    submitted_request(db, people.sara)
    assert jobs.send_digests(db, now=MORNING + timedelta(days=700)) == 3
    assert jobs.send_digests(db, now=MORNING) == 3


@as_unit
def test_each_kind_of_work_has_its_line_and_its_button(db: Session) -> None:
    people = parties(db)
    waiting = {"university_code": "sums", "received_at": MORNING, "submitted_at": MORNING - timedelta(days=2)}
    hers = {"reviewer_id": people.ali.account_id}
    late = {"received_at": MORNING - timedelta(days=30)}
    add_request(db, officer(db), RequestState.SUBMITTED, **waiting)
    for more in ({}, late | {"round": 1}, {}):
        add_request(db, officer(db), RequestState.IN_REVIEW, **waiting | hers | more)
    accepted_request(db, people.kian, people.sara).accepted_at = MORNING - timedelta(days=3)
    taken = accepted_request(db, people.arad, people.mina)
    taken.reviewer_id, taken.accepted_at = people.ali.account_id, late["received_at"]
    db.flush()
    jobs.send_digests(db, now=MORNING)
    (told,) = pushes(db, people.ali, "digest")
    assert told.text.split("\n")[1:] == [
        "📥 در صف احراز صلاحیت: ۱",
        "🤝 در صف همکاری: ۱",
        "⏳ قدیمی‌ترین در صف: ۳ روز",
        "🗂 نزد شما: ۳",
        "🔁 بازگشته از متقاضی: ۱",
        "🤝 همکاری نزد شما: ۱",
        "⏰ دیرکرد: ۱",
        "⏰ دیرکرد همکاری: ۱",
    ]
    leads = [button["press"].split("|")[1] for row in told.buttons for button in row]
    queues, own = ["desk.queue", "desk.coop"], ["desk.mine", "desk.returned", "desk.coop_mine"]
    assert leads == [*queues, *own, "desk.overdue", "desk.coop_overdue"]
