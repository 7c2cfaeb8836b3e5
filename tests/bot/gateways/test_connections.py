"""Servers close connections that are idle just when they please."""

import asyncio
import threading
from typing import Any

import httpx
import pytest

from bot.gateways.http import make_client, post_json
from bot.gateways.interfaces import GatewayDown


async def test_a_call_never_meets_a_connection_of_an_earlier_one() -> None:
    """It might be closed at that moment, and asking for a payment is never repeated."""
    met: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(0)
        while head := await reader.readuntil(b"\r\n\r\n"):
            met[-1] += 1
            length = next(
                int(line.split(b":")[1])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length:")
            )
            await reader.readexactly(length)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
            await writer.drain()

    def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve(reader, writer))
        task.add_done_callback(lambda done: done.exception())  # the client hung up

    server = await asyncio.start_server(quietly, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, make_client() as client:
        for _ in range(3):
            assert await post_json(client, url, json={"amount": 1}) == (200, {})
    assert met == [1, 1, 1]


async def test_what_the_first_calls_load_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    made_in = []

    class Transport(httpx.AsyncHTTPTransport):
        def __init__(self, **options: Any) -> None:
            made_in.append(threading.current_thread())
            super().__init__(**options)

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json={})

    monkeypatch.setattr(httpx, "AsyncHTTPTransport", Transport)
    async with make_client() as client:
        assert made_in == []
        calls = [post_json(client, "https://bank.test", json={}) for _ in range(2)]
        assert await asyncio.gather(*calls) == [(200, {})] * 2
        assert made_in
        assert threading.current_thread() not in made_in


async def test_certificates_that_cannot_be_loaded_are_a_gateway_that_is_down_and_come_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Such as where no descriptor is left for a moment: payers read that the gateway does not answer."""

    class Transport(httpx.AsyncHTTPTransport):
        broken = True

        def __init__(self, **options: Any) -> None:
            if self.broken:
                raise OSError(24, "Too many open files")
            super().__init__(**options)

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json={})

    monkeypatch.setattr(httpx, "AsyncHTTPTransport", Transport)
    async with make_client() as client:
        with pytest.raises(GatewayDown, match="ConnectError"):
            await post_json(client, "https://bank.test", json={})
        assert caplog.messages == ["a gateway cannot be called: [Errno 24] Too many open files"]
        Transport.broken = False
        assert await post_json(client, "https://bank.test", json={}) == (200, {})
