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
from tests.support.payments import PaymentScenario, payment_scenario


@pytest.fixture
async def scenario(database: Database) -> AsyncIterator[PaymentScenario]:
    async with payment_scenario(database) as opened:
        yield opened


@pytest.mark.parametrize(
    ("looks", "minutes"), [(0, 2), (9, 2), (10, 5), (14, 5), (15, 15), (29, 15), (30, 60), (500, 60)]
)
def test_looks_become_rarer(looks: int, minutes: int) -> None:
    assert next_inquiry_after(looks) == timedelta(minutes=minutes)


async def test_the_reconciler_looks_every_two_minutes_at_first(scenario: PaymentScenario) -> None:
    """A gateway gives money back that is not verified in some ten minutes."""
    attempt = await scenario.click()
    looked = []
    for minute in range(10):
        scenario.pass_time(minutes=1)
        if await reconcile(scenario.resources):
            looked.append(minute)
    assert all(later - earlier == 2 for earlier, later in pairwise(looked))
    assert len(looked) >= 4
    assert (await scenario.attempt(attempt)).state is AttemptState.CREATED

    scenario.pay(attempt)
    scenario.pass_time(minutes=2)
    assert await reconcile(scenario.resources) == 1
    assert (await scenario.request()).state is RequestState.COMPLETED


async def test_a_payment_without_an_answer_is_looked_at_again_and_counted(scenario: PaymentScenario) -> None:
    attempt = await scenario.click()
    scenario.bank.faults.down = True
    for look in range(1, 4):
        scenario.pass_time(minutes=2)
        await reconcile(scenario.resources)
        found = await scenario.attempt(attempt)
        assert (found.checks, found.next_check_at) == (look, scenario.moment + timedelta(minutes=2))
    scenario.bank.faults.down = False
    scenario.pay(attempt)
    scenario.pass_time(minutes=2)
    await reconcile(scenario.resources)

    assert (await scenario.attempt(attempt)).state is AttemptState.PAID
    assert await payments.verify_and_settle(scenario.resources, attempt.id or 0) is AttemptState.PAID
