"""What an expert must know of an applicant before deciding: the account's state, open alerts, earlier rejections."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.services.review import rejection
from bot.services.review.routing import ReviewableRow
from bot.texts import Quoted
from storage.enums import AccountState, CooperationState, PushState, RequestState
from storage.tables import (
    Account,
    CooperationRequest,
    PaymentAttempt,
    Push,
    QualificationRequest,
    StaffAlert,
)

#: Of alerts about one payment or one message: what the key begins with → how the alert is worded on a file card.
_ALERTS = {"refund": "refund", "wrong_amount": "wrong_amount", "push.given_up": "undelivered"}

#: (table, the state in which the university rejected, why) of both kinds of files.
_KINDS: tuple[tuple[Any, Any, Callable[[Any], Quoted]], ...] = (
    (QualificationRequest, RequestState.REJECTED, rejection.of_request),
    (CooperationRequest, CooperationState.REJECTED_BY_UNIVERSITY, rejection.of_cooperation),
)


@dataclass(frozen=True, slots=True)
class EarlierRejection:
    day: datetime
    reason: Quoted


@dataclass(frozen=True, slots=True)
class Cautions:
    """`state_reason` is why the account is not active. `alerts` are the last parts of the text keys "desk.alert_…".
    Rejections are of other files of this person, of both kinds; of other universities only their number is told."""

    state: AccountState
    state_reason: str | None
    alerts: tuple[str, ...]
    rejected_here: int
    last_here: EarlierRejection | None
    rejected_elsewhere: int
    #: Qualifications and amendments of this person that staff took back, anywhere.
    revoked: int


def cautions_of(
    db: Session, *, account: Account, request: QualificationRequest | CooperationRequest
) -> Cautions:
    """For a caller that a service has just let see `request`, which is about `account`. Reads by index, bounded by what
    one person files."""
    counts, revoked = dict[bool, int](), 0
    for row, rejected, _ in _KINDS:
        here = col(row.university_code) == request.university_code
        states = (rejected, RequestState.REVOKED) if row is QualificationRequest else (rejected,)
        query = (
            select(here, row.state, func.count())
            .where(row.account_id == account.id, col(row.state).in_(states))
            .group_by(here, row.state)
        )
        if isinstance(request, row):
            query = query.where(row.id != request.id)
        for at_home, state, number in db.exec(query):
            if state is RequestState.REVOKED:
                revoked += number
            else:
                counts[bool(at_home)] = counts.get(bool(at_home), 0) + number
    return Cautions(
        account.state,
        account.state_reason,
        _open_alerts(db, account.id or 0),
        counts.get(True, 0),
        _last_here(db, account, request) if counts.get(True) else None,
        counts.get(False, 0),
        revoked,
    )


def _last_here(db: Session, account: Account, request: ReviewableRow) -> EarlierRejection | None:
    """The newest rejection at the university of this file."""
    found: list[EarlierRejection] = []
    for table, rejected, reason_of in _KINDS:
        newest = (
            select(table)
            .where(
                table.account_id == account.id,
                table.university_code == request.university_code,
                table.state == rejected,
            )
            .order_by(col(table.id).desc())
            .limit(2)
        )
        found += [
            EarlierRejection(row.closed_at or row.state_since, reason_of(row))
            for row in db.exec(newest)
            if row is not request
        ]
    return max(found, key=lambda one: one.day, default=None)


def _open_alerts(db: Session, account_id: int) -> tuple[str, ...]:
    attempts = db.exec(
        select(PaymentAttempt.id)
        .join(QualificationRequest, col(QualificationRequest.id) == col(PaymentAttempt.request_id))
        .where(QualificationRequest.account_id == account_id)
    ).all()
    undelivered = db.exec(
        select(Push.id).where(Push.account_id == account_id, Push.state == PushState.GIVEN_UP)
    ).all()
    keys = [f"{kind}:{id_}" for id_ in attempts for kind in ("refund", "wrong_amount")]
    keys += [f"push.given_up:{id_}" for id_ in undelivered]
    if not keys:
        return ()
    found = db.exec(
        select(StaffAlert.key).where(col(StaffAlert.key).in_(keys), col(StaffAlert.resolved_at).is_(None))
    )
    return tuple(sorted({_ALERTS[key.rpartition(":")[0]] for key in found}))
