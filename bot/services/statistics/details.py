"""Which: the oldest open files, what was found deficient, and what experts decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, case, cast, func
from sqlmodel import Session, col, select

from bot.services.shared import reference_data
from bot.services.statistics.counts import OPEN_STATES
from bot.services.statistics.periods import Period
from bot.services.statistics.scope import Scope
from storage.enums import RequestState
from storage.tables import Account, DeficiencyRound, QualificationRequest

#: Decisions of an expert, in the order of the columns.
DECISIONS = ("approved", "deficiencies_declared", "rejected")


@dataclass(frozen=True, slots=True)
class OldFile:
    tracking_code: str
    university_code: str
    state: RequestState
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class ExpertDecisions:
    """What one expert decided in a period, by DECISIONS."""

    name: str
    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def oldest_files(db: Session, codes: Sequence[str], limit: int) -> list[OldFile]:
    """In circulation at these universities, by when they were filed."""
    row = QualificationRequest
    columns: Any = (row.tracking_code, row.university_code, row.state, row.submitted_at)
    query = (
        select(*columns)
        .where(
            col(row.university_code).in_(codes),
            col(row.state).in_(OPEN_STATES),
            col(row.submitted_at).is_not(None),
        )
        .order_by(col(row.submitted_at))
        .limit(limit)
    )
    return [OldFile(code or "", place or "", state, at) for code, place, state, at in db.exec(query)]


def _declared_in(scope: Scope, period: Period) -> Iterator[ColumnElement[bool]]:
    """The rounds of the period, joined to their requests."""
    yield col(DeficiencyRound.declared_at) >= period.since
    yield col(DeficiencyRound.declared_at) < period.until
    yield scope.among(QualificationRequest.university_code)


def deficient_items(db: Session, scope: Scope, period: Period) -> Counter[str]:
    """How often each item was declared deficient in the period: "doc.<code>" or the name of a field."""
    declared, row = DeficiencyRound, QualificationRequest
    columns: Any = (declared.items, func.count())
    query = (
        select(*columns)
        .join(row, col(row.id) == col(declared.request_id))
        .where(*_declared_in(scope, period))
        .group_by(col(declared.items))
    )
    found = Counter[str]()
    for items, number in db.exec(query):
        found.update(dict.fromkeys(items, number))
    return found


def given_reasons(db: Session, scope: Scope, period: Period) -> Counter[str]:
    """How often each text was given as the reason of a deficient item in the period; spaces do not count."""
    declared, row = DeficiencyRound, QualificationRequest
    query = (
        select(declared.reasons)
        .join(row, col(row.id) == col(declared.request_id))
        .where(
            *_declared_in(scope, period),
            cast(col(declared.reasons), String) != "{}",
        )
    )
    return Counter(
        " ".join(text.split()) for reasons in db.exec(query) for text in reasons.values() if text.strip()
    )


def names_of_items(db: Session, items: Iterable[str]) -> dict[str, str]:
    known = list(items)
    return dict(zip(known, reference_data.labels(db, known), strict=True))


def expert_decisions(db: Session, scope: Scope, period: Period) -> Counter[tuple[int, str]]:
    """Decisions of the period by (account.id, decision)."""
    row, declared = QualificationRequest, DeficiencyRound
    rejected = case((col(row.state) == RequestState.REJECTED, "rejected"), else_="approved")
    columns: Any = (row.reviewer_id, rejected.label("decision"), func.count())
    decided = (
        select(*columns)
        .where(
            scope.holds(row.university_code),
            col(row.decided_at) >= period.since,
            col(row.decided_at) < period.until,
            col(row.reviewer_id).is_not(None),
        )
        .group_by(col(row.reviewer_id), "decision")
    )
    columns = (declared.declared_by, func.count())
    rounds = (
        select(*columns)
        .join(row, col(row.id) == col(declared.request_id))
        .where(*_declared_in(scope, period))
        .group_by(col(declared.declared_by))
    )
    found = Counter({(expert, decision): number for expert, decision, number in db.exec(decided)})
    found.update({(expert, "deficiencies_declared"): number for expert, number in db.exec(rounds)})
    return found


def by_expert(db: Session, decisions: Counter[tuple[int, str]]) -> list[ExpertDecisions]:
    """The same with names, who decided most first."""
    by_account: dict[int, dict[str, int]] = {}
    for (account_id, decision), number in decisions.items():
        by_account.setdefault(account_id, {})[decision] = number
    accounts = db.exec(select(Account).where(col(Account.id).in_(list(by_account))))
    names = {account.id: account.name for account in accounts}
    rows = [ExpertDecisions(names.get(one, "–"), counts) for one, counts in by_account.items()]
    return sorted(rows, key=lambda one: (-one.total, one.name))
