"""The reconciler finds out what nobody returned to tell, and no payer holds up another."""

from datetime import timedelta
from itertools import pairwise

import pytest

from bot.services.payments import reconciler
from bot.services.payments.verification import next_inquiry_after
from storage.enums import AttemptState, RequestState
from tests.support.payments import PaymentScenario


@pytest.mark.parametrize(
    ("looks", "minutes"), [(0, 2), (9, 2), (10, 5), (14, 5), (15, 15), (29, 15), (30, 60), (500, 60)]
)
def test_looks_become_rarer(looks: int, minutes: int) -> None:
    assert next_inquiry_after(looks) == timedelta(minutes=minutes)


async def test_the_reconciler_looks_every_two_minutes_at_first(scenario: PaymentScenario) -> None:
    """A gateway gives money back that is not verified in some ten minutes."""
    attempt = await scenario.click()
    assert await scenario.reconcile() == 0  # the payer has a minute to come back
    looked = [minute for minute in range(10) if await scenario.reconcile(minutes=1)]
    assert all(later - earlier == 2 for earlier, later in pairwise(looked))
    assert len(looked) >= 4
    assert await scenario.states() == [AttemptState.CREATED]
    scenario.pay(attempt)  # and never returned
    assert await scenario.reconcile(minutes=2) == 1
    assert (await scenario.request()).state is RequestState.COMPLETED


async def test_an_abandoned_attempt_expires_only_on_a_definite_answer(scenario: PaymentScenario) -> None:
    attempt = await scenario.click()
    scenario.bank.faults.down = True
    await scenario.reconcile(hours=3)
    scenario.bank.faults.down = False
    assert await scenario.states() == [AttemptState.CREATED]
    scenario.bank.cancel(attempt.ref)
    await scenario.reconcile(hours=2)
    assert await scenario.states() == [AttemptState.EXPIRED]
    assert await scenario.push_texts("N8") == []


async def test_what_the_gateway_keeps_open_for_ever_ends_after_a_day(scenario: PaymentScenario) -> None:
    await scenario.click()
    for _ in range(60):
        await scenario.reconcile(minutes=30)
    assert await scenario.states() == [AttemptState.EXPIRED]
    assert await scenario.reconcile() == 0


async def test_what_is_still_open_after_exactly_a_day_ends(scenario: PaymentScenario) -> None:
    attempt = await scenario.click()
    scenario.moment = attempt.created_at + timedelta(days=1) - timedelta(seconds=1)
    assert await scenario.settle(attempt) is AttemptState.CREATED
    scenario.moment = attempt.created_at + timedelta(days=1)
    assert await scenario.settle(attempt) is AttemptState.EXPIRED


async def test_one_broken_attempt_does_not_stop_the_reconciler(scenario: PaymentScenario) -> None:
    first, second = await scenario.click(), await scenario.click_again()
    scenario.pay(second)
    inquire = scenario.resources.gateway.inquire

    async def stumbles(ref: str) -> str:
        if ref == first.ref:
            raise RuntimeError("bug")
        return await inquire(ref)

    scenario.resources.gateway.inquire = stumbles
    await scenario.reconcile(minutes=2)
    assert (await scenario.attempt(second)).state is AttemptState.PAID


async def test_a_dead_gateway_is_not_asked_about_every_attempt(scenario: PaymentScenario) -> None:
    for _ in range(12):
        await scenario.click_again()
    scenario.bank.faults.down = True
    await scenario.reconcile(minutes=2)
    assert scenario.bank.calls["inquiry"] <= 3 * 7


async def test_an_old_attempt_makes_room_and_stays_watched(scenario: PaymentScenario) -> None:
    """The gateway's session may be over; but money that is paid on the old one all the same is not lost."""
    first = await scenario.click()
    second = await scenario.click_again()
    assert second.id != first.id
    scenario.pay(first)
    await scenario.reconcile()
    assert (await scenario.attempt(first)).state is AttemptState.PAID
    scenario.pay(second)
    await scenario.reconcile(minutes=3)
    assert (await scenario.attempt(second)).state is AttemptState.REFUND_DUE


async def test_a_payment_without_an_answer_is_looked_at_again_and_counted(scenario: PaymentScenario) -> None:
    """And looks that change nothing leave no event."""
    attempt = await scenario.click()
    scenario.bank.faults.down = True
    await scenario.settle(attempt)
    checks = (await scenario.attempt(attempt)).checks
    for look in range(1, 5):
        await scenario.reconcile(minutes=2)
        found = await scenario.attempt(attempt)
        assert found.checks == checks + look
        assert found.next_check_at == scenario.moment + timedelta(minutes=2)
    opened, uncertain = [line.to_state for line in await scenario.trail()]
    assert (opened, uncertain) == (AttemptState.CREATED, AttemptState.UNCERTAIN)
    scenario.bank.faults.down = False
    scenario.pay(attempt)
    await scenario.reconcile(minutes=2)
    last = (await scenario.trail())[-1]
    assert (last.from_state, last.to_state) == (AttemptState.UNCERTAIN, AttemptState.PAID)
    assert await scenario.settle(attempt) is AttemptState.PAID


# ── with one gateway: nothing here depends on which ──────────────────────────────────────────────────────────────────


async def test_the_hourly_list_is_asked_after_attempts_that_were_answered(zarinpal: PaymentScenario) -> None:
    await zarinpal.click()
    assert await zarinpal.reconcile(minutes=2) == 1
    assert zarinpal.bank.calls["unverified"] == 1


async def test_the_hourly_list_finds_ours_and_reports_unknown_payments(zarinpal: PaymentScenario) -> None:
    failed = await zarinpal.click()
    await zarinpal.settle(failed, cancelled=True)
    zarinpal.pay(failed)  # paid after all, and nobody returns
    unknown = await zarinpal.resources.gateway.create(
        amount_rial=1000, order_id=1, description="x", callback_url="https://x.ir/", mobile=None
    )
    zarinpal.bank.pay(unknown.ref)
    await zarinpal.reconcile()
    assert (await zarinpal.request()).state is RequestState.COMPLETED
    assert await zarinpal.alerts() == [f"unverified:zarinpal:{unknown.ref}"]
    await zarinpal.reconcile()
    assert zarinpal.bank.calls["unverified"] == 1
    await zarinpal.reconcile(minutes=61)
    assert zarinpal.bank.calls["unverified"] == 2
    assert len(await zarinpal.push_texts("alert")) == 1
    # Once it does not wait at the gateway any more, the alert is closed.
    await zarinpal.resources.gateway.verify(ref=unknown.ref, amount_rial=1000)
    await zarinpal.reconcile(minutes=61)
    assert await zarinpal.alerts() == []


@pytest.mark.campaign
async def test_hundreds_of_attempts_of_one_officer_do_not_hold_up_another(zarinpal: PaymentScenario) -> None:
    """They are there from before, all due, and longer than hers."""
    await zarinpal.add_other_attempts(700, of_one_request=True)
    zarinpal.pay(await zarinpal.click())
    looked = await zarinpal.reconcile(seconds=88)
    assert (await zarinpal.request()).state is RequestState.COMPLETED
    assert looked <= 100


@pytest.mark.campaign
async def test_hundreds_of_other_payers_do_not_hold_up_the_newest(zarinpal: PaymentScenario) -> None:
    await zarinpal.add_other_attempts(300, of_one_request=False)
    zarinpal.pay(await zarinpal.click())
    await zarinpal.reconcile(seconds=88)
    assert (await zarinpal.request()).state is RequestState.COMPLETED
    # And the first of them are not left out: some of every pass are the longest overdue.
    oldest = (await zarinpal.attempts())[0]
    assert oldest.checks + (oldest.next_check_at is None) > 0


async def test_a_pass_over_a_slow_gateway(zarinpal: PaymentScenario, monkeypatch: pytest.MonkeyPatch) -> None:
    await zarinpal.add_other_attempts(60, of_one_request=False)
    monkeypatch.setattr(reconciler, "PASS", 0.0)
    assert 0 < await zarinpal.reconcile() <= 4
