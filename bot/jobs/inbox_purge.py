"""Updates that were answered long ago are deleted, and those that went wrong after a longer time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col, select

from storage.enums import InboxState
from storage.tables import InboxUpdate, LeftGroup

#: Messengers repeat an update for a day at most; what could not be read is kept longer, for people to look
#: at.
INBOX_LIFETIME, FAILED_INBOX_LIFETIME = timedelta(days=14), timedelta(days=90)
#: Updates that one unit looks at, and that it deletes: their bodies are large.
LOOKED_AT, PURGE_BATCH = 100, 40


@dataclass(frozen=True, slots=True)
class Purged:
    """What a unit deleted, and where the next one begins; None: there is nothing more."""

    gone: int
    after: int | None


def purge_inbox(db: Session, *, now: datetime, after: int) -> Purged:
    """Drop updates that were answered long ago: a batch of those behind `after`, the oldest first. They came in the
    order of their ids; what went wrong is kept longer (`purge_failed`)."""
    first = (
        select(InboxUpdate.id, InboxUpdate.state, InboxUpdate.received_at)
        .where(col(InboxUpdate.id) > after)
        .order_by(col(InboxUpdate.id))
        .limit(LOOKED_AT)
    )
    rows = db.exec(first).all()
    old, goes_on = list[int](), False
    for number, state, received_at in rows:
        after = number or 0
        is_old = received_at < now - INBOX_LIFETIME
        # What bears a time to come was written under a wrong clock: it says nothing of the rows behind it.
        goes_on = goes_on or is_old or received_at > now
        if is_old and state is InboxState.ANSWERED:
            old.append(after)
        if len(old) == PURGE_BATCH:
            return Purged(_delete_updates(db, old), after)
    return Purged(_delete_updates(db, old), after if goes_on and len(rows) == LOOKED_AT else None)


def purge_failed(db: Session, *, now: datetime) -> int:
    """Drop a batch of updates that went wrong long ago, and of groups that were left so long ago that they may be told
    again; say how many."""
    gone = 0
    odd = (InboxState.QUARANTINED, InboxState.FAILED)
    for state in odd:
        old = select(InboxUpdate.id).where(
            col(InboxUpdate.state).in_(odd),
            col(InboxUpdate.state) == state,
            col(InboxUpdate.received_at) < now - FAILED_INBOX_LIFETIME,
        )
        gone += _delete_updates(db, list(db.exec(old.limit(PURGE_BATCH))))
    left = select(LeftGroup.id).where(col(LeftGroup.left_at) < now - INBOX_LIFETIME).limit(PURGE_BATCH)
    if groups := list(db.exec(left)):
        gone += db.exec(
            delete(LeftGroup)
            .where(col(LeftGroup.id).in_(groups))
            .execution_options(synchronize_session=False)
        ).rowcount
    return gone


def _delete_updates(db: Session, ids: Sequence[int | None]) -> int:
    if not ids:
        return 0
    return db.exec(
        delete(InboxUpdate).where(col(InboxUpdate.id).in_(ids)).execution_options(synchronize_session=False)
    ).rowcount
