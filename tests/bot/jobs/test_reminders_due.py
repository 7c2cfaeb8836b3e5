"""Who is reminded of what at which second, in which words; what is passed over; what the steps of a draft are."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.jobs import reminders
from bot.jobs.reminders import DraftsPage, find_abandoned, remind_experts, remind_officers
from bot.texts import BIDI_MARKS
from storage.enums import AccountState, CooperationState, RejectReason, RequestKind, RequestState, Role
from storage.tables import (
    Account,
    AuditEvent,
    CooperationRequest,
    Draft,
    Push,
    QualificationRequest,
    StaffAlert,
)
from tests.support.effects import alerts, pushes
from tests.support.factories.cooperation import Parties, cooperation_request, parties
from tests.support.factories.people import Participants, officer
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW, tariff
from tests.support.services import as_unit

#: The statements themselves run on both databases in test_reminders.py.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
#: In Tehran it is 23:00.
NIGHT = NOW + timedelta(hours=10, minutes=30)
DEFICIENT, UNPAID = RequestState.DEFICIENT, RequestState.AWAITING_PAYMENT


def told(push: Push) -> tuple[str, list[list[str]]]:
    """The text, and each button as [label, what it opens]."""
    rows = [
        [button["label"], button["press"].split("|", 1)[1].rstrip("|")]
        for row in push.buttons
        for button in row
    ]
    return BIDI_MARKS.sub("", push.text), rows


def waiting(
    db: Session, people: Participants, state: RequestState, since: datetime, **values: Any
) -> QualificationRequest:
    if state is not RequestState.SUBMITTED:
        values.setdefault("reviewer_id", people.ali.account_id)
    return add_request(db, people.sara, state, state_since=since, tracking_code="140509010007", **values)


# ── officers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("days", "sent", "step"),
    [(3, 0, 1), (7, 1, 2), (30, 2, 3), (7, 0, 2), (40, 0, 3), (40, 1, 3)],
)
@as_unit
def test_an_officer_is_reminded_from_the_second_on(
    db: Session, people: Participants, days: int, sent: int, step: int
) -> None:
    """After a downtime once, of the present step."""
    request = waiting(db, people, UNPAID, NOW - days * DAY + SECOND, reminders=sent)
    if (days, sent) in ((3, 0), (7, 1), (30, 2)):
        assert remind_officers(db, now=NOW) == 0
    assert remind_officers(db, now=NOW + SECOND) == 1
    assert remind_officers(db, now=NOW + SECOND) == 0
    (push,) = pushes(db, people.sara)
    assert (push.kind, push.grant_id, request.reminders) == ("N20", None, step)
    assert push.key.startswith(f"qualification:{request.id}:reminder:{request.version}:{step}:")
    assert told(push) == (
        "⏰ یادآوری: هزینه درخواست 140509010007 هنوز پرداخت نشده است. پیش از پرداخت، فیلترشکن را خاموش کنید.",
        [["ادامه", f"qual.track|{request.id}"]],
    )


@as_unit
def test_each_thing_that_waits_for_an_officer_in_its_words(db: Session) -> None:
    people = parties(db)
    deficient = waiting(db, people, DEFICIENT, NOW - 3 * DAY)
    asked = cooperation_request(db, people.kian, people.mina)
    asked.state_since, asked.tracking_code = NOW - 3 * DAY, "140509010008"
    db.flush()
    assert remind_officers(db, now=NOW) == 2
    (of_sara,) = pushes(db, people.sara, "N20")
    (of_mina,) = pushes(db, people.mina, "N20")
    assert told(of_sara) == (
        "⏰ یادآوری: نواقص درخواست 140509010007 را برطرف کنید.",
        [["رفع نقص", f"qual.fix|{deficient.id}"]],
    )
    assert told(of_mina) == (
        "⏰ یادآوری: درخواست همکاری 140509010008 منتظر پاسخ شماست.",
        [["ادامه", f"coop.view|{asked.id}"]],
    )
    assert of_mina.key.startswith(f"cooperation:{asked.id}:reminder:{asked.version}:1:")


@pytest.mark.parametrize("state", sorted({*RequestState} - {DEFICIENT, UNPAID}))
@as_unit
def test_nothing_else_waits_for_an_officer(db: Session, people: Participants, state: RequestState) -> None:
    end = {"closed_at": NOW - 40 * DAY} if state in (RequestState.WITHDRAWN, RequestState.REVOKED, RequestState.COMPLETED, RequestState.REJECTED) else {}  # fmt: skip
    why = (
        {"reject_reason": RejectReason.OTHER, "reject_text": "مدارک خوانا نیست"}
        if state is RequestState.REJECTED
        else {}
    )
    waiting(db, people, state, NOW - 40 * DAY, **end, **why)
    assert remind_officers(db, now=NOW) == 0


@as_unit
def test_officers_are_reminded_by_day_four_in_a_unit_those_of_the_last_step_first(
    db: Session, people: Participants
) -> None:
    officers = [officer(db, f"مینا{number}") for number in range(6)]
    for number, one in enumerate(officers):
        add_request(
            db,
            one,
            UNPAID,
            state_since=NOW - 60 * DAY,
            reminders=2 if number > 3 else 0,
            reviewer_id=people.ali.account_id,
        )
    assert remind_officers(db, now=NIGHT) == 0
    assert remind_officers(db, now=NOW) == 4
    assert [len(pushes(db, one)) for one in officers[4:]] == [1, 1]
    assert remind_officers(db, now=NOW) == 2
    assert remind_officers(db, now=NOW) == 0
    assert [len(pushes(db, one)) for one in officers] == [1] * 6


@as_unit
def test_what_changed_meanwhile_is_not_reminded_of(db: Session, people: Participants) -> None:
    """Of two processes the second counts nothing."""
    request = waiting(db, people, UNPAID, NOW - 3 * DAY)
    db.expunge(request)
    assert reminders._count_reminder(db, request, 1)
    assert not reminders._count_reminder(db, request, 1)
    other = db.get_one(QualificationRequest, request.id)
    assert other.reminders == 1
    request.reminders, request.state = 1, DEFICIENT
    assert not reminders._count_reminder(db, request, 2)


# ── experts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def in_hand(
    db: Session, people: Parties, kind: str, since: datetime, **values: Any
) -> QualificationRequest | CooperationRequest:
    given = {"reviewer_id": people.ali.account_id} | values
    if kind == "qualification":
        state = RequestState.IN_REVIEW if given["reviewer_id"] else RequestState.SUBMITTED
        return waiting(db, people, state, since, **given)
    row = cooperation_request(db, people.kian, people.mina)
    row.state, row.state_since, row.tracking_code = CooperationState.PENDING_UNIVERSITY, since, "140509010008"
    row.university_code = "sums"
    for name, value in given.items():
        setattr(row, name, value)
    db.flush()
    return row


@pytest.mark.parametrize("kind", ["qualification", "cooperation"])
@pytest.mark.parametrize(("days", "sent", "step"), [(10, 0, 1), (20, 1, 2), (90, 8, 9), (35, 1, 3)])
@as_unit
def test_a_reviewer_is_reminded_every_ten_days(
    db: Session, kind: str, days: int, sent: int, step: int
) -> None:
    people = parties(db)
    row = in_hand(db, people, kind, NOW - days * DAY + SECOND, reminders=sent)
    db.execute(Push.__table__.delete())  # type: ignore[attr-defined]
    if days != 35:
        assert remind_experts(db, now=NOW) == 0
    assert remind_experts(db, now=NIGHT) == 0
    assert remind_experts(db, now=NOW + SECOND) == 1
    assert remind_experts(db, now=NOW + SECOND) == 0
    (push,) = db.exec(select(Push)).all()
    words, opens = {
        "qualification": ("پرونده 140509010007 منتظر تصمیم شماست.", f"desk.file|{row.id}"),
        "cooperation": ("درخواست همکاری 140509010008 منتظر تصمیم شماست.", f"desk.coop_file|{row.id}"),
    }[kind]
    assert told(push) == (f"⏰ یادآوری: {words}", [["مشاهده", opens]])
    assert (push.account_id, row.reminders) == (people.ali.account_id, step)
    assert push.grant_id is not None
    assert push.key.startswith(f"{kind}:{row.id}:reminder:{row.version}:{step}:")


@pytest.mark.parametrize("kind", ["qualification", "cooperation"])
@as_unit
def test_no_reminder_after_the_ninth_and_none_of_a_reviewer_who_reviews_no_more(
    db: Session, kind: str
) -> None:
    people = parties(db)
    row = in_hand(db, people, kind, NOW - 400 * DAY, reminders=9)
    db.execute(Push.__table__.delete())  # type: ignore[attr-defined]
    assert remind_experts(db, now=NOW) == 0
    row.reminders, row.reviewer_id = 0, people.foreign.account_id
    db.flush()
    assert remind_experts(db, now=NOW) == 1, "counted, so that it is not looked at again"
    assert remind_experts(db, now=NOW) == 0
    assert db.exec(select(Push)).all() == []


@as_unit
def test_a_queue_is_told_to_each_expert_of_its_university_once_a_day(db: Session) -> None:
    people = parties(db)
    for since in (NOW - 10 * DAY, NOW - 10 * DAY, NOW - 10 * DAY + SECOND):
        add_request(
            db, officer(db), RequestState.SUBMITTED, state_since=since, submitted_at=since, received_at=since
        )
    in_hand(db, people, "cooperation", NOW - 11 * DAY, reviewer_id=None)
    db.execute(Push.__table__.delete())  # type: ignore[attr-defined]
    while remind_experts(db, now=NOW):
        pass
    told_to = {push.account_id: told(push) for push in db.exec(select(Push).order_by(col(Push.id)))}
    assert {*told_to} == {one.account_id for one in (people.ali, people.zahra, people.in_charge)}
    assert {repr(one) for one in told_to.values()} == {
        repr(("⏰ یادآوری: ۳ پرونده بیش از ۱۰ روز در صف بررسی مانده است.", [["مشاهده", "desk.queue"]]))
    }


@as_unit
def test_a_unit_that_tells_a_whole_university_tells_nobody_else(db: Session) -> None:
    """Files of one's own come first, then the queue of one kind, then of the other."""
    people = parties(db)
    own = waiting(db, people, RequestState.IN_REVIEW, NOW - 10 * DAY)
    since = NOW - 10 * DAY
    queued = add_request(
        db, officer(db), RequestState.SUBMITTED, state_since=since, submitted_at=since, received_at=since
    )
    asked = in_hand(db, people, "cooperation", since, reviewer_id=None)
    db.execute(Push.__table__.delete())  # type: ignore[attr-defined]
    taken = []
    for _ in range(4):
        assert remind_experts(db, now=NOW) == (len(taken) < 3)
        for row in (own, queued, asked):
            db.refresh(row)
        taken.append([row.reminders for row in (own, queued, asked)])
    assert taken == [[1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 1, 1]]


@as_unit
def test_a_queue_of_cooperation_alone_leads_to_its_first_file(db: Session) -> None:
    people = parties(db)
    row = in_hand(db, people, "cooperation", NOW - 11 * DAY, reviewer_id=None)
    db.execute(Push.__table__.delete())  # type: ignore[attr-defined]
    while remind_experts(db, now=NOW):
        pass
    (push,) = pushes(db, people.zahra)
    assert told(push) == (
        "⏰ یادآوری: ۱ پرونده بیش از ۱۰ روز در صف بررسی مانده است.",
        [["مشاهده", f"desk.coop_file|{row.id}"]],
    )
    assert row.reminders == 1


# ── drafts ───────────────────────────────────────────────────────────────────────────────────────────────────────────

ELEVEN, YEAR, MONTH = 335 * DAY, 365 * DAY, 30 * DAY


def draft(
    db: Session, people: Participants, begun: datetime, touched: datetime | None = None, **values: Any
) -> QualificationRequest:
    request = add_request(
        db, people.sara, RequestState.DRAFT, state_since=begun, university_code=None, **values
    )
    if touched is not None:
        db.add(
            Draft(
                account_id=people.sara.account_id,
                dialogue="qualification",
                subject_id=request.id,
                updated_at=touched,
            )
        )
        db.flush()
    return request


def announced(db: Session, request: QualificationRequest, at: datetime) -> None:
    db.add(
        AuditEvent(
            actor_role=Role.SYSTEM,
            at=at,
            event="draft_expiry_notice",
            subject="qualification",
            subject_id=request.id,
        )
    )
    db.flush()


def page(db: Session, now: datetime, *, noted: bool = False) -> DraftsPage:
    return find_abandoned(db, kind=RequestKind.NEW, announced=noted, now=now)


@as_unit
def test_a_draft_is_announced_after_eleven_months_by_day(db: Session, people: Participants) -> None:
    request = draft(db, people, NOW - ELEVEN + SECOND)
    number = request.id or 0
    assert page(db, NOW) == DraftsPage([], [], [], None)
    assert not reminders.announce_removal(db, request_id=number, now=NOW)
    assert page(db, NOW + SECOND) == DraftsPage([number], [], [], None)
    assert page(db, NIGHT) == DraftsPage([], [], [], None)
    assert find_abandoned(db, kind=RequestKind.AMENDMENT, announced=False, now=NOW + SECOND).announce == []
    assert reminders.announce_removal(db, request_id=number, now=NOW + SECOND)
    db.flush()
    assert not reminders.announce_removal(db, request_id=number, now=NOW + SECOND)
    (push,) = pushes(db, people.sara)
    assert told(push) == (
        "⏰ پیش‌نویس درخواست شما مدت‌هاست تغییری نکرده است.\nاگر تا ۳۰ روز دیگر آن را ادامه ندهید، حذف می‌شود.",
        [["▶️ ادامه درخواست", f"qual.draft|{number}"]],
    )
    assert push.key.startswith(f"qualification:{number}:draft:{int((NOW + SECOND).timestamp())}:")
    assert request.reminders == 1


@pytest.mark.parametrize(
    ("begun", "touched", "notice", "what"),
    [
        (YEAR, None, MONTH, "remove"),
        (YEAR - SECOND, None, MONTH, "wait"),
        (YEAR, None, MONTH - SECOND, "wait"),
        (YEAR, None, None, "announce"),
        (2 * YEAR, YEAR, MONTH, "remove"),
        (2 * YEAR, YEAR - SECOND, MONTH, "wait"),
        (2 * YEAR, ELEVEN - SECOND, MONTH, None),
        (2 * YEAR, ELEVEN, ELEVEN + SECOND, "announce"),  # announced before it was touched again
        (2 * YEAR, ELEVEN, ELEVEN, "wait"),
    ],
)
@as_unit
def test_the_step_of_a_draft(
    db: Session,
    people: Participants,
    begun: timedelta,
    touched: timedelta | None,
    notice: timedelta | None,
    what: str | None,
) -> None:
    request = draft(db, people, NOW - begun, None if touched is None else NOW - touched)
    if notice is not None:
        announced(db, request, NOW - notice)
    # Neither another's draft nor another's notice counts.
    mina = officer(db, "مینا")
    db.add(Draft(account_id=mina.account_id, dialogue="qualification", subject_id=request.id, updated_at=NOW))
    db.add(
        Draft(
            account_id=people.sara.account_id, dialogue="termination", subject_id=request.id, updated_at=NOW
        )
    )
    for event, subject, number in (
        ("draft_expiry_notice", "qualification", 0),
        ("draft_expiry_notice", "paper", request.id),
        ("edited", "qualification", request.id),
    ):
        db.add(
            AuditEvent(
                actor_role=Role.SYSTEM, at=NOW - 2 * MONTH, event=event, subject=subject, subject_id=number
            )
        )
    db.flush()
    found, step = reminders._step_now(db, request.id or 0, NOW)
    assert (found, step) == (request, what)
    at_once = page(db, NOW)
    numbers = [request.id]
    assert (at_once.announce, at_once.remove, at_once.note) == (
        numbers if what == "announce" else [],
        numbers if what == "remove" else [],
        numbers if what == "wait" else [],
    )
    assert reminders.remove_abandoned(db, request_id=request.id or 0, now=NOW) is (what == "remove")
    assert (db.get(QualificationRequest, numbers[0]) is None) is (what == "remove")


@as_unit
def test_of_a_suspended_officer_nothing_is_due_and_after_it_the_notice_counts_anew(
    db: Session, people: Participants
) -> None:
    request = draft(db, people, NOW - YEAR)
    announced(db, request, NOW - MONTH)
    account = db.get_one(Account, people.sara.account_id)
    account.state = AccountState.SUSPENDED
    db.flush()
    assert reminders._step_now(db, request.id or 0, NOW) == (request, None)
    account.state = AccountState.ACTIVE
    for who, event, step in ((people.zahra, "suspension_lifted", "remove"), (people.sara, "suspended", "remove"), (people.sara, "suspension_lifted", "announce")):  # fmt: skip
        db.add(
            AuditEvent(
                actor_role=Role.SYSTEM,
                at=NOW - MONTH + SECOND,
                event=event,
                subject="account",
                subject_id=who.account_id,
            )
        )
        db.flush()
        assert reminders._step_now(db, request.id or 0, NOW)[1] == step


@as_unit
def test_drafts_come_by_pages_and_none_twice(
    db: Session, people: Participants, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders, "PAGE", 2)
    begun = [NOW - 340 * DAY, NOW - 341 * DAY, NOW - 341 * DAY, NOW - 339 * DAY, NOW - 334 * DAY]
    ids = [add_request(db, officer(db), RequestState.DRAFT, state_since=at).id for at in begun]
    add_request(db, officer(db), RequestState.DRAFT, state_since=begun[0], reminders=1)
    add_request(db, officer(db), RequestState.SUBMITTED, state_since=begun[0])
    first = page(db, NOW)
    assert (first.announce, first.after) == ([ids[1], ids[2]], (begun[2], ids[2]))
    second = find_abandoned(db, kind=RequestKind.NEW, announced=False, now=NOW, after=(begun[1], ids[1] or 0))
    assert (second.announce, second.after) == ([ids[2], ids[0]], (begun[0], ids[0]))
    last = find_abandoned(db, kind=RequestKind.NEW, announced=False, now=NOW, after=second.after)
    assert (last.announce, last.after) == ([ids[3]], None)


@as_unit
def test_what_was_announced_is_looked_at_again_after_a_year(db: Session, people: Participants) -> None:
    request = draft(db, people, NOW - YEAR + SECOND, reminders=1)
    announced(db, request, NOW - MONTH)
    assert page(db, NOW, noted=True).remove == []
    assert page(db, NOW + SECOND, noted=True) == DraftsPage([], [request.id or 0], [], None)
    assert page(db, NOW + SECOND) == DraftsPage([], [], [], None)


@as_unit
def test_only_drafts_are_noted_as_announced(db: Session, people: Participants) -> None:
    given = [
        add_request(db, officer(db), state)
        for state in (RequestState.DRAFT, RequestState.SUBMITTED, RequestState.DRAFT)
    ]
    reminders.note_announced(db, request_ids=[row.id or 0 for row in given[:2]])
    for row in given:
        db.refresh(row)
    assert [row.reminders for row in given] == [1, 0, 0]
    assert reminders._step_now(db, given[1].id or 0, NOW) == (None, None)
    assert reminders._step_now(db, 999_999, NOW) == (None, None)


# ── tariffs ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", [None, *sorted({*RequestState} - {RequestState.REJECTED})])
@as_unit
def test_staff_are_told_where_files_under_review_have_no_tariff(
    db: Session, people: Participants, state: RequestState | None
) -> None:
    if state is not None:
        waiting(db, people, state, NOW)
    reminders.watch_tariffs(db, now=NOW)
    under_review = state in (RequestState.SUBMITTED, RequestState.IN_REVIEW)
    assert alerts(db) == (["no_tariff:NEW"] if under_review else [])
    reminders.watch_tariffs(db, now=NOW)
    assert len(db.exec(select(StaffAlert)).all()) == under_review
    tariff(db, 500_000, RequestKind.AMENDMENT)
    reminders.watch_tariffs(db, now=NOW)
    assert len(alerts(db)) == under_review, "another kind's tariff is not theirs"
    tariff(db, 500_000)
    reminders.watch_tariffs(db, now=NOW)
    assert alerts(db) == []
