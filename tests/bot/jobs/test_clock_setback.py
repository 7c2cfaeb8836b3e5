"""A clock that was set back: what lies ahead of it is pulled forward, and what may lie ahead by itself is not."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.jobs import clock_setback
from bot.jobs.clock_setback import pull_forward
from storage.enums import AttemptState, InboxState, Messenger, PushChannel, PushState, RequestState
from storage.tables import (
    Chat,
    Grant,
    InboxUpdate,
    PaymentAttempt,
    Push,
    QualificationRequest,
    StaffAlert,
    Throttle,
)
from tests.support.factories.people import Participants, participants
from tests.support.factories.qualification import add_request, attempt_row
from tests.support.factories.reference_data import NOW
from tests.support.services import as_unit

MINUTE = timedelta(minutes=1)
LEASE = NOW + 3 * MINUTE

Make = Callable[[Session, Participants, datetime], Any]


def chat_of(db: Session, people: Participants) -> Chat:
    return db.exec(select(Chat).where(Chat.account_id == people.sara.account_id)).one()


def shown(db: Session, people: Participants, at: datetime) -> Chat:
    chat = chat_of(db, people)
    chat.show_at = at
    return chat


def push(state: PushState, column: str) -> Make:
    def make(db: Session, people: Participants, at: datetime) -> Push:
        times = {"next_at": NOW, "created_at": NOW} | {column: at}
        return Push(key="k", kind="N1", channel=PushChannel.SMS, text="خبر", state=state, **times)

    return make


def attempt(state: AttemptState, column: str, **values: Any) -> Make:
    def make(db: Session, people: Participants, at: datetime) -> PaymentAttempt:
        request = add_request(db, people.sara, RequestState.SUBMITTED)
        return attempt_row(request.id, state=state, **{"state_since": NOW} | values | {column: at})

    return make


def update(state: InboxState, column: str) -> Make:
    def make(db: Session, people: Participants, at: datetime) -> InboxUpdate:
        times = {"received_at": NOW} | {column: at}
        return InboxUpdate(messenger=Messenger.BALE, update_id=1, raw="{}", state=state, **times)

    return make


def held(db: Session, people: Participants, at: datetime) -> QualificationRequest:
    return add_request(
        db, people.sara, RequestState.IN_REVIEW, reviewer_id=people.ali.account_id, held_until=at
    )


def notified(who: str) -> Make:
    def make(db: Session, people: Participants, at: datetime) -> Grant:
        account_id = getattr(people, who).account_id
        grant = db.exec(select(Grant).where(Grant.account_id == account_id)).one()
        grant.waiting_notified_at = at
        return grant

    return make


def alert(**values: Any) -> Make:
    def make(db: Session, people: Participants, at: datetime) -> StaffAlert:
        return StaffAlert(key="a:1", text="هشدار", created_at=NOW, notified_at=at, **values)

    return make


#: (what, column, from how far ahead on it is pulled forward, to when)
PULLED: list[tuple[Make, str, timedelta, datetime]] = [
    (shown, "show_at", 10 * MINUTE, NOW + MINUTE),
    (push(PushState.QUEUED, "next_at"), "next_at", 25 * MINUTE, NOW),
    (push(PushState.SENDING, "leased_until"), "leased_until", 10 * MINUTE, LEASE),
    (attempt(AttemptState.VERIFYING, "next_check_at"), "next_check_at", 10 * MINUTE, LEASE),
    (attempt(AttemptState.VERIFYING, "next_check_at", checks=15), "next_check_at", 10 * MINUTE, LEASE),
    (attempt(AttemptState.CREATED, "next_check_at", checks=14), "next_check_at", 10 * MINUTE, LEASE),
    (attempt(AttemptState.CREATED, "next_check_at", checks=15), "next_check_at", 70 * MINUTE, LEASE),
    (attempt(AttemptState.UNCERTAIN, "state_since"), "state_since", 10 * MINUTE, NOW),
    (held, "held_until", 61 * MINUTE, LEASE),
    (notified("ali"), "waiting_notified_at", 10 * MINUTE, NOW),
    (alert(), "notified_at", 10 * MINUTE, NOW),
    (update(InboxState.RECEIVED, "received_at"), "received_at", 10 * MINUTE, NOW),
    (update(InboxState.DONE, "done_at"), "done_at", 10 * MINUTE, NOW),
]
#: What lies ahead and stays: it is over, or not of those that wait.
LEFT: list[tuple[Make, str]] = [
    (push(PushState.SENT, "next_at"), "next_at"),
    (push(PushState.SENDING, "next_at"), "next_at"),
    (push(PushState.QUEUED, "leased_until"), "leased_until"),
    (attempt(AttemptState.CREATED, "state_since"), "state_since"),
    (notified("sara"), "waiting_notified_at"),
    (alert(resolved_at=NOW), "notified_at"),
    (update(InboxState.ANSWERED, "received_at"), "received_at"),
    (update(InboxState.DONE, "received_at"), "received_at"),
    (update(InboxState.RECEIVED, "done_at"), "done_at"),
]


def drawn(db: Session, make: Make, at: datetime, column: str) -> tuple[int, datetime]:
    row = make(db, participants(db), at)
    db.add(row)
    db.flush()
    number = pull_forward(db, now=NOW)
    db.refresh(row)
    return number, getattr(row, column)


@pytest.mark.parametrize(("make", "column", "ahead", "to"), PULLED)
@as_unit
def test_what_lies_ahead_is_pulled_forward(
    db: Session, make: Make, column: str, ahead: timedelta, to: datetime
) -> None:
    assert drawn(db, make, NOW + ahead + timedelta(seconds=1), column) == (1, to)


@pytest.mark.parametrize(("make", "column", "ahead", "to"), PULLED)
@as_unit
def test_what_may_lie_ahead_by_itself_stays(
    db: Session, make: Make, column: str, ahead: timedelta, to: datetime
) -> None:
    assert drawn(db, make, NOW + ahead, column) == (0, NOW + ahead)


@pytest.mark.parametrize(("make", "column"), LEFT)
@as_unit
def test_what_waits_for_nothing_stays(db: Session, make: Make, column: str) -> None:
    at = NOW + timedelta(days=3)
    assert drawn(db, make, at, column) == (0, at)


@pytest.mark.parametrize(
    ("since", "until", "left"), [(11, 200, (0, 189)), (10, 200, (10, 200)), (-30, 900, (-30, 900))]
)
@as_unit
def test_a_rest_begins_now_where_it_was_asked_for_in_the_future(
    db: Session, since: int, until: int, left: tuple[int, int]
) -> None:
    chat = chat_of(db, participants(db))
    chat.rest_since, chat.rest_until = NOW + since * MINUTE, NOW + until * MINUTE
    db.flush()
    assert pull_forward(db, now=NOW) == (left != (since, until))
    assert (chat.rest_since, chat.rest_until) == (NOW + left[0] * MINUTE, NOW + left[1] * MINUTE)


@as_unit
def test_nobody_stays_locked_out(db: Session) -> None:
    db.add_all(Throttle(key=f"k{minutes}", at=NOW + minutes * MINUTE) for minutes in (-5, 10, 11, 5000))
    db.flush()
    assert pull_forward(db, now=NOW) == 2
    assert sorted(db.exec(select(Throttle.key))) == ["k-5", "k10"]


@as_unit
def test_a_unit_pulls_so_many(db: Session) -> None:
    before, clock_setback.BATCH = clock_setback.BATCH, 3
    try:
        ahead = NOW + timedelta(days=1)
        for number in range(2):
            db.add(
                Push(
                    key=f"k{number}",
                    kind="N1",
                    channel=PushChannel.SMS,
                    text="خبر",
                    next_at=ahead,
                    created_at=NOW,
                )
            )
        db.add_all(Throttle(key=f"t{number}", at=ahead) for number in range(3))
        db.flush()
        assert [pull_forward(db, now=NOW) for _ in range(3)] == [3, 2, 0]
    finally:
        clock_setback.BATCH = before
