"""Opening and settling payments: the gateway is asked between transactions, never inside one (SPEC 2.3)."""

import logging
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from bot.desk import Desk
from bot.errors import Unavailable
from bot.gateways.ports import GatewayDown, GatewayRefused, NotPaid, Redirect, Standing
from bot.rules.payment import OPEN, SETTLED, PaymentEvent
from bot.services.payments import alerts, attempts
from bot.services.payments.attempts import Checked, Claimed
from bot.services.payments.conclusion import EXPIRES, GIVES_UP, conclude, next_look
from bot.texts import BIDI_MARKS, t
from storage.states import AttemptState, RequestState
from storage.tables import PaymentAttempt, QualificationRequest

log = logging.getLogger(__name__)


async def open_attempt(desk: Desk, token: str) -> Redirect:
    """One click on the pay page: a new attempt, its authority at the gateway, and the way there.

    Raises NotAllowed (unknown token), Refusal (nothing due, another attempt is uncertain), Unavailable.
    """
    gateway, database = desk.gateway, desk.database
    opening = await database.run(partial(attempts.begin, token=token, gateway=gateway.name, now=desk.clock()))
    try:
        created = await gateway.create(
            amount_rial=opening.amount_rial,
            order_id=opening.attempt_id,
            description=BIDI_MARKS.sub("", t("pay.description", code=opening.tracking_code)),
            callback_url=f"{desk.world.public_url.rstrip('/')}/pay/callback/{gateway.name}/{opening.attempt_id}",
            mobile=opening.mobile,
        )
        await database.run(
            partial(attempts.opened, attempt_id=opening.attempt_id, ref=created.ref, now=desk.clock())
        )
    except (GatewayDown, GatewayRefused, IntegrityError) as trouble:
        code = trouble.code if isinstance(trouble, GatewayRefused) else type(trouble).__name__
        alert = getattr(trouble, "alert", isinstance(trouble, IntegrityError))
        log.warning("payment %s not opened at %s: %s", opening.attempt_id, gateway.name, code)
        await database.run(
            partial(_not_opened, attempt_id=opening.attempt_id, code=code, alert=alert, now=desk.clock())
        )
        raise Unavailable("error.payment_unavailable" if alert else "error.gateway_down") from None
    return created.redirect


def _not_opened(db: Session, *, attempt_id: int, code: int | str, alert: bool, now: datetime) -> None:
    attempt = attempts.locked(db, attempt_id)
    attempts.move(db, attempt, PaymentEvent.NOT_OPENED, now, answer={"code": code})
    if alert:
        alerts.refused(db, gateway=attempt.gateway, code=code, now=now)


async def settle(
    desk: Desk, attempt_id: int, *, cancelled: bool = False, inquire_first: bool = False
) -> AttemptState:
    """Learn from the gateway whether this attempt was paid, and do what follows; the state it ends in.

    Idempotent and safe to call from anywhere at any time. `cancelled`: the browser came back saying so, which makes
    a verified "not paid" final. `inquire_first` (button, reconciler) leaves a payer who is still at the bank alone.
    """
    return (await settle_and_tell(desk, attempt_id, cancelled=cancelled, inquire_first=inquire_first)).state


@dataclass(frozen=True, slots=True)
class Settled:
    state: AttemptState
    #: The gateway said something; False where it did not answer.
    answered: bool = True


async def settle_and_tell(
    desk: Desk, attempt_id: int, *, cancelled: bool = False, inquire_first: bool = False
) -> Settled:
    """`settle`, and whether the gateway answered."""
    gateway, database = desk.gateway, desk.database
    attempt = await database.read(lambda db: db.get_one(PaymentAttempt, attempt_id))
    if attempt.state in SETTLED or attempt.gateway != gateway.name:
        return Settled(attempt.state)
    if attempt.ref is None:
        return Settled(await database.run(partial(_without_ref, attempt_id=attempt_id, now=desk.clock())))
    standing: Standing | None = None
    if inquire_first:
        standing = await gateway.inquire(attempt.ref)
        quiet = attempt.state in (AttemptState.CREATED, AttemptState.UNCERTAIN)
        young = desk.clock() - attempt.created_at < GIVES_UP
        waits = standing == "pending" and attempt.state is AttemptState.CREATED and young
        if quiet and (waits or standing == "unknown"):
            state = await database.run(partial(_looked, attempt_id=attempt_id, now=desk.clock()))
            return Settled(state, standing != "unknown")
    claimed = await database.run(partial(attempts.claim, attempt_id=attempt_id, now=desk.clock()))
    if not isinstance(claimed, Claimed):
        return Settled(claimed)
    verification = await gateway.verify(claimed.ref, claimed.amount_rial)
    if isinstance(verification, NotPaid) and standing is None and not cancelled:
        standing = await gateway.inquire(claimed.ref)
    state = await database.run(
        partial(
            conclude,
            claimed=claimed,
            verification=verification,
            standing=standing,
            cancelled=cancelled,
            world=desk.world,
            now=desk.clock(),
        )
    )
    log.info("payment %s: %s", attempt_id, state)
    return Settled(state, state is not AttemptState.UNCERTAIN)


def _without_ref(db: Session, *, attempt_id: int, now: datetime) -> AttemptState:
    """An attempt whose authority never reached us: nobody was sent to the bank with it."""
    attempt = attempts.locked(db, attempt_id)
    if attempt.ref is None and attempt.state is AttemptState.CREATED and now - attempt.created_at >= EXPIRES:
        return attempts.move(db, attempt, PaymentEvent.EXPIRED, now)
    return attempt.state


def _looked(db: Session, *, attempt_id: int, now: datetime) -> AttemptState:
    """Nothing new: set the time of the next look."""
    attempt = attempts.locked(db, attempt_id)
    if attempt.state in (AttemptState.CREATED, AttemptState.UNCERTAIN):
        checks = attempt.checks + 1
        attempts.change(db, attempt, checks=checks, next_check_at=now + next_look(checks))
    return attempt.state


async def check_request(desk: Desk, request_id: int) -> Checked:
    """«بررسی پرداخت»: settle the request's attempts, newest first; what came of it (see PAYMENT_CHECKS).

    Changes nothing but what the gateway proves, so it needs no actor; the handler checks who may see the answer."""
    ids = await desk.database.read(partial(_to_check, request_id=request_id, gateway=desk.gateway.name))
    told: list[Settled] = []
    for attempt_id in ids:
        told.append(await settle_and_tell(desk, attempt_id, inquire_first=True))
        if not told[-1].answered:
            break  # the person waits; the rest would wait for the same silence
    state = await desk.database.read(partial(_request_state, request_id=request_id))
    if state is RequestState.COMPLETED:
        return Checked.COMPLETED
    if state is not RequestState.AWAITING_PAYMENT:
        return Checked.NOTHING_DUE
    if any(one.state in (AttemptState.UNCERTAIN, AttemptState.VERIFYING) for one in told):
        return Checked.UNCERTAIN
    if any(not one.answered for one in told):
        return Checked.GATEWAY_DOWN
    return Checked.NOT_PAID


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
    found = [id_ for id_, state in rows if state in OPEN] or [id_ for id_, _ in rows[:1]]
    return [id_ for id_ in found if id_ is not None]


def _request_state(db: Session, *, request_id: int) -> RequestState | None:
    request = db.get(QualificationRequest, request_id)
    return request.state if request is not None else None
