"""A payment that arrives while staff take the approval back, or after it: never lost, never counted for another fee."""

import asyncio

from sqlmodel import Session

from bot.core.refusals import NotAllowed, Stale
from bot.services import revocation
from bot.services.qualification import decisions
from storage.enums import AttemptState, RequestKind, RequestState
from tests.support.factories.reference_data import PUBLIC_URL, tariff
from tests.support.payments import FEE, PaymentScenario

A, S = AttemptState, RequestState


async def revoke(scenario: PaymentScenario) -> bool:
    """Whether the approval was taken back."""
    request = await scenario.request()
    about = {"request_id": request.id or 0, "reason": "گواهی جعلی است", "version": request.version}
    info, now = scenario.resources.public_info, scenario.moment
    try:
        await scenario.database.run(
            lambda db: revocation.revoke(db, actor=scenario.staff(), public_info=info, now=now, **about)
        )
    except (NotAllowed, Stale):  # it is being verified, or was paid meanwhile
        return False
    return True


async def approve_again(scenario: PaymentScenario, rial: int) -> None:
    request, now = await scenario.request(), scenario.moment

    def unit(db: Session) -> None:
        tariff(db, rial, RequestKind.NEW)
        decisions.approve(
            db,
            actor=scenario.people.ali,
            request_id=request.id or 0,
            public_url=PUBLIC_URL,
            now=now,
        )

    await scenario.database.run(unit)


async def test_at_the_same_instant_one_of_them_wins(zarinpal: PaymentScenario) -> None:
    """Paid and completed, or back in review with the money to be given back; nothing between."""
    scenario = zarinpal
    attempt = await scenario.click()
    scenario.pay(attempt)
    _, revoked = await asyncio.gather(scenario.settle(attempt), revoke(scenario))
    request, states = await scenario.request(), await scenario.states()
    if revoked:
        assert (request.state, states) == (S.IN_REVIEW, [A.REFUND_DUE])
        assert await scenario.alerts() == [f"refund:{attempt.id}"]
        [told] = await scenario.push_texts("N23")
        assert "تأیید این درخواست پیش از پرداخت لغو شده بود" in told
    else:
        assert (request.state, states) == (S.COMPLETED, [A.PAID])
        assert await scenario.push_texts("N29") == []


async def test_a_payment_after_it_is_given_back(zarinpal: PaymentScenario) -> None:
    scenario = zarinpal
    attempt = await scenario.click()
    assert await revoke(scenario)
    assert await scenario.pay_and_settle(attempt) is A.REFUND_DUE
    assert (await scenario.request()).state is S.IN_REVIEW


async def test_approved_again_at_another_fee_it_is_given_back(zarinpal: PaymentScenario) -> None:
    """The old payment was for the old fee; the new one is still due."""
    scenario = zarinpal
    attempt = await scenario.click()
    assert await revoke(scenario)
    await approve_again(scenario, FEE + 100_000)
    assert await scenario.pay_and_settle(attempt) is A.REFUND_DUE
    assert (await scenario.request()).state is S.AWAITING_PAYMENT


async def test_approved_again_at_the_same_fee_it_counts(zarinpal: PaymentScenario) -> None:
    scenario = zarinpal
    attempt = await scenario.click()
    assert await revoke(scenario)
    await approve_again(scenario, FEE)
    assert await scenario.pay_and_settle(attempt) is A.PAID
    assert (await scenario.request()).state is S.COMPLETED
