"""Calls on connections of our own: each gets its whole answer and no other's, whatever a server sends."""

import asyncio
import datetime
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.messengers.transport import http_calls
from bot.messengers.transport.http_calls import HttpCalls, MalformedResponseError, Target, target_of

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ANSWERS = {
    "of a length": (WHOLE, 200, b"ok"),
    "with small letters": (b"HTTP/1.1 400 bad\r\ncontent-length:2\r\nx: y\r\n\r\nno", 400, b"no"),
    "without words": (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, b""),
    "in chunks": (CHUNKED + b"2\r\nok\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n", 200, b"ok0123456789"),
    "in chunks, with a line after them": (CHUNKED + b"2\r\nok\r\n0\r\nX: y\r\n\r\n", 200, b"ok"),
    "after another head": (b"HTTP/1.1 100 Continue\r\n\r\n" + WHOLE, 200, b"ok"),
    "without a body": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
}
NO_ANSWERS = {
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "no status": b"HTTP/1.1 twohundred OK\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
    "a length below zero": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
    "an unknown encoding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok",
    "a chunk without a size": CHUNKED + b"xyz\r\nok\r\n",
    "a chunk below zero": CHUNKED + b"-2\r\nok\r\n",
    "a chunk without end": CHUNKED + b"2\r\nok!!0\r\n\r\n",
    "a head without end": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
    "more than is taken": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
}

Serve = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Reads requests and leaves what is sent to `serve`."""

    def __init__(self, serve: Serve) -> None:
        self.serve = serve
        self.connections = 0
        self.requests: list[bytes] = []
        self.closed = asyncio.Event()
        self.url = ""

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.rpartition(b"Content-Length: ")[2])
                self.requests.append(head + await reader.readexactly(length))
                await self.serve(self.requests[-1], writer)
                if writer.is_closing():
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            self.closed.set()
        finally:
            writer.close()

    @property
    def target(self) -> Target:
        target = target_of(f"{self.url}/bot1:secret/sendMessage")
        assert target is not None
        return target


@asynccontextmanager
async def serving(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server(serve)
    listening = await asyncio.start_server(server.connected, "127.0.0.1", 0, ssl=tls)
    scheme, host = ("http", "127.0.0.1") if tls is None else ("https", "localhost")
    server.url = f"{scheme}://{host}:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()


def sends(answer: bytes, *, closes: bool = False) -> Serve:
    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        if closes:
            writer.close()

    return serve


@pytest.fixture
async def calls() -> AsyncIterator[HttpCalls]:
    made = HttpCalls(connect_timeout=5)
    yield made
    made.close()


@pytest.mark.parametrize("pieces", ["at once", "byte by byte"])
@pytest.mark.parametrize("kind", ANSWERS)
async def test_an_answer_is_whole_and_its_connection_takes_the_next_call(
    calls: HttpCalls, kind: str, pieces: str
) -> None:
    answer, status, body = ANSWERS[kind]

    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        for at in range(len(answer)) if pieces == "byte by byte" else ():
            writer.write(answer[at : at + 1])
            await asyncio.sleep(0)
        if pieces == "at once":
            writer.write(answer)

    async with serving(serve) as server:
        for _ in range(3):
            assert await calls.post(server.target, b"text=x", 30) == (status, body)
        assert server.connections == 1
        assert server.requests[0].startswith(b"POST /bot1:secret/sendMessage HTTP/1.1\r\nHost: 127.0.0.1:")
        assert server.requests[0].endswith(b"\r\nContent-Length: 6\r\n\r\ntext=x")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        WHOLE + b"more than was asked for",
    ],
)
async def test_a_connection_that_is_to_be_closed_takes_no_further_call(
    calls: HttpCalls, answer: bytes
) -> None:
    async with serving(sends(answer)) as server:
        for number in (1, 2):
            assert await calls.post(server.target, b"", 30) == (200, b"ok")
            assert server.connections == number


async def test_an_answer_may_end_with_its_connection(calls: HttpCalls) -> None:
    async with serving(sends(b"HTTP/1.1 200 OK\r\n\r\nok", closes=True)) as server:
        assert await calls.post(server.target, b"", 30) == (200, b"ok")


@pytest.mark.parametrize("cut", [0, 5, 30, len(WHOLE) - 1])
async def test_half_an_answer_is_none(calls: HttpCalls, cut: int) -> None:
    async with serving(sends(WHOLE[:cut], closes=True)) as server:
        with pytest.raises(ConnectionError):
            await calls.post(server.target, b"", 30)


@pytest.mark.parametrize("kind", NO_ANSWERS)
async def test_what_is_no_http_is_an_error_and_the_next_call_is_well(calls: HttpCalls, kind: str) -> None:
    async with serving(sends(NO_ANSWERS[kind])) as server:
        with pytest.raises(MalformedResponseError):
            await calls.post(server.target, b"", 30)
        server.serve = sends(WHOLE)
        assert await calls.post(server.target, b"", 30) == (200, b"ok")
        assert server.connections == 2


@pytest.mark.parametrize(
    "first", [b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 304 Not Modified\r\n\r\n", WHOLE]
)
async def test_what_was_answered_before_is_no_answer_to_the_next_call(calls: HttpCalls, first: bytes) -> None:
    async with serving(sends(first)) as server:
        await calls.post(server.target, b"", 30)
        server.serve = sends(b"", closes=True)
        with pytest.raises(ConnectionError):
            await calls.post(server.target, b"", 30)
        assert server.connections == 1


async def test_a_line_that_breaks_before_the_answer_itself_is_told_at_once(calls: HttpCalls) -> None:
    async with serving(sends(b"HTTP/1.1 100 Continue\r\n\r\n", closes=True)) as server:
        with pytest.raises(ConnectionError):
            await calls.post(server.target, b"", 3600)


async def test_an_answer_that_came_too_late_is_not_taken_for_that_of_the_next_call(calls: HttpCalls) -> None:
    async def late(request: bytes, writer: asyncio.StreamWriter) -> None:
        if request.endswith(b"first"):
            await server.closed.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + request[-1:])

    async with serving(late) as server:
        # The connection is there before the short time begins.
        assert await calls.post(server.target, b"before", 30) == (200, b"e")
        with pytest.raises(TimeoutError):
            await calls.post(server.target, b"first", 0.05)
        server.closed.set()
        assert await calls.post(server.target, b"second", 30) == (200, b"d")
        assert server.connections == 2


async def test_a_call_that_was_given_up_closes_its_connection(calls: HttpCalls) -> None:
    begun = asyncio.Event()

    async def never(request: bytes, writer: asyncio.StreamWriter) -> None:
        begun.set()

    async with serving(never) as server:
        call = asyncio.create_task(calls.post(server.target, b"", 30))
        await begun.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(server.closed.wait(), 30)


async def test_calls_at_one_time_have_a_connection_each(calls: HttpCalls) -> None:
    gate = asyncio.Event()

    async def echo(request: bytes, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + request[-1:])

    async with serving(echo) as server:
        under_way = [asyncio.create_task(calls.post(server.target, b"%d" % n, 30)) for n in range(5)]
        while len(server.requests) < 5:
            await asyncio.sleep(0.005)
        gate.set()
        assert await asyncio.gather(*under_way) == [(200, b"%d" % n) for n in range(5)]
        assert server.connections == 5


@pytest.mark.parametrize("why", ["unused for long", "closed by the server"])
async def test_an_old_connection_takes_no_call(
    calls: HttpCalls, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    async with serving(sends(WHOLE, closes=why == "closed by the server")) as server:
        assert await calls.post(server.target, b"", 30) == (200, b"ok")
        if why == "unused for long":
            monkeypatch.setattr(http_calls, "KEEP_ALIVE", -1.0)
        else:
            while calls._open:
                await asyncio.sleep(0.005)
        assert await calls.post(server.target, b"", 30) == (200, b"ok")
        assert server.connections == 2


async def test_at_the_end_calls_under_way_end_too(calls: HttpCalls) -> None:
    async def never(request: bytes, writer: asyncio.StreamWriter) -> None:
        calls.close()

    async with serving(never) as server:
        with pytest.raises(ConnectionError):
            await calls.post(server.target, b"", 30)


async def test_an_answer_in_chunks_is_bounded_too(calls: HttpCalls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_calls, "MAX_BODY", 4)
    async with serving(sends(CHUNKED + b"2\r\nok\r\n2\r\nok\r\n0\r\n\r\n")) as server:
        assert await calls.post(server.target, b"", 30) == (200, b"okok")
        server.serve = sends(CHUNKED + b"2\r\nok\r\n3\r\nok!\r\n0\r\n\r\n")
        with pytest.raises(MalformedResponseError, match="too large"):
            await calls.post(server.target, b"", 30)
        server.serve = sends(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nokok!")
        with pytest.raises(MalformedResponseError, match="too large"):
            await calls.post(server.target, b"", 30)


async def test_at_the_end_nobody_waits_for_a_name(calls: HttpCalls, monkeypatch: pytest.MonkeyPatch) -> None:
    never = asyncio.Event()

    async def look_up(host: str, port: int, **rest: object) -> list[object]:
        await never.wait()
        return []

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    target = target_of("https://api.example/bot1:x/getMe")
    assert target is not None
    call = asyncio.create_task(calls.post(target, b"", 3600))
    while not calls._lookups:
        await asyncio.sleep(0)
    calls.close()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(call, 30)


async def test_a_call_that_is_given_up_while_it_connects_leaves_no_socket(
    calls: HttpCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, made = asyncio.Event(), []
    loop = asyncio.get_running_loop()

    async def hang(make: object, *, sock: socket.socket, **more: object) -> None:
        made.append(sock)
        begun.set()
        await asyncio.Event().wait()

    async with serving(sends(WHOLE)) as server:
        monkeypatch.setattr(loop, "create_connection", hang)
        call = asyncio.create_task(calls.post(server.target, b"", 30))
        await begun.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert [one.fileno() for one in made] == [-1]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of `localhost`, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.mark.parametrize("known", [True, False])
async def test_only_a_server_with_a_certificate_that_is_trusted_is_called(
    calls: HttpCalls, certificate: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate) if known else "/nowhere")
    http_calls._tls.cache_clear()
    try:
        async with serving(sends(WHOLE), tls) as server:
            if known:
                assert await calls.post(server.target, b"", 30) == (200, b"ok")
            else:
                with pytest.raises(ssl.SSLCertVerificationError):
                    await calls.post(server.target, b"", 30)
                assert server.requests == []
    finally:
        http_calls._tls.cache_clear()


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    http_calls._tls.cache_clear()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    yield tls
    http_calls._tls.cache_clear()


def found_at(monkeypatch: pytest.MonkeyPatch, *ports: int) -> list[str]:
    """The name has these addresses; which lookups there were. A resolver of our own cannot stand in a test."""
    asked: list[str] = []

    async def look_up(host: str, port: int, **rest: object) -> list[object]:
        asked.append(host)
        await asyncio.sleep(0)
        if not ports:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", one)) for one in ports]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    return asked


@pytest.mark.parametrize("fault", ["breaks", "is silent"])
async def test_where_an_address_does_not_speak_tls_the_next_one_is_called(
    trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    met = 0

    async def bad(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal met
        met += 1
        calls._connect_timeout = 30  # the other one may be slow
        if fault == "is silent":
            await reader.read()
        writer.close()

    calls = HttpCalls(connect_timeout=0.2 if fault == "is silent" else 30)
    broken = await asyncio.start_server(bad, "127.0.0.1", 0)
    async with serving(sends(WHOLE), trusted) as server:
        well = server.target.port
        found_at(monkeypatch, broken.sockets[0].getsockname()[1], well)
        assert await calls.post(server.target, b"", 30) == (200, b"ok")
        assert met == 1
    calls.close()
    broken.close()


async def test_a_server_that_never_greets_is_given_up_after_the_time_for_connecting(
    trusted: ssl.SSLContext,
) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    mute = await asyncio.start_server(silent, "127.0.0.1", 0)
    target = target_of(f"https://localhost:{mute.sockets[0].getsockname()[1]}/bot1:x/getMe")
    assert target is not None
    calls = HttpCalls(connect_timeout=0.1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(calls.post(target, b"", 3600), 30)
    calls.close()
    mute.close()


async def test_a_name_is_asked_for_once_however_many_wait(
    calls: HttpCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(sends(WHOLE)) as server:
        asked = found_at(monkeypatch, server.target.port)
        answers = await asyncio.gather(*(calls.post(server.target, b"", 30) for _ in range(20)))
        assert answers == [(200, b"ok")] * 20
        assert len(asked) == 1


async def test_where_the_name_is_not_found_its_last_addresses_are_called(
    calls: HttpCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_calls, "KEEP_ALIVE", -1.0)
    async with serving(sends(WHOLE)) as server:
        assert await calls.post(server.target, b"", 30) == (200, b"ok")
        found_at(monkeypatch)
        calls._forget(server.target)
        assert await calls.post(server.target, b"", 30) == (200, b"ok")
    other = HttpCalls(connect_timeout=5)
    with pytest.raises(socket.gaierror):
        await other.post(server.target, b"", 30)
    other.close()


def test_an_address_with_a_password_is_left_to_the_other_client() -> None:
    assert target_of("https://user:word@api.example/bot1:x/getMe") is None
    target = target_of("https://api.example/bot1:x/getMe")
    assert target is not None
    assert target.origin == ("api.example", 443, True)
    assert b"\r\nHost: api.example\r\n" in target.head


@pytest.mark.parametrize(
    ("url", "origin", "begins"),
    [
        ("https://api.telegram.org/bot1:x/getMe", ("api.telegram.org", 443, True), ("/bot1:x/getMe", "api.telegram.org")),
        ("http://api.telegram.org:443/a", ("api.telegram.org", 443, False), ("/a", "api.telegram.org:443")),
        ("https://Tapi.Bale.AI:8443/bot1:x/a?b=%D8%A7", ("tapi.bale.ai", 8443, True), ("/bot1:x/a?b=%D8%A7", "tapi.bale.ai:8443")),
        ("http://[::1]:8081/bot1:x/getMe", ("::1", 8081, False), ("/bot1:x/getMe", "[::1]:8081")),
        ("http://127.0.0.1", ("127.0.0.1", 80, False), ("/", "127.0.0.1")),
    ],
)  # fmt: skip
def test_where_a_call_goes(url: str, origin: tuple[str, int, bool], begins: tuple[str, str]) -> None:
    target = target_of(url)
    assert target is not None
    assert target.origin == origin
    path, host = begins
    assert target.head.startswith(f"POST {path} HTTP/1.1\r\nHost: {host}\r\n".encode())


@pytest.mark.parametrize(
    "url", ["https://one:two@api.ir/a", "https://نمونه.ir/a", "https://api.ir/a b", "ftp://api.ir/a", "/a"]
)
def test_addresses_that_are_left_to_aiohttp(url: str) -> None:
    assert target_of(url) is None
