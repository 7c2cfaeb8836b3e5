"""The experts' desk: the queue, own files, search, the file and its papers (SPEC 2.2); decisions in `decisions`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from bot.errors import InvalidInput, NotAllowed
from bot.rules.qualification import Action, Case, allowed_actions, may_see
from bot.services import audit, cases, routing
from bot.services.cases import KIND
from bot.services.decisions import approve, declare_deficiencies, reject
from bot.services.grants import check_grant
from bot.turn import Actor
from storage.states import RequestState, Role
from storage.tables import (
    Account,
    DeficiencyRound,
    Grant,
    Officer,
    QualificationRequest,
    RequestFile,
    StoredFile,
)

__all__ = [
    "KIND",
    "approve",
    "assign",
    "claim",
    "declare_deficiencies",
    "earlier",
    "experts_of",
    "find",
    "mine",
    "open_file",
    "queue",
    "reject",
    "release",
    "release_all",
    "under_way",
    "view_paper",
]

claim, release, release_all, assign = KIND.claim, KIND.release, KIND.release_all, KIND.assign

_ASCII = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
TRACKING_CODE, NATIONAL_CODE = 12, 10  # digits


@dataclass(frozen=True, slots=True)
class Line:
    """One file in a list. `since` is when it was submitted, for the age."""

    request: QualificationRequest
    applicant: Account
    since: datetime
    reviewer: Account | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list. `oldest` is how long its first file has waited, None where the list is empty."""

    lines: tuple[Line, ...]
    total: int
    oldest: timedelta | None = None


@dataclass(frozen=True, slots=True)
class File:
    """Everything on the file card. `actions` is what this actor may do with it now."""

    request: QualificationRequest
    applicant: Account
    officer: Officer
    reviewer: Account | None
    case: Case
    actions: frozenset[Action]
    rounds: tuple[DeficiencyRound, ...]


@dataclass(frozen=True, slots=True)
class Expert:
    """Somebody a file can be given to; `load` counts the files in their hands."""

    account: Account
    role: Role
    load: int


def university_for(db: Session, actor: Actor, university_code: str | None) -> str:
    """The university whose files the actor may list: an expert's own; staff name one."""
    check_grant(db, actor)
    if actor.role is Role.STAFF and university_code is not None:
        return university_code
    if actor.role not in routing.REVIEWERS or actor.university_code is None:
        raise NotAllowed
    return actor.university_code


def _page(
    db: Session,
    condition: ColumnElement[bool],
    order: Any,
    now: datetime,
    offset: int,
    limit: int,
) -> Page:
    count, oldest = db.exec(
        select(func.count(), func.min(order)).select_from(QualificationRequest).where(condition)
    ).one()
    query = (
        select(QualificationRequest, Account)
        .join(Account, col(Account.id) == col(QualificationRequest.account_id))
        .where(condition)
        .order_by(order, col(QualificationRequest.id))
    )
    rows = db.exec(query.offset(offset).limit(limit)).all()
    lines = tuple(
        Line(
            request,
            applicant,
            request.submitted_at or request.state_since,
            db.get(Account, request.reviewer_id) if request.reviewer_id is not None else None,
        )
        for request, applicant in rows
    )
    return Page(lines, count, now - oldest if count else None)


def queue(
    db: Session,
    *,
    actor: Actor,
    now: datetime,
    offset: int = 0,
    limit: int = 5,
    university_code: str | None = None,
) -> Page:
    """Files that wait at the actor's university, oldest submission first."""
    university = university_for(db, actor, university_code)
    condition = (col(QualificationRequest.university_code) == university) & (
        col(QualificationRequest.state) == RequestState.SUBMITTED
    )
    return _page(db, condition, col(QualificationRequest.submitted_at), now, offset, limit)


def mine(db: Session, *, actor: Actor, now: datetime, offset: int = 0, limit: int = 5) -> Page:
    """Files in the actor's own hands, also those that wait for their officer; longest in their state first."""
    university = university_for(db, actor, None)
    condition = (
        (col(QualificationRequest.university_code) == university)
        & (col(QualificationRequest.reviewer_id) == actor.account_id)
        & col(QualificationRequest.state).in_((RequestState.IN_REVIEW, RequestState.DEFICIENT))
    )
    return _page(db, condition, col(QualificationRequest.state_since), now, offset, limit)


def under_way(
    db: Session,
    *,
    actor: Actor,
    now: datetime,
    offset: int = 0,
    limit: int = 5,
    university_code: str | None = None,
) -> Page:
    """Files in the hands of any expert of the university; for whoever may reassign them (W7)."""
    if actor.role not in (Role.IN_CHARGE, Role.STAFF):
        raise NotAllowed
    university = university_for(db, actor, university_code)
    condition = (col(QualificationRequest.university_code) == university) & col(
        QualificationRequest.state
    ).in_((RequestState.IN_REVIEW, RequestState.DEFICIENT))
    return _page(db, condition, col(QualificationRequest.state_since), now, offset, limit)


def as_code(typed: str) -> str:
    """A tracking code (12 digits) or a national code (10). Raises InvalidInput("search.bad") for anything else."""
    digits = "".join(typed.translate(_ASCII).split())
    if not digits.isascii() or not digits.isdigit() or len(digits) not in (TRACKING_CODE, NATIONAL_CODE):
        raise InvalidInput("search.bad")
    return digits


def find(db: Session, *, actor: Actor, code: str) -> list[QualificationRequest]:
    """Submitted files of the actor's university (all, for staff) by tracking or national code, newest first.

    Raises InvalidInput("search.bad") for anything but 12 or 10 digits, InvalidInput("desk.not_found").
    """
    check_grant(db, actor)
    digits = as_code(code)
    query = (
        select(QualificationRequest)
        .join(Account, col(Account.id) == col(QualificationRequest.account_id))
        .where(QualificationRequest.state != RequestState.DRAFT)
        .order_by(col(QualificationRequest.id).desc())
    )
    if len(digits) == TRACKING_CODE:
        query = query.where(QualificationRequest.tracking_code == digits)
    else:
        query = query.where(Account.national_code == digits)
    if actor.role is not Role.STAFF:
        query = query.where(QualificationRequest.university_code == university_for(db, actor, None))
    found = list(db.exec(query))
    if not found:
        raise InvalidInput("desk.not_found")
    return found


def open_file(db: Session, *, actor: Actor, request_id: int) -> File:
    """The file with what the actor may do. Raises NotAllowed, Stale."""
    request = cases.load(db, request_id)
    case = _visible(db, actor, request)
    applicant = db.get(Account, request.account_id)
    officer = db.get(Officer, request.account_id)
    assert applicant is not None
    assert officer is not None
    rounds = db.exec(
        select(DeficiencyRound)
        .where(DeficiencyRound.request_id == request.id)
        .order_by(col(DeficiencyRound.round))
    ).all()
    reviewer = db.get(Account, request.reviewer_id) if request.reviewer_id is not None else None
    return File(request, applicant, officer, reviewer, case, allowed_actions(case, actor), tuple(rounds))


def _visible(db: Session, actor: Actor, request: QualificationRequest) -> Case:
    check_grant(db, actor)
    case = cases.case_of(db, request)
    if not may_see(case, actor):
        raise NotAllowed
    return case


def view_paper(db: Session, *, actor: Actor, request_id: int, file_id: int, now: datetime) -> StoredFile:
    """A paper that was part of this request in any round; the view is recorded (SPEC Q44). Raises NotAllowed.

    A paper whose time is over is given with its `removed_at`."""
    request = cases.load(db, request_id)
    _visible(db, actor, request)
    query = select(StoredFile, RequestFile.document_code).join(
        RequestFile, col(RequestFile.file_id) == col(StoredFile.id)
    )
    row = db.exec(
        query.where(RequestFile.request_id == request.id, StoredFile.id == file_id).order_by(
            col(RequestFile.round).desc()
        )
    ).first()
    if row is None:
        raise NotAllowed
    file, code = row
    if actor.account_id != request.account_id and file.removed_at is None:
        audit.record(
            db,
            now=now,
            actor=actor,
            event="document_viewed",
            subject=cases.SUBJECT,
            subject_id=request_id,
            file=file_id,
            document=code,
        )
    return file


def experts_of(db: Session, university_code: str | None) -> list[Expert]:
    """Who can review files of this university now, the least burdened first."""
    if university_code is None:
        return []
    grants: dict[int, Grant] = {grant.account_id: grant for grant in routing.experts(db, university_code)}
    if not grants:
        return []
    loads = dict(
        db.exec(
            select(QualificationRequest.reviewer_id, func.count())
            .where(
                col(QualificationRequest.reviewer_id).in_(list(grants)),
                col(QualificationRequest.state).in_((RequestState.IN_REVIEW, RequestState.DEFICIENT)),
            )
            .group_by(col(QualificationRequest.reviewer_id))
        ).all()
    )
    accounts = db.exec(select(Account).where(col(Account.id).in_(list(grants)))).all()
    found = [Expert(one, grants[one.id or 0].role, loads.get(one.id, 0)) for one in accounts]
    return sorted(found, key=lambda expert: (expert.load, expert.account.name))


def earlier(db: Session, *, actor: Actor, request: QualificationRequest) -> list[QualificationRequest]:
    """Other requests of the same officer that ended at the actor's university, newest first (SPEC Q44)."""
    _visible(db, actor, request)
    query = select(QualificationRequest).where(
        QualificationRequest.account_id == request.account_id,
        QualificationRequest.id != request.id,
        QualificationRequest.university_code == request.university_code,
        col(QualificationRequest.closed_at).is_not(None),
    )
    return list(db.exec(query.order_by(col(QualificationRequest.id).desc())))
