"""The demo's bank: strict where the gateways are, and its page does what its buttons say."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from demo.bank import Bank, PaymentState, build_bank_app
from tests.support.asgi import serving

MERCHANT = "11111111-2222-3333-4444-555555555555"
GOOD: dict[str, Any] = {
    "merchant_id": MERCHANT,
    "amount": 5_600_000,
    "currency": "IRR",
    "callback_url": "https://bot.example.ir/pay/callback/zarinpal/1?a=b",
    "description": "هزینه بررسی",
    "metadata": {"order_id": "1", "auto_verify": False},
}


@pytest.fixture
def bank() -> Bank:
    return Bank(slowness=0)


@pytest.fixture
async def http(bank: Bank) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(build_bank_app(bank)) as url, httpx.AsyncClient(base_url=url, timeout=90) as client:
        yield client


async def create(http: httpx.AsyncClient, **other: Any) -> dict[str, Any]:
    answer = await http.post("/pg/v4/payment/request.json", json=GOOD | other)
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    "wrong",
    [
        {"merchant_id": "nobody"},
        {"amount": 999},
        {"amount": 5600.5},
        {"amount": "5600000"},
        {"currency": None},
        {"callback_url": "bot.example.ir"},
        {"description": ""},
        {"metadata": {"order_id": 1}},
        {"metadata": {"mobile": "+989123456789"}},
        {"surcharge": 1},
    ],
)
async def test_a_request_that_zarinpal_would_refuse(http: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    assert (await create(http, **wrong))["errors"]["code"] == -9


async def test_the_callback_must_be_on_the_registered_domain(http: httpx.AsyncClient, bank: Bank) -> None:
    bank.domains = frozenset({"other.ir"})
    assert (await create(http))["errors"]["code"] == -14


async def test_paying_on_the_page_leads_back_with_the_query_kept(http: httpx.AsyncClient, bank: Bank) -> None:
    ref = (await create(http))["data"]["authority"]
    page = await http.get(f"/pg/StartPay/{ref}", headers={"Referer": "https://bot.example.ir/"})
    assert "۵٬۶۰۰٬۰۰۰" in page.text
    assert bank.last.referrer == "https://bot.example.ir/"
    gone = await http.post(f"/bank/{ref}/pay")
    assert gone.headers["location"] == f"{GOOD['callback_url']}&Authority={ref}&Status=OK"
    assert (await http.post(f"/bank/{ref}/pay")).status_code == 409


@pytest.mark.parametrize(
    ("action", "status", "stand"),
    [
        ("cancel", 303, PaymentState.FAILED),
        ("leave", 200, PaymentState.PAID),
        ("slow", 303, PaymentState.PAID),
        ("error", 500, PaymentState.FAILED),
    ],
)
async def test_the_other_buttons(
    http: httpx.AsyncClient, bank: Bank, action: str, status: int, stand: PaymentState
) -> None:
    ref = (await create(http))["data"]["authority"]
    assert (await http.post(f"/bank/{ref}/{action}")).status_code == status
    assert bank.last.stand is stand


async def test_another_merchant_cannot_verify(http: httpx.AsyncClient, bank: Bank) -> None:
    ref = (await create(http))["data"]["authority"]
    bank.pay(ref)
    body = {"merchant_id": MERCHANT.replace("1", "9"), "amount": GOOD["amount"], "authority": ref}
    answer = await http.post("/pg/v4/payment/verify.json", json=body)
    assert answer.json()["errors"]["code"] == -53
    assert bank.last.stand is PaymentState.PAID


async def test_the_controls_over_http(http: httpx.AsyncClient, bank: Bank) -> None:
    ref = (await create(http))["data"]["authority"]
    assert (await http.post("/control/faults", json={"wrong_amount": 10})).status_code == 200
    assert (await http.post("/control/faults", json={"weather": 10})).status_code == 400
    paid = await http.post(f"/control/payments/{ref}/pay")
    assert paid.json()["callback"].endswith("Status=OK")
    assert bank.last.charged == GOOD["amount"] + 10
    assert (await http.post(f"/control/payments/{ref}/pay")).status_code == 409
    assert (await http.get("/control/payments")).json()["payments"][0]["state"] == "PAID"


async def test_only_json_objects(http: httpx.AsyncClient) -> None:
    assert (await http.post("/pg/v4/payment/request.json", data={"amount": "1"})).status_code == 415
    assert (await http.post("/pg/v4/payment/request.json", json=[])).status_code == 400
