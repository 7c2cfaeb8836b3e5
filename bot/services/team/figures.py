"""Figures of a university's experts: what each has, what is overdue, what was decided (docs/specification.md 2.9).

Of qualification files, apart from the number of cooperation files in hand. A few reads by index, each bounded by what is in
hand, or by NEWEST.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import ceil
from statistics import median

from sqlalchemy import case, func
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.services.review import leaves, routing
from bot.services.shared.permissions import require
from bot.texts import formats
from storage.enums import RequestState, Role
from storage.tables import Account, CooperationRequest, QualificationRequest

#: The usual duration is that of the decisions of this period, the newest of them.
PERIOD, NEWEST = timedelta(days=90), 5000
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class ColleagueFigures:
    """One expert. `median_days`: from submission to decision; None where nothing was decided in PERIOD."""

    account_id: int
    name: str
    to_decide: int
    returned: int
    overdue: int
    cooperations: int
    decided_this_week: int
    decided_last_week: int
    median_days: int | None
    on_leave: bool


@dataclass(frozen=True, slots=True)
class TeamFigures:
    """`waiting` is the queue; `overdue` is the list «دیرکردها» of the university, with files of experts who are no longer
    there; `received` counts files of this and of last week."""

    waiting: int
    overdue: int
    received_this_week: int
    received_last_week: int
    colleagues: tuple[ColleagueFigures, ...]


def week_start(now: datetime) -> datetime:
    """Saturday, 0 o'clock in Tehran."""
    local = now.astimezone(formats.TEHRAN)
    day = local.date() - timedelta(days=(local.weekday() - _SATURDAY) % 7)
    return datetime.combine(day, time(), formats.TEHRAN)


def own_figures(db: Session, *, actor: Actor, now: datetime, overdue_before: datetime) -> ColleagueFigures:
    """Of the acting expert. Raises NotAllowed."""
    require(db, actor, *routing.REVIEWERS)
    assert actor.account_id is not None
    assert actor.university_code is not None
    return _of_experts(db, actor.university_code, {actor.account_id}, now, overdue_before)[0]


def team_figures(db: Session, *, actor: Actor, now: datetime, overdue_before: datetime) -> TeamFigures:
    """Of the experts of the head's university, the most burdened first. Raises NotAllowed."""
    require(db, actor, Role.IN_CHARGE)
    if actor.university_code is None:
        raise NotAllowed
    return figures_of(db, actor.university_code, now, overdue_before)


def figures_of(db: Session, university_code: str, now: datetime, overdue_before: datetime) -> TeamFigures:
    """The same for a timer."""
    row = QualificationRequest
    at = col(row.university_code) == university_code
    came = col(row.submitted_at)
    queue = routing.REQUESTS
    late = queue.late(overdue_before)
    waiting, late_waiting, late_in_hand = (
        db.exec(select(func.count()).where(at, condition)).one()
        for condition in (queue.unclaimed, queue.unclaimed & late, queue.in_hand & late)
    )
    start, every = week_start(now), list(RequestState)
    this_week, last_week = (
        db.exec(select(func.count()).where(at, col(row.state).in_(every), came >= since, came < until)).one()
        for since, until in ((start, now + timedelta(days=1)), (start - timedelta(days=7), start))
    )
    experts = {grant.account_id for grant in routing.experts(db, university_code)}
    colleagues = _of_experts(db, university_code, experts, now, overdue_before)
    return TeamFigures(waiting, late_waiting + late_in_hand, this_week, last_week, tuple(colleagues))


def _of_experts(
    db: Session, university_code: str, experts: set[int], now: datetime, overdue_before: datetime
) -> list[ColleagueFigures]:
    row, coop = QualificationRequest, CooperationRequest
    reviewer, at = col(row.reviewer_id), col(row.university_code) == university_code
    hand = db.exec(
        select(
            reviewer,
            func.count(),
            func.sum(case((col(row.round) > 0, 1), else_=0)),
            func.sum(case((routing.REQUESTS.late(overdue_before), 1), else_=0)),
        )
        .where(at, routing.REQUESTS.in_hand, reviewer.in_(experts))
        .group_by(reviewer)
    )
    in_hand = {found: (n, back or 0, late or 0) for found, n, back, late in hand}
    cooperations = dict(
        db.exec(
            select(col(coop.reviewer_id), func.count())
            .where(
                col(coop.university_code) == university_code,
                routing.COOPERATIONS.under_review,
                col(coop.reviewer_id).in_(experts),
            )
            .group_by(col(coop.reviewer_id))
        ).all()
    )
    start = week_start(now)
    spans = defaultdict[int, list[timedelta]](list)
    this_week, last_week = defaultdict[int, int](int), defaultdict[int, int](int)
    whose = at & (reviewer == next(iter(experts))) if len(experts) == 1 else at
    decided = (
        select(reviewer, row.submitted_at, row.decided_at)
        .where(whose, col(row.decided_at) >= now - PERIOD)
        .order_by(col(row.decided_at).desc())
        .limit(NEWEST)
    )
    for found, sent, when in db.exec(decided):
        if found is None or when is None:
            continue
        if sent is not None:
            spans[found].append(when - sent)
        this_week[found] += when >= start
        last_week[found] += start - timedelta(days=7) <= when < start
    away = leaves.leaves_of(db, university_code, leaves.today(now))
    accounts = db.exec(select(Account).where(col(Account.id).in_(experts)).order_by(col(Account.id))).all()
    figures = []
    for account in accounts:
        number = account.id or 0
        to_decide, returned, overdue = in_hand.get(number, (0, 0, 0))
        usual = median(span / timedelta(days=1) for span in spans[number]) if spans[number] else None
        figures.append(
            ColleagueFigures(
                number,
                account.name,
                to_decide,
                returned,
                overdue,
                cooperations.get(number, 0),
                this_week[number],
                last_week[number],
                ceil(usual) if usual is not None else None,
                number in away,
            )
        )
    return sorted(figures, key=lambda one: (-one.to_decide, one.name))
