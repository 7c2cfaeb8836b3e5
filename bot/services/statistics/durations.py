"""How long files take: hours from filing to the first decision and to the end, by university, as counts by hours.

A median is read from these counts, so that the database sends a line for each hour and not one for each file.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.services.statistics.periods import Period
from bot.services.statistics.scope import Scope
from bot.services.statistics.sql import hours_between
from storage.enums import RequestState
from storage.tables import DeficiencyRound, QualificationRequest

#: Files by whole hours.
Hours = Counter[int]
ByUniversity = dict[str, Hours]
#: Ways in which a file ends at its university; what an officer withdraws or staff revoke is no matter of speed.
ENDED = (RequestState.COMPLETED, RequestState.REJECTED)


def until_end(db: Session, codes: Sequence[str], period: Period) -> ByUniversity:
    """Of files that were paid or rejected in the period, until then."""
    row = QualificationRequest
    return _read(
        db,
        row.closed_at,
        [
            col(row.university_code).in_(codes),
            col(row.state).in_(ENDED),
            col(row.closed_at) >= period.since,
            col(row.closed_at) < period.until,
        ],
    )


def until_only_decision(db: Session, codes: Sequence[str], period: Period) -> ByUniversity:
    """Of files without a round of deficiencies that were approved or rejected in the period, until then."""
    row = QualificationRequest
    return _read(
        db,
        row.decided_at,
        [
            col(row.university_code).in_(codes),
            col(row.decided_at) >= period.since,
            col(row.decided_at) < period.until,
            col(row.round) == 0,
        ],
    )


def until_first_deficiencies(db: Session, scope: Scope, period: Period) -> ByUniversity:
    """Of files whose first deficiencies were declared in the period, until then."""
    row, declared = QualificationRequest, DeficiencyRound
    query = _hours(declared.declared_at).join(row, col(row.id) == col(declared.request_id))
    return _by_university(
        db.exec(
            query.where(
                col(declared.round) == 1,
                col(declared.declared_at) >= period.since,
                col(declared.declared_at) < period.until,
                scope.among(row.university_code),
            )
        )
    )


def rounds_of_ended(db: Session, codes: Sequence[str], period: Period) -> Counter[int]:
    """Files that were paid or rejected in the period, by the rounds of deficiencies that they needed."""
    row = QualificationRequest
    query = (
        select(col(row.round), func.count())
        .where(
            col(row.university_code).in_(codes),
            col(row.state).in_(ENDED),
            col(row.closed_at) >= period.since,
            col(row.closed_at) < period.until,
        )
        .group_by(col(row.round))
    )
    return Counter(dict(db.exec(query).all()))


def merged(parts: Iterable[ByUniversity]) -> ByUniversity:
    whole = defaultdict[str, Hours](Counter)
    for part in parts:
        for code, hours in part.items():
            whole[code].update(hours)
    return whole


def median_days(hours: Hours) -> float | None:
    """In days, to a tenth; None where there is no file."""
    number = hours.total()
    if not number:
        return None
    ordered = sorted(hours.items())
    low, high = _at(ordered, (number - 1) // 2), _at(ordered, number // 2)
    return round((low + high) / 48, 1)


def _at(ordered: list[tuple[int, int]], place: int) -> int:
    for hours, number in ordered:
        if place < number:
            return hours
        place -= number
    raise IndexError(place)


def _hours(until: Any) -> Any:
    row = QualificationRequest
    hours: Any = hours_between(col(row.submitted_at), col(until))
    columns: Any = (col(row.university_code), hours.label("hours"), func.count())
    entity = DeficiencyRound if until is DeficiencyRound.declared_at else row
    return (
        select(*columns)
        .select_from(entity)
        .where(col(row.submitted_at).is_not(None))
        .group_by(col(row.university_code), "hours")
    )


def _read(db: Session, until: Any, conditions: list[Any]) -> ByUniversity:
    return _by_university(db.exec(_hours(until).where(*conditions)))


def _by_university(rows: Iterable[Any]) -> ByUniversity:
    found = defaultdict[str, Hours](Counter)
    for code, hours, number in rows:
        found[code][max(hours, 0)] += number
    return found
