"""Applies a gateway's answer to an attempt and its request: one unit, everything or nothing.

See docs/specification.md 2.3.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from bot.core.context import SYSTEM, PublicInfo
from bot.core.screens import Button
from bot.gateways.interfaces import InquiryStatus, NotPaid, Retry, Verification, Verified, WrongAmount
from bot.rules.payment import SETTLED, PaymentEvent
from bot.services.payments import alerts
from bot.services.payments.attempts import PAID_OF, ClaimedAttempt, lock_attempt, lock_request, move_attempt
from bot.services.payments.page import pay_url
from bot.services.qualification import completion
from bot.services.shared import notify
from bot.texts import t
from bot.texts.formats import number
from storage.enums import AttemptState, RequestState
from storage.tables import AuditEvent, PaymentAttempt, QualificationRequest

#: A definite "not paid" after this is an expiry, not a failure.
EXPIRES = timedelta(minutes=30)
#: A payment that was not made in this time counts as abandoned, though the gateway keeps it open.
GIVES_UP = timedelta(days=1)


def next_inquiry_after(checks: int) -> timedelta:
    """How long until the reconciler asks again: every two minutes at first, later every hour.

    A gateway gives money back that is not verified in some ten minutes, so while its session may live the
    gaps are shorter than that."""
    return timedelta(minutes=2 if checks < 10 else 5 if checks < 15 else 15 if checks < 30 else 60)


def apply_answer(
    db: Session,
    *,
    claimed: ClaimedAttempt,
    verification: Verification,
    standing: InquiryStatus | None,
    cancelled: bool,
    public_info: PublicInfo,
    now: datetime,
) -> AttemptState:
    """Apply the gateway's word to an attempt that we claimed.

    A caller that lost the claim meanwhile (its lease ran out) only gets the state back, unless it brings
    proof of payment: that is never dropped. `standing` and `cancelled` tell a definite "not paid" from one
    that is not paid
    *yet*.
    """
    request = lock_request(db, _request_of(db, claimed.attempt_id))
    attempt = lock_attempt(db, claimed.attempt_id)
    if attempt.state in SETTLED:
        return attempt.state
    ours = attempt.state is AttemptState.VERIFYING and attempt.version == claimed.version
    match verification:
        case Verified():
            came_from = claimed.came_from
            if attempt.state is not AttemptState.VERIFYING:
                came_from = attempt.state
                move_attempt(db, attempt, PaymentEvent.ASKED, now)
            return _paid(db, request, attempt, verification, came_from, now)
        case _ if not ours:
            return attempt.state
        case WrongAmount():
            alerts.raise_wrong_amount(db, request, attempt, now)
            # Staff find the attempt by the first line of the trail, also where it was uncertain before.
            known = claimed.came_from if _wrong_amount_alerted(db, attempt) else None
            return _wait(db, attempt, PaymentEvent.WRONG_AMOUNT, verification, known, now)
        case Retry():
            _alert_if_asked(db, attempt, verification, now)
            return _wait(db, attempt, PaymentEvent.NO_ANSWER, verification, claimed.came_from, now)
        case NotPaid():
            _alert_if_asked(db, attempt, verification, now)
            return _not_paid(
                db, request, attempt, claimed.came_from, verification, standing, cancelled, public_info, now
            )


def _request_of(db: Session, attempt_id: int) -> int:
    return db.get_one(PaymentAttempt, attempt_id).request_id


def _wrong_amount_alerted(db: Session, attempt: PaymentAttempt) -> bool:
    line = select(AuditEvent.id).where(
        AuditEvent.subject == "payment_attempt",
        AuditEvent.subject_id == attempt.id,
        AuditEvent.event == f"payment_{PaymentEvent.WRONG_AMOUNT}",
    )
    return db.exec(line.limit(1)).first() is not None


def _paid(
    db: Session,
    request: QualificationRequest,
    attempt: PaymentAttempt,
    proof: Verified,
    came_from: AttemptState,
    now: datetime,
) -> AttemptState:
    assert request.id is not None
    values: dict[str, Any] = {
        "bank_ref": proof.bank_ref,
        "card_masked": proof.card_masked,
        "answer": proof.answer,
        "paid_at": now,
        "checks": attempt.checks + 1,
    }
    alerts.close_wrong_amount(db, attempt, now)
    paid_before = db.exec(PAID_OF, params={"request_id": request.id}).first() is not None
    # An approval that was revoked and made again may have another fee.
    due = request.state is RequestState.AWAITING_PAYMENT and request.fee_rial == attempt.amount_rial
    if due and not paid_before:
        state = move_attempt(db, attempt, PaymentEvent.PAID, now, came_from=came_from, **values)
        if not completion.complete_request(
            db, request_id=request.id, now=now, actor=SYSTEM, bank_ref=proof.bank_ref
        ):
            raise RuntimeError(f"request {request.id} did not take its payment")  # it is locked: cannot be
        return state
    state = move_attempt(db, attempt, PaymentEvent.PAID_IN_EXCESS, now, came_from=came_from, **values)
    alerts.raise_refund_due(db, request, attempt, now)
    notify.push(
        db,
        kind="N23",
        event_key=f"payment:{attempt.id}:refund_due",
        account_id=request.account_id,
        text=t(_why_excess(request, paid_before=paid_before), amount=number(attempt.amount_rial)),
        now=now,
    )
    return state


def _why_excess(request: QualificationRequest, *, paid_before: bool) -> str:
    """The text key of why a payment is given back."""
    if request.state is RequestState.WITHDRAWN:
        return "push.N23_due_withdrawn"
    return "push.N23_due" if paid_before else "push.N23_due_revoked"


def _not_paid(
    db: Session,
    request: QualificationRequest,
    attempt: PaymentAttempt,
    came_from: AttemptState,
    answer: NotPaid,
    standing: InquiryStatus | None,
    cancelled: bool,
    public_info: PublicInfo,
    now: datetime,
) -> AttemptState:
    age = now - attempt.created_at
    over = came_from in (AttemptState.FAILED, AttemptState.EXPIRED)
    if standing in ("paid", "verified"):
        # They contradict themselves; ask again later.
        return _wait(db, attempt, PaymentEvent.NO_ANSWER, answer, came_from, now)
    if standing in ("pending", "unknown") and not cancelled and age < GIVES_UP:
        return _wait(db, attempt, PaymentEvent.STILL_OPEN, answer, came_from, now)
    expired = came_from is AttemptState.EXPIRED or (not over and not cancelled and age >= EXPIRES)
    event = PaymentEvent.EXPIRED if expired else PaymentEvent.NOT_PAID
    state = move_attempt(
        db, attempt, event, now, came_from=came_from, answer=answer.answer, checks=attempt.checks + 1
    )
    waited_for = not expired or came_from is not AttemptState.CREATED
    if waited_for and not over and request.state is RequestState.AWAITING_PAYMENT and request.pay_token:
        notify.push(
            db,
            kind="N8",
            event_key=f"payment:{attempt.id}:failed",
            account_id=request.account_id,
            text=t("push.N8"),
            rows=[[Button(t("push.N8_again"), url=pay_url(public_info, request.pay_token), pays=request.id)]],
            now=now,
        )
    return state


def _wait(
    db: Session,
    attempt: PaymentAttempt,
    event: PaymentEvent,
    answer: Verification,
    came_from: AttemptState | None,
    now: datetime,
) -> AttemptState:
    checks = attempt.checks + 1
    due = now + next_inquiry_after(checks)
    return move_attempt(
        db,
        attempt,
        event,
        now,
        came_from=came_from,
        answer=answer.answer,
        checks=checks,
        next_check_at=due,
    )


def _alert_if_asked(db: Session, attempt: PaymentAttempt, answer: Retry | NotPaid, now: datetime) -> None:
    if answer.alert:
        alerts.raise_gateway_refused(db, gateway=attempt.gateway, code=answer.code, now=now)
