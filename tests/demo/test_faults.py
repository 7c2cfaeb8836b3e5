"""Troubles on order."""

import asyncio

import httpx
import pytest

from demo.botapi.faults import Fault
from demo.emulators import Emulators
from demo.person import Person
from tests.demo.conftest import Raw


async def test_flood_in_its_three_forms(
    emulators: Emulators, telegram: Raw, http: httpx.AsyncClient, sara: Person
) -> None:
    send = {"chat_id": sara.user.id, "text": "سلام"}
    emulators.telegram.faults.add(Fault.flood(7), method="sendMessage")
    emulators.telegram.faults.add(Fault.flood_bare(), method="sendMessage")
    status, body = await telegram("sendMessage", **send)
    assert (status, body["parameters"]) == (429, {"retry_after": 7})
    status, body = await telegram("sendMessage", **send)
    assert (status, "parameters" in body) == (429, False)
    emulators.telegram.faults.add(Fault.flood_text(), method="sendMessage")
    assert (await http.post(f"{telegram.root}/sendMessage", data=send)).text == "local_rate_limited"
    await telegram.result("sendMessage", **send)
    assert len(sara.new()) == 1


async def test_html_errors_and_resets(
    emulators: Emulators, telegram: Raw, http: httpx.AsyncClient, sara: Person
) -> None:
    send = {"chat_id": sara.user.id, "text": "سلام"}
    emulators.telegram.faults.add(Fault.html(502), times=None)
    answer = await http.post(f"{telegram.root}/sendMessage", data=send)
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (502, "text/html")
    assert len(await telegram.result("getUpdates")) == 1  # polling is spared unless named
    emulators.telegram.faults.clear()
    emulators.telegram.faults.add(Fault.cut(), method="sendmessage")
    with pytest.raises(httpx.NetworkError):
        await telegram("sendMessage", **send)
    assert sara.new() == []
    emulators.telegram.faults.add(Fault.cut_after(), method="sendMessage")
    with pytest.raises(httpx.NetworkError):
        await telegram("sendMessage", **send)
    assert [one.text for one in sara.new()] == ["سلام"]


async def test_a_fault_of_one_chat_only(emulators: Emulators, telegram: Raw) -> None:
    sara, ali = emulators.telegram.person("سارا"), emulators.telegram.person("علی")
    await sara.start()
    await ali.start()
    emulators.telegram.faults.add(Fault.api(403, "Forbidden: x"), chat_id=sara.user.id, times=None)
    assert "403" in await telegram.refusal("sendMessage", chat_id=sara.user.id, text="x")
    await telegram.result("sendMessage", chat_id=ali.user.id, text="x")


async def test_an_outage_keeps_what_people_send(emulators: Emulators, telegram: Raw) -> None:
    sara = emulators.telegram.person("سارا")
    with emulators.telegram.server.outage():
        await sara.type("هست کسی؟")
        with pytest.raises(httpx.NetworkError):
            await telegram("getUpdates")
    assert len(await telegram.result("getUpdates")) == 1


async def test_a_bot_that_hangs_up_within_a_call_has_asked_for_nothing(
    emulators: Emulators, telegram: Raw, sara: Person
) -> None:
    server = emulators.telegram.server
    _, writer = await asyncio.open_connection(server.host, server.port)
    head = (
        f"POST /bot{emulators.telegram.token}/sendMessage HTTP/1.1\r\nHost: {server.host}:{server.port}\r\n"
    )
    writer.write(f"{head}Content-Type: application/json\r\nContent-Length: 90\r\n\r\n{{".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    await telegram.result("getMe")
    assert (sara.new(), emulators.violations) == ([], [])
