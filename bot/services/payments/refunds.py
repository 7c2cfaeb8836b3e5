"""Money that must go back: paid twice, or on a withdrawn request. Staff return it in the gateway's panel and
record it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.core.screens import button
from bot.rules.payment import PaymentEvent
from bot.services.payments import alerts
from bot.services.payments.attempts import lock_attempt, move_attempt
from bot.services.shared import audit, notify
from bot.services.shared.permissions import require
from bot.texts import BIDI_MARKS, t
from bot.texts.formats import number
from storage.enums import AttemptState, Role
from storage.tables import Account, AuditEvent, PaymentAttempt, QualificationRequest

MAX_REFERENCE = 64


@dataclass(frozen=True, slots=True)
class RefundDue:
    attempt_id: int
    version: int
    request_id: int
    tracking_code: str
    payer: str
    amount_rial: int
    bank_ref: str | None
    card_masked: str | None
    paid_at: datetime | None
    #: The gateway's own number of it, to be found by in its panel.
    gateway_ref: str | None = None
    gateway: str = ""
    #: +989… of the payer.
    mobile: str | None = None
    #: What was recorded: the reference under which it went back, when, by whom.
    refund_ref: str | None = None
    refunded_at: datetime | None = None
    refunded_by: str | None = None


def refunds_due(db: Session, *, actor: Actor, limit: int, offset: int) -> list[RefundDue]:
    """What waits to be returned, oldest first; for staff. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    return _list(db, col(PaymentAttempt.state) == AttemptState.REFUND_DUE, limit=limit, offset=offset)


def count_due(db: Session, *, actor: Actor, most: int) -> int:
    """How many wait to be returned, counted to `most` + 1; for staff. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    due = select(PaymentAttempt.id).where(PaymentAttempt.state == AttemptState.REFUND_DUE).limit(most + 1)
    return db.exec(select(func.count()).select_from(due.subquery())).one()


def _list(
    db: Session, condition: ColumnElement[bool], *, limit: int, offset: int, newest_first: bool = False
) -> list[RefundDue]:
    keeper = aliased(Account)
    by_time = col(PaymentAttempt.refunded_at).desc(), col(PaymentAttempt.id).desc()
    rows = db.exec(
        select(PaymentAttempt, QualificationRequest, Account, keeper)
        .join(QualificationRequest, col(QualificationRequest.id) == col(PaymentAttempt.request_id))
        .join(Account, col(Account.id) == col(QualificationRequest.account_id))
        .join(keeper, col(keeper.id) == col(PaymentAttempt.refunded_by), isouter=True)
        .where(condition)
        .order_by(*(by_time if newest_first else (col(PaymentAttempt.state_since), col(PaymentAttempt.id))))
        .limit(limit)
        .offset(offset)
    )
    return [
        RefundDue(
            attempt.id or 0,
            attempt.version,
            attempt.request_id,
            request.tracking_code or "",
            account.name,
            attempt.amount_rial,
            attempt.bank_ref,
            attempt.card_masked,
            attempt.paid_at,
            attempt.ref,
            attempt.gateway,
            account.mobile,
            attempt.refund_ref,
            attempt.refunded_at,
            who.name if who is not None else None,
        )
        for attempt, request, account, who in rows
    ]


def refunded(db: Session, *, actor: Actor, limit: int, offset: int) -> list[RefundDue]:
    """The archive: what was recorded as returned, newest first; for staff. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    gone = col(PaymentAttempt.state) == AttemptState.REFUNDED
    return _list(db, gone, limit=limit, offset=offset, newest_first=True)


def count_refunded(db: Session, *, actor: Actor) -> int:
    """How many the archive holds; for staff. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    query = select(func.count()).select_from(PaymentAttempt)
    return db.exec(query.where(PaymentAttempt.state == AttemptState.REFUNDED)).one()


def view_refund(db: Session, *, actor: Actor, attempt_id: int) -> RefundDue:
    """One that is due or was returned, with the payer's bank data; for staff. Raises NotAllowed, Stale where there is
    none."""
    require(db, actor, Role.STAFF)
    states = col(PaymentAttempt.state).in_((AttemptState.REFUND_DUE, AttemptState.REFUNDED))
    found = _list(db, (col(PaymentAttempt.id) == attempt_id) & states, limit=1, offset=0)
    if not found:
        raise Stale
    return found[0]


def correct_refund(
    db: Session, *, actor: Actor, attempt_id: int, version: int, reference: str, reason: str, now: datetime
) -> None:
    """A wrong reference was recorded: set the right one; both stay in the audit, the payer is told (N23).

    Raises NotAllowed for anyone but staff, InvalidInput for a reference that is none or the same, Stale where it changed
    meanwhile."""
    require(db, actor, Role.STAFF)
    reference = _checked(reference)
    if db.get(PaymentAttempt, attempt_id) is None:
        raise NotAllowed
    attempt = lock_attempt(db, attempt_id)
    if attempt.state is not AttemptState.REFUNDED or attempt.version != version:
        raise Stale
    former = attempt.refund_ref
    if reference == former:
        raise InvalidInput("error.refund_same")
    attempt.refund_ref, attempt.version = reference, attempt.version + 1
    db.add(attempt)
    db.flush()
    audit.record(
        db,
        now=now,
        actor=actor,
        event="payment_refund_corrected",
        subject="payment_attempt",
        subject_id=attempt_id,
        was=former,
        reference=reference,
        reason=reason,
    )
    notify.push(
        db,
        kind="N23",
        event_key=f"payment:{attempt_id}:corrected:{attempt.version}",
        account_id=db.get_one(QualificationRequest, attempt.request_id).account_id,
        text=t("push.N23_corrected", amount=number(attempt.amount_rial), ref=reference),
        now=now,
    )


def _checked(reference: str) -> str:
    """Raises InvalidInput."""
    reference = " ".join(BIDI_MARKS.sub("", reference).split())
    if not 1 <= len(reference) <= MAX_REFERENCE:
        raise InvalidInput("error.refund_reference")
    return reference


def wrong_amounts(db: Session, *, actor: Actor, limit: int, offset: int) -> list[RefundDue]:
    """Attempts with a payment of another amount than the fee, oldest first: nothing but staff can end them.
    Raises NotAllowed for anyone else."""
    require(db, actor, Role.STAFF)
    was_wrong = select(AuditEvent.id).where(
        AuditEvent.subject == "payment_attempt",
        AuditEvent.subject_id == PaymentAttempt.id,
        AuditEvent.event == f"payment_{PaymentEvent.WRONG_AMOUNT}",
    )
    return _list(
        db,
        (col(PaymentAttempt.state) == AttemptState.UNCERTAIN) & was_wrong.exists(),
        limit=limit,
        offset=offset,
    )


def record_refund(
    db: Session, *, actor: Actor, attempt_id: int, version: int, reference: str, now: datetime
) -> None:
    """«ثبت بازگشت وجه»: the money went back under `reference`; the payer is told (N23).

    Raises NotAllowed for anyone but staff, InvalidInput without a reference, Stale where it was recorded
    before."""
    attempt = _returned(
        db,
        actor=actor,
        attempt_id=attempt_id,
        version=version,
        event=PaymentEvent.REFUNDED,
        reference=reference,
        now=now,
    )
    alerts.close_refund_due(db, attempt, now)
    notify.push(
        db,
        kind="N23",
        event_key=f"payment:{attempt.id}:refunded",
        account_id=db.get_one(QualificationRequest, attempt.request_id).account_id,
        text=t("push.N23_done", amount=number(attempt.amount_rial), ref=attempt.refund_ref),
        now=now,
    )


def record_wrong_amount(db: Session, *, actor: Actor, attempt_id: int, reference: str, now: datetime) -> None:
    """«مبلغ نادرست بازگردانده شد»: what was paid in place of the fee went back under `reference`. The attempt
    is over, the payer is told (N23), may pay anew or withdraw.

    Raises NotAllowed for anyone but staff and for an attempt whose amount was right, InvalidInput without a
    reference, Stale where the attempt went another way meanwhile (its version says nothing: the reconciler
    asks the gateway about it again and again)."""
    if not any(
        wrong_amount.attempt_id == attempt_id
        for wrong_amount in wrong_amounts(db, actor=actor, offset=0, limit=10_000)
    ):
        raise Stale
    attempt = _returned(
        db,
        actor=actor,
        attempt_id=attempt_id,
        version=None,
        event=PaymentEvent.WRONG_AMOUNT_RETURNED,
        reference=reference,
        now=now,
    )
    alerts.close_wrong_amount(db, attempt, now)
    notify.push(
        db,
        kind="N23",
        event_key=f"payment:{attempt.id}:wrong_returned",
        account_id=db.get_one(QualificationRequest, attempt.request_id).account_id,
        text=t("push.N23_wrong", ref=attempt.refund_ref),
        rows=[[button(t("qual.track"), "qual.track")]],
        now=now,
    )


def _returned(
    db: Session,
    *,
    actor: Actor,
    attempt_id: int,
    version: int | None,
    event: PaymentEvent,
    reference: str,
    now: datetime,
) -> PaymentAttempt:
    require(db, actor, Role.STAFF)
    reference = _checked(reference)
    if db.get(PaymentAttempt, attempt_id) is None:
        raise NotAllowed
    attempt = lock_attempt(db, attempt_id)
    if version is not None and attempt.version != version:
        raise Stale
    move_attempt(
        db,
        attempt,
        event,
        now,
        actor=actor,
        refund_ref=reference,
        refunded_at=now,
        refunded_by=actor.account_id,
    )
    return attempt
