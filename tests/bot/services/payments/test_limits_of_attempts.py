"""How many payments an hour may bring, when the next may begin, and how often a return asks the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.refusals import Refusal
from bot.services import payments
from bot.services.payments.attempts import TooManyAttempts, may_inquire
from storage.database.database import Database
from storage.enums import AttemptState
from storage.tables import PaymentAttempt
from tests.support.payments import TOKEN, PaymentScenario, payment_scenario

NOON = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@pytest.fixture
async def scenario(database: Database) -> AsyncIterator[PaymentScenario]:
    async with payment_scenario(database) as opened:
        yield opened


async def cancelled(scenario: PaymentScenario) -> PaymentAttempt:
    attempt = await scenario.click()
    scenario.bank.cancel(attempt.ref or "")
    await payments.verify_and_settle(scenario.resources, attempt.id or 0, cancelled=True)
    return attempt


async def test_ten_payments_an_hour_and_the_eleventh_when_the_first_is_an_hour_old(
    scenario: PaymentScenario,
) -> None:
    begun = scenario.moment
    for _ in range(10):
        await cancelled(scenario)
        scenario.pass_time(minutes=1)

    with pytest.raises(TooManyAttempts) as refused:
        await payments.open_attempt(scenario.resources, TOKEN)

    assert refused.value.until == begun + timedelta(hours=1)
    assert len(await scenario.attempts()) == 10
    scenario.moment = begun + timedelta(hours=1)
    await scenario.click()


@pytest.mark.parametrize(("seconds", "shown"), [(0, "۱۲:۰۰"), (1, "۱۲:۰۱"), (59, "۱۲:۰۱"), (60, "۱۲:۰۱")])
def test_the_time_that_is_told_is_never_too_early(seconds: int, shown: str) -> None:
    until = NOON + timedelta(seconds=seconds)
    assert shown in str(TooManyAttempts(until).args_of_text["time"])


@pytest.mark.parametrize(
    ("checks", "since", "asks"),
    [
        (0, 0, True),
        (1, 0, True),
        (2, 1.9, False),
        (2, 2, True),
        (3, 9.9, False),
        (3, 10, True),
        (50, 9.9, False),
        (50, 10, True),
        (50, -5, True),
    ],
)
def test_returns_ask_less_and_less_often(checks: int, since: float, asks: bool) -> None:
    attempt = PaymentAttempt(
        request_id=1,
        gateway="zarinpal",
        amount_rial=1000,
        state=AttemptState.CREATED,
        checks=checks,
        looked_at=NOON,
    )

    assert may_inquire(attempt, NOON + timedelta(seconds=since)) == asks
    attempt.state = AttemptState.PAID
    assert not may_inquire(attempt, NOON + timedelta(days=1))


@pytest.mark.parametrize(("minutes", "blocked"), [(29, True), (31, False)])
async def test_while_the_bank_is_silent_no_second_payment_begins_for_half_an_hour(
    scenario: PaymentScenario, minutes: int, blocked: bool
) -> None:
    attempt = await scenario.click()
    scenario.bank.faults.down = True
    await payments.verify_and_settle(scenario.resources, attempt.id or 0)
    assert (await scenario.attempt(attempt)).state is AttemptState.UNCERTAIN
    scenario.bank.faults.down = False
    scenario.pass_time(minutes=minutes)

    if blocked:
        with pytest.raises(Refusal) as refused:
            await payments.open_attempt(scenario.resources, TOKEN)
        assert refused.value.key == "error.payment_uncertain"
    else:
        assert (await scenario.click()).id != attempt.id


@pytest.mark.parametrize(("minutes", "same"), [(9, True), (11, False)])
async def test_a_link_to_the_bank_is_handed_out_again_for_ten_minutes(
    scenario: PaymentScenario, minutes: int, same: bool
) -> None:
    attempt = await scenario.click()
    scenario.pass_time(minutes=minutes)

    assert ((await scenario.click()).id == attempt.id) == same
