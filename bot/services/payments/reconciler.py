"""The reconciler: asks the gateway about payments whose payer did not come back. Ticked every two minutes.

See docs/specification.md 2.3.
"""

import asyncio
import logging
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import Session, col, func, select

from bot.application.resources import Resources
from bot.gateways.interfaces import GatewayDown, Unverified
from bot.rules.payment import OPEN, SETTLED
from bot.services.payments import alerts
from bot.services.payments.settlement import settle_and_report, verify_and_settle
from bot.services.shared import rate_limit
from storage.database.outage import log_unless_outage
from storage.tables import PaymentAttempt

log = logging.getLogger(__name__)

#: In one pass, and side by side.
MAX_ATTEMPTS, AT_ONCE = 100, 4
#: Of these, so many for the longest overdue: the newest come first, and none is left out for ever.
OVERDUE = 25
#: Seconds after which a pass begins no more looks: the next pass knows newer payments.
PASS = 60.0
#: A gateway that does not answer so often is down: the rest waits for the next pass.
MAX_FAILURES = 3
UNVERIFIED_EVERY = timedelta(hours=1)
#: Gateways list at most so many unverified payments: a shorter list is the whole one.
WHOLE_LIST = 100


async def reconcile(resources: Resources) -> int:
    """Settle what is due for a look; once an hour compare with the gateway's list of unverified payments.

    Each request has its turn before any has a second one, the newest first. One that fails never stops the
    others. Returns how many attempts were looked at."""
    ids = await resources.database.read(
        partial(_attempts_due, gateway=resources.gateway.name, now=resources.clock())
    )
    silent = looked = 0
    queue = iter(ids)
    ends = asyncio.get_running_loop().time() + PASS

    async def worker() -> None:
        nonlocal silent, looked
        for attempt_id in queue:
            try:
                settled = await settle_and_report(resources, attempt_id, inquire_first=True)
                silent = 0 if settled.answered else silent + 1
                looked += 1
            except Exception as error:
                log_unless_outage(log, "payment %s could not be settled", attempt_id, error=error)
            if silent >= MAX_FAILURES or asyncio.get_running_loop().time() > ends:
                return

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    if not silent:
        await _compare_unverified(resources)
    return looked


def _attempts_due(db: Session, *, gateway: str, now: datetime) -> list[int]:
    """At most MOST, in the order in which they are looked at."""
    turn = func.row_number().over(
        partition_by=col(PaymentAttempt.request_id), order_by=col(PaymentAttempt.id).desc()
    )
    due = (
        select(PaymentAttempt.id, PaymentAttempt.next_check_at, turn.label("turn"))
        .where(
            PaymentAttempt.gateway == gateway,
            col(PaymentAttempt.state).in_(OPEN),
            col(PaymentAttempt.next_check_at) <= now,
        )
        .subquery()
    )
    newest = db.exec(select(due.c.id).order_by(due.c.turn, due.c.id.desc()).limit(MAX_ATTEMPTS)).all()
    if len(newest) < MAX_ATTEMPTS:
        return list(newest)
    overdue = db.exec(select(due.c.id).order_by(due.c.turn, due.c.next_check_at).limit(OVERDUE)).all()
    return list(dict.fromkeys([*newest[: MAX_ATTEMPTS - OVERDUE], *overdue, *newest]))[:MAX_ATTEMPTS]


async def _compare_unverified(resources: Resources) -> None:
    """Settle what is paid and was thought failed; tell staff of payments that are not ours."""
    if not await resources.database.run(
        partial(_first_this_hour, gateway=resources.gateway.name, now=resources.clock())
    ):
        return
    try:
        waiting = await resources.gateway.unverified()
    except GatewayDown as down:
        log.warning("no list of unverified payments: %s", down)
        return
    if len(waiting) < WHOLE_LIST:
        refs = {unverified.ref for unverified in waiting}
        close = partial(alerts.close_unknown_payments, gateway=resources.gateway.name, waiting=refs)
        await resources.database.run(partial(close, now=resources.clock()))
    if waiting:
        for attempt_id in await resources.database.run(
            partial(_settle_unverified, resources=resources, waiting=waiting)
        ):
            await verify_and_settle(resources, attempt_id)


def _first_this_hour(db: Session, *, gateway: str, now: datetime) -> bool:
    """One process an hour wins."""
    return rate_limit.first_time(db, key=f"unverified:{gateway}", now=now, within=UNVERIFIED_EVERY)


def _settle_unverified(db: Session, *, resources: Resources, waiting: list[Unverified]) -> list[int]:
    name = resources.gateway.name
    ours: list[int] = []
    for unverified in waiting:
        attempt = db.exec(
            select(PaymentAttempt).where(PaymentAttempt.gateway == name, PaymentAttempt.ref == unverified.ref)
        ).first()
        if attempt is None:
            alerts.raise_unknown_payment(db, gateway=name, ref=unverified.ref, now=resources.clock())
        elif (
            attempt.state not in SETTLED | OPEN and attempt.id is not None
        ):  # the open ones have their own look
            ours.append(attempt.id)
    return ours
