"""Answers that the demo's bank never gives: the other forms that documents and client libraries tell of."""

from typing import Any

import httpx
import pytest
import respx

from bot.gateways.http import make_client
from bot.gateways.interfaces import GatewayDown, GatewayRefused, NotPaid, Retry, Verified, WrongAmount
from bot.gateways.zarinpal import Zarinpal
from bot.gateways.zibal import Zibal

ZARINPAL, ZIBAL = "https://zarinpal.test", "https://zibal.test"
VERIFY = f"{ZARINPAL}/pg/v4/payment/verify.json"
REF = "A" + "0" * 35


def zarinpal() -> Zarinpal:
    return Zarinpal(make_client(), url=f"{ZARINPAL}/", merchant_id="m", wait=0.001)


def zibal() -> Zibal:
    return Zibal(make_client(), url=ZIBAL, merchant_id="zibal", wait=0.001)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"data": {"code": "100", "ref_id": "201"}, "errors": []}, Verified),
        (200, {"data": {"code": 101}, "errors": {}}, Verified),
        (401, {"data": [], "errors": {"code": "-50", "message": "x"}}, WrongAmount),
        (401, {"errors": {"code": -51}}, NotPaid),
        (400, {"errors": {"authority": ["Invalid authority", "-54"]}}, NotPaid),
        (200, {"data": [], "errors": {"code": -53}}, NotPaid),
        (200, {"data": [], "errors": {"code": -11}}, Retry),
        (200, {"data": [], "errors": []}, Retry),
        (200, {"data": {"code": None}}, Retry),
        (200, {"data": {"code": True}}, Retry),
        (200, {"errors": {"code": "۱۰۰"}}, Retry),
        (200, [], Retry),
        (200, None, Retry),
        (503, {"errors": "maintenance"}, Retry),
    ],
)
@respx.mock
async def test_zarinpal_verify(status: int, body: Any, kind: type) -> None:
    respx.post(VERIFY).mock(return_value=httpx.Response(status, json=body))
    assert isinstance(await zarinpal().verify(REF, 1000), kind)


@respx.mock
async def test_configuration_trouble_while_verifying_is_raised_with_staff() -> None:
    respx.post(VERIFY).mock(return_value=httpx.Response(200, json={"errors": {"code": -11}}))
    found = await zarinpal().verify(REF, 1000)
    assert isinstance(found, Retry)
    assert found.alert


@respx.mock
async def test_a_payment_without_a_number_gets_the_authority_as_its_reference() -> None:
    respx.post(VERIFY).mock(return_value=httpx.Response(200, json={"data": {"code": 100}}))
    found = await zarinpal().verify(REF, 1000)
    assert isinstance(found, Verified)
    assert found.bank_ref == REF


@respx.mock
async def test_rial_is_said_and_only_our_verify_finalises() -> None:
    route = respx.post(f"{ZARINPAL}/pg/v4/payment/request.json").mock(
        return_value=httpx.Response(200, json={"data": {"code": 100, "authority": REF}, "errors": []})
    )
    await zarinpal().create(
        amount_rial=1000, order_id=1, description="x" * 900, callback_url="https://a.ir/cb", mobile=None
    )
    sent = httpx.Response(200, content=route.calls.last.request.content).json()
    assert sent["currency"] == "IRR"
    assert sent["metadata"] == {"order_id": "1", "auto_verify": False}
    assert len(sent["description"]) == 500


@pytest.mark.parametrize("status", ["PAID", "paid?", None, 3, "Ø"])
@respx.mock
async def test_a_standing_of_tomorrow_is_unknown(status: Any) -> None:
    respx.post(f"{ZARINPAL}/pg/v4/payment/inquiry.json").mock(
        return_value=httpx.Response(200, json={"data": {"code": 100, "status": status}})
    )
    assert await zarinpal().inquire(REF) == ("paid" if status == "PAID" else "unknown")


@pytest.mark.parametrize("listed", [None, [], {}, [1, {"authority": 3}, {"amount": 1}]])
@respx.mock
async def test_a_strange_list_of_unverified_payments_is_empty(listed: Any) -> None:
    respx.post(f"{ZARINPAL}/pg/v4/payment/unVerified.json").mock(
        return_value=httpx.Response(200, json={"data": {"code": "100", "authorities": listed}})
    )
    assert await zarinpal().unverified() == []


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"data": {"code": 100}}, GatewayDown),
        ({"data": {"code": 100, "authority": 5}}, GatewayDown),
        ({"errors": {"code": "-14"}}, GatewayRefused),
    ],
)
@respx.mock
async def test_zarinpal_create(body: Any, error: type[Exception]) -> None:
    respx.post(f"{ZARINPAL}/pg/v4/payment/request.json").mock(return_value=httpx.Response(200, json=body))
    with pytest.raises(error):
        await zarinpal().create(
            amount_rial=1000, order_id=1, description="x", callback_url="https://a.ir/cb", mobile=None
        )


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"result": "100", "amount": "1000", "refNumber": None}, Verified),
        ({"result": 100, "amount": 999}, WrongAmount),
        ({"result": 201, "amount": 1000, "refNumber": 5}, Verified),
        ({"result": 202}, NotPaid),
        ({"result": 104}, Retry),
        ({"message": "?"}, Retry),
    ],
)
@respx.mock
async def test_zibal_verify(body: Any, kind: type) -> None:
    respx.post(f"{ZIBAL}/v1/verify").mock(return_value=httpx.Response(200, json=body))
    assert isinstance(await zibal().verify("5", 1000), kind)


@respx.mock
async def test_zibal_says_paid_but_never_how_much() -> None:
    respx.post(f"{ZIBAL}/v1/verify").mock(return_value=httpx.Response(200, json={"result": 201}))
    respx.post(f"{ZIBAL}/v1/inquiry").mock(
        return_value=httpx.Response(200, json={"result": 100, "status": 1})
    )
    assert isinstance(await zibal().verify("5", 1000), Retry)
