"""Attempts to pay, as units of one transaction: begin, claim for verifying, conclude (SPEC 2.3).

Every change is a compare-and-set on the version and leaves an audit row. Where both are touched, the request is
locked before the attempt.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, or_, update
from sqlmodel import Session, col, select

from bot.errors import NotAllowed, Refusal, Stale
from bot.rules.payment import PaymentEvent, after
from bot.services import audit
from bot.services.payments import alerts
from bot.turn import SYSTEM, Actor
from storage.states import AttemptState, RequestState
from storage.tables import Account, PaymentAttempt, QualificationRequest
from storage.types import UtcDateTime

#: No second attempt for so long while the bank's word on another one is awaited.
UNCERTAIN_BLOCKS = timedelta(minutes=30)
#: A VERIFYING attempt belongs to whoever asks the gateway; longer than all tries of one verify and one inquiry.
LEASE = timedelta(minutes=3)
#: The reconciler leaves the payer this long to come back by himself.
FIRST_LOOK = timedelta(minutes=1)

PAID_OF = select(PaymentAttempt).where(
    PaymentAttempt.request_id == bindparam("request_id"), PaymentAttempt.state == AttemptState.PAID
)
_BY_TOKEN = (
    select(QualificationRequest)
    .where(QualificationRequest.pay_token == bindparam("token"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


def _waiting(now: Any, since: Any) -> ColumnElement[bool]:
    return or_(
        and_(col(PaymentAttempt.state) == AttemptState.UNCERTAIN, col(PaymentAttempt.state_since) > since),
        and_(col(PaymentAttempt.state) == AttemptState.VERIFYING, col(PaymentAttempt.next_check_at) > now),
    )


_WAITS = (
    select(PaymentAttempt.id)
    .where(
        PaymentAttempt.request_id == bindparam("request_id"),
        _waiting(bindparam("now", type_=UtcDateTime()), bindparam("since", type_=UtcDateTime())),
    )
    .limit(1)
)
_UNDECIDED = (
    select(PaymentAttempt.id)
    .where(
        PaymentAttempt.request_id == bindparam("request_id"),
        col(PaymentAttempt.state).in_([AttemptState.UNCERTAIN, AttemptState.VERIFYING]),
    )
    .limit(1)
)


class Checked(StrEnum):
    """What «بررسی پرداخت» found."""

    COMPLETED = "COMPLETED"
    NOT_PAID = "NOT_PAID"
    UNCERTAIN = "UNCERTAIN"
    GATEWAY_DOWN = "GATEWAY_DOWN"
    NOTHING_DUE = "NOTHING_DUE"


#: The text key that says so.
PAYMENT_CHECKS: dict[Checked, str] = {
    Checked.COMPLETED: "pay.paid.title",
    Checked.NOT_PAID: "error.not_yet_paid",
    Checked.UNCERTAIN: "error.payment_uncertain",
    Checked.GATEWAY_DOWN: "error.gateway_down",
    Checked.NOTHING_DUE: "error.nothing_due",
}


@dataclass(frozen=True, slots=True)
class Opening:
    """An attempt that is written down and not yet at the gateway."""

    attempt_id: int
    amount_rial: int
    tracking_code: str
    mobile: str | None


@dataclass(frozen=True, slots=True)
class Claimed:
    """An attempt that is ours to verify until its lease ends."""

    attempt_id: int
    version: int
    came_from: AttemptState
    ref: str
    amount_rial: int


def waits_for_bank(db: Session, request_id: int, *, now: datetime | None = None) -> bool:
    """Whether the bank may still say "paid" on an attempt. With `now`, only where that forbids another attempt:
    for 30 minutes, or while it is being verified at this moment."""
    if now is None:
        return db.exec(_UNDECIDED, params={"request_id": request_id}).first() is not None
    params = {"request_id": request_id, "now": now, "since": now - UNCERTAIN_BLOCKS}
    return db.exec(_WAITS, params=params).first() is not None


def begin(db: Session, *, token: str, gateway: str, now: datetime) -> Opening:
    """Write down one attempt (one click). Raises NotAllowed for an unknown token, Refusal where nothing is due or
    the bank's word on another attempt is awaited."""
    request = db.exec(_BY_TOKEN, params={"token": token}).first()
    if request is None or request.id is None:
        raise NotAllowed
    if request.state is not RequestState.AWAITING_PAYMENT or not request.fee_rial:
        raise Refusal("error.nothing_due")
    if waits_for_bank(db, request.id, now=now):
        raise Refusal("error.payment_uncertain")
    attempt = PaymentAttempt(
        request_id=request.id,
        gateway=gateway,
        amount_rial=request.fee_rial,
        created_at=now,
        state_since=now,
        next_check_at=now + FIRST_LOOK,
    )
    db.add(attempt)
    db.flush()
    assert attempt.id is not None
    _note(db, attempt, "payment_opened", now, None, AttemptState.CREATED)
    account = db.get_one(Account, request.account_id)
    return Opening(attempt.id, request.fee_rial, request.tracking_code or "", account.mobile)


def opened(db: Session, *, attempt_id: int, ref: str, now: datetime) -> None:
    """Keep the gateway's ref, before the payer is sent there. Raises Refusal where the request was withdrawn
    meanwhile: then nobody is sent."""
    attempt = db.get_one(PaymentAttempt, attempt_id)
    change(db, attempt, ref=ref)
    request = db.get_one(QualificationRequest, attempt.request_id)
    if request.state is not RequestState.AWAITING_PAYMENT:
        raise Refusal("error.nothing_due")
    alerts.accepted(db, gateway=attempt.gateway, now=now)


def claim(db: Session, *, attempt_id: int, now: datetime) -> Claimed | AttemptState:
    """Take an attempt for verifying; its state where there is nothing to ask, or somebody else asks just now."""
    attempt = locked(db, attempt_id)
    state = attempt.state
    if attempt.ref is None or after(state, PaymentEvent.ASKED) is None:
        return state
    if state is AttemptState.VERIFYING and attempt.next_check_at is not None and attempt.next_check_at > now:
        return state
    move(db, attempt, PaymentEvent.ASKED, now, next_check_at=now + LEASE)
    assert attempt.id is not None
    return Claimed(attempt.id, attempt.version, state, attempt.ref, attempt.amount_rial)


def locked(db: Session, attempt_id: int) -> PaymentAttempt:
    """The attempt as it is now; on PostgreSQL nobody else changes it until the commit."""
    return db.exec(
        select(PaymentAttempt)
        .where(PaymentAttempt.id == attempt_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def locked_request(db: Session, request_id: int) -> QualificationRequest:
    return db.exec(
        select(QualificationRequest)
        .where(QualificationRequest.id == request_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def move(
    db: Session,
    attempt: PaymentAttempt,
    event: PaymentEvent,
    now: datetime,
    *,
    actor: Actor = SYSTEM,
    **values: Any,
) -> AttemptState:
    """Bring the attempt to the state that the law gives for `event`, with its audit row. Raises Stale."""
    was = attempt.state
    target = after(was, event)
    if target is None:
        raise Stale
    values.setdefault("next_check_at", None)
    change(db, attempt, state=target, state_since=now, **values)
    _note(db, attempt, f"payment_{event}", now, was, target, actor)
    return target


def change(db: Session, attempt: PaymentAttempt, **values: Any) -> None:
    """Compare-and-set on the version. Raises Stale."""
    changed = db.exec(
        update(PaymentAttempt)
        .where(col(PaymentAttempt.id) == attempt.id, col(PaymentAttempt.version) == attempt.version)
        .values(version=attempt.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:
        raise Stale
    db.refresh(attempt)


def _note(
    db: Session,
    attempt: PaymentAttempt,
    event: str,
    now: datetime,
    was: AttemptState | None,
    becomes: AttemptState,
    actor: Actor = SYSTEM,
) -> None:
    assert attempt.id is not None
    audit.record(
        db,
        now=now,
        actor=actor,
        event=event,
        subject="payment_attempt",
        subject_id=attempt.id,
        from_state=was,
        to_state=becomes,
        request_id=attempt.request_id,
        amount_rial=attempt.amount_rial,
    )
