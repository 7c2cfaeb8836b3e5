"""Connections that never finish, over real sockets against the real server: who is closed, and who is served meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.core.counters import WebCounters
from bot.web.http_server.connections import Limits
from bot.web.http_server.server import WebServer

HALF = b"GET /fast HTTP/1.1\r\nHost: x\r\nX-"
WHOLE = b"GET /fast HTTP/1.1\r\nHost: x\r\n\r\n"
#: Long enough for a busy machine, short enough for a test.
SHORT = Limits(head=0.3, body=0.3, work=60, rest=0.3, send=0.3, idle=0.3)


class House:
    """A server and what its application was asked."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.began = asyncio.Event()
        self.bodies: list[bytes] = []
        self.counters = WebCounters()
        self.server: WebServer

    @property
    def port(self) -> int:
        port: int = self.server.servers[0].sockets[0].getsockname()[1]
        return port

    def app(self) -> Starlette:
        async def fast(request: Request) -> Response:
            return PlainTextResponse("fast")

        async def slow(request: Request) -> Response:
            self.began.set()
            await self.release.wait()
            return PlainTextResponse("slow")

        async def body(request: Request) -> Response:
            self.bodies.append(await request.body())
            return PlainTextResponse("taken")

        async def big(request: Request) -> Response:
            return PlainTextResponse("x" * 30_000_000)

        return Starlette(
            routes=[
                Route("/fast", fast, methods=["GET", "POST"]),
                Route("/slow", slow),
                Route("/big", big),
                Route("/body", body, methods=["POST"]),
                Route("/hook/known", body, methods=["POST"]),
            ]
        )

    async def get(self, path: str = "/fast") -> str:
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            return (await client.get(f"http://127.0.0.1:{self.port}{path}")).text

    async def open(self, first: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(first)
        await writer.drain()
        return reader, writer


@contextlib.asynccontextmanager
async def standing(limits: Limits, trusted: tuple[str, ...] = ()) -> AsyncIterator[House]:
    house = House()
    networks = tuple(ip_network(one) for one in trusted)
    house.server = WebServer(
        house.app(), host="127.0.0.1", port=0, limits=limits, trusted=networks, counters=house.counters
    )
    task = asyncio.create_task(house.server.serve())
    await until(lambda: house.server.started)
    try:
        yield house
    finally:
        house.release.set()
        house.server.should_exit = True
        await task


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.01)


async def closed(reader: asyncio.StreamReader) -> bytes:
    """What came until the other side closed."""
    got = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(30):
            while piece := await reader.read(65536):
                got += piece
    return got


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"G",
        HALF,
        WHOLE + HALF,
        b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
        b"POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal",
        b"POST /fast HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n",
        b"POST /body HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n",
    ],
)
async def test_what_is_never_finished_is_closed(first: bytes) -> None:
    async with standing(SHORT) as house:
        reader, writer = await house.open(first)
        await closed(reader)
        await until(lambda: house.counters.open == 0)
        # Half a request behind a whole one counts as an idle connection.
        assert house.counters.closed["slow"] == (not first.startswith(WHOLE))
        assert house.bodies == []
        writer.close()


async def test_a_byte_now_and_then_renews_nothing() -> None:
    async with standing(SHORT) as house:
        reader, writer = await house.open(b"GET /fast HTTP/1.1\r\nX-A: ")

        async def drip() -> None:
            with contextlib.suppress(ConnectionError):
                while not reader.at_eof():
                    writer.write(b"a")
                    await writer.drain()
                    await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        await closed(reader)
        await dripping
        await until(lambda: house.counters.closed["slow"] == 1)


async def test_an_answer_that_is_not_read_is_not_kept() -> None:
    async with standing(replace(SHORT, work=0.5)) as house:
        _, writer = await house.open(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        transport: Any = writer.transport
        transport.pause_reading()
        await until(lambda: house.counters.closed["slow"] == 1)
        await until(lambda: house.counters.open == 0 and not house.server.server_state.connections)
        writer.close()


async def test_an_idle_connection_is_closed_without_being_called_slow() -> None:
    async with standing(SHORT) as house:
        reader, writer = await house.open(WHOLE)
        assert b"fast" in await closed(reader)
        await until(lambda: house.counters.open == 0)
        assert house.counters.closed["slow"] == 0
        writer.close()


async def test_a_connection_may_bring_one_request_after_the_other() -> None:
    async with standing(Limits()) as house:
        reader, writer = await house.open()
        for _ in range(3):
            writer.write(WHOLE)
            await reader.readuntil(b"fast")
        writer.write(WHOLE + WHOLE)
        await reader.readuntil(b"fast")
        await reader.readuntil(b"fast")
        assert house.counters.open == 1
        writer.close()
        await until(lambda: house.counters.open == 0)


@pytest.mark.parametrize("trusted", [(), ("127.0.0.0/8",)])
async def test_people_are_served_while_hundreds_do_not_finish(trusted: tuple[str, ...]) -> None:
    """From one address, and through a proxy (where addresses are not told apart)."""
    async with standing(Limits(most=60, per_address=20), trusted) as house:
        opened = [await house.open(HALF) for _ in range(150)]
        most = 60 if trusted else 20
        for _ in range(5):
            assert await house.get() == "fast"
            opened += [await house.open(HALF) for _ in range(30)]
        await until(lambda: house.counters.open == most)
        assert len(house.server.server_state.connections) <= most + 1
        assert house.counters.refused == 0
        assert house.counters.closed["crowded"] >= 150 - most
        for _, writer in opened:
            writer.close()


async def test_whoever_is_being_answered_is_never_closed_for_others() -> None:
    async with standing(Limits(most=20, per_address=20)) as house:
        answer = asyncio.create_task(house.get("/slow"))
        await house.began.wait()
        hook, writer = await house.open(
            b"POST /hook/known HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab"
        )
        await until(lambda: house.counters.open == 2)
        opened = [await house.open(HALF) for _ in range(100)]
        await until(lambda: house.counters.closed["crowded"] >= 80)
        writer.write(b"cd")
        await hook.readuntil(b"taken")
        assert house.bodies == [b"abcd"]
        house.release.set()
        assert await answer == "slow"
        for _, one in opened:
            one.close()


async def test_where_all_are_being_answered_the_newest_is_refused() -> None:
    async with standing(Limits(most=10, per_address=10)) as house:
        slow = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
        opened = [await house.open(slow) for _ in range(house.server.connections.limits.most)]
        await until(lambda: len(house.server.server_state.tasks) == len(opened))
        reader, writer = await house.open(slow)
        assert await closed(reader) == b""
        assert house.counters.refused == 1
        house.release.set()
        for one, _ in opened:
            await one.readuntil(b"slow")
        for _, one in (*opened, (reader, writer)):
            one.close()


async def test_what_a_slow_body_holds_is_bounded() -> None:
    """Megabytes sent to an address that does not ask for them stay with the sender."""
    async with standing(Limits()) as house:
        head = b"GET /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n"
        sender = socket.create_connection(("127.0.0.1", house.port))
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * 1024)
        sender.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(sender, head)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await loop.sock_sendall(sender, b"x" * 4_000_000)
        [connection] = house.server.server_state.connections
        held: Any = connection
        assert len(held.cycle.body) < 200_000
        sender.close()


async def test_no_descriptor_left_is_said_once_and_passes(caplog: pytest.LogCaptureFixture) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with standing(Limits()) as house:
        people = [socket.socket() for _ in range(40)]
        for one in people:
            one.setblocking(False)
        loop = asyncio.get_running_loop()
        with caplog.at_level(logging.DEBUG):
            spare = os.open(os.devnull, os.O_RDONLY)
            os.close(spare)
            resource.setrlimit(resource.RLIMIT_NOFILE, (spare, hard))
            try:
                for one in people:
                    await loop.sock_connect(one, ("127.0.0.1", house.port))
                    await loop.sock_sendall(one, WHOLE)
                await asyncio.sleep(1.2)  # two more tries
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for one in people:
                assert b"fast" in await loop.sock_recv(one, 4096) + await loop.sock_recv(one, 4096)
                one.close()
        said = [one for one in caplog.records if "accept" in one.getMessage()]
        assert len(said) == 1


async def test_nonsense_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with standing(Limits()) as house:
        with caplog.at_level(logging.DEBUG):
            for first in (
                b"\x16\x03\x01\x02\x00\r\n\r\n",
                b"GET\r\n\r\n",
                b"GET /fast HTTP/1.1\r\n" + b"a: b\r\n" * 9000,
            ):
                for _ in range(20):
                    reader, writer = await house.open(first)
                    await closed(reader)
                    writer.close()
            upgrade = b"GET /fast HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
            for _ in range(20):
                reader, writer = await house.open(upgrade)
                await reader.readuntil(b"fast")
                writer.close()
        assert len([one for one in caplog.records if one.name.startswith("uvicorn")]) <= 4


async def test_a_taken_port_is_told_and_ends_nothing_else() -> None:
    async with standing(Limits()) as house:
        other = WebServer(house.app(), host="127.0.0.1", port=house.port)
        await other.serve()
        assert other.failed is not None
        assert await house.get() == "fast"
