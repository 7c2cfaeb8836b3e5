"""Experts' worklist of qualification requests: queue, own requests, search, a request and its documents.

See docs/specification.md 2.2.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.rules.qualification import QualificationAction, allowed_actions
from bot.services.qualification import requests
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.review import leaves, routing
from bot.services.review.cautions import Cautions, cautions_of
from bot.services.review.worklists import Worklists
from bot.services.shared import audit
from bot.services.shared.permissions import require
from storage.enums import Role
from storage.tables import (
    Account,
    DeficiencyRound,
    Grant,
    Officer,
    QualificationRequest,
    RequestFile,
    StoredFile,
)


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One file in a list. `since` is when it was submitted, for the age."""

    request: QualificationRequest
    applicant: Account
    since: datetime
    reviewer: Account | None = None


@dataclass(frozen=True, slots=True)
class RequestDetails:
    """Everything on the file card. `actions` is what this actor may do with it now."""

    request: QualificationRequest
    applicant: Account
    officer: Officer
    reviewer: Account | None
    rounds: tuple[DeficiencyRound, ...]
    actions: frozenset[QualificationAction] = frozenset()
    #: stored_file.id → why people may be unable to read it, of the files that this request names.
    quality_warnings: dict[int, str] = field(default_factory=dict)
    cautions: Cautions | None = None


@dataclass(frozen=True, slots=True)
class AssignableExpert:
    """An expert to whom a request can be assigned; `load` counts the files under their review, of both kinds."""

    account: Account
    role: Role
    load: int
    #: On leave now: a deputy gets what is given to them.
    away: bool


def _lines(
    db: Session, condition: ColumnElement[bool], order: tuple[Any, ...], offset: int, limit: int
) -> tuple[RequestLine, ...]:
    query = (
        select(QualificationRequest, Account)
        .join(Account, col(Account.id) == col(QualificationRequest.account_id))
        .where(condition)
        .order_by(*order)
    )
    return tuple(
        RequestLine(
            request,
            applicant,
            request.submitted_at or request.state_since,
            db.get(Account, request.reviewer_id) if request.reviewer_id is not None else None,
        )
        for request, applicant in db.exec(query.offset(offset).limit(limit))
    )


LISTS = Worklists(routing.REQUESTS, _lines)


def open_file(db: Session, *, actor: Actor, request_id: int) -> RequestDetails:
    """The file with what the actor may do. Raises NotAllowed, Stale."""
    request, case = QUALIFICATION_WORKFLOW.see(db, request_id, actor=actor)
    return replace(details_of(db, request), actions=allowed_actions(case, actor))


def details_of(db: Session, request: QualificationRequest) -> RequestDetails:
    """The file without `actions`, for a caller that a service has just let act on this request."""
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
    return RequestDetails(
        request,
        applicant,
        officer,
        reviewer,
        tuple(rounds),
        quality_warnings=_quality_warnings(db, request),
        cautions=cautions_of(db, account=applicant, request=request),
    )


def _quality_warnings(db: Session, request: QualificationRequest) -> dict[int, str]:
    query = (
        select(StoredFile.id, StoredFile.quality_warning)
        .join(RequestFile, col(RequestFile.file_id) == col(StoredFile.id))
        .where(RequestFile.request_id == request.id, col(StoredFile.quality_warning).is_not(None))
    )
    return {file_id: warning for file_id, warning in db.exec(query) if file_id is not None and warning}


def view_document(
    db: Session, *, actor: Actor, request_id: int, file_id: int, now: datetime, original: bool = False
) -> StoredFile:
    """A document that was part of this request in any round; the view is recorded (Q44). Raises NotAllowed.

    `original` says that the bytes as they were uploaded are viewed: of a PDF they are shown to nobody (NotAllowed).
    A document whose time is over is given with its `removed_at`."""
    request, _ = QUALIFICATION_WORKFLOW.see(db, request_id, actor=actor)
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
    if original and file.media_type == "application/pdf":
        raise NotAllowed
    if actor.account_id != request.account_id and file.removed_at is None:
        audit.record(
            db,
            now=now,
            actor=actor,
            event="document_viewed",
            subject=requests.SUBJECT,
            subject_id=request_id,
            file=file_id,
            document=code,
            **({"copy": "original"} if original else {}),
        )
    return file


def experts_of(
    db: Session, *, actor: Actor, university_code: str | None, now: datetime
) -> list[AssignableExpert]:
    """Who can review files of this university now, the least burdened first; for its experts and for staff. Raises
    NotAllowed."""
    require(db, actor, *routing.REVIEWERS, Role.STAFF)
    if actor.role is not Role.STAFF and actor.university_code != university_code:
        raise NotAllowed
    if university_code is None:
        return []
    grants: dict[int, Grant] = {grant.account_id: grant for grant in routing.experts(db, university_code)}
    if not grants:
        return []
    loads = Counter[int | None]()
    for queue in routing.QUEUES:
        reviewer = col(queue.row.reviewer_id)
        query = select(reviewer, func.count()).where(reviewer.in_(list(grants)), queue.under_review)
        loads.update(dict(db.exec(query.group_by(reviewer)).all()))
    accounts = db.exec(select(Account).where(col(Account.id).in_(list(grants)))).all()
    away = leaves.leaves_of(db, university_code, leaves.today(now))
    experts = [
        AssignableExpert(account, grants[account.id or 0].role, loads[account.id], account.id in away)
        for account in accounts
    ]
    return sorted(experts, key=lambda expert: (expert.load, expert.account.name))


def earlier_requests(
    db: Session, *, actor: Actor, request: QualificationRequest
) -> list[QualificationRequest]:
    """Other requests of the same officer that ended at the actor's university, newest first (Q44)."""
    QUALIFICATION_WORKFLOW.visible(db, request, actor=actor)
    query = select(QualificationRequest).where(
        QualificationRequest.account_id == request.account_id,
        QualificationRequest.id != request.id,
        QualificationRequest.university_code == request.university_code,
        col(QualificationRequest.closed_at).is_not(None),
    )
    return list(db.exec(query.order_by(col(QualificationRequest.id).desc())))
