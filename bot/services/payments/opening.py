"""Opening a payment: one click on the pay page leads to the bank, with one call to the gateway however many
click."""

import asyncio
import logging
from datetime import datetime
from functools import partial

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from bot.application.resources import Resources
from bot.core.refusals import Unavailable
from bot.gateways.interfaces import GatewayDown, GatewayRefused, Redirect
from bot.rules.payment import PaymentEvent
from bot.services.payments import alerts, attempts
from bot.services.payments.attempts import Open, Opening, Underway
from bot.services.payments.settlement import verify_and_settle
from bot.texts import BIDI_MARKS, t
from storage.enums import AttemptState
from storage.tables import PaymentAttempt

log = logging.getLogger(__name__)

#: Seconds that a click waits for another click's answer from the gateway, and between two looks at it.
OTHERS, STEP = 10.0, 0.25
#: Seconds that a click waits to learn whether an open payment can still be paid.
ANSWER_TIMEOUT = 5.0
#: Once an attempt turns out to be over, another one is tried, at most this often.
ROUNDS = 3

_BACKGROUND_TASKS: set[asyncio.Task[AttemptState]] = set()


async def open_attempt(resources: Resources, token: str) -> Redirect:
    """One click on the pay page: the way to the bank.

    A young attempt that can still be paid is handed out again; else there is a new one, and its authority at
    the gateway. Raises NotAllowed (unknown token), Refusal (nothing due, another attempt is uncertain),
    TooManyAttempts, Unavailable.
    """
    gateway = resources.gateway
    for _ in range(ROUNDS):
        opening = await resources.database.run(
            partial(attempts.begin_attempt, token=token, gateway=gateway.name, now=resources.clock())
        )
        match opening:
            case Opening():
                return await _open_at_gateway(resources, opening)
            case Underway():
                return gateway.redirect(await _opened_by_other(resources, opening.attempt_id))
            case Open():
                if not opening.look or await _can_be_paid(resources, opening.attempt_id):
                    return gateway.redirect(opening.ref)
    raise Unavailable("error.gateway_down")


async def _open_at_gateway(resources: Resources, opening: Opening) -> Redirect:
    gateway, database = resources.gateway, resources.database
    try:
        created = await gateway.create(
            amount_rial=opening.amount_rial,
            order_id=opening.attempt_id,
            description=BIDI_MARKS.sub("", t("pay.description", code=opening.tracking_code)),
            callback_url=f"{resources.public_info.public_url.rstrip('/')}/pay/callback/{gateway.name}/{opening.attempt_id}",
            mobile=opening.mobile,
        )
        await database.run(
            partial(
                attempts.record_opened, attempt_id=opening.attempt_id, ref=created.ref, now=resources.clock()
            )
        )
    except (GatewayDown, GatewayRefused, IntegrityError) as trouble:
        code = trouble.code if isinstance(trouble, GatewayRefused) else type(trouble).__name__
        alert = getattr(trouble, "alert", isinstance(trouble, IntegrityError))
        log.warning(
            "payment %s of file %s not opened at %s: %s",
            opening.attempt_id,
            opening.tracking_code or "–",
            gateway.name,
            code,
        )
        await database.run(
            partial(_not_opened, attempt_id=opening.attempt_id, code=code, alert=alert, now=resources.clock())
        )
        raise Unavailable("error.payment_unavailable" if alert else "error.gateway_down") from None
    log.info(
        "payment %s of file %s: opened at %s",
        opening.attempt_id,
        opening.tracking_code or "–",
        gateway.name,
    )
    return created.redirect


def _not_opened(db: Session, *, attempt_id: int, code: int | str, alert: bool, now: datetime) -> None:
    attempt = attempts.lock_attempt(db, attempt_id)
    attempts.move_attempt(db, attempt, PaymentEvent.NOT_OPENED, now, answer={"code": code})
    if alert:
        alerts.raise_gateway_refused(db, gateway=attempt.gateway, code=code, now=now)


async def _opened_by_other(resources: Resources, attempt_id: int) -> str:
    """The ref that another click gets. Raises Unavailable where it gets none, or not in time."""
    for _ in range(int(OTHERS / STEP)):
        attempt = await resources.database.read(lambda db: db.get_one(PaymentAttempt, attempt_id))
        if attempt.ref is not None:
            return attempt.ref
        if attempt.state is not AttemptState.CREATED:
            break
        await asyncio.sleep(STEP)
    raise Unavailable("error.gateway_down")


async def _can_be_paid(resources: Resources, attempt_id: int) -> bool:
    """Whether the gateway still waits for this payment, or does not say. Whatever else it says is settled."""
    task = asyncio.create_task(verify_and_settle(resources, attempt_id, inquire_first=True, by_payer=True))
    _BACKGROUND_TASKS.add(task)
    task.add_done_callback(_BACKGROUND_TASKS.discard)
    done, _ = await asyncio.wait([task], timeout=ANSWER_TIMEOUT)
    if done:
        return task.result() is AttemptState.CREATED
    task.add_done_callback(_log_failure)
    return True


def _log_failure(task: asyncio.Task[AttemptState]) -> None:
    """No caller waits for it any more."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a payment could not be settled; the reconciler goes on", exc_info=error)
