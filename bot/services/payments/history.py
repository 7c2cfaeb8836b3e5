"""Every attempt to pay, for staff who are asked where somebody's money is: of a person, of a file, by its tracking code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.services.shared.permissions import require
from storage.enums import AttemptState, Role
from storage.tables import AuditEvent, PaymentAttempt, QualificationRequest

#: Of audit events.
SUBJECT = "payment_attempt"


@dataclass(frozen=True, slots=True)
class PaymentRecord:
    """One attempt, and the code of its file."""

    attempt: PaymentAttempt
    tracking_code: str


@dataclass(frozen=True, slots=True)
class LatestPayment:
    """The newest attempt, and how many there are."""

    record: PaymentRecord
    count: int


@dataclass(frozen=True, slots=True)
class PaymentChange:
    """One line of an attempt's course. `state` is None where it led to none."""

    attempt_id: int
    at: datetime
    event: str
    state: AttemptState | None
    amount_rial: int


def payments_of_account(
    db: Session, *, actor: Actor, account_id: int, limit: int, offset: int
) -> list[PaymentRecord]:
    """Of everything that this person filed, newest first; for staff. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    return _records(db, col(QualificationRequest.account_id) == account_id, limit, offset)


def payments_of_request(
    db: Session, *, actor: Actor, request_id: int, limit: int, offset: int
) -> list[PaymentRecord]:
    """Of one file, newest first; for staff. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    return _records(db, col(PaymentAttempt.request_id) == request_id, limit, offset)


def latest_of_account(db: Session, *, actor: Actor, account_id: int) -> LatestPayment | None:
    """The newest of this person, None where there is none; for staff. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    return _latest(db, col(QualificationRequest.account_id) == account_id)


def latest_of_request(db: Session, *, actor: Actor, request_id: int) -> LatestPayment | None:
    """The newest of this file, None where there is none; for staff. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    return _latest(db, col(PaymentAttempt.request_id) == request_id)


def changes_of_request(db: Session, *, actor: Actor, request_id: int) -> list[PaymentChange]:
    """What became of the attempts of one file, oldest first; for staff. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    return changes_for_operator(db, request_id)


def of_tracking_code(db: Session, code: str) -> tuple[QualificationRequest, list[PaymentRecord]] | None:
    """The file with this code and its attempts, oldest first, for an operator's command; None where there is none."""
    request = db.exec(select(QualificationRequest).where(QualificationRequest.tracking_code == code)).first()
    if request is None:
        return None
    found = _records(db, col(PaymentAttempt.request_id) == request.id, 1000, 0)
    return request, found[::-1]


def tracking_code(db: Session, attempt_id: int) -> str:
    """Of the file that an attempt pays for: people name it, so the log does too."""
    query = (
        select(QualificationRequest.tracking_code)
        .join(PaymentAttempt, col(PaymentAttempt.request_id) == col(QualificationRequest.id))
        .where(PaymentAttempt.id == attempt_id)
    )
    return db.exec(query).first() or "–"


def _records(db: Session, condition: ColumnElement[bool], limit: int, offset: int) -> list[PaymentRecord]:
    rows = db.exec(
        select(PaymentAttempt, QualificationRequest.tracking_code)
        .join(QualificationRequest, col(QualificationRequest.id) == col(PaymentAttempt.request_id))
        .where(condition)
        .order_by(col(PaymentAttempt.id).desc())
        .limit(limit)
        .offset(offset)
    )
    return [PaymentRecord(attempt, code or "–") for attempt, code in rows]


def _latest(db: Session, condition: ColumnElement[bool]) -> LatestPayment | None:
    newest = _records(db, condition, 1, 0)
    if not newest:
        return None
    request = col(QualificationRequest.id) == col(PaymentAttempt.request_id)
    count = select(func.count()).select_from(PaymentAttempt).join(QualificationRequest, request)
    return LatestPayment(newest[0], db.exec(count.where(condition)).one())


def changes_for_operator(db: Session, request_id: int) -> list[PaymentChange]:
    """`changes_of_request`, for an operator's command."""
    attempts: dict[Any, int] = dict(
        db.exec(
            select(PaymentAttempt.id, PaymentAttempt.amount_rial).where(
                PaymentAttempt.request_id == request_id
            )
        ).all()
    )
    if not attempts:
        return []
    events = db.exec(
        select(AuditEvent)
        .where(AuditEvent.subject == SUBJECT, col(AuditEvent.subject_id).in_(attempts))
        .order_by(col(AuditEvent.id))
    )
    return [
        PaymentChange(
            event.subject_id,
            event.at,
            event.event,
            AttemptState.__members__.get(event.to_state or ""),
            attempts[event.subject_id],
        )
        for event in events
    ]
