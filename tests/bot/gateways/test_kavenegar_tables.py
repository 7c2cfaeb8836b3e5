"""Kavenegar's own numbers and limits (docs/gateways.md 2): every state of a message, long texts, long tokens, many messages."""

from __future__ import annotations

import httpx
import pytest
import respx

from bot.gateways.interfaces import SmsStatus
from bot.gateways.kavenegar import fit_token
from tests.bot.gateways.test_kavenegar import ROOT, answer, gateway, sent

STATES = {
    SmsStatus.ON_ITS_WAY: (1, 2, 4, 5),
    SmsStatus.FAILED: (6, 11, 13, 14),
    SmsStatus.DELIVERED: (10,),
    SmsStatus.UNKNOWN: (0, 3, 7, 8, 9, 12, 15, 60, 100, 130, 140),
}


@respx.mock
@pytest.mark.parametrize(("state", "numbers"), STATES.items(), ids=STATES)
async def test_what_each_number_means(state: SmsStatus, numbers: tuple[int, ...]) -> None:
    entries = [{"messageid": number, "status": number} for number in numbers]
    respx.post(f"{ROOT}/sms/status.json").mock(return_value=answer(200, entries))

    assert await gateway().status([str(number) for number in numbers]) == {
        str(number): state for number in numbers
    }


@respx.mock
async def test_many_messages_are_asked_for_in_calls_of_five_hundred() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        ids = dict(httpx.QueryParams(request.content.decode()))["messageid"].split(",")
        assert len(ids) <= 500
        return answer(200, [{"messageid": one, "status": 10} for one in ids])

    route = respx.post(f"{ROOT}/sms/status.json").mock(side_effect=respond)

    found = await gateway().status([str(number) for number in range(1001)])

    assert len(found) == 1001
    assert route.call_count == 3


@respx.mock
async def test_a_text_is_cut_at_nine_hundred_characters() -> None:
    route = respx.post(f"{ROOT}/sms/send.json").mock(return_value=answer(200, [{"messageid": 1}]))
    for length, kept in ((900, 900), (901, 900)):
        await gateway().send(to="+989123456789", text="ا" * length, idempotency_id=1)
        assert len(sent(route)["message"]) == kept


@pytest.mark.parametrize(("length", "kept"), [(100, 100), (101, 100)])
def test_a_token_is_cut_at_a_hundred_characters(length: int, kept: int) -> None:
    assert len(fit_token("ا" * length, 0)) == kept


@respx.mock
async def test_each_token_holds_as_many_spaces_as_its_name_allows() -> None:
    route = respx.post(f"{ROOT}/verify/lookup.json").mock(return_value=answer(200, [{"messageid": 1}]))
    kave = gateway(templates={"terminated": "officer-left"})

    await kave.send(
        to="+989123456789",
        text="x",
        idempotency_id=1,
        template="terminated",
        tokens=["a b c d e f g h i j"] * 4,
    )

    spaces = {name: value.count(" ") for name, value in sent(route).items() if name.startswith("token")}
    assert spaces == {"token": 0, "token10": 5, "token20": 8, "token2": 0}
