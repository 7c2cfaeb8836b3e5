"""How often something may be tried: limits, and counted tries within a window of time (docs/specification.md 2.1, throttles)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from bot.texts.formats import TEHRAN
from storage.prepared import Prepared, connection_of
from storage.tables import Throttle

_THROTTLE = Throttle.metadata.tables["throttle"]
_INSERT = insert(_THROTTLE)
_TRIES = Prepared(
    select_columns(_THROTTLE.c.at).where(
        _THROTTLE.c.key == bindparam("of"), _THROTTLE.c.at > bindparam("since")
    )
)

#: Longer than every window.
TRIES_LIFETIME = timedelta(days=2)
#: Tries that one unit drops.
BATCH = 200


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` tries within `span`; with `daily`, within one day of Tehran."""

    count: int
    span: timedelta = timedelta(days=1)
    daily: bool = False

    def since(self, now: datetime) -> datetime:
        """From when on tries count."""
        if self.daily:
            return now.astimezone(TEHRAN).replace(hour=0, minute=0, second=0, microsecond=0)
        return now - self.span

    def wait(self, tries: Sequence[datetime], now: datetime) -> timedelta | None:
        """How long to wait, given the times of all tries since `since`; None: go on."""
        if len(tries) < self.count:
            return None
        oldest = sorted(tries)[-self.count]
        opens = self.since(now) + timedelta(days=1) if self.daily else oldest + self.span
        return max(opens - now, timedelta(seconds=1))


WRONG_PASSWORDS_PER_CHAT = Limit(5, timedelta(minutes=15))
#: Only tries from chats that are not linked to the account, so that nobody locks out its owner's own phone.
WRONG_PASSWORDS_PER_ACCOUNT = Limit(20, timedelta(hours=1))
NATIONAL_CODES_PER_CHAT = Limit(5, daily=True)
RECOVERIES_PER_CHAT = Limit(5, daily=True)
#: Officers looked up by a distributor, found or not (docs/specification.md 2.1).
LOOKUPS_PER_DISTRIBUTOR = Limit(20, daily=True)


def time_to_wait(db: Session, *, key: str, limit: Limit, now: datetime) -> timedelta | None:
    """How long `key` has to wait before the next try; None: it may try now."""
    tries = _TRIES.all(connection_of(db), {"of": key, "since": limit.since(now)})
    return limit.wait([at for (at,) in tries], now)


def count_try(db: Session, *, key: str, now: datetime) -> None:
    """Note one try. Return a Reply or Stay afterwards: a Refusal would take the note back."""
    db.exec(_INSERT, params={"key": key, "at": now})


def first_time(db: Session, *, key: str, now: datetime, within: timedelta | None = None) -> bool:
    """Whether nobody noted this key before (`within` a span); it is noted then. What must not happen twice with several
    processes needs a key of its own besides."""
    query = select(Throttle.id).where(Throttle.key == key)
    if within is not None:
        query = query.where(col(Throttle.at) > now - within)
    if db.exec(query.limit(1)).first() is not None:
        return False
    count_try(db, key=key, now=now)
    return True


def forget_old_tries(db: Session, *, now: datetime) -> int:
    """Drop a batch of tries that no window sees any more; say how many. A job repeats it."""
    old = select(Throttle.id).where(col(Throttle.at) < now - TRIES_LIFETIME).order_by(col(Throttle.at))
    ids = list(db.exec(old.limit(BATCH)))
    if not ids:
        return 0
    return db.exec(
        delete(Throttle).where(col(Throttle.id).in_(ids)).execution_options(synchronize_session=False)
    ).rowcount
