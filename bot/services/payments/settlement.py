"""Settling payments: the gateway is asked between transactions, never inside one.

See docs/specification.md 2.3.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlmodel import Session, col, select

from bot.application.resources import Resources
from bot.gateways.interfaces import InquiryStatus, NotPaid
from bot.rules.payment import OPEN, SETTLED, PaymentEvent
from bot.services.payments import attempts
from bot.services.payments.attempts import ClaimedAttempt, PaymentCheck
from bot.services.payments.history import tracking_code
from bot.services.payments.verification import EXPIRES, GIVES_UP, apply_answer, next_inquiry_after
from storage.enums import AttemptState, RequestState
from storage.tables import PaymentAttempt, QualificationRequest

log = logging.getLogger(__name__)


async def settle_return(resources: Resources, attempt_id: int, *, cancelled: bool) -> AttemptState:
    """A browser came back from the bank (or says so): `verify_and_settle`, unless a return of this attempt
    was looked into just now; then what is known."""
    attempt = await resources.database.read(lambda db: db.get_one(PaymentAttempt, attempt_id))
    if not attempts.may_inquire(attempt, resources.clock()):
        return attempt.state
    return await verify_and_settle(resources, attempt_id, cancelled=cancelled, by_payer=True)


async def verify_and_settle(
    resources: Resources,
    attempt_id: int,
    *,
    cancelled: bool = False,
    inquire_first: bool = False,
    by_payer: bool = False,
) -> AttemptState:
    """Learn from the gateway whether this attempt was paid, and do what follows; the state it ends in.

    Idempotent and safe to call from anywhere at any time. `cancelled`: the browser came back saying so, which
    makes a verified "not paid" final. `inquire_first` (button, reconciler) leaves a payer who is still at the
    bank alone. `by_payer`: asked for in a browser; does not move the reconciler's next look.
    """
    settled = await settle_and_report(
        resources, attempt_id, cancelled=cancelled, inquire_first=inquire_first, by_payer=by_payer
    )
    return settled.state


@dataclass(frozen=True, slots=True)
class Settled:
    state: AttemptState
    #: The gateway said something; False where it did not answer.
    answered: bool = True


async def settle_and_report(
    resources: Resources,
    attempt_id: int,
    *,
    cancelled: bool = False,
    inquire_first: bool,
    by_payer: bool = False,
) -> Settled:
    """`verify_and_settle`, and whether the gateway answered."""
    gateway, database = resources.gateway, resources.database
    attempt, code = await database.read(
        lambda db: (db.get_one(PaymentAttempt, attempt_id), tracking_code(db, attempt_id))
    )
    if attempt.state in SETTLED or attempt.gateway != gateway.name:
        return Settled(attempt.state)
    if attempt.ref is None:
        return Settled(
            await database.run(partial(_without_ref, attempt_id=attempt_id, now=resources.clock()))
        )
    standing: InquiryStatus | None = None
    if inquire_first:
        standing = await gateway.inquire(attempt.ref)
        quiet = attempt.state in (AttemptState.CREATED, AttemptState.UNCERTAIN)
        young = resources.clock() - attempt.created_at < GIVES_UP
        waits = standing == "pending" and attempt.state is AttemptState.CREATED and young
        if quiet and (waits or standing == "unknown"):
            if by_payer:
                return Settled(attempt.state, standing != "unknown")
            state = await database.run(
                partial(_schedule_next_inquiry, attempt_id=attempt_id, now=resources.clock())
            )
            return Settled(state, standing != "unknown")
    claimed = await database.run(
        partial(attempts.claim_attempt, attempt_id=attempt_id, now=resources.clock(), by_payer=by_payer)
    )
    if not isinstance(claimed, ClaimedAttempt):
        return Settled(claimed)
    verification = await gateway.verify(claimed.ref, claimed.amount_rial)
    if isinstance(verification, NotPaid) and standing is None and not cancelled:
        standing = await gateway.inquire(claimed.ref)
    state = await database.run(
        partial(
            apply_answer,
            claimed=claimed,
            verification=verification,
            standing=standing,
            cancelled=cancelled,
            public_info=resources.public_info,
            now=resources.clock(),
        )
    )
    log.info("payment %s of file %s: %s", attempt_id, code, state)
    return Settled(state, state is not AttemptState.UNCERTAIN)


def _without_ref(db: Session, *, attempt_id: int, now: datetime) -> AttemptState:
    """An attempt whose authority never reached us: no payer was sent to the bank with it."""
    attempt = attempts.lock_attempt(db, attempt_id)
    if attempt.ref is None and attempt.state is AttemptState.CREATED and now - attempt.created_at >= EXPIRES:
        return attempts.move_attempt(db, attempt, PaymentEvent.EXPIRED, now)
    if attempt.ref is None and attempt.state is AttemptState.CREATED:
        attempts.save_attempt(db, attempt, next_check_at=attempt.created_at + EXPIRES)
    return attempt.state


def _schedule_next_inquiry(db: Session, *, attempt_id: int, now: datetime) -> AttemptState:
    """Nothing new: set the time of the next look."""
    attempt = attempts.lock_attempt(db, attempt_id)
    if attempt.state in (AttemptState.CREATED, AttemptState.UNCERTAIN):
        checks = attempt.checks + 1
        attempts.save_attempt(db, attempt, checks=checks, next_check_at=now + next_inquiry_after(checks))
    return attempt.state


async def check_request(resources: Resources, request_id: int) -> PaymentCheck:
    """«بررسی پرداخت»: settle the request's attempts, newest first; what came of it (see PAYMENT_CHECKS).

    Changes nothing but what the gateway proves, so it needs no actor; the handler checks who may see the
    answer."""
    ids = await resources.database.read(
        partial(_to_check, request_id=request_id, gateway=resources.gateway.name)
    )
    results: list[Settled] = []
    for attempt_id in ids:
        results.append(await settle_and_report(resources, attempt_id, inquire_first=True))
        if not results[-1].answered:
            break  # the person waits; the rest would wait for the same silence
    state = await resources.database.read(partial(_request_state, request_id=request_id))
    if state is RequestState.COMPLETED:
        return PaymentCheck.COMPLETED
    if state is not RequestState.AWAITING_PAYMENT:
        return PaymentCheck.NOTHING_DUE
    if any(result.state in (AttemptState.UNCERTAIN, AttemptState.VERIFYING) for result in results):
        return PaymentCheck.UNCERTAIN
    if any(not result.answered for result in results):
        return PaymentCheck.GATEWAY_DOWN
    return PaymentCheck.NOT_PAID


def _to_check(db: Session, *, request_id: int, gateway: str) -> list[int]:
    """The open attempts of a request, else the last one: a late payment may be on it."""
    rows = db.exec(
        select(PaymentAttempt.id, PaymentAttempt.state)
        .where(
            PaymentAttempt.request_id == request_id,
            PaymentAttempt.gateway == gateway,
            col(PaymentAttempt.ref).is_not(None),
            col(PaymentAttempt.state).not_in(SETTLED),
        )
        .order_by(col(PaymentAttempt.id).desc())
        .limit(5)
    ).all()
    attempt_ids = [id_ for id_, state in rows if state in OPEN] or [id_ for id_, _ in rows[:1]]
    return [id_ for id_ in attempt_ids if id_ is not None]


def _request_state(db: Session, *, request_id: int) -> RequestState | None:
    request = db.get(QualificationRequest, request_id)
    return request.state if request is not None else None
