"""Learning whether money came, whatever happens on the way: returns, lost answers, races of processes, wrong amounts."""

import asyncio
from functools import partial

import pytest

from bot.gateways.interfaces import Verification
from bot.services import payments
from bot.services.payments import PageState, PaymentCheck, settlement
from bot.services.payments.settlement import settle_and_report
from storage.enums import AttemptState, RequestState
from tests.support.payments import FEE, TOKEN, PaymentScenario


async def view(scenario: PaymentScenario) -> payments.PayView:
    found = await scenario.database.read(partial(payments.pay_view, token=TOKEN, now=scenario.moment))
    assert found is not None
    return found


async def test_paid_and_returned_again_and_again(scenario: PaymentScenario) -> None:
    attempt = await scenario.click()
    assert await scenario.settle(attempt) is AttemptState.CREATED, "a forged return does no harm"
    assert await scenario.push_texts("N8") == []
    scenario.pay(attempt)
    assert [await scenario.settle(attempt) for _ in range(3)] == [AttemptState.PAID] * 3
    attempt = await scenario.attempt(attempt)
    assert (await scenario.request()).state is RequestState.COMPLETED
    assert attempt.bank_ref
    assert attempt.next_check_at is None
    [told] = await scenario.push_texts("N7")
    assert attempt.bank_ref in told
    found = await view(scenario)
    assert (found.state, found.bank_ref) == (PageState.PAID, attempt.bank_ref)
    assert await scenario.events("payment_paid") == 1
    scenario.bank.payments.clear()  # now the gateway would even deny that it knows it
    assert await scenario.settle(attempt, cancelled=True) is AttemptState.PAID
    assert (await scenario.request()).state is RequestState.COMPLETED


async def test_cancelled(scenario: PaymentScenario) -> None:
    attempt = await scenario.click()
    scenario.bank.cancel(attempt.ref)
    assert [await scenario.settle(attempt, cancelled=True) for _ in range(2)] == [AttemptState.FAILED] * 2
    assert len(await scenario.push_texts("N8")) == 1
    assert (await scenario.request()).state is RequestState.AWAITING_PAYMENT
    assert await scenario.pay_and_settle(await scenario.click()) is AttemptState.PAID


async def test_a_late_payment_on_a_failed_attempt_still_completes(scenario: PaymentScenario) -> None:
    attempt = await scenario.click()
    assert await scenario.settle(attempt, cancelled=True) is AttemptState.FAILED
    assert await scenario.pay_and_settle(attempt) is AttemptState.PAID
    assert (await scenario.request()).state is RequestState.COMPLETED


@pytest.mark.parametrize("paid", [True, False])
async def test_no_answer_is_uncertain_and_then_found_out(scenario: PaymentScenario, paid: bool) -> None:
    attempt = await scenario.click()
    if paid:
        scenario.pay(attempt)
    scenario.bank.faults.broken = True
    assert await scenario.settle(attempt) is AttemptState.UNCERTAIN
    assert (await view(scenario)).state is PageState.UNCERTAIN
    scenario.bank.faults.broken = False
    await scenario.reconcile(minutes=3)
    assert await scenario.states() == [AttemptState.PAID if paid else AttemptState.CREATED]


async def test_the_wrong_amount_is_never_paid_and_staff_know(scenario: PaymentScenario) -> None:
    attempt = await scenario.click()
    scenario.bank.faults.wrong_amount = -FEE + 10_000
    scenario.pay(attempt)
    assert [await scenario.settle(attempt) for _ in range(2)] == [AttemptState.UNCERTAIN] * 2
    assert await scenario.alerts() == [f"wrong_amount:{attempt.id}"]
    assert len(await scenario.push_texts("alert")) == 1
    assert (await scenario.request()).state is RequestState.AWAITING_PAYMENT


async def test_return_and_reconciler_at_the_same_moment(scenario: PaymentScenario) -> None:
    attempt = await scenario.click()
    scenario.pay(attempt)
    scenario.pass_time(minutes=2)
    await asyncio.gather(
        *(scenario.settle(attempt) for _ in range(4)),
        scenario.reconcile(),
        payments.check_request(scenario.resources, attempt.request_id),
    )
    assert await scenario.states() == [AttemptState.PAID]
    assert (len(await scenario.push_texts("N7")), await scenario.events("payment_paid")) == (1, 1)
    assert await scenario.events("completed") == 1
    assert scenario.bank.calls["verify"] == 1


async def test_a_process_that_died_while_verifying_is_taken_over(scenario: PaymentScenario) -> None:
    attempt = await scenario.click()
    scenario.pay(attempt)
    verify = scenario.resources.gateway.verify

    async def dies(ref: str, amount_rial: int) -> Verification:
        await verify(ref, amount_rial)
        raise KeyboardInterrupt

    scenario.resources.gateway.verify = dies
    with pytest.raises(KeyboardInterrupt):
        await scenario.settle(attempt)
    scenario.resources.gateway.verify = verify
    assert await scenario.settle(attempt) is AttemptState.VERIFYING  # still its lease
    await scenario.reconcile(minutes=4)
    assert await scenario.states() == [AttemptState.PAID]
    assert (await scenario.request()).state is RequestState.COMPLETED


@pytest.mark.parametrize("other_heard", [AttemptState.FAILED, AttemptState.PAID])
async def test_proof_of_payment_is_booked_once_also_by_the_process_that_lost_its_lease(
    scenario: PaymentScenario, other_heard: AttemptState
) -> None:
    """A verification took longer than its lease; meanwhile another process was told the same, or "not paid"."""
    attempt = await scenario.click()
    verify = scenario.resources.gateway.verify
    if other_heard is AttemptState.PAID:
        scenario.pay(attempt)

    async def slowly(ref: str, amount_rial: int) -> Verification:
        scenario.resources.gateway.verify = verify
        scenario.pass_time(minutes=5)
        heard = await scenario.settle(attempt, cancelled=other_heard is AttemptState.FAILED)
        assert heard is other_heard
        if heard is AttemptState.FAILED:
            scenario.pay(attempt)
        return await verify(ref, amount_rial)

    scenario.resources.gateway.verify = slowly
    assert await scenario.settle(attempt) is AttemptState.PAID
    assert (await scenario.request()).state is RequestState.COMPLETED
    assert await scenario.events("payment_paid") == 1


async def test_the_button_in_the_chat(scenario: PaymentScenario) -> None:
    check = partial(payments.check_request, scenario.resources, (await scenario.request()).id)
    assert await check() is PaymentCheck.NOT_PAID
    attempt = await scenario.click()
    assert await check() is PaymentCheck.NOT_PAID
    assert await scenario.states() == [AttemptState.CREATED]  # the payer is still at the bank
    scenario.bank.faults.down = True
    assert await check() is PaymentCheck.GATEWAY_DOWN
    await scenario.settle(attempt)
    assert await check() is PaymentCheck.UNCERTAIN
    scenario.bank.faults.down = False
    scenario.pay(attempt)
    assert await check() is PaymentCheck.COMPLETED
    assert await payments.check_request(scenario.resources, 99) is PaymentCheck.NOTHING_DUE


async def returns(scenario: PaymentScenario, attempt_id: int | None, cancelled: bool = False) -> AttemptState:
    return await payments.settle_return(scenario.resources, attempt_id, cancelled=cancelled)


async def test_a_return_two_hundred_times(scenario: PaymentScenario) -> None:
    """Open or over: the gateway is asked now and then, and there is an audit event for each change only."""
    attempt = await scenario.click()
    for cancelled in (False, True):
        before = sum(scenario.bank.calls.values())
        for _ in range(200):
            await returns(scenario, attempt.id, cancelled)
        assert sum(scenario.bank.calls.values()) - before <= 8
    assert len(await scenario.trail()) <= 2
    scenario.pay(attempt)
    scenario.pass_time(seconds=11)
    assert await returns(scenario, attempt.id) is AttemptState.PAID
    for _ in range(200):
        await returns(scenario, attempt.id, cancelled=True)
    assert len(await scenario.trail()) <= 3


async def test_a_clock_set_back_does_not_silence_returns(scenario: PaymentScenario) -> None:
    attempt = await scenario.click()
    for _ in range(5):
        await returns(scenario, attempt.id)
    scenario.pay(attempt)
    scenario.pass_time(hours=-2)
    assert await returns(scenario, attempt.id) is AttemptState.PAID


async def test_whether_the_gateway_answered(scenario: PaymentScenario) -> None:
    attempt = await scenario.click()

    async def settled(*, down: bool, inquire_first: bool) -> tuple[AttemptState, bool]:
        scenario.bank.faults.down = down
        found = await settle_and_report(scenario.resources, attempt.id or 0, inquire_first=inquire_first)
        return found.state, found.answered

    assert await settled(down=True, inquire_first=True) == (AttemptState.CREATED, False)
    assert await settled(down=False, inquire_first=True) == (AttemptState.CREATED, True)
    assert await settled(down=True, inquire_first=False) == (AttemptState.UNCERTAIN, False)
    scenario.pay(attempt)
    scenario.pass_time(minutes=5)
    assert await settled(down=False, inquire_first=True) == (AttemptState.PAID, True)
    # What is settled is not asked about.
    assert await settled(down=True, inquire_first=True) == (AttemptState.PAID, True)


async def test_the_button_waits_for_one_silence_only(
    scenario: PaymentScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await scenario.click(), await scenario.click_again()
    asked: list[int] = []

    def answering(answered: bool) -> None:
        async def settle(_: object, attempt_id: int, *, inquire_first: bool) -> settlement.Settled:
            asked.append(attempt_id)
            return settlement.Settled(AttemptState.CREATED, answered)

        asked.clear()
        monkeypatch.setattr(settlement, "settle_and_report", settle)

    check = partial(payments.check_request, scenario.resources, (await scenario.request()).id)
    answering(False)
    assert (await check(), asked) == (PaymentCheck.GATEWAY_DOWN, [second.id])
    answering(True)
    assert (await check(), asked) == (PaymentCheck.NOT_PAID, [second.id, first.id])
