"""Connections that never finish, over real sockets against the real server: who is closed, and who is served meanwhile."""

import asyncio
import contextlib
import logging
import os
import resource
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.core.counters import WebCounters
from bot.web.http_server.connections import Limits, Phase
from bot.web.http_server.server import WebServer

HALF = b"GET /fast HTTP/1.1\r\nHost: x\r\nX-"
WHOLE = b"GET /fast HTTP/1.1\r\nHost: x\r\n\r\n"
SLOW = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
#: Long enough for a busy machine, short enough for a test.
SHORT = Limits(head=0.3, body=0.3, work=60, rest=0.3, send=0.3, idle=0.3)


@dataclass
class Connection:
    """A client's end."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def until_closed(self) -> bytes:
        """What came until the server closed."""
        got = b""
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(90):
                while piece := await self.reader.read(65536):
                    got += piece
        return got


class Server:
    """A server and what its application was asked."""

    server: WebServer

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.began = asyncio.Event()
        self.bodies: list[bytes] = []
        self.counters = WebCounters()
        self._clients: list[Connection] = []

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
        async with httpx.AsyncClient(trust_env=False, timeout=90) as client:
            return (await client.get(f"http://127.0.0.1:{self.port}{path}")).text

    async def open(self, first: bytes = b"") -> Connection:
        """A connection on which this was sent; closed at the end of the test."""
        self._clients.append(Connection(*await asyncio.open_connection("127.0.0.1", self.port)))
        self._clients[-1].writer.write(first)
        await self._clients[-1].writer.drain()
        return self._clients[-1]

    async def until_none_is_open(self) -> None:
        await until(lambda: self.counters.open == 0)

    def close(self) -> None:
        for client in self._clients:
            client.writer.close()
        self.release.set()
        self.server.should_exit = True


@contextlib.asynccontextmanager
async def serving(limits: Limits, trusted: tuple[str, ...] = ()) -> AsyncIterator[Server]:
    found = Server()
    found.server = WebServer(
        found.app(),
        host="127.0.0.1",
        port=0,
        limits=limits,
        trusted=tuple(ip_network(one) for one in trusted),
        counters=found.counters,
    )
    task = asyncio.create_task(found.server.serve())
    await until(lambda: found.server.started)
    try:
        yield found
    finally:
        found.close()
        await task


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(90):
        while not true():
            await asyncio.sleep(0.01)


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
    async with serving(SHORT) as server:
        await (await server.open(first)).until_closed()
        await server.until_none_is_open()
        # Half a request behind a whole one counts as an idle connection.
        assert server.counters.closed["slow"] == (not first.startswith(WHOLE))
        assert server.bodies == []


async def test_a_byte_now_and_then_renews_nothing() -> None:
    async with serving(SHORT) as server:
        client = await server.open(b"GET /fast HTTP/1.1\r\nX-A: ")

        async def drip() -> None:
            with contextlib.suppress(ConnectionError):
                while not client.reader.at_eof():
                    client.writer.write(b"a")
                    await client.writer.drain()
                    await asyncio.sleep(0.02)

        await asyncio.gather(client.until_closed(), drip())
        await until(lambda: server.counters.closed["slow"] == 1)


async def test_an_answer_that_is_not_read_is_not_kept() -> None:
    async with serving(replace(SHORT, work=0.5)) as server:
        client = await server.open(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        transport: Any = client.writer.transport
        transport.pause_reading()
        await until(lambda: server.counters.closed["slow"] == 1)
        await until(lambda: server.counters.open == 0 and not server.server.server_state.connections)


async def test_an_answered_connection_is_closed_by_its_own_limit_and_not_called_slow() -> None:
    async with serving(Limits(idle=0.2)) as server:
        client = await server.open(WHOLE)
        connections = server.server.connections
        await client.reader.readuntil(b"fast")
        await until(lambda: len(connections._phases[Phase.IDLE]) == 1 or not len(connections))
        await client.until_closed()
        await server.until_none_is_open()
        assert server.counters.closed["slow"] == 0


async def test_answered_connections_make_room_for_others() -> None:
    async with serving(replace(Limits(), most=3, per_address=3)) as server:
        for _ in range(3):
            await (await server.open(WHOLE)).reader.readuntil(b"fast")
        assert await server.get() == "fast"
        assert server.counters.refused == 0
        assert server.counters.closed["crowded"] == 1


async def test_a_connection_may_bring_one_request_after_the_other() -> None:
    async with serving(Limits()) as server:
        client = await server.open()
        for requests in (1, 1, 1, 2):
            client.writer.write(WHOLE * requests)
            for _ in range(requests):
                await client.reader.readuntil(b"fast")
        assert server.counters.open == 1
        client.writer.close()
        await server.until_none_is_open()


@pytest.mark.parametrize("trusted", [(), ("127.0.0.0/8",)])
async def test_people_are_served_while_hundreds_do_not_finish(trusted: tuple[str, ...]) -> None:
    """From one address, and through a proxy (where addresses are not told apart)."""
    most = 60 if trusted else 20
    async with serving(Limits(head=300, most=60, per_address=20), trusted) as server:
        for _ in range(150):
            await server.open(HALF)
        for _ in range(5):
            assert await server.get() == "fast"
            for _ in range(30):
                await server.open(HALF)
        await until(lambda: server.counters.open == most)
        assert len(server.server.server_state.connections) <= most + 1
        assert server.counters.refused == 0
        assert server.counters.closed["crowded"] >= 150 - most


async def test_whoever_is_being_answered_is_never_closed_for_others() -> None:
    async with serving(Limits(head=300, body=300, most=20, per_address=20)) as server:
        answer = asyncio.create_task(server.get("/slow"))
        await server.began.wait()
        hook = await server.open(b"POST /hook/known HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
        await until(lambda: server.counters.open == 2)
        for _ in range(100):
            await server.open(HALF)
        await until(lambda: server.counters.closed["crowded"] >= 80)
        hook.writer.write(b"cd")
        await hook.reader.readuntil(b"taken")
        assert server.bodies == [b"abcd"]
        server.release.set()
        assert await answer == "slow"


async def test_where_all_are_being_answered_the_newest_is_refused() -> None:
    async with serving(Limits(most=10, per_address=10)) as server:
        clients = [await server.open(SLOW) for _ in range(server.server.connections.limits.most)]
        await until(lambda: len(server.server.server_state.tasks) == len(clients))
        assert await (await server.open(SLOW)).until_closed() == b""
        assert server.counters.refused == 1
        server.release.set()
        for client in clients:
            await client.reader.readuntil(b"slow")


async def test_what_a_slow_body_holds_is_bounded() -> None:
    """Megabytes sent to an address that does not ask for them stay with the sender."""
    async with serving(Limits()) as server:
        head = b"GET /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n"
        sender = socket.create_connection(("127.0.0.1", server.port))
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * 1024)
        sender.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(sender, head)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await loop.sock_sendall(sender, b"x" * 4_000_000)
        held: Any
        [held] = server.server.server_state.connections
        assert len(held.cycle.body) < 200_000
        sender.close()


@pytest.mark.parametrize("accepted", [True, False])
async def test_whoever_came_a_moment_before_the_server_stops_is_answered(accepted: bool) -> None:
    """A balancer sends to it until it listens no more: what was just opened is not reset."""
    limits = replace(SHORT, head=60, idle=60)
    async with serving(limits) as server, contextlib.AsyncExitStack() as clients:
        port = server.port
        waiting = [clients.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(40)]
        sent, later = waiting[:30], waiting[30:]
        if accepted:
            await until(lambda: len(server.server.server_state.connections) == len(waiting))
        for client in sent:
            client.sendall(WHOLE)
        stopping = asyncio.create_task(server.server.shutdown())
        await asyncio.sleep(0)
        for client in later:
            client.sendall(WHOLE)
        answers = await asyncio.gather(*(asyncio.to_thread(_all_of, client) for client in waiting))
        await stopping
        assert [answer[-4:] for answer in answers] == [b"fast"] * len(waiting)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


async def test_a_connection_without_a_request_does_not_hold_up_the_stop() -> None:
    async with serving(replace(SHORT, head=60)) as server:
        silent = await server.open()
        await until(lambda: server.server.server_state.connections)
        stopping = asyncio.create_task(server.server.shutdown())
        assert await silent.until_closed() == b""
        await stopping


def _all_of(client: socket.socket) -> bytes:
    got = b""
    while piece := client.recv(65536):
        got += piece
    return got


@pytest.mark.campaign
async def test_no_descriptor_left_is_said_once_and_passes(caplog: pytest.LogCaptureFixture) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with serving(Limits()) as server:
        clients = [socket.socket() for _ in range(40)]
        for client in clients:
            client.setblocking(False)
        loop = asyncio.get_running_loop()
        with caplog.at_level(logging.DEBUG):
            spare = os.open(os.devnull, os.O_RDONLY)
            os.close(spare)
            resource.setrlimit(resource.RLIMIT_NOFILE, (spare, hard))
            try:
                for client in clients:
                    await loop.sock_connect(client, ("127.0.0.1", server.port))
                    await loop.sock_sendall(client, WHOLE)
                await asyncio.sleep(1.2)  # two more tries
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for client in clients:
                assert b"fast" in await loop.sock_recv(client, 4096) + await loop.sock_recv(client, 4096)
                client.close()
        assert len([one for one in caplog.records if "accept" in one.getMessage()]) == 1


async def test_nonsense_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    headers = b"GET /fast HTTP/1.1\r\n" + b"a: b\r\n" * 9000
    upgrade = b"GET /fast HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
    async with serving(Limits()) as server:
        with caplog.at_level(logging.DEBUG):
            for first in [b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET\r\n\r\n", headers] * 20:
                await (await server.open(first)).until_closed()
            for _ in range(20):
                await (await server.open(upgrade)).reader.readuntil(b"fast")
        assert len([one for one in caplog.records if one.name.startswith("uvicorn")]) <= 4


async def test_a_taken_port_is_told_and_ends_nothing_else() -> None:
    async with serving(Limits()) as server:
        other = WebServer(server.app(), host="127.0.0.1", port=server.port)
        await other.serve()
        assert other.failed is not None
        assert await server.get() == "fast"


@pytest.mark.parametrize(
    ("descriptors", "most", "per_address"),
    [
        (100_000, 400, 64),
        (1600, 400, 64),
        (1024, 256, 64),
        (400, 100, 50),
        (64, 16, 8),
        (32, 8, 4),
        (0, 8, 4),
    ],
)
def test_few_descriptors_leave_room_for_everything_else(
    descriptors: int, most: int, per_address: int
) -> None:
    found = Limits().within(descriptors)

    assert (found.most, found.per_address) == (most, per_address)
    assert found.head == Limits().head


def test_each_phase_has_its_own_seconds() -> None:
    limits = Limits(head=1, body=2, work=3, rest=4, send=5, idle=6)
    assert [limits.seconds(phase) for phase in Phase] == [1, 2, 3, 4, 5, 6]
