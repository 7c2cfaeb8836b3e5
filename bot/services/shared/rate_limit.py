"""Counted tries within a window of time (docs/specification.md 2.1, throttles)."""

from datetime import datetime, timedelta

from sqlalchemy import delete, insert
from sqlmodel import Session, col, select

from bot.rules.account import Limit
from storage.tables import Throttle

_INSERT = insert(Throttle.metadata.tables["throttle"])

#: Longer than every window.
TRIES_LIFETIME = timedelta(days=2)


def time_to_wait(db: Session, *, key: str, limit: Limit, now: datetime) -> timedelta | None:
    """How long `key` has to wait before the next try; None: it may try now."""
    tries = db.exec(select(Throttle.at).where(Throttle.key == key, Throttle.at > limit.since(now))).all()
    return limit.wait(tries, now)


def count_try(db: Session, *, key: str, now: datetime) -> None:
    """Note one try. Return a Reply or Stay afterwards: a Refusal would take the note back."""
    db.exec(_INSERT, params={"key": key, "at": now})


def forget_old_tries(db: Session, *, now: datetime) -> int:
    """Drop tries that no window sees any more; say how many. For the ticking job."""
    return db.exec(delete(Throttle).where(col(Throttle.at) < now - TRIES_LIFETIME)).rowcount
