"""Kavenegar's protocol as the bot's adapter meets it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from demo.emulators import Emulators

TO = "09121234567"


@pytest.fixture
async def kavenegar(emulators: Emulators) -> AsyncIterator[httpx.AsyncClient]:
    root = f"{emulators.sms.url}/v1/{emulators.sms.key}"
    async with httpx.AsyncClient(base_url=root, trust_env=False, timeout=90) as client:
        yield client


async def test_localid_makes_sending_idempotent(emulators: Emulators, kavenegar: httpx.AsyncClient) -> None:
    body = {"receptor": TO, "message": "سلام", "localid": "7"}
    first = (await kavenegar.post("/sms/send.json", data=body)).json()
    second = (await kavenegar.post("/sms/send.json", data=body)).json()
    assert first["return"]["status"] == 200
    assert second["entries"][0]["messageid"] == first["entries"][0]["messageid"]
    assert [sms.text for sms in emulators.sms.inbox("+989121234567")] == ["سلام"]
    status = (await kavenegar.get("/sms/statuslocalmessageid.json", params={"localid": "7"})).json()
    assert status["entries"][0]["status"] == 10


async def test_lookup_fills_the_template_and_checks_tokens(
    emulators: Emulators, kavenegar: httpx.AsyncClient
) -> None:
    emulators.sms.templates = {"end": "مدیریت محترم %token20؛ %token10 (%token)"}
    good = {"receptor": TO, "template": "end", "token": "12", "token10": "سارا کریمی", "token20": "کیان طب"}
    assert (await kavenegar.post("/verify/lookup.json", data=good)).status_code == 200
    await emulators.sms.sees(TO, "مدیریت محترم کیان طب؛ سارا کریمی (12)")
    spaced = await kavenegar.post("/verify/lookup.json", data=good | {"token": "a b"})
    assert spaced.json()["return"]["status"] == 431
    missing = await kavenegar.post("/verify/lookup.json", data=good | {"template": "none"})
    assert missing.status_code == 424


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"receptor": "123", "message": "x"}, 411),
        ({"receptor": TO, "message": ""}, 413),
        ({"receptor": TO, "message": "x" * 901}, 413),
        ({"message": "x"}, 400),
        ({"receptor": f"{TO},{TO}", "message": "x", "localid": "1"}, 419),
    ],
)
async def test_refusals(
    emulators: Emulators, kavenegar: httpx.AsyncClient, body: dict[str, str], code: int
) -> None:
    answer = await kavenegar.post("/sms/send.json", data=body)
    assert (answer.status_code, answer.json()["return"]["status"]) == (code, code)
    assert emulators.sms.sent == []


async def test_troubles(emulators: Emulators, kavenegar: httpx.AsyncClient) -> None:
    body = {"receptor": TO, "message": "سلام", "localid": "7"}
    url = "/sms/send.json"
    assert (await kavenegar.post(f"{emulators.sms.url}/v1/wrong{url}", data=body)).status_code == 403
    emulators.sms.fail(code=418)
    assert (await kavenegar.post(url, data=body)).json()["return"]["status"] == 418
    emulators.sms.fail(status=502)
    assert (await kavenegar.post(url, data=body)).status_code == 502
    assert emulators.sms.sent == []
    emulators.sms.fail(cut=True, done=True)
    with pytest.raises(httpx.TransportError):
        await kavenegar.post(url, data=body)
    assert len(emulators.sms.sent) == 1
    assert (await kavenegar.post(url, data=body)).status_code == 200
    assert len(emulators.sms.sent) == 1
