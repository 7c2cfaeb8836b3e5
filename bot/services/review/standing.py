"""Where a request stands on its way: what is before it in the queue, and how long its university usually takes.

See docs/specification.md 2.2.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.services.review.routing import REQUESTS
from bot.services.shared.permissions import require
from storage.enums import RequestState, Role
from storage.tables import QualificationRequest

#: Requests before one in the queue that are counted at most.
COUNTED = 100
#: The usual time is the median of the decisions of this period, if there are at least so many; the newest
#: are read at most.
PERIOD, FEWEST, NEWEST = timedelta(days=90), 10, 500


@dataclass(frozen=True, slots=True)
class Standing:
    """`before` requests are in the queue ahead (COUNTED + 1: more than are counted; None: it is not in the
    queue). `usual` is how long the university usually takes from submission to decision, None where that is
    not known."""

    before: int | None
    usual: timedelta | None


def standing_of(
    db: Session, *, actor: Actor, request: QualificationRequest, now: datetime
) -> Standing | None:
    """Of the acting officer's own request; None where it does not wait for its university. Two reads by index,
    both bounded. Raises NotAllowed."""
    require(db, actor, Role.OFFICER, reading=True)
    if request.account_id != actor.account_id:
        raise NotAllowed
    if request.state not in (RequestState.SUBMITTED, RequestState.IN_REVIEW):
        return None
    before = _before(db, request) if request.state is RequestState.SUBMITTED else None
    return Standing(before, _usual(db, request.university_code, now))


def _before(db: Session, request: QualificationRequest) -> int:
    """In the order of `Worklists.queue`."""
    row = QualificationRequest
    earlier = (
        select(row.id)
        .where(
            row.university_code == request.university_code,
            REQUESTS.unclaimed,
            REQUESTS.came <= request.submitted_at,
            or_(REQUESTS.came < request.submitted_at, col(row.id) < request.id),
        )
        .limit(COUNTED + 1)
    )
    return db.exec(select(func.count()).select_from(earlier.subquery())).one()


def _usual(db: Session, university_code: str | None, now: datetime) -> timedelta | None:
    row = QualificationRequest
    query = (
        select(row.submitted_at, row.decided_at)
        .where(row.university_code == university_code, col(row.decided_at) >= now - PERIOD)
        .order_by(col(row.decided_at).desc())
        .limit(NEWEST)
    )
    spans = sorted(decided - sent for sent, decided in db.exec(query) if sent and decided)
    if len(spans) < FEWEST:
        return None
    middle = len(spans) // 2
    return (spans[middle] + spans[~middle]) / 2
