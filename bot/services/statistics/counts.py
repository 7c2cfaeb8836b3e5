"""How many: in circulation now, filed, decided and paid in a period, and the fees of a period."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.services import team
from bot.services.statistics.periods import Period
from bot.services.statistics.scope import Scope, scope_of
from storage.enums import IN_CIRCULATION, AttemptState, RequestState
from storage.tables import PaymentAttempt, QualificationRequest

#: States of files that are not over, in the order of their course.
OPEN_STATES = tuple(state for state in RequestState if state in IN_CIRCULATION)
#: Upper ends of the ages of open files, in days; the last has none.
AGES = (3, 10, 30)
#: What is shown on the screen is counted up to here: it is read while others wait.
MOST_SHOWN = 999
#: A file that was filed, whatever became of it.
_FILED = tuple(state for state in RequestState if state is not RequestState.DRAFT)


@dataclass(frozen=True, slots=True)
class OpenFiles:
    by_state: dict[RequestState, int]
    #: Since they were filed, by AGES.
    by_age: list[int]


@dataclass(frozen=True, slots=True)
class PeriodCounts:
    """Files that were filed, those that were approved or rejected, and fees that were paid."""

    filed: int
    decided: int
    paid: int


@dataclass(frozen=True, slots=True)
class ScreenFigures:
    """Each number is at most MOST_SHOWN + 1."""

    scope: Scope
    now: OpenFiles
    this_week: PeriodCounts
    last_week: PeriodCounts


def screen_figures(db: Session, *, actor: Actor, now: datetime) -> ScreenFigures:
    """What stands on the screen of the report. Raises NotAllowed."""
    scope = scope_of(db, actor=actor)
    start = team.week_start(now)
    last = Period("", "", start - timedelta(weeks=1), start)
    this = Period("", "", start, start + timedelta(weeks=1))
    most = MOST_SHOWN
    return ScreenFigures(
        scope,
        open_files(db, scope, now, most=most),
        *(period_counts(db, scope, period, most=most) for period in (this, last)),
    )


def open_files(db: Session, scope: Scope, now: datetime, *, most: int | None = None) -> OpenFiles:
    """Files in circulation by state and by age; each counted up to `most` + 1."""
    row = QualificationRequest
    here = scope.holds(row.university_code)
    by_state = {state: _count(db, [here, col(row.state) == state], most) for state in OPEN_STATES}
    ends = [now - timedelta(days=days) for days in AGES]
    by_age = []
    for younger, older in zip([None, *ends], [*ends, None], strict=True):
        conditions = [here, col(row.state).in_(OPEN_STATES)]
        if younger is not None:
            conditions.append(col(row.submitted_at) <= younger)
        if older is not None:
            conditions.append(col(row.submitted_at) > older)
        by_age.append(_count(db, conditions, most))
    return OpenFiles(by_state, by_age)


def open_by_university(db: Session, codes: Sequence[str]) -> Counter[str]:
    """Files in circulation at each of these universities."""
    row = QualificationRequest
    columns: Any = (row.university_code, func.count())
    query = select(*columns).where(col(row.university_code).in_(codes), col(row.state).in_(OPEN_STATES))
    return Counter(dict(db.exec(query.group_by(col(row.university_code))).all()))


def period_counts(db: Session, scope: Scope, period: Period, *, most: int | None = None) -> PeriodCounts:
    row = QualificationRequest
    here = scope.holds(row.university_code)
    filed = [here, col(row.state).in_(_FILED), *_within(row.submitted_at, period)]
    decided = [here, *_within(row.decided_at, period)]
    paid = _paid(scope, period, select(col(PaymentAttempt.id)))
    return PeriodCounts(_count(db, filed, most), _count(db, decided, most), _counted(db, paid, most))


def fees(db: Session, scope: Scope, period: Period) -> tuple[int, int]:
    """Fees that were paid and kept: how many, and rial together."""
    columns: Any = (func.count(), func.coalesce(func.sum(col(PaymentAttempt.amount_rial)), 0))
    number, rial = db.exec(_paid(scope, period, select(*columns))).one()
    return number, int(rial)


def _paid(scope: Scope, period: Period, query: Any) -> Any:
    attempt, request = PaymentAttempt, QualificationRequest
    query = query.select_from(attempt).where(
        col(attempt.state) == AttemptState.PAID, *_within(attempt.paid_at, period)
    )
    if scope.university is None:
        return query
    # From the few files of the university to their payments, not from the payments of all universities to their files. A paid
    # file was closed by its payment; one that was revoked later was closed once more then.
    ended = or_(
        and_(col(request.state) == RequestState.COMPLETED, *_within(request.closed_at, period)),
        and_(col(request.state) == RequestState.REVOKED, col(request.closed_at) >= period.since),
    )
    return query.join(request, col(request.id) == col(attempt.request_id)).where(
        scope.holds(request.university_code), ended
    )


def _within(column: Any, period: Period) -> tuple[Any, Any]:
    return col(column) >= period.since, col(column) < period.until


def _count(db: Session, conditions: list[Any], most: int | None) -> int:
    return _counted(db, select(col(QualificationRequest.id)).where(*conditions), most)


def _counted(db: Session, query: Any, most: int | None) -> int:
    if most is not None:
        query = query.limit(most + 1)
    return db.exec(select(func.count()).select_from(query.subquery())).one()
