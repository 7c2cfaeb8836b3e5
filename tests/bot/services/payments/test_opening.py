"""Opening payment attempts: clicks on the pay page, whatever the gateway answers. The gateways are emulated over HTTP.

See docs/specification.md 2.3, J6, J18.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bot.core.refusals import NotAllowed, Unavailable
from bot.gateways.interfaces import Created, Redirect
from bot.services import accounts, payments
from bot.services.payments.attempts import TooManyAttempts, may_inquire
from storage.enums import AttemptState
from storage.tables import PaymentAttempt
from tests.support.factories.people import suspend
from tests.support.payments import TOKEN, PaymentScenario
from tests.support.services import refused

NOON = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


async def open_attempt(scenario: PaymentScenario) -> Redirect:
    return await payments.open_attempt(scenario.resources, TOKEN)


async def test_nothing_is_opened_where_the_gateway_is_down(scenario: PaymentScenario) -> None:
    """Clicks at one moment all hear of it, and are not counted against the payer."""
    scenario.bank.faults.down = True
    with refused(Unavailable, "error.gateway_down"):
        await open_attempt(scenario)
    assert await scenario.states() == [AttemptState.FAILED]
    assert await scenario.push_texts("N8") == []
    assert await scenario.alerts() == []
    called = scenario.bank.calls["create"]
    told = await asyncio.gather(*(open_attempt(scenario) for _ in range(12)), return_exceptions=True)
    assert {getattr(one, "key", one) for one in told} == {"error.gateway_down"}
    assert scenario.bank.calls["create"] - called < 12
    scenario.bank.faults.down = False
    await scenario.click()


async def test_a_gateway_that_refuses_our_shop_is_raised_with_staff(scenario: PaymentScenario) -> None:
    """Until it takes us again."""
    gateway, faults = scenario.resources.gateway, scenario.bank.faults
    merchant = gateway._merchant
    if gateway.name == "zarinpal":
        faults.refuse_create = -14
    else:
        gateway._merchant = ""
    with refused(Unavailable, "error.payment_unavailable"):
        await open_attempt(scenario)
    [key] = await scenario.alerts()
    assert key in ("gateway:zarinpal:-14", "gateway:zibal:102"), key
    assert len(await scenario.push_texts("alert")) == 1
    faults.refuse_create, gateway._merchant = None, merchant
    await scenario.click()
    assert await scenario.alerts() == []


async def test_a_reference_that_the_gateway_gave_before_is_not_taken_again(scenario: PaymentScenario) -> None:
    first = await scenario.click()

    async def repeats(**values: object) -> Created:
        return Created(first.ref, Redirect("https://bank.example.ir"))

    scenario.resources.gateway.create = repeats
    scenario.pass_time(minutes=11)
    with refused(Unavailable):
        await open_attempt(scenario)
    assert await scenario.states() == [AttemptState.CREATED, AttemptState.FAILED]
    assert len(await scenario.alerts()) == 1


async def test_withdrawn_while_the_gateway_was_being_asked(scenario: PaymentScenario) -> None:
    create = scenario.resources.gateway.create

    async def slowly(**values: object) -> object:
        await scenario.withdraw()
        return await create(**values)

    scenario.resources.gateway.create = slowly
    with refused("error.nothing_due"):
        await open_attempt(scenario)


async def test_uncertain_blocks_for_half_an_hour_only(scenario: PaymentScenario) -> None:
    attempt = await scenario.click()
    scenario.bank.faults.down = True
    await scenario.settle(attempt)
    scenario.bank.faults.down = False
    scenario.pass_time(minutes=29)
    with refused("error.payment_uncertain"):
        await open_attempt(scenario)
    scenario.pass_time(minutes=2)
    await scenario.click()


async def test_a_create_that_lost_its_answer_leaves_nothing_behind(scenario: PaymentScenario) -> None:
    scenario.bank.faults.lose_create = 1
    with refused(Unavailable):
        await open_attempt(scenario)
    assert scenario.bank.calls["create"] == 1
    assert await scenario.states() == [AttemptState.FAILED]


async def test_unknown_token(scenario: PaymentScenario) -> None:
    with refused(NotAllowed):
        await payments.open_attempt(scenario.resources, "y" * 22)
    view = partial(payments.pay_view, token="y" * 22, now=scenario.moment)
    assert await scenario.database.read(view) is None


async def test_a_young_attempt_is_handed_out_again(scenario: PaymentScenario) -> None:
    """However often one clicks, at one moment or later: one row, one payment at the bank, one audit event."""
    first = await asyncio.gather(*(open_attempt(scenario) for _ in range(20)))
    first += [await open_attempt(scenario) for _ in range(10)]
    looks = scenario.bank.calls.get("inquiry", 0)
    assert looks <= 1
    scenario.pass_time(minutes=1)
    again = await asyncio.gather(*(open_attempt(scenario) for _ in range(20)))
    assert (scenario.bank.calls["create"], scenario.bank.calls["inquiry"]) == (1, looks + 1)
    [attempt] = await scenario.attempts()
    [url] = {redirect.url for redirect in (*first, *again)}
    assert url.endswith(attempt.ref or "?")
    assert await scenario.events("payment_opened") == 1
    assert await scenario.pay_and_settle(attempt) is AttemptState.PAID


async def test_what_the_bank_calls_over_is_not_handed_out_again(scenario: PaymentScenario) -> None:
    """Cancelled there, and the browser was closed."""
    first = await scenario.click()
    scenario.bank.cancel(first.ref)
    second = await scenario.click()
    assert first.ref != second.ref
    assert await scenario.states() == [AttemptState.FAILED, AttemptState.CREATED]
    assert await scenario.pay_and_settle(second) is AttemptState.PAID


async def test_a_click_after_paying_finds_the_payment(scenario: PaymentScenario) -> None:
    """Paid, never came back, and clicks once more: nothing is paid twice."""
    scenario.pay(await scenario.click())
    with refused("error.nothing_due"):
        await open_attempt(scenario)
    assert await scenario.states() == [AttemptState.PAID]
    assert scenario.bank.calls["create"] == 1


async def test_an_open_attempt_is_handed_out_while_the_bank_does_not_say(scenario: PaymentScenario) -> None:
    first = await scenario.click()
    scenario.bank.faults.no_inquiry = True
    assert (await scenario.click()).id == first.id


@pytest.mark.parametrize("pause", [1, 0], ids=["a minute apart", "at one moment"])
async def test_ten_payments_an_hour_and_no_eleventh(scenario: PaymentScenario, pause: int) -> None:
    """Cancelled again and again at the bank."""
    begun = scenario.moment
    for _ in range(10):
        attempt = await scenario.click()
        scenario.bank.cancel(attempt.ref)
        await scenario.settle(attempt, cancelled=True)
        scenario.pass_time(minutes=pause)
    with refused(TooManyAttempts) as caught:
        await open_attempt(scenario)
    assert caught.refusal.until == begun + timedelta(hours=1)
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
    attempt = PaymentAttempt(state=AttemptState.CREATED, checks=checks, looked_at=NOON)
    assert may_inquire(attempt, NOON + timedelta(seconds=since)) == asks
    attempt.state = AttemptState.PAID
    assert not may_inquire(attempt, NOON + timedelta(days=1))


@pytest.mark.parametrize(("minutes", "same"), [(9, True), (11, False)])
async def test_a_link_to_the_bank_is_good_for_ten_minutes(
    zarinpal: PaymentScenario, minutes: int, same: bool
) -> None:
    attempt = await zarinpal.click()
    zarinpal.pass_time(minutes=minutes)
    assert ((await zarinpal.click()).id == attempt.id) == same


@pytest.mark.parametrize("when", ["before the call", "after the call"])
async def test_a_process_that_died_while_opening(scenario: PaymentScenario, when: str) -> None:
    """Its attempt blocks for seconds only, and expires."""
    create = scenario.resources.gateway.create

    async def dies(**values: object) -> object:
        if when == "after the call":
            await create(**values)
        raise KeyboardInterrupt

    scenario.resources.gateway.create = dies
    with pytest.raises(KeyboardInterrupt):
        await open_attempt(scenario)
    scenario.resources.gateway.create = create
    scenario.pass_time(seconds=31)
    assert (await scenario.click()).ref
    await scenario.reconcile(minutes=30)
    assert (await scenario.states())[0] is AttemptState.EXPIRED


async def test_a_suspended_officer_is_not_sent_to_the_bank(scenario: PaymentScenario) -> None:
    """The link in the chat is older than the suspension; once that is over, it works again."""
    people, now = scenario.people, scenario.moment
    await scenario.database.run(lambda db: suspend(db, people.staff, people.sara, now=now))
    with refused("error.payment_held"):
        await open_attempt(scenario)
    assert await scenario.states() == []
    assert "create" not in scenario.bank.calls
    lifting = {"account_id": people.sara.account_id, "reason": "گزارش نادرست بود", "now": now}
    await scenario.database.run(lambda db: accounts.lift(db, actor=people.staff, **lifting))
    await scenario.click()
