"""Paying the fee, whatever happens on the way: real databases, the real adapters, a bank over HTTP.

See docs/specification.md 2.3, J6, J18.
"""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed, Refusal, Stale, Unavailable
from bot.gateways.interfaces import Created, GatewayRefused, Redirect, Verification
from bot.services import payments
from bot.services.payments import PageState, PaymentCheck, reconciler
from bot.services.payments.reconciler import reconcile
from storage.database.database import Database
from storage.enums import AttemptState, RequestState, Role
from tests.support.payments import CODE, FEE, TOKEN, Paying, paying


@pytest.fixture(params=["zarinpal", "zibal"])
async def world(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Paying]:
    """Both gateways on both databases."""
    async with paying(database, request.param) as found:
        yield found


async def view(world: Paying) -> payments.PayView | None:
    return await world.database.read(partial(payments.pay_view, token=TOKEN, now=world.moment))


async def test_paid_and_returned(world: Paying) -> None:
    attempt = await world.click()
    world.pay(attempt)
    assert await payments.verify_and_settle(world.resources, attempt.id) is AttemptState.PAID
    attempt = await world.attempt(attempt)
    assert (await world.request()).state is RequestState.COMPLETED
    assert attempt.bank_ref
    assert attempt.next_check_at is None
    [told] = await world.told("N7")
    assert attempt.bank_ref in told
    found = await view(world)
    assert found is not None
    assert (found.state, found.bank_ref) == (PageState.PAID, attempt.bank_ref)


async def test_returned_again_changes_nothing(world: Paying) -> None:
    attempt = await world.click()
    world.pay(attempt)
    for _ in range(3):
        assert await payments.verify_and_settle(world.resources, attempt.id) is AttemptState.PAID
    assert world.bank.calls["verify"] == 1
    assert len(await world.told("N7")) == 1
    assert await world.events("payment_paid") == 1


async def test_success_is_never_overwritten_by_a_later_cancel(world: Paying) -> None:
    attempt = await world.click()
    world.pay(attempt)
    await payments.verify_and_settle(world.resources, attempt.id)
    world.bank.payments.clear()  # now the gateway would even deny that it knows it
    assert await payments.verify_and_settle(world.resources, attempt.id, cancelled=True) is AttemptState.PAID
    assert (await world.request()).state is RequestState.COMPLETED


async def test_paid_and_never_returned(world: Paying) -> None:
    attempt = await world.click()
    world.pay(attempt)
    assert await reconcile(world.resources) == 0  # the payer has a minute to come back
    world.pass_time(minutes=2)
    assert await reconcile(world.resources) == 1
    assert (await world.request()).state is RequestState.COMPLETED


async def test_cancelled(world: Paying) -> None:
    attempt = await world.click()
    world.bank.cancel(attempt.ref or "")
    assert (
        await payments.verify_and_settle(world.resources, attempt.id, cancelled=True) is AttemptState.FAILED
    )
    assert (
        await payments.verify_and_settle(world.resources, attempt.id, cancelled=True) is AttemptState.FAILED
    )
    assert len(await world.told("N8")) == 1
    assert (await world.request()).state is RequestState.AWAITING_PAYMENT
    again = await world.click()
    world.pay(again)
    assert await payments.verify_and_settle(world.resources, again.id) is AttemptState.PAID


async def test_a_forged_return_does_no_harm(world: Paying) -> None:
    attempt = await world.click()
    assert await payments.verify_and_settle(world.resources, attempt.id) is AttemptState.CREATED
    assert await world.told("N8") == []
    world.pay(attempt)
    assert await payments.verify_and_settle(world.resources, attempt.id) is AttemptState.PAID


async def test_a_late_payment_on_a_failed_attempt_still_completes(world: Paying) -> None:
    attempt = await world.click()
    assert (
        await payments.verify_and_settle(world.resources, attempt.id, cancelled=True) is AttemptState.FAILED
    )
    world.pay(attempt)
    assert await payments.verify_and_settle(world.resources, attempt.id) is AttemptState.PAID
    assert (await world.request()).state is RequestState.COMPLETED


async def test_nothing_is_opened_where_the_gateway_is_down(world: Paying) -> None:
    world.bank.faults.down = True
    with pytest.raises(Unavailable) as refused:
        await payments.open_attempt(world.resources, TOKEN)
    assert refused.value.key == "error.gateway_down"
    assert [one.state for one in await world.attempts()] == [AttemptState.FAILED]
    assert await world.told("N8") == []
    assert await world.alerts() == []
    world.bank.faults.down = False
    await world.click()


async def test_a_gateway_that_refuses_our_shop_is_raised_with_staff(world: Paying) -> None:
    if world.resources.gateway.name == "zarinpal":
        world.bank.faults.refuse_create = -14
    else:
        world.resources.gateway._merchant = ""  # type: ignore[attr-defined]
    with pytest.raises(Unavailable) as refused:
        await payments.open_attempt(world.resources, TOKEN)
    assert refused.value.key == "error.payment_unavailable"
    [key] = await world.alerts()
    assert key.startswith("gateway:")
    assert len(await world.told("alert")) == 1


async def test_the_alert_is_settled_once_the_gateway_takes_us_again(world: Paying) -> None:
    gateway = world.resources.gateway
    create = gateway.create

    async def refuses(**values: object) -> object:
        raise GatewayRefused(-11)

    gateway.create = refuses  # type: ignore[method-assign,assignment]
    with pytest.raises(Unavailable):
        await payments.open_attempt(world.resources, TOKEN)
    assert await world.alerts() == [f"gateway:{gateway.name}:-11"]
    gateway.create = create  # type: ignore[method-assign]
    await world.click()
    assert await world.alerts() == []


async def test_a_name_that_the_gateway_gave_before_is_not_taken_again(world: Paying) -> None:
    first = await world.click()

    async def repeats(**values: object) -> Created:
        return Created(first.ref or "", Redirect("https://bank.example.ir"))

    world.resources.gateway.create = repeats  # type: ignore[method-assign,assignment]
    world.pass_time(minutes=11)
    with pytest.raises(Unavailable):
        await payments.open_attempt(world.resources, TOKEN)
    assert [one.state for one in await world.attempts()] == [AttemptState.CREATED, AttemptState.FAILED]
    assert len(await world.alerts()) == 1


async def test_withdrawn_while_the_gateway_was_being_asked(world: Paying) -> None:
    create = world.resources.gateway.create

    async def slowly(**values: object) -> object:
        await world.withdraw()
        return await create(**values)  # type: ignore[arg-type]

    world.resources.gateway.create = slowly  # type: ignore[method-assign,assignment]
    with pytest.raises(Refusal) as refused:
        await payments.open_attempt(world.resources, TOKEN)
    assert refused.value.key == "error.nothing_due"


async def test_no_answer_is_uncertain_and_then_found_out(world: Paying) -> None:
    attempt = await world.click()
    world.pay(attempt)
    world.bank.faults.broken = True
    assert await payments.verify_and_settle(world.resources, attempt.id) is AttemptState.UNCERTAIN
    found = await view(world)
    assert found is not None
    assert found.state is PageState.UNCERTAIN
    with pytest.raises(Refusal) as refused:
        await payments.open_attempt(world.resources, TOKEN)
    assert refused.value.key == "error.payment_uncertain"
    world.bank.faults.broken = False
    world.pass_time(minutes=3)
    await reconcile(world.resources)
    assert (await world.attempt(attempt)).state is AttemptState.PAID


async def test_uncertain_blocks_for_half_an_hour_only(world: Paying) -> None:
    attempt = await world.click()
    world.bank.faults.down = True
    await payments.verify_and_settle(world.resources, attempt.id)
    world.bank.faults.down = False
    world.pass_time(minutes=29)
    with pytest.raises(Refusal):
        await payments.open_attempt(world.resources, TOKEN)
    world.pass_time(minutes=2)
    await world.click()


async def test_uncertain_and_in_truth_never_paid(world: Paying) -> None:
    attempt = await world.click()
    world.bank.faults.down = True
    await payments.verify_and_settle(world.resources, attempt.id)
    world.bank.faults.down = False
    world.pass_time(minutes=3)
    await reconcile(world.resources)
    assert (await world.attempt(attempt)).state is AttemptState.CREATED


async def test_the_wrong_amount_is_never_paid_and_staff_know(world: Paying) -> None:
    attempt = await world.click()
    world.bank.faults.wrong_amount = -FEE + 10_000
    world.pay(attempt)
    assert await payments.verify_and_settle(world.resources, attempt.id) is AttemptState.UNCERTAIN
    assert await payments.verify_and_settle(world.resources, attempt.id) is AttemptState.UNCERTAIN
    assert await world.alerts() == [f"wrong_amount:{attempt.id}"]
    assert len(await world.told("alert")) == 1
    assert (await world.request()).state is RequestState.AWAITING_PAYMENT


async def test_a_wrong_amount_that_went_back_makes_room_for_the_right_one(world: Paying) -> None:
    attempt = await world.click()
    world.bank.faults.wrong_amount = -FEE + 10_000
    world.pay(attempt)
    await payments.verify_and_settle(world.resources, attempt.id)
    returned = partial(
        payments.record_wrong_amount,
        attempt_id=attempt.id,
        reference="R-1",
        now=world.moment,
    )
    with pytest.raises(NotAllowed):
        await world.database.run(partial(returned, actor=Actor(1, Role.OFFICER)))
    world.pass_time(minutes=3)
    await reconcile(world.resources)  # asks again while staff type
    await world.database.run(partial(returned, actor=world.staff()))
    assert await world.alerts() == []
    assert "R-1" in (await world.told("N23"))[0]
    assert await payments.verify_and_settle(world.resources, attempt.id) is AttemptState.REFUNDED
    with pytest.raises(Stale):
        await world.database.run(partial(returned, actor=world.staff()))
    world.bank.faults.wrong_amount = 0
    second = await world.click()
    world.pay(second)
    assert await payments.verify_and_settle(world.resources, second.id) is AttemptState.PAID


async def test_the_answer_of_the_verification_is_lost(world: Paying) -> None:
    """The first process dies after the bank has verified: the second hears "already verified" and books it."""
    attempt = await world.click()
    world.pay(attempt)
    await world.resources.gateway.verify(attempt.ref or "", FEE)
    assert await payments.verify_and_settle(world.resources, attempt.id) is AttemptState.PAID


async def test_two_tabs_pay_the_same_fee(world: Paying) -> None:
    first, second = await world.click(), await world.click_again()
    world.pay(first)
    world.pay(second)
    states = await asyncio.gather(
        *(payments.verify_and_settle(world.resources, one.id) for one in (first, second))
    )
    assert sorted(states) == [AttemptState.PAID, AttemptState.REFUND_DUE]
    assert len(await world.told("N7")) == 1
    [told] = await world.told("N23")
    assert "۵٬۶۰۰٬۰۰۰" in told
    [key] = await world.alerts()
    [due] = await world.database.read(partial(payments.refunds_due, actor=world.staff()))
    assert key == f"refund:{due.attempt_id}"
    assert (due.amount_rial, due.payer, due.tracking_code) == (FEE, "سارا کریمی‌نژاد", CODE)

    record = partial(
        payments.record_refund,
        actor=world.staff(),
        attempt_id=due.attempt_id,
        version=due.version,
        reference=" 77-1 ",
        now=world.moment,
    )
    await world.database.run(record)
    assert "77-1" in (await world.told("N23"))[1]
    assert await world.alerts() == []
    with pytest.raises(Stale):
        await world.database.run(record)
    assert await world.database.read(partial(payments.refunds_due, actor=world.staff())) == []


async def test_only_staff_record_refunds(world: Paying) -> None:
    attempt = await world.click()
    await world.withdraw()
    world.pay(attempt)
    await payments.verify_and_settle(world.resources, attempt.id)
    [due] = await world.database.read(partial(payments.refunds_due, actor=world.staff()))
    refund = partial(payments.record_refund, attempt_id=due.attempt_id, version=due.version, now=world.moment)
    for actor in (Actor(1, Role.OFFICER), Actor(1, Role.STAFF), Actor(1, Role.IN_CHARGE, "shiraz")):
        with pytest.raises(NotAllowed):
            await world.database.run(partial(refund, actor=actor, reference="1"))
    with pytest.raises(InvalidInput):
        await world.database.run(partial(refund, actor=world.staff(), reference=" \u202e "))
    assert (await world.attempt(attempt)).state is AttemptState.REFUND_DUE


async def test_paid_after_withdrawing(world: Paying) -> None:
    attempt = await world.click()
    await world.withdraw()
    world.pay(attempt)
    assert await payments.verify_and_settle(world.resources, attempt.id) is AttemptState.REFUND_DUE
    assert (await world.request()).state is RequestState.WITHDRAWN
    assert "انصراف" in (await world.told("N23"))[0]
    with pytest.raises(Refusal) as refused:
        await payments.open_attempt(world.resources, TOKEN)
    assert refused.value.key == "error.nothing_due"


async def test_return_and_reconciler_at_the_same_moment(world: Paying) -> None:
    attempt = await world.click()
    world.pay(attempt)
    world.pass_time(minutes=2)
    await asyncio.gather(
        *(payments.verify_and_settle(world.resources, attempt.id) for _ in range(4)),
        reconcile(world.resources),
        payments.check_request(world.resources, 1),
    )
    assert (await world.attempt(attempt)).state is AttemptState.PAID
    assert (len(await world.told("N7")), await world.events("payment_paid")) == (1, 1)
    assert await world.events("completed") == 1
    assert world.bank.calls["verify"] == 1


async def test_a_process_that_died_while_verifying_is_taken_over(world: Paying) -> None:
    attempt = await world.click()
    world.pay(attempt)
    verify = world.resources.gateway.verify

    async def dies(ref: str, amount_rial: int) -> Verification:
        await verify(ref, amount_rial)
        raise KeyboardInterrupt

    world.resources.gateway.verify = dies  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        await payments.verify_and_settle(world.resources, attempt.id)
    world.resources.gateway.verify = verify  # type: ignore[method-assign]
    assert (
        await payments.verify_and_settle(world.resources, attempt.id) is AttemptState.VERIFYING
    )  # still its lease
    world.pass_time(minutes=4)
    await reconcile(world.resources)
    assert (await world.attempt(attempt)).state is AttemptState.PAID
    assert (await world.request()).state is RequestState.COMPLETED


async def test_proof_of_payment_is_kept_even_by_who_lost_the_claim(world: Paying) -> None:
    """A verification took longer than its lease; meanwhile another said "not paid"."""
    attempt = await world.click()
    verify = world.resources.gateway.verify

    async def slowly(ref: str, amount_rial: int) -> Verification:
        world.resources.gateway.verify = verify  # type: ignore[method-assign]
        world.pass_time(minutes=5)
        assert (
            await payments.verify_and_settle(world.resources, attempt.id, cancelled=True)
            is AttemptState.FAILED
        )
        world.pay(attempt)
        return await verify(ref, amount_rial)

    world.resources.gateway.verify = slowly  # type: ignore[method-assign]
    assert await payments.verify_and_settle(world.resources, attempt.id) is AttemptState.PAID
    assert (await world.request()).state is RequestState.COMPLETED


async def test_two_processes_that_both_hold_proof_book_it_once(world: Paying) -> None:
    attempt = await world.click()
    world.pay(attempt)
    verify = world.resources.gateway.verify

    async def slowly(ref: str, amount_rial: int) -> Verification:
        world.resources.gateway.verify = verify  # type: ignore[method-assign]
        world.pass_time(minutes=5)
        assert await payments.verify_and_settle(world.resources, attempt.id) is AttemptState.PAID
        return await verify(ref, amount_rial)

    world.resources.gateway.verify = slowly  # type: ignore[method-assign]
    assert await payments.verify_and_settle(world.resources, attempt.id) is AttemptState.PAID
    assert await world.events("payment_paid") == 1


async def test_the_button_in_the_chat(world: Paying) -> None:
    check = partial(payments.check_request, world.resources, 1)
    assert await check() is PaymentCheck.NOT_PAID
    attempt = await world.click()
    assert await check() is PaymentCheck.NOT_PAID
    assert (await world.attempt(attempt)).state is AttemptState.CREATED  # the payer is still at the bank
    world.bank.faults.down = True
    assert await check() is PaymentCheck.GATEWAY_DOWN
    await payments.verify_and_settle(world.resources, attempt.id)
    assert await check() is PaymentCheck.UNCERTAIN
    world.bank.faults.down = False
    world.pay(attempt)
    assert await check() is PaymentCheck.COMPLETED
    assert await payments.check_request(world.resources, 99) is PaymentCheck.NOTHING_DUE


async def test_an_abandoned_attempt_expires_only_on_a_definite_answer(world: Paying) -> None:
    attempt = await world.click()
    world.bank.faults.down = True
    world.pass_time(hours=3)
    await reconcile(world.resources)
    world.bank.faults.down = False
    assert (await world.attempt(attempt)).state is AttemptState.CREATED
    world.bank.cancel(attempt.ref or "")
    world.pass_time(hours=2)
    await reconcile(world.resources)
    assert (await world.attempt(attempt)).state is AttemptState.EXPIRED
    assert await world.told("N8") == []


async def test_what_the_gateway_keeps_open_for_ever_ends_after_a_day(world: Paying) -> None:
    attempt = await world.click()
    for _ in range(60):
        world.pass_time(minutes=30)
        await reconcile(world.resources)
    assert (await world.attempt(attempt)).state is AttemptState.EXPIRED
    assert await reconcile(world.resources) == 0


async def test_a_create_that_lost_its_answer_leaves_nothing_behind(world: Paying) -> None:
    world.bank.faults.lose_create = 1
    with pytest.raises(Unavailable):
        await payments.open_attempt(world.resources, TOKEN)
    assert world.bank.calls["create"] == 1
    assert [one.state for one in await world.attempts()] == [AttemptState.FAILED]


async def test_a_death_between_create_and_our_note_expires(world: Paying) -> None:
    create = world.resources.gateway.create

    async def dies(**values: object) -> object:
        await create(**values)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    world.resources.gateway.create = dies  # type: ignore[method-assign,assignment]
    with pytest.raises(KeyboardInterrupt):
        await payments.open_attempt(world.resources, TOKEN)
    world.pass_time(minutes=31)
    await reconcile(world.resources)
    assert [one.state for one in await world.attempts()] == [AttemptState.EXPIRED]


async def test_one_broken_attempt_does_not_stop_the_reconciler(world: Paying) -> None:
    first, second = await world.click(), await world.click_again()
    world.pay(second)
    inquire = world.resources.gateway.inquire

    async def stumbles(ref: str) -> str:
        if ref == first.ref:
            raise RuntimeError("bug")
        return await inquire(ref)

    world.resources.gateway.inquire = stumbles  # type: ignore[method-assign,assignment]
    world.pass_time(minutes=2)
    await reconcile(world.resources)
    assert (await world.attempt(second)).state is AttemptState.PAID


async def test_a_dead_gateway_is_not_asked_for_everybody(world: Paying) -> None:
    for _ in range(12):
        await world.click_again()
    world.bank.faults.down = True
    world.pass_time(minutes=2)
    await reconcile(world.resources)
    assert world.bank.calls["inquiry"] <= 3 * 7


async def test_unknown_token(world: Paying) -> None:
    with pytest.raises(NotAllowed):
        await payments.open_attempt(world.resources, "y" * 22)
    assert await world.database.read(partial(payments.pay_view, token="y" * 22, now=world.moment)) is None


@pytest.fixture
async def zarinpal_world(database: Database) -> AsyncIterator[Paying]:
    async with paying(database) as found:
        yield found


async def test_the_hourly_list_finds_ours_and_reports_strangers(zarinpal_world: Paying) -> None:
    world = zarinpal_world
    failed = await world.click()
    await payments.verify_and_settle(world.resources, failed.id, cancelled=True)
    world.pay(failed)  # paid after all, and nobody returns
    stranger = await world.resources.gateway.create(
        amount_rial=1000, order_id=1, description="x", callback_url="https://x.ir/", mobile=None
    )
    world.bank.pay(stranger.ref)
    await reconcile(world.resources)
    assert (await world.request()).state is RequestState.COMPLETED
    assert await world.alerts() == [f"unverified:zarinpal:{stranger.ref}"]
    await reconcile(world.resources)
    assert world.bank.calls["unverified"] == 1
    world.pass_time(minutes=61)
    await reconcile(world.resources)
    assert world.bank.calls["unverified"] == 2
    assert len(await world.told("alert")) == 1


async def test_a_young_attempt_is_handed_out_again(world: Paying) -> None:
    """However often one clicks: one row, one payment at the bank, one line of the trail."""
    ways = [await payments.open_attempt(world.resources, TOKEN) for _ in range(30)]
    assert len({way.url for way in ways}) == 1
    [attempt] = await world.attempts()
    assert ways[0].url.endswith(attempt.ref or "?")
    assert world.bank.calls["create"] == 1
    assert world.bank.calls.get("inquiry", 0) <= 1
    assert await world.events("payment_opened") == 1
    world.pay(attempt)
    assert await payments.verify_and_settle(world.resources, attempt.id) is AttemptState.PAID


async def test_clicks_at_one_moment_make_one_call(world: Paying) -> None:
    ways = await asyncio.gather(*(payments.open_attempt(world.resources, TOKEN) for _ in range(20)))
    assert len({way.url for way in ways}) == 1
    assert world.bank.calls["create"] == 1
    looks = world.bank.calls.get("inquiry", 0)
    assert looks <= 1
    world.pass_time(minutes=1)
    again = await asyncio.gather(*(payments.open_attempt(world.resources, TOKEN) for _ in range(20)))
    assert {way.url for way in again} == {ways[0].url}
    assert (world.bank.calls["create"], world.bank.calls["inquiry"]) == (1, looks + 1)


async def test_clicks_at_one_moment_all_hear_that_the_gateway_is_down(world: Paying) -> None:
    world.bank.faults.down = True
    told = await asyncio.gather(
        *(payments.open_attempt(world.resources, TOKEN) for _ in range(10)), return_exceptions=True
    )
    assert {getattr(one, "key", one) for one in told} == {"error.gateway_down"}
    assert world.bank.calls["create"] < 10


async def test_what_the_bank_calls_over_is_not_handed_out_again(world: Paying) -> None:
    """Cancelled there, and the browser was closed."""
    first = await world.click()
    world.bank.cancel(first.ref or "")
    second = await world.click()
    assert first.ref != second.ref
    assert (await world.attempt(first)).state is AttemptState.FAILED
    world.pay(second)
    assert await payments.verify_and_settle(world.resources, second.id) is AttemptState.PAID


async def test_a_click_after_paying_finds_the_payment(world: Paying) -> None:
    """Paid, never came back, and clicks once more: nothing is paid twice."""
    first = await world.click()
    world.pay(first)
    with pytest.raises(Refusal) as refused:
        await payments.open_attempt(world.resources, TOKEN)
    assert refused.value.key == "error.nothing_due"
    assert (await world.attempt(first)).state is AttemptState.PAID
    assert world.bank.calls["create"] == 1


async def test_an_open_attempt_is_handed_out_while_the_bank_does_not_say(world: Paying) -> None:
    first = await world.click()
    world.bank.faults.no_inquiry = True
    assert (await world.click()).id == first.id


async def test_an_old_attempt_makes_room_and_stays_watched(world: Paying) -> None:
    """The gateway's session may be over; but money that is paid on the old one all the same is not lost."""
    first = await world.click()
    second = await world.click_again()
    assert second.id != first.id
    world.pay(first)
    await reconcile(world.resources)
    assert (await world.attempt(first)).state is AttemptState.PAID
    world.pay(second)
    world.pass_time(minutes=3)
    await reconcile(world.resources)
    assert (await world.attempt(second)).state is AttemptState.REFUND_DUE


async def test_payments_of_an_hour_are_counted_by_request(world: Paying) -> None:
    """Cancelled again and again at the bank."""
    refused = None
    for _ in range(40):
        try:
            attempt = await world.click()
        except payments.TooManyAttempts as refusal:
            refused = refusal
            break
        world.bank.cancel(attempt.ref or "")
        await payments.verify_and_settle(world.resources, attempt.id, cancelled=True)
        world.pass_time(minutes=1)
    assert refused is not None
    assert 5 <= len(await world.attempts()) <= 20
    assert "ساعت" in str(refused.args_of_text["time"])
    world.moment = refused.until
    await world.click()


async def test_a_bank_that_is_down_is_not_held_against_the_payer_at_once(world: Paying) -> None:
    world.bank.faults.down = True
    for _ in range(12):
        with pytest.raises(Unavailable):
            await payments.open_attempt(world.resources, TOKEN)
    world.bank.faults.down = False
    await world.click()


async def test_a_process_that_died_while_opening_blocks_for_seconds_only(world: Paying) -> None:
    create = world.resources.gateway.create

    async def dies(**values: object) -> object:
        raise KeyboardInterrupt

    world.resources.gateway.create = dies  # type: ignore[method-assign,assignment]
    with pytest.raises(KeyboardInterrupt):
        await payments.open_attempt(world.resources, TOKEN)
    world.resources.gateway.create = create  # type: ignore[method-assign]
    world.pass_time(seconds=31)
    assert (await world.click()).ref


async def test_a_return_two_hundred_times(world: Paying) -> None:
    """Open or over: the gateway is asked now and then, and the trail has a line for each change only."""
    attempt = await world.click()
    for cancelled in (False, True):
        before = sum(world.bank.calls.values())
        for _ in range(200):
            await payments.settle_return(world.resources, attempt.id or 0, cancelled=cancelled)
        assert sum(world.bank.calls.values()) - before <= 8
    assert len(await world.trail()) <= 2
    world.pay(attempt)
    world.pass_time(seconds=11)
    assert (
        await payments.settle_return(world.resources, attempt.id or 0, cancelled=False) is AttemptState.PAID
    )
    for _ in range(200):
        await payments.settle_return(world.resources, attempt.id or 0, cancelled=True)
    assert len(await world.trail()) <= 3


async def test_a_clock_set_back_does_not_silence_returns(world: Paying) -> None:
    attempt = await world.click()
    for _ in range(5):
        await payments.settle_return(world.resources, attempt.id or 0, cancelled=False)
    world.pay(attempt)
    world.pass_time(hours=-2)
    assert (
        await payments.settle_return(world.resources, attempt.id or 0, cancelled=False) is AttemptState.PAID
    )


async def test_looks_that_change_nothing_leave_no_line(world: Paying) -> None:
    attempt = await world.click()
    world.bank.faults.broken = True
    await payments.verify_and_settle(world.resources, attempt.id)
    for _ in range(5):
        world.pass_time(minutes=4)
        await reconcile(world.resources)
    assert [line.to_state for line in await world.trail()] == [AttemptState.CREATED, AttemptState.UNCERTAIN]
    world.bank.faults.broken = False
    world.pay(attempt)
    world.pass_time(minutes=4)
    await reconcile(world.resources)
    last = (await world.trail())[-1]
    assert (last.from_state, last.to_state) == (AttemptState.UNCERTAIN, AttemptState.PAID)


@pytest.mark.campaign
@pytest.mark.parametrize("many", [700])
async def test_thousands_of_attempts_of_one_do_not_hold_up_another(world: Paying, many: int) -> None:
    """They are there from before, all due, and longer than hers."""
    await world.crowd(many, of_one_request=True)
    paid = await world.click()
    world.pay(paid)
    world.pass_time(seconds=88)
    looked = await reconcile(world.resources)
    assert (await world.request()).state is RequestState.COMPLETED
    assert looked <= 100


@pytest.mark.campaign
async def test_hundreds_of_other_payers_do_not_hold_up_the_newest(world: Paying) -> None:
    await world.crowd(300, of_one_request=False)
    paid = await world.click()
    world.pay(paid)
    world.pass_time(seconds=88)
    await reconcile(world.resources)
    assert (await world.request()).state is RequestState.COMPLETED
    # And those who were there first are not left out: some of every pass are the longest overdue.
    oldest = (await world.attempts())[0]
    assert oldest.checks + (oldest.next_check_at is None) > 0


async def test_a_pass_over_a_slow_gateway_ends(world: Paying, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.crowd(60, of_one_request=False)
    monkeypatch.setattr(reconciler, "PASS", 0.0)
    assert 0 < await reconcile(world.resources) <= 4
