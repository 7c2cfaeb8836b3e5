"""Money that came once too often, too late or in the wrong amount: staff give it back and record it."""

import asyncio
from functools import partial

from bot.core.refusals import InvalidInput, Stale
from bot.services import payments
from bot.services.payments import RefundDue
from storage.enums import AttemptState, RequestState
from tests.support.payments import CODE, FEE, TOKEN, PaymentScenario
from tests.support.services import refused


async def refunds_due(scenario: PaymentScenario) -> list[RefundDue]:
    return await scenario.database.read(
        partial(payments.refunds_due, actor=scenario.staff(), offset=0, limit=9)
    )


async def test_two_tabs_pay_the_same_fee(scenario: PaymentScenario) -> None:
    first, second = await scenario.click(), await scenario.click_again()
    scenario.pay(first)
    scenario.pay(second)
    states = await asyncio.gather(scenario.settle(first), scenario.settle(second))
    assert sorted(states) == [AttemptState.PAID, AttemptState.REFUND_DUE]
    assert len(await scenario.push_texts("N7")) == 1
    [told] = await scenario.push_texts("N23")
    assert "۵٬۶۰۰٬۰۰۰" in told
    [due] = await refunds_due(scenario)
    assert await scenario.alerts() == [f"refund:{due.attempt_id}"]
    assert (due.amount_rial, due.payer, due.tracking_code) == (FEE, "سارا کریمی‌نژاد", CODE)

    record = partial(
        payments.record_refund,
        actor=scenario.staff(),
        attempt_id=due.attempt_id,
        version=due.version,
        reference=" 77-1 ",
        now=scenario.moment,
    )
    with refused(Stale):
        await scenario.database.run(partial(record, version=due.version - 1))
    with refused(InvalidInput):
        await scenario.database.run(partial(record, reference=" \u202e "))
    await scenario.database.run(record)
    assert "77-1" in (await scenario.push_texts("N23"))[1]
    assert await scenario.alerts() == []
    with refused(Stale):
        await scenario.database.run(record)
    assert await refunds_due(scenario) == []


async def test_paid_after_withdrawing(scenario: PaymentScenario) -> None:
    attempt = await scenario.click()
    await scenario.withdraw()
    assert await scenario.pay_and_settle(attempt) is AttemptState.REFUND_DUE
    assert (await scenario.request()).state is RequestState.WITHDRAWN
    assert "انصراف" in (await scenario.push_texts("N23"))[0]
    with refused("error.nothing_due"):
        await payments.open_attempt(scenario.resources, TOKEN)


async def test_a_wrong_amount_that_went_back_makes_room_for_the_right_one(scenario: PaymentScenario) -> None:
    attempt = await scenario.click()
    scenario.bank.faults.wrong_amount = -FEE + 10_000
    await scenario.pay_and_settle(attempt)
    record = partial(
        payments.record_wrong_amount, attempt_id=attempt.id, reference="R-1", now=scenario.moment
    )
    await scenario.reconcile(minutes=3)  # asks again while staff type
    await scenario.database.run(partial(record, actor=scenario.staff()))
    assert await scenario.alerts() == []
    assert "R-1" in (await scenario.push_texts("N23"))[0]
    assert await scenario.settle(attempt) is AttemptState.REFUNDED
    with refused(Stale):
        await scenario.database.run(partial(record, actor=scenario.staff()))
    scenario.bank.faults.wrong_amount = 0
    assert await scenario.pay_and_settle(await scenario.click()) is AttemptState.PAID
