"""Answers that the emulated bank never gives: the other forms that documents and client libraries tell of."""

from typing import Any

import httpx
import pytest
import respx

from bot.gateways.http import make_client
from bot.gateways.interfaces import GatewayDown, GatewayRefused, NotPaid, Retry, Verified, WrongAmount
from bot.gateways.zarinpal import Zarinpal
from bot.gateways.zibal import Zibal

ZARINPAL, ZIBAL = "https://zarinpal.test", "https://zibal.test"
REF = "A" + "0" * 35


@pytest.fixture
def zarinpal() -> Zarinpal:
    return Zarinpal(make_client(), url=f"{ZARINPAL}/", merchant_id="m", wait=0.001)


@pytest.fixture
def zibal() -> Zibal:
    return Zibal(make_client(), url=ZIBAL, merchant_id="zibal", wait=0.001)


def answers(url: str, body: Any, status: int = 200) -> respx.Route:
    """What the gateway answers at this address (Zarinpal's where it is only a name)."""
    address = url if "://" in url else f"{ZARINPAL}/pg/v4/payment/{url}.json"
    return respx.post(address).mock(return_value=httpx.Response(status, json=body))


async def create(gateway: Zarinpal, description: str = "x") -> object:
    return await gateway.create(
        amount_rial=1000, order_id=1, description=description, callback_url="https://a.ir/cb", mobile=None
    )


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"data": {"code": "100", "ref_id": "201"}, "errors": []}, Verified),
        (200, {"data": {"code": 101}, "errors": {}}, Verified),
        (401, {"data": [], "errors": {"code": "-50", "message": "x"}}, WrongAmount),
        (401, {"errors": {"code": -51}}, NotPaid),
        (400, {"errors": {"authority": ["Invalid authority", "-54"]}}, NotPaid),
        (200, {"data": [], "errors": {"code": -53}}, NotPaid),
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
async def test_zarinpal_verify(zarinpal: Zarinpal, status: int, body: Any, kind: type) -> None:
    answers("verify", body, status)
    assert isinstance(await zarinpal.verify(REF, 1000), kind)


@pytest.mark.parametrize(
    ("body", "name", "value"),
    [
        pytest.param({"errors": {"code": -11}}, "alert", True, id="a wrong configuration"),
        pytest.param({"data": [], "errors": {"code": -11}}, "alert", True, id="the same with no data"),
        pytest.param({"data": {"code": 100}}, "bank_ref", REF, id="paid without a number of the payment"),
    ],
)
@respx.mock
async def test_what_else_zarinpal_verify_says(zarinpal: Zarinpal, body: Any, name: str, value: Any) -> None:
    answers("verify", body)
    assert getattr(await zarinpal.verify(REF, 1000), name) == value


@respx.mock
async def test_rial_is_said_and_only_our_verify_finalises(zarinpal: Zarinpal) -> None:
    route = answers("request", {"data": {"code": 100, "authority": REF}, "errors": []})
    await create(zarinpal, "x" * 900)
    sent = httpx.Response(200, content=route.calls.last.request.content).json()
    assert sent["currency"] == "IRR"
    assert sent["metadata"] == {"order_id": "1", "auto_verify": False}
    assert len(sent["description"]) == 500


@pytest.mark.parametrize("status", ["PAID", "paid?", None, 3, "Ø"])
@respx.mock
async def test_a_status_that_is_not_known_yet_is_unknown(zarinpal: Zarinpal, status: Any) -> None:
    answers("inquiry", {"data": {"code": 100, "status": status}})
    assert await zarinpal.inquire(REF) == ("paid" if status == "PAID" else "unknown")


@pytest.mark.parametrize("listed", [None, [], {}, [1, {"authority": 3}, {"amount": 1}]])
@respx.mock
async def test_a_strange_list_of_unverified_payments_is_empty(zarinpal: Zarinpal, listed: Any) -> None:
    answers("unVerified", {"data": {"code": "100", "authorities": listed}})
    assert await zarinpal.unverified() == []


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"data": {"code": 100}}, GatewayDown),
        ({"data": {"code": 100, "authority": 5}}, GatewayDown),
        ({"errors": {"code": "-14"}}, GatewayRefused),
    ],
)
@respx.mock
async def test_zarinpal_create(zarinpal: Zarinpal, body: Any, error: type[Exception]) -> None:
    answers("request", body)
    with pytest.raises(error):
        await create(zarinpal)


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
async def test_zibal_verify(zibal: Zibal, body: Any, kind: type) -> None:
    answers(f"{ZIBAL}/v1/verify", body)
    assert isinstance(await zibal.verify("5", 1000), kind)


@respx.mock
async def test_zibal_says_paid_but_never_how_much(zibal: Zibal) -> None:
    answers(f"{ZIBAL}/v1/verify", {"result": 201})
    answers(f"{ZIBAL}/v1/inquiry", {"result": 100, "status": 1})
    assert isinstance(await zibal.verify("5", 1000), Retry)
