"""Kavenegar: what is sent, within its limits (docs/gateways.md 2), how answers are read, and that the key stays where it is."""

import logging
from typing import Any

import httpx
import pytest
import respx

from bot.gateways.http import make_client
from bot.gateways.interfaces import GatewayDown, SmsAccepted, SmsRejected, SmsRetry, SmsStatus
from bot.gateways.kavenegar import Kavenegar

STATES = {
    SmsStatus.ON_ITS_WAY: (1, 2, 4, 5),
    SmsStatus.FAILED: (6, 11, 13, 14),
    SmsStatus.DELIVERED: (10,),
    SmsStatus.UNKNOWN: (0, 3, 7, 8, 9, 12, 15, 60, 100, 130, 140),
}
KEY = "5ecretKey0123456789"
ROOT = f"https://kave.test/v1/{KEY}"


def gateway(**other: Any) -> Kavenegar:
    return Kavenegar(make_client(), url="https://kave.test", api_key=KEY, **other)


def answer(status: int, entries: Any = None) -> httpx.Response:
    http = status if status < 500 else 500
    return httpx.Response(http, json={"return": {"status": status, "message": "…"}, "entries": entries})


async def send(kave: Kavenegar, **other: Any) -> object:
    return await kave.send(**{"to": "+989123456789", "text": "سلام", "idempotency_id": 1} | other)


def form(request: httpx.Request) -> dict[str, str]:
    return dict(httpx.QueryParams(request.content.decode()))


@respx.mock
@pytest.mark.parametrize("length", [4, 900, 901])
async def test_an_sms_carries_the_push_as_its_local_id_and_is_cut(length: int) -> None:
    taken = {"messageid": 8792343, "status": 1, "cost": 120}
    route = respx.post(f"{ROOT}/sms/send.json").mock(return_value=answer(200, [taken]))
    done = await send(gateway(sender="2000500"), text="ا" * length, idempotency_id=41)
    assert done == SmsAccepted("8792343", 120)
    expected = {"receptor": "09123456789", "localid": "41", "sender": "2000500"}
    assert form(route.calls.last.request) == {**expected, "message": "ا" * min(length, 900)}


@respx.mock
@pytest.mark.parametrize(
    ("tokens", "fitted"),
    [
        (
            ["140509010001", "سارا کریمی‌نژاد", "کیان طب\nفارس", "شرق تهران"],
            ["140509010001", "سارا کریمی‌نژاد", "کیان طب فارس", "شرق\u200cتهران"],
        ),
        (
            ["a b c d e f g h i j"] * 3,
            ["a b c d e f g h i j".replace(" ", "\u200c"), "a b c d e f", "a b c d e f g h i"],
        ),
        (["x" * 100, "a_b", "x" * 101], ["x" * 100, "a b", "x" * 100]),
    ],
    ids=["names", "many spaces", "long"],
)
async def test_a_configured_template_goes_by_lookup(tokens: list[str], fitted: list[str]) -> None:
    """Each token within the spaces and characters that its name allows."""
    route = respx.post(f"{ROOT}/verify/lookup.json").mock(return_value=answer(200, [{"messageid": 1}]))
    await send(gateway(templates={"terminated": "officer-left"}), template="terminated", tokens=tokens)
    names = ("token", "token10", "token20", "token2")
    expected = {"receptor": "09123456789", "template": "officer-left"} | dict(
        zip(names, fitted, strict=False)
    )
    assert form(route.calls.last.request) == expected


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
@pytest.mark.parametrize(
    "body", [{}, [], {"return": []}, {"return": {"message": "…"}}, {"return": {"status": "?"}}]
)
async def test_an_answer_that_is_not_kavenegars_says_nothing_about_the_message(body: Any) -> None:
    """A proxy between us, for one: it is tried again, and the credit is not known."""
    respx.post(url__startswith=ROOT).mock(return_value=httpx.Response(200, json=body))
    told = await send(gateway())
    assert isinstance(told, SmsRetry)
    with pytest.raises(GatewayDown):
        await gateway().credit()


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
@pytest.mark.parametrize(("state", "numbers"), STATES.items(), ids=STATES)
async def test_what_became_of_them(state: SmsStatus, numbers: tuple[int, ...]) -> None:
    entries = [{"messageid": number, "status": number} for number in numbers]
    respx.post(f"{ROOT}/sms/status.json").mock(return_value=answer(200, entries))
    ids = [str(number) for number in numbers]
    assert await gateway().status(ids) == dict.fromkeys(ids, state)


@respx.mock
async def test_many_messages_are_asked_for_in_calls_of_five_hundred() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        ids = form(request)["messageid"].split(",")
        assert len(ids) <= 500
        return answer(200, [{"messageid": one, "status": 10} for one in ids])

    route = respx.post(f"{ROOT}/sms/status.json").mock(side_effect=respond)
    assert len(await gateway().status([str(number) for number in range(1001)])) == 1001
    assert route.call_count == 3


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
