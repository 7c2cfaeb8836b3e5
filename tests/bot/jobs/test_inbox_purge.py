"""Which updates are dropped: those that were answered long ago, and after longer what went wrong."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from bot.jobs import inbox_purge
from bot.jobs.inbox_purge import Purged, purge_failed, purge_inbox
from storage.enums import InboxState, Messenger
from storage.tables import InboxUpdate, LeftGroup
from tests.support.factories.reference_data import NOW
from tests.support.services import as_unit

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def stored(db: Session, *ages: tuple[InboxState, timedelta]) -> None:
    for number, (state, age) in enumerate(ages, 1):
        came = {"received_at": NOW - age, "raw": "{}"}
        db.add(InboxUpdate(id=number, messenger=Messenger.BALE, update_id=number, state=state, **came))
        db.flush()


def left(db: Session) -> list[int | None]:
    return sorted(db.exec(select(InboxUpdate.id)))  # type: ignore[type-var]


@as_unit
def test_what_was_answered_two_weeks_ago_goes(db: Session) -> None:
    answered, done = InboxState.ANSWERED, InboxState.DONE
    stored(db, (answered, 14 * DAY + SECOND), (done, 99 * DAY), (answered, 14 * DAY), (answered, DAY))
    assert purge_inbox(db, now=NOW, after=0) == Purged(1, None)
    assert left(db) == [2, 3, 4]


@as_unit
def test_it_goes_on_behind_what_it_looked_at(db: Session) -> None:
    old = (InboxState.ANSWERED, 20 * DAY)
    inbox_before, batch_before = inbox_purge.LOOKED_AT, inbox_purge.PURGE_BATCH
    inbox_purge.LOOKED_AT, inbox_purge.PURGE_BATCH = 3, 2
    try:
        stored(db, old, old, old, (InboxState.FAILED, 20 * DAY), (InboxState.RECEIVED, -DAY), old, old)
        assert purge_inbox(db, now=NOW, after=0) == Purged(2, 2)
        assert purge_inbox(db, now=NOW, after=2) == Purged(1, 5)
        assert purge_inbox(db, now=NOW, after=5) == Purged(2, 7)
        assert left(db) == [4, 5]
        assert purge_inbox(db, now=NOW, after=7) == Purged(0, None)
    finally:
        inbox_purge.LOOKED_AT, inbox_purge.PURGE_BATCH = inbox_before, batch_before


@as_unit
def test_young_ones_end_the_search(db: Session) -> None:
    before, inbox_purge.LOOKED_AT = inbox_purge.LOOKED_AT, 2
    try:
        stored(db, *[(InboxState.ANSWERED, DAY)] * 3)
        assert purge_inbox(db, now=NOW, after=0) == Purged(0, None)
    finally:
        inbox_purge.LOOKED_AT = before


@pytest.mark.parametrize("state", [InboxState.FAILED, InboxState.QUARANTINED])
@as_unit
def test_what_went_wrong_is_kept_for_ninety_days(db: Session, state: InboxState) -> None:
    stored(db, (state, 90 * DAY + SECOND), (state, 90 * DAY), (InboxState.ANSWERED, 99 * DAY))
    assert purge_failed(db, now=NOW) == 1
    assert left(db) == [2, 3]


@as_unit
def test_a_group_may_be_told_again_after_two_weeks(db: Session) -> None:
    for number, age in enumerate((14 * DAY + SECOND, 14 * DAY), 1):
        times = {"notified_at": NOW - age, "left_at": NOW - age}
        db.add(LeftGroup(messenger=Messenger.BALE, chat_id=number, **times))
    db.flush()
    assert purge_failed(db, now=NOW) == 1
    assert list(db.exec(select(LeftGroup.chat_id))) == [2]
