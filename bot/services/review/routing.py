"""Which university reviews a request, and whether it has an expert.

See docs/specification.md 3, "From region to university".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, exists, func, or_
from sqlmodel import Session, col, select

from bot.services.shared.notify import alert_staff, close_alert
from bot.services.shared.reference_data import university_name
from bot.texts import formats, t
from storage.database.unit_of_work import Versioned
from storage.enums import AccountState, CooperationState, RequestState, Role
from storage.tables import (
    Account,
    CooperationRequest,
    Coverage,
    Grant,
    QualificationRequest,
    StaffAlert,
    University,
)

REVIEWERS = (Role.EXPERT, Role.IN_CHARGE)
#: Files of a queue that are counted for a message; more are told as «۹۹۹+».
COUNTED = 999
#: Experts of a university whom one unit tells of what waits or is late; a job tells the others in further units.
EXPERTS_AT_ONCE = 8
#: Of a grant with its account: an expert who may review now.
REVIEWS_NOW = (
    col(Grant.role).in_(REVIEWERS) & col(Grant.active).is_(True) & (col(Account.state) == AccountState.ACTIVE)
)


_NO_EXPERT = "no-expert"


@dataclass(frozen=True, slots=True)
class Choices:
    """Universities of a province to choose from; `suggested` is the code that coverage names, if any."""

    universities: tuple[University, ...]
    suggested: str | None = None
    #: Municipal districts of the city that belong to different universities, in order.
    districts: tuple[int, ...] = ()


def _most_specific(
    db: Session, province: str, city: str | None, district: int | None, *, only_active: bool
) -> str | None:
    """The university of the coverage row that fits best, if any does."""
    query = (
        select(Coverage)
        .join(University, col(University.code) == col(Coverage.university_code))
        .where(
            Coverage.province == province,
            Coverage.city == city,
            col(University.active).is_(True),
            col(University.regional).is_(True),
        )
    )
    if only_active:
        query = query.where(col(Coverage.active).is_(True))
    rows = db.exec(query).all()
    exact = [row for row in rows if row.district is not None and row.district == district]
    whole = [row for row in rows if row.district is None]
    return next((row.university_code for row in (*exact, *whole)), None)


def province_default(db: Session, province: str) -> str | None:
    query = select(University.code).where(
        University.province == province,
        col(University.province_default).is_(True),
        col(University.active).is_(True),
    )
    return db.exec(query.order_by(col(University.code))).first()


def university_for(db: Session, province: str, city: str | None) -> str | None:
    """The one university of this region, or None where the officer must choose (Tehran).

    A coverage row that is switched on goes before the province's default; where there is no default it only suggests.
    """
    default = province_default(db, province)
    return default and (_most_specific(db, province, city, None, only_active=True) or default)


def choices_for(db: Session, province: str, city: str | None = None, district: int | None = None) -> Choices:
    """What the officer chooses from where the province has no default; empty where there is nothing to choose."""
    if province_default(db, province) is not None:
        return Choices(())
    query = select(University).where(
        University.province == province,
        col(University.regional).is_(True),
        col(University.active).is_(True),
    )
    universities = tuple(db.exec(query.order_by(col(University.name))))
    suggested = _most_specific(db, province, city, district, only_active=False) if city else None
    districts = select(Coverage.district).where(
        Coverage.province == province,
        Coverage.city == city,
        col(Coverage.district).is_not(None),
        col(Coverage.active).is_(True),
    )
    return Choices(
        universities,
        suggested if suggested in {university.code for university in universities} else None,
        tuple(sorted(n for n in db.exec(districts) if n is not None))
        if city and len(universities) > 1
        else (),
    )


def contact_of(db: Session, code: str | None) -> University | None:
    """The university with its phone, hours and address, where staff have written any."""
    university = db.get(University, code) if code is not None else None
    known = university is not None and (university.phone or university.hours or university.address)
    return university if known else None


def resolve_university(
    db: Session, *, province: str | None, city: str | None, chosen: str | None
) -> str | None:
    """The university by the region, or `chosen` where the province offers it to choose from (Tehran); else None."""
    if not province:
        return None
    fixed = university_for(db, province, city)
    if fixed is not None:
        return fixed
    offered = {university.code for university in choices_for(db, province, city).universities}
    return chosen if chosen in offered else None


def experts(db: Session, university_code: str) -> list[Grant]:
    """Active grants of those who may review there, one an account (the higher where an account holds both)."""
    query = (
        select(Grant)
        .join(Account, col(Account.id) == col(Grant.account_id))
        .where(Grant.university_code == university_code, REVIEWS_NOW)
        .order_by(col(Grant.account_id), col(Grant.role))
    )
    return list({grant.account_id: grant for grant in db.exec(query)}.values())


def grant_of(db: Session, account_id: int | None, university_code: str | None) -> int | None:
    """role_grant.id by which this account reviews files of that university; None where it does not, or no longer."""
    query = select(Grant.id).where(
        Grant.account_id == account_id,
        Grant.university_code == university_code,
        col(Grant.role).in_(REVIEWERS),
        col(Grant.active).is_(True),
    )
    return db.exec(query.order_by(col(Grant.role))).first()


def is_active_expert(db: Session, account_id: int | None, university_code: str | None) -> bool:
    """Whether this account may review files of that university now."""
    if account_id is None or university_code is None:
        return False
    return any(grant.account_id == account_id for grant in experts(db, university_code))


def has_active_expert(db: Session, university_code: str) -> bool:
    return bool(experts(db, university_code))


class ReviewableRow(Versioned, Protocol):
    """The columns that files of all kinds have."""

    account_id: int
    university_code: str | None
    reviewer_id: int | None
    deputy_for_id: int | None
    state_since: datetime
    #: None in a draft.
    tracking_code: Any
    held_until: datetime | None
    held_decision: dict[str, Any]


R = TypeVar("R", bound=ReviewableRow)


@dataclass(frozen=True, eq=False)
class Queue(Generic[R]):
    """Where files of one kind wait for an expert, or for the one who has them."""

    row: type[R]
    #: Not claimed.
    unclaimed: ColumnElement[bool]
    #: Under an expert's review and not decided, also while it waits for its officer.
    under_review: ColumnElement[bool]
    #: The column that says when it came.
    came: Any
    #: To be decided by the one who has claimed it; not while a decision waits that may still be undone.
    in_hand: ColumnElement[bool]
    #: The columns that say when it last came to the university, and when it was decided.
    received: Any
    decided: Any
    #: Decided by the university.
    is_decided: ColumnElement[bool]
    #: Returned by the applicant, waiting for the applicant, approved and unpaid; None where the kind has none of that.
    is_returned: ColumnElement[bool] | None = None
    at_applicant: ColumnElement[bool] | None = None
    unpaid: ColumnElement[bool] | None = None

    def late(self, overdue_before: datetime) -> ColumnElement[bool]:
        """Of a file that waits for its university: whether it has waited longer than the setting allows. `overdue_before`
        is the moment so many working days ago (`working_days_before`)."""
        late: ColumnElement[bool] = self.received < overdue_before
        return late


REQUESTS = Queue(
    QualificationRequest,
    col(QualificationRequest.state) == RequestState.SUBMITTED,
    col(QualificationRequest.state).in_((RequestState.IN_REVIEW, RequestState.DEFICIENT))
    & col(QualificationRequest.held_until).is_(None),
    col(QualificationRequest.submitted_at),
    in_hand=(col(QualificationRequest.state) == RequestState.IN_REVIEW)
    & col(QualificationRequest.held_until).is_(None),
    received=col(QualificationRequest.received_at),
    decided=col(QualificationRequest.decided_at),
    is_decided=col(QualificationRequest.decided_at).is_not(None),
    is_returned=col(QualificationRequest.round) > 0,
    at_applicant=col(QualificationRequest.state) == RequestState.DEFICIENT,
    unpaid=col(QualificationRequest.state) == RequestState.AWAITING_PAYMENT,
)
_AT_UNIVERSITY = col(CooperationRequest.state) == CooperationState.PENDING_UNIVERSITY
COOPERATIONS = Queue(
    CooperationRequest,
    _AT_UNIVERSITY & col(CooperationRequest.reviewer_id).is_(None),
    _AT_UNIVERSITY
    & col(CooperationRequest.reviewer_id).is_not(None)
    & col(CooperationRequest.held_until).is_(None),
    col(CooperationRequest.accepted_at),
    in_hand=_AT_UNIVERSITY
    & col(CooperationRequest.reviewer_id).is_not(None)
    & col(CooperationRequest.held_until).is_(None),
    received=col(CooperationRequest.accepted_at),
    decided=col(CooperationRequest.closed_at),
    is_decided=col(CooperationRequest.state).in_(
        (CooperationState.APPROVED, CooperationState.REJECTED_BY_UNIVERSITY)
    ),
)
QUEUES = (REQUESTS, COOPERATIONS)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Files of one kind that are not claimed: how many, counted up to a bound, and the first of them."""

    number: int
    first: int | None


def _unclaimed(queue: Queue[Any], university_code: str) -> tuple[ColumnElement[bool], ...]:
    return col(queue.row.university_code) == university_code, queue.unclaimed


#: Of a university: whether a file waits there that is not claimed.
_HAS_UNCLAIMED = or_(
    *(
        exists().where(col(queue.row.university_code) == col(University.code), queue.unclaimed)
        for queue in QUEUES
    )
)


def waiting_before(
    db: Session, queue: Queue[Any], university_code: str, before: datetime, *, most: int
) -> Waiting:
    """What waits there, not claimed, since before a moment; counted up to `most` + 1."""
    since = col(queue.row.state_since)
    late = (*_unclaimed(queue, university_code), since <= before)
    counted = select(queue.row.id).where(*late).limit(most + 1).subquery()
    first = db.exec(select(queue.row.id).where(*late).order_by(since).limit(1)).first()
    return Waiting(db.exec(select(func.count()).select_from(counted)).one(), first)


def newest_arrival(db: Session, university_code: str) -> datetime | None:
    """When the last file came there that is not claimed; None where none waits."""
    found = (
        db.exec(select(func.max(queue.row.state_since)).where(*_unclaimed(queue, university_code))).one()
        for queue in QUEUES
    )
    return max((moment for moment in found if moment is not None), default=None)


@dataclass(frozen=True, slots=True)
class UnclaimedRequests:
    """Requests that are not claimed at a university, each kind counted up to COUNTED + 1; `oldest` came first, None
    where none waits."""

    requests: int
    cooperations: int
    oldest: datetime | None

    @property
    def total(self) -> int:
        return self.requests + self.cooperations

    @property
    def told(self) -> str:
        """The number for people."""
        return formats.bounded(self.total, COUNTED)


def unclaimed_requests(db: Session, university_code: str) -> UnclaimedRequests:
    """What waits there: qualification and cooperation files."""

    def look(queue: Queue[Any]) -> tuple[int, datetime | None]:
        there = _unclaimed(queue, university_code)
        counted = select(queue.row.id).where(*there).limit(COUNTED + 1).subquery()
        number = db.exec(select(func.count()).select_from(counted)).one()
        return number, db.exec(select(func.min(queue.came)).where(*there)).one() if number else None

    (requests, first), (cooperations, other) = look(REQUESTS), look(COOPERATIONS)
    return UnclaimedRequests(
        requests, cooperations, min((moment for moment in (first, other) if moment), default=None)
    )


def alert_if_no_expert(db: Session, *, university_code: str, now: datetime) -> None:
    """Alert staff while files wait at a university without any active expert; settle the alert once there is one,
    or no file waits any more."""
    key = f"{_NO_EXPERT}:{university_code}"
    if has_active_expert(db, university_code):
        close_alert(db, key=key, now=now)
        return
    unclaimed = unclaimed_requests(db, university_code)
    if not unclaimed.total:
        close_alert(db, key=key, now=now)
    else:
        name = university_name(db, university_code)
        text = t("alert.no_expert", university=name, n=unclaimed.told)
        alert_staff(db, key=key, text=text, now=now)


def alert_where_no_expert(db: Session, *, universities: Sequence[str], now: datetime) -> None:
    """`alert_if_no_expert` for those of these universities that have no expert, or had none when last looked at."""
    reviewer = (
        select(Grant.id)
        .join(Account, col(Account.id) == col(Grant.account_id))
        .where(col(Grant.university_code) == col(University.code), REVIEWS_NOW)
    )
    alone = select(University.code).where(col(University.code).in_(universities), ~reviewer.exists())
    open_alerts = select(StaffAlert.key).where(
        col(StaffAlert.key).in_([f"{_NO_EXPERT}:{code}" for code in universities]),
        col(StaffAlert.resolved_at).is_(None),
    )
    codes = {*db.exec(alone), *(key.partition(":")[2] for key in db.exec(open_alerts))}
    for code in sorted(codes):
        alert_if_no_expert(db, university_code=code, now=now)


def codes_with_unclaimed(db: Session) -> list[str]:
    """Of the universities where a file waits that is not claimed, in order."""
    return list(db.exec(select(University.code).where(_HAS_UNCLAIMED).order_by(col(University.code))))


def codes_to_alert(db: Session) -> list[str]:
    """Of the universities that `alert_where_no_expert` has to look at, in order: files wait there, or an alert is open."""
    open_alerts = select(StaffAlert.key).where(
        col(StaffAlert.key).startswith(f"{_NO_EXPERT}:", autoescape=True),
        col(StaffAlert.resolved_at).is_(None),
    )
    return sorted({*codes_with_unclaimed(db), *(key.partition(":")[2] for key in db.exec(open_alerts))})
