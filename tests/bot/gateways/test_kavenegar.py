"""Kavenegar: what is sent, how refusals are read, and that the key stays where it is."""

import logging
from typing import Any

import httpx
import pytest
import respx

from bot.gateways.http import make_client
from bot.gateways.interfaces import GatewayDown, SmsAccepted, SmsRejected, SmsRetry, SmsStatus
from bot.gateways.kavenegar import Kavenegar, fit_token

KEY = "5ecretKey0123456789"
ROOT = f"https://kave.test/v1/{KEY}"


def gateway(**other: Any) -> Kavenegar:
    return Kavenegar(make_client(), url="https://kave.test", api_key=KEY, **other)


def answer(status: int, entries: Any = None) -> httpx.Response:
    http = status if status < 500 else 500
    return httpx.Response(http, json={"return": {"status": status, "message": "…"}, "entries": entries})


async def send(kave: Kavenegar, **other: Any) -> object:
    return await kave.send(**{"to": "+989123456789", "text": "سلام", "idempotency_id": 1} | other)


def sent(route: respx.Route) -> dict[str, str]:
    return dict(httpx.QueryParams(route.calls.last.request.content.decode()))


@respx.mock
async def test_an_sms_carries_the_push_as_its_local_id() -> None:
    route = respx.post(f"{ROOT}/sms/send.json").mock(
        return_value=answer(200, [{"messageid": 8792343, "status": 1, "cost": 120}])
    )
    taken = await send(gateway(sender="2000500"), idempotency_id=41)
    assert taken == SmsAccepted("8792343", 120)
    expected = {"receptor": "09123456789", "message": "سلام", "localid": "41", "sender": "2000500"}
    assert sent(route) == expected


@respx.mock
async def test_a_configured_template_goes_by_lookup() -> None:
    route = respx.post(f"{ROOT}/verify/lookup.json").mock(return_value=answer(200, [{"messageid": 1}]))
    kave = gateway(templates={"terminated": "officer-left"})
    tokens = ("140509010001", "سارا کریمی‌نژاد", "کیان طب\nفارس", "شرق تهران")
    await send(kave, template="terminated", tokens=tokens)
    assert sent(route)["template"] == "officer-left"
    assert sent(route)["token10"] == "سارا کریمی‌نژاد"
    assert sent(route)["token20"] == "کیان طب فارس"
    assert sent(route)["token2"] == "شرق\u200cتهران"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (402, SmsRetry("status 402")),
        (409, SmsRetry("status 409")),
        (451, SmsRetry("status 451")),
        (500, SmsRetry("status 500")),
        (411, SmsRejected("status 411")),
        (418, SmsRejected("status 418", alert=True)),
        (403, SmsRejected("status 403", alert=True)),
    ],
)
@respx.mock
async def test_refusals(status: int, expected: SmsRetry | SmsRejected) -> None:
    respx.post(f"{ROOT}/sms/send.json").mock(return_value=answer(status))
    assert await send(gateway()) == expected


@respx.mock
async def test_an_unknown_outcome_may_be_repeated_only_with_a_local_id() -> None:
    respx.post(f"{ROOT}/sms/send.json").mock(side_effect=httpx.ReadTimeout("late"))
    respx.post(f"{ROOT}/verify/lookup.json").mock(side_effect=httpx.ReadTimeout("late"))
    plain = await send(gateway())
    lookup = await send(gateway(templates={"a": "b"}), template="a", tokens=("x",))
    assert isinstance(plain, SmsRetry)
    assert isinstance(lookup, SmsRetry)
    assert (plain.unknown, lookup.unknown) == (False, True)


@respx.mock
async def test_what_became_of_them() -> None:
    respx.post(f"{ROOT}/sms/status.json").mock(
        return_value=answer(200, [{"messageid": 1, "status": 10}, {"messageid": 2, "status": 14}])
    )
    assert await gateway().status(["1", "2"]) == {"1": SmsStatus.DELIVERED, "2": SmsStatus.FAILED}


@respx.mock
async def test_the_key_reaches_no_log_and_no_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # as bot.gateways.factory does
    logging.getLogger("httpcore").setLevel(logging.WARNING)
    respx.post(f"{ROOT}/sms/send.json").mock(side_effect=httpx.ConnectError(f"cannot reach {ROOT}"))
    respx.post(f"{ROOT}/sms/status.json").mock(return_value=httpx.Response(502, text="<html>"))
    kave = gateway()
    told = await send(kave)
    with pytest.raises(GatewayDown) as down:
        await kave.status(["1"])
    everything = [repr(told), repr(kave), repr(down.value), caplog.text, repr(down.value.__context__)]
    assert not [text for text in everything if KEY in text]


@pytest.mark.parametrize(
    ("value", "spaces", "fitted"),
    [
        ("الف ب", 0, "الف\u200cب"),
        ("a_b", 5, "a b"),
        ("۱ ۲ ۳ ۴ ۵ ۶ ۷", 5, "۱ ۲ ۳ ۴ ۵ ۶"),
        ("x" * 200, 8, "x" * 100),
    ],
)
def test_tokens_are_made_to_fit(value: str, spaces: int, fitted: str) -> None:
    assert fit_token(value, spaces) == fitted
