"""When the reconciler looks at an open payment again, and what a payer who paid late notices of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.services import payments
from bot.services.payments.reconciler import reconcile
from bot.services.payments.verification import next_inquiry_after
from storage.database.database import Database
from storage.enums import AttemptState, RequestState
from tests.support.payments import Paying, paying


@pytest.fixture
async def world(database: Database) -> AsyncIterator[Paying]:
    async with paying(database) as opened:
        yield opened


@pytest.mark.parametrize(
    ("looks", "minutes"), [(0, 2), (9, 2), (10, 5), (14, 5), (15, 15), (29, 15), (30, 60), (500, 60)]
)
def test_looks_become_rarer(looks: int, minutes: int) -> None:
    assert next_inquiry_after(looks) == timedelta(minutes=minutes)


async def test_the_reconciler_looks_every_two_minutes_at_first(world: Paying) -> None:
    """A gateway gives money back that is not verified in some ten minutes."""
    attempt = await world.click()
    looked = []
    for minute in range(10):
        world.pass_time(minutes=1)
        if await reconcile(world.resources):
            looked.append(minute)
    assert all(later - earlier == 2 for earlier, later in pairwise(looked))
    assert len(looked) >= 4
    assert (await world.attempt(attempt)).state is AttemptState.CREATED

    world.pay(attempt)
    world.pass_time(minutes=2)
    assert await reconcile(world.resources) == 1
    assert (await world.request()).state is RequestState.COMPLETED


async def test_a_payment_without_an_answer_is_looked_at_again_and_counted(world: Paying) -> None:
    attempt = await world.click()
    world.bank.faults.down = True
    for look in range(1, 4):
        world.pass_time(minutes=2)
        await reconcile(world.resources)
        found = await world.attempt(attempt)
        assert (found.checks, found.next_check_at) == (look, world.moment + timedelta(minutes=2))
    world.bank.faults.down = False
    world.pay(attempt)
    world.pass_time(minutes=2)
    await reconcile(world.resources)

    assert (await world.attempt(attempt)).state is AttemptState.PAID
    assert await payments.verify_and_settle(world.resources, attempt.id or 0) is AttemptState.PAID
