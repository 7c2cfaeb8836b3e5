"""Attempts to pay, as units of one transaction: begin, claim for verifying, conclude.

See docs/specification.md 2.3.

Every change is a compare-and-set on the version; each new state leaves an audit row, a look that changes nothing none.
Where both are touched, the request is locked before the attempt.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, or_, update
from sqlmodel import Session, col, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import NotAllowed, Refusal, Stale, Throttled
from bot.rules.payment import MACHINE, SETTLED, PaymentEvent
from bot.services.payments import alerts
from bot.services.shared import audit
from bot.services.shared.rate_limit import Limit
from bot.texts.formats import jalali_time
from storage.enums import AccountState, AttemptState, RequestState
from storage.tables import Account, PaymentAttempt, QualificationRequest
from storage.tables.column_types import UtcDateTime

#: No second attempt for so long while the bank's word on another one is awaited.
UNCERTAIN_BLOCKS = timedelta(minutes=30)
#: A VERIFYING attempt belongs to the caller that asks the gateway; longer than all tries of one verify and one inquiry.
LEASE = timedelta(minutes=3)
#: The reconciler leaves the payer this long to come back by himself.
FIRST_LOOK = timedelta(minutes=1)

#: Gateways keep the session of a payment for some fifteen minutes; a link that is younger than this is handed out again.
REUSE_WITHIN = timedelta(minutes=10)
#: Longer than a gateway may take to open a payment: after it, the process that opened it is gone.
OPENING = timedelta(seconds=30)
#: Attempts of one request that the gateway opened, and that it did not: an unwilling bank is not the payer's fault.
OPENED_AN_HOUR, NOT_OPENED_AN_HOUR = Limit(10, timedelta(hours=1)), Limit(20, timedelta(hours=1))
#: The pay page asks the gateway for the state of an open attempt at most so often.
PAGE_LOOKS = timedelta(seconds=2)
#: A return asks at most so often, by the number of looks before; a payer who comes back is never the second.
RETURN_LOOKS = (timedelta(0), timedelta(0), timedelta(seconds=2), timedelta(seconds=10))

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


class PaymentCheck(StrEnum):
    """What «بررسی پرداخت» found."""

    COMPLETED = "COMPLETED"
    NOT_PAID = "NOT_PAID"
    UNCERTAIN = "UNCERTAIN"
    GATEWAY_DOWN = "GATEWAY_DOWN"
    NOTHING_DUE = "NOTHING_DUE"


#: The text key that says so.
PAYMENT_CHECKS: dict[PaymentCheck, str] = {
    PaymentCheck.COMPLETED: "pay.paid.title",
    PaymentCheck.NOT_PAID: "error.not_yet_paid",
    PaymentCheck.UNCERTAIN: "error.payment_uncertain",
    PaymentCheck.GATEWAY_DOWN: "error.gateway_down",
    PaymentCheck.NOTHING_DUE: "error.nothing_due",
}


@dataclass(frozen=True, slots=True)
class Opening:
    """An attempt that is written down and not yet at the gateway."""

    attempt_id: int
    amount_rial: int
    tracking_code: str
    mobile: str | None


@dataclass(frozen=True, slots=True)
class Underway:
    """Another call opens an attempt of this request at this moment."""

    attempt_id: int


@dataclass(frozen=True, slots=True)
class Open:
    """A young attempt that the payer was sent to the bank with before."""

    attempt_id: int
    ref: str
    #: The gateway was not asked just now whether it can still be paid.
    look: bool


class TooManyAttempts(Throttled):
    """This request's payments of the last hour. `until`: when the next may be opened."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__("error.payment_too_many", time=jalali_time(until + timedelta(seconds=59)))


@dataclass(frozen=True, slots=True)
class ClaimedAttempt:
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


def begin_attempt(db: Session, *, token: str, gateway: str, now: datetime) -> Opening | Open | Underway:
    """One click: the attempt that is open already, or a new one, written down.

    Raises NotAllowed for an unknown token, Refusal where nothing is due, the payer's account is suspended or the
    bank's word on another attempt is awaited, TooManyAttempts."""
    request = db.exec(_BY_TOKEN, params={"token": token}).first()
    if request is None or request.id is None:
        raise NotAllowed
    if request.state is not RequestState.AWAITING_PAYMENT or not request.fee_rial:
        raise Refusal("error.nothing_due")
    account = db.get_one(Account, request.account_id, populate_existing=True)
    if account.state is not AccountState.ACTIVE:
        raise Refusal("error.payment_held")
    if waits_for_bank(db, request.id, now=now):
        raise Refusal("error.payment_uncertain")
    if (existing := _open_attempt(db, request, gateway, now)) is not None:
        return existing
    if (wait := _wait_for_next(db, request.id, now)) is not None:
        raise TooManyAttempts(now + wait)
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
    _record_event(db, attempt, "payment_opened", now, None, AttemptState.CREATED)
    return Opening(attempt.id, request.fee_rial, request.tracking_code or "", account.mobile)


def _open_attempt(
    db: Session, request: QualificationRequest, gateway: str, now: datetime
) -> Open | Underway | None:
    attempt = db.exec(
        select(PaymentAttempt)
        .where(
            PaymentAttempt.request_id == request.id,
            PaymentAttempt.gateway == gateway,
            PaymentAttempt.state == AttemptState.CREATED,
            PaymentAttempt.amount_rial == request.fee_rial,
            col(PaymentAttempt.created_at) > now - REUSE_WITHIN,
            or_(col(PaymentAttempt.ref).is_not(None), col(PaymentAttempt.created_at) > now - OPENING),
        )
        .order_by(col(PaymentAttempt.id).desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if attempt is None or attempt.id is None or attempt.state is not AttemptState.CREATED:
        return None
    if attempt.ref is None:
        return Underway(attempt.id)
    look = not _looked_within(attempt, PAGE_LOOKS, now)
    if look:
        save_attempt(db, attempt, looked_at=now)
    assert attempt.ref is not None
    return Open(attempt.id, attempt.ref, look)


def _looked_within(attempt: PaymentAttempt, span: timedelta, now: datetime) -> bool:
    """A look that lies ahead of the clock was made under another one, and does not count."""
    return attempt.looked_at is not None and timedelta(0) <= now - attempt.looked_at < span


def may_inquire(attempt: PaymentAttempt, now: datetime) -> bool:
    """Whether a return of this attempt asks the gateway, or is answered from what is known."""
    span = RETURN_LOOKS[min(attempt.checks, len(RETURN_LOOKS) - 1)]
    return attempt.state not in SETTLED and not _looked_within(attempt, span, now)


def _wait_for_next(db: Session, request_id: int, now: datetime) -> timedelta | None:
    """How long until this request may have another attempt; None: now."""
    rows = db.exec(
        select(PaymentAttempt.created_at, PaymentAttempt.ref).where(
            PaymentAttempt.request_id == request_id,
            col(PaymentAttempt.created_at) > OPENED_AN_HOUR.since(now),
            col(PaymentAttempt.created_at) <= now,
        )
    ).all()
    waits = (
        OPENED_AN_HOUR.wait([at for at, ref in rows if ref is not None], now),
        NOT_OPENED_AN_HOUR.wait([at for at, ref in rows if ref is None], now),
    )
    return max((wait for wait in waits if wait is not None), default=None)


def record_opened(db: Session, *, attempt_id: int, ref: str, now: datetime) -> None:
    """Keep the gateway's ref, before the payer is sent there. Raises Refusal where the request was withdrawn
    meanwhile: then no payer is sent."""
    attempt = db.get_one(PaymentAttempt, attempt_id)
    save_attempt(db, attempt, ref=ref)
    request = db.get_one(QualificationRequest, attempt.request_id)
    if request.state is not RequestState.AWAITING_PAYMENT:
        raise Refusal("error.nothing_due")
    alerts.close_gateway_refused(db, gateway=attempt.gateway, now=now)


def claim_attempt(
    db: Session, *, attempt_id: int, now: datetime, by_payer: bool
) -> ClaimedAttempt | AttemptState:
    """Take an attempt for verifying; its state where there is nothing to ask, or another call asks just now."""
    attempt = lock_attempt(db, attempt_id)
    state = attempt.state
    if attempt.ref is None or MACHINE.refusal(attempt, SYSTEM, PaymentEvent.ASKED) is not None:
        return state
    if state is AttemptState.VERIFYING and attempt.next_check_at is not None and attempt.next_check_at > now:
        return state
    looked_at = now if by_payer else attempt.looked_at
    move_attempt(db, attempt, PaymentEvent.ASKED, now, next_check_at=now + LEASE, looked_at=looked_at)
    assert attempt.id is not None
    return ClaimedAttempt(attempt.id, attempt.version, state, attempt.ref, attempt.amount_rial)


def lock_attempt(db: Session, attempt_id: int) -> PaymentAttempt:
    """The attempt as it is now; on PostgreSQL it is locked until the commit."""
    return db.exec(
        select(PaymentAttempt)
        .where(PaymentAttempt.id == attempt_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def lock_request(db: Session, request_id: int) -> QualificationRequest:
    return db.exec(
        select(QualificationRequest)
        .where(QualificationRequest.id == request_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def move_attempt(
    db: Session,
    attempt: PaymentAttempt,
    event: PaymentEvent,
    now: datetime,
    *,
    actor: Actor = SYSTEM,
    came_from: AttemptState | None = None,
    **values: Any,
) -> AttemptState:
    """Bring the attempt to the state that the rules give for `event`, with its audit row. Raises Stale.

    Being asked about is a lease and no change. `came_from` is the state before it: an answer that leads back there
    changed nothing and leaves no row."""
    was = attempt.state
    if MACHINE.refusal(attempt, actor, event) is not None:
        raise Stale
    row = MACHINE.table[was, event]
    target = row.leads_to(attempt)
    assert target is not None
    values.setdefault("next_check_at", None)
    save_attempt(db, attempt, state=target, state_since=now, **values)
    before = was if came_from is None else came_from
    if event is not PaymentEvent.ASKED and target is not before:
        _record_event(db, attempt, row.event, now, before, target, actor)
    return target


def save_attempt(db: Session, attempt: PaymentAttempt, **values: Any) -> None:
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


def _record_event(
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
