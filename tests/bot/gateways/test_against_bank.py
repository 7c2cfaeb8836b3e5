"""Both adapters against the demo's bank over HTTP: what each says of every course that a payment can take."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from bot.gateways.http import make_client
from bot.gateways.interfaces import (
    CallbackHint,
    Created,
    GatewayDown,
    GatewayRefused,
    NotPaid,
    Retry,
    Verified,
    WrongAmount,
)
from bot.gateways.zarinpal import Zarinpal
from bot.gateways.zibal import Zibal
from demo.bank import Bank
from tests.bot.gateways.conftest import MERCHANT

FEE = 5_600_000
Gateway = Zarinpal | Zibal


async def create(gateway: Gateway, **other: object) -> Created:
    values: dict[str, object] = {
        "amount_rial": FEE,
        "order_id": 7,
        "description": "هزینه بررسی درخواست 140509010001",
        "callback_url": f"https://bot.example.ir/pay/callback/{gateway.name}/7",
        "mobile": "+989123456789",
    }
    return await gateway.create(**(values | other))  # type: ignore[arg-type]


@pytest.fixture
async def paid(gateway: Gateway, bank: Bank) -> Created:
    """A payment that was made at the bank and is not verified yet."""
    created = await create(gateway)
    bank.pay(created.ref)
    return created


def returned(gateway: Gateway, address: str) -> CallbackHint:
    """What the address says to which the payer's browser was sent back."""
    return gateway.parse_callback(dict(parse_qsl(urlsplit(address).query)))


async def test_the_payment_at_the_bank_is_what_was_asked_for(gateway: Gateway, bank: Bank) -> None:
    created = await create(gateway)
    payment = bank.last
    assert (payment.ref, payment.amount, payment.order_id) == (created.ref, FEE, "7")
    assert payment.mobile == "09123456789"
    assert created.redirect.fields is None
    async with httpx.AsyncClient(timeout=90) as browser:
        page = await browser.get(created.redirect.url)
    assert page.status_code == 200
    assert "۵٬۶۰۰٬۰۰۰ ریال" in page.text


async def test_a_payment_is_verified_and_verified_again(gateway: Gateway, bank: Bank) -> None:
    created = await create(gateway)
    hint = returned(gateway, bank.pay(created.ref))
    assert (hint.ref, hint.user_says_ok) == (created.ref, True)
    assert await gateway.inquire(created.ref) == "paid"
    first = await gateway.verify(created.ref, FEE)
    assert isinstance(first, Verified)
    assert first.bank_ref.endswith("000001")
    assert first.card_masked == "502229******5995"
    assert await gateway.inquire(created.ref) == "verified"
    again = await gateway.verify(created.ref, FEE)
    assert isinstance(again, Verified)
    assert (again.bank_ref, first.already, again.already) == (first.bank_ref, False, True)


async def test_an_answer_lost_after_verification_is_made_good_by_the_next_try(
    gateway: Gateway, bank: Bank, paid: Created
) -> None:
    bank.faults.lose_verify = 1
    found = await gateway.verify(paid.ref, FEE)
    assert isinstance(found, Verified)
    assert found.already


async def test_cancelled_is_not_paid(gateway: Gateway, bank: Bank) -> None:
    created = await create(gateway)
    assert await gateway.inquire(created.ref) == "pending"
    assert not returned(gateway, bank.cancel(created.ref)).user_says_ok
    assert isinstance(await gateway.verify(created.ref, FEE), NotPaid)
    assert await gateway.inquire(created.ref) == "failed"


async def test_money_that_went_back_to_the_card(gateway: Gateway, bank: Bank, paid: Created) -> None:
    bank.window = timedelta(seconds=-1)
    assert await gateway.inquire(paid.ref) == "reversed"
    assert isinstance(await gateway.verify(paid.ref, FEE), NotPaid)


async def test_another_amount_is_never_paid(gateway: Gateway, bank: Bank) -> None:
    created = await create(gateway)
    bank.faults.wrong_amount = -1_000
    bank.pay(created.ref)
    assert isinstance(await gateway.verify(created.ref, FEE), WrongAmount)


async def test_a_ref_that_the_gateway_does_not_know(gateway: Gateway) -> None:
    found = await gateway.verify("A" + "0" * 35, FEE)
    assert isinstance(found, NotPaid)
    assert found.alert
    assert await gateway.inquire("A" + "0" * 35) == "failed"


@pytest.mark.parametrize("fault", ["down", "broken", "internal"])
async def test_trouble_while_verifying_is_never_not_paid(
    gateway: Gateway, bank: Bank, paid: Created, fault: str
) -> None:
    setattr(bank.faults, fault, True)
    assert isinstance(await gateway.verify(paid.ref, FEE), Retry)
    assert bank.calls["verify"] == 3


async def test_a_gateway_that_hangs(gateway: Gateway, bank: Bank, bank_url: str) -> None:
    created = await create(gateway)
    bank.faults.timeout = True
    merchant = MERCHANT if gateway.name == "zarinpal" else "zibal"
    hasty = type(gateway)(make_client(read=0.05), url=bank_url, merchant_id=merchant, wait=0.001)
    assert isinstance(await hasty.verify(created.ref, FEE), Retry)
    assert await hasty.inquire(created.ref) == "unknown"
    with pytest.raises(GatewayDown):
        await create(hasty)
    await hasty.aclose()


async def test_a_gateway_that_is_not_there() -> None:
    nobody = Zarinpal(make_client(), url="http://127.0.0.1:9", merchant_id=MERCHANT, wait=0.001)
    with pytest.raises(GatewayDown):
        await create(nobody)
    assert isinstance(await nobody.verify("A" + "0" * 35, FEE), Retry)
    await nobody.aclose()


async def test_creation_is_never_repeated_by_itself(gateway: Gateway, bank: Bank) -> None:
    bank.faults.lose_create = 1
    with pytest.raises(GatewayDown):
        await create(gateway)
    assert bank.calls["create"] == 1


async def test_what_the_gateway_does_not_take(gateway: Gateway) -> None:
    with pytest.raises(GatewayRefused) as refused:
        await create(gateway, amount_rial=500)
    assert refused.value.alert


async def test_too_many_attempts_are_not_our_mistake(zarinpal: Zarinpal, bank: Bank) -> None:
    bank.faults.refuse_create = -12
    with pytest.raises(GatewayRefused) as refused:
        await create(zarinpal)
    assert not refused.value.alert


async def test_paid_and_never_verified_is_listed(zarinpal: Zarinpal, bank: Bank) -> None:
    paid = await create(zarinpal)
    await create(zarinpal)
    bank.pay(paid.ref)
    assert [(one.ref, one.amount_rial) for one in await zarinpal.unverified()] == [(paid.ref, FEE)]
    await zarinpal.verify(paid.ref, FEE)
    assert await zarinpal.unverified() == []
