"""Opening payment attempts: clicks on the pay page, whatever the gateway answers. The gateways are emulated over HTTP.

See docs/specification.md 2.3, J6, J18.
"""

import asyncio
from functools import partial

import pytest

from bot.core.refusals import NotAllowed, Unavailable
from bot.gateways.interfaces import Created, GatewayRefused, Redirect
from bot.services import payments
from storage.enums import AttemptState
from tests.support.payments import TOKEN, PaymentScenario
from tests.support.services import refused


async def open_attempt(scenario: PaymentScenario) -> Redirect:
    return await payments.open_attempt(scenario.resources, TOKEN)


async def test_nothing_is_opened_where_the_gateway_is_down(scenario: PaymentScenario) -> None:
    scenario.bank.faults.down = True
    with refused(Unavailable, "error.gateway_down"):
        await open_attempt(scenario)
    assert await scenario.states() == [AttemptState.FAILED]
    assert await scenario.push_texts("N8") == []
    assert await scenario.alerts() == []
    scenario.bank.faults.down = False
    await scenario.click()


async def test_a_gateway_that_refuses_our_shop_is_raised_with_staff(scenario: PaymentScenario) -> None:
    if scenario.resources.gateway.name == "zarinpal":
        scenario.bank.faults.refuse_create = -14
    else:
        scenario.resources.gateway._merchant = ""
    with refused(Unavailable, "error.payment_unavailable"):
        await open_attempt(scenario)
    [key] = await scenario.alerts()
    assert key.startswith("gateway:")
    assert len(await scenario.push_texts("alert")) == 1


async def test_the_alert_is_settled_once_the_gateway_takes_us_again(scenario: PaymentScenario) -> None:
    gateway = scenario.resources.gateway
    create = gateway.create

    async def refuses(**values: object) -> object:
        raise GatewayRefused(-11)

    gateway.create = refuses
    with refused(Unavailable):
        await open_attempt(scenario)
    assert await scenario.alerts() == [f"gateway:{gateway.name}:-11"]
    gateway.create = create
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
    """However often one clicks: one row, one payment at the bank, one audit event."""
    redirects = [await open_attempt(scenario) for _ in range(30)]
    assert len({redirect.url for redirect in redirects}) == 1
    [attempt] = await scenario.attempts()
    assert redirects[0].url.endswith(attempt.ref or "?")
    assert scenario.bank.calls["create"] == 1
    assert scenario.bank.calls.get("inquiry", 0) <= 1
    assert await scenario.events("payment_opened") == 1
    assert await scenario.pay_and_settle(attempt) is AttemptState.PAID


async def test_clicks_at_one_moment_make_one_call(scenario: PaymentScenario) -> None:
    first = await asyncio.gather(*(open_attempt(scenario) for _ in range(20)))
    assert len({redirect.url for redirect in first}) == 1
    assert scenario.bank.calls["create"] == 1
    looks = scenario.bank.calls.get("inquiry", 0)
    assert looks <= 1
    scenario.pass_time(minutes=1)
    again = await asyncio.gather(*(open_attempt(scenario) for _ in range(20)))
    assert {redirect.url for redirect in again} == {first[0].url}
    assert (scenario.bank.calls["create"], scenario.bank.calls["inquiry"]) == (1, looks + 1)


async def test_clicks_at_one_moment_all_hear_that_the_gateway_is_down(scenario: PaymentScenario) -> None:
    scenario.bank.faults.down = True
    told = await asyncio.gather(*(open_attempt(scenario) for _ in range(10)), return_exceptions=True)
    assert {getattr(one, "key", one) for one in told} == {"error.gateway_down"}
    assert scenario.bank.calls["create"] < 10


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


async def test_payments_of_an_hour_are_counted_by_request(scenario: PaymentScenario) -> None:
    """Cancelled again and again at the bank."""
    refusal = None
    for _ in range(40):
        try:
            attempt = await scenario.click()
        except payments.TooManyAttempts as too_many:
            refusal = too_many
            break
        scenario.bank.cancel(attempt.ref)
        await scenario.settle(attempt, cancelled=True)
        scenario.pass_time(minutes=1)
    assert refusal is not None
    assert 5 <= len(await scenario.attempts()) <= 20
    assert "ساعت" in str(refusal.args_of_text["time"])
    scenario.moment = refusal.until
    await scenario.click()


async def test_a_bank_that_is_down_is_not_counted_against_the_payer_at_once(
    scenario: PaymentScenario,
) -> None:
    scenario.bank.faults.down = True
    for _ in range(12):
        with refused(Unavailable):
            await open_attempt(scenario)
    scenario.bank.faults.down = False
    await scenario.click()


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
