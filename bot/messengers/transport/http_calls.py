"""POST calls over HTTP/1.1 on connections that are kept open, read by httptools: what a Bot API needs, and no more.

aiohttp's client takes a fifth of a step's CPU more (docs/performance.md 6). Files, downloads and proxies stay with it.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import sys
from collections import deque
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import aiohappyeyeballs
import httptools

#: Of a body without files.
FORM_TYPE = "application/x-www-form-urlencoded"
USER_AGENT = f"Python/{sys.version_info[0]}.{sys.version_info[1]} httptools/{httptools.__version__}"
#: Seconds that a resolved address is used.
DNS_TTL = 300
#: Seconds after which an unused connection is not used again: the server may be about to close it.
KEEP_ALIVE = 15.0
#: Seconds after which the next address of a host is tried beside the first.
NEXT_ADDRESS = 0.25
#: Bytes of an answer.
MAX_HEAD, MAX_BODY = 64 * 1024, 64 * 1024 * 1024

#: Printable ASCII.
_PLAIN = re.compile("[!-~]+")


class MalformedResponseError(ConnectionError):
    """What came is no HTTP, or more than we take."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where calls of one method go."""

    host: str
    port: int
    tls: bool
    #: The request up to the length of its body.
    head: bytes

    @property
    def origin(self) -> tuple[str, int, bool]:
        return self.host, self.port, self.tls


def target_of(url: str) -> Target | None:
    """None where the address holds a user's name or a sign that would have to be quoted: that is not for us."""
    parsed = urlsplit(url)
    port = parsed.port or {"http": 80, "https": 443}.get(parsed.scheme)
    if parsed.username is not None or not parsed.hostname or port is None or not _PLAIN.fullmatch(url):
        return None
    path = (parsed.path or "/") + (f"?{parsed.query}" if parsed.query else "")
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {_host(parsed.hostname, port, parsed.scheme)}\r\n"
        f"User-Agent: {USER_AGENT}\r\nAccept: */*\r\n"
        f"Content-Type: {FORM_TYPE}\r\nContent-Length: "
    )
    return Target(parsed.hostname, port, parsed.scheme == "https", head.encode())


def _host(name: str, port: int, scheme: str) -> str:
    """As the header says it: an address of IPv6 in brackets, no port that goes without saying."""
    host = f"[{name}]" if ":" in name else name
    return host if (scheme, port) in (("http", 80), ("https", 443)) else f"{host}:{port}"


class HttpCalls:
    """Calls, each on a connection of its own. Raises OSError and TimeoutError."""

    def __init__(self, *, connect_timeout: float) -> None:
        """`connect_timeout` in seconds, for TCP and TLS with one address."""
        self._connect_timeout = connect_timeout
        #: Those without a call, the newest last.
        self._idle: dict[tuple[str, int, bool], deque[_Connection]] = {}
        self._open: set[_Connection] = set()
        #: Until when they are used, by the loop's clock.
        self._addresses: dict[tuple[str, int], tuple[float, list[Any]]] = {}
        self._lookups: dict[tuple[str, int], asyncio.Task[list[Any] | OSError]] = {}

    async def post(self, target: Target, body: bytes, seconds: float) -> tuple[int, bytes]:
        """Status and body of the answer, within so many seconds."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        connection = self._unused(target, loop.time())
        if connection is None:
            async with asyncio.timeout(seconds):
                connection = await self._connect(target)
        request = b"%b%d\r\n\r\n%b" % (target.head, len(body), body)
        answer = await connection.call(request, until - loop.time())
        if connection.may_be_reused:
            connection.unused_since = loop.time()
            self._idle.setdefault(target.origin, deque()).append(connection)
        else:
            connection.close()
        return answer

    def close(self) -> None:
        """Close all connections; calls that are under way end in an error."""
        for connection in tuple(self._open):
            connection.close()
        for lookup in tuple(self._lookups.values()):
            lookup.cancel()
        self._idle.clear()

    def _unused(self, target: Target, now: float) -> _Connection | None:
        idle = self._idle.get(target.origin)
        if idle is None:
            return None
        while idle and now - idle[0].unused_since > KEEP_ALIVE:
            idle.popleft().close()
        while idle:
            connection = idle.pop()
            if connection.may_be_reused:
                return connection
        return None

    async def _connect(self, target: Target) -> _Connection:
        """To the address that answers first; where it does not speak TLS as it should, to one of the others."""
        loop = asyncio.get_running_loop()
        addresses = list(await self._resolved(target))
        tls: dict[str, Any] = {"ssl": _tls(), "server_hostname": target.host} if target.tls else {}
        while True:
            opened, peer = None, None
            try:
                async with asyncio.timeout(self._connect_timeout):
                    opened = await aiohappyeyeballs.start_connection(
                        addresses, happy_eyeballs_delay=NEXT_ADDRESS, interleave=1, loop=loop
                    )
                    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                    peer = opened.getpeername()
                    _, connection = await loop.create_connection(
                        lambda: _Connection(self._open), sock=opened, **tls
                    )
                return connection
            except OSError:  # a TimeoutError too
                others: list[Any] = []
                if opened is not None:
                    opened.close()
                    others = [one for one in addresses if peer is not None and one[4][:2] != peer[:2]]
                if not others:
                    self._forget(target)
                    raise
                addresses = others
            except BaseException:
                if opened is not None:
                    opened.close()
                raise

    def _forget(self, target: Target) -> None:
        """Ask for the addresses again at the next call; they still serve where no answer comes."""
        known = self._addresses.get((target.host, target.port))
        if known is not None:
            self._addresses[target.host, target.port] = 0.0, known[1]

    async def _resolved(self, target: Target) -> list[Any]:
        key = target.host, target.port
        until, addresses = self._addresses.get(key, (0.0, []))
        if asyncio.get_running_loop().time() < until:
            return addresses
        # One lookup for all who wait: each takes a thread of those that passwords and documents need too.
        lookup = self._lookups.get(key)
        if lookup is None:
            lookup = self._lookups[key] = asyncio.create_task(self._look_up(key))
            lookup.add_done_callback(lambda _: self._lookups.pop(key, None))
        found = await asyncio.shield(lookup)
        if isinstance(found, OSError):
            if not addresses:
                raise type(found)(*found.args) from found
            return addresses
        return found

    async def _look_up(self, key: tuple[str, int]) -> list[Any] | OSError:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(*key, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        except OSError as error:
            return error
        self._addresses[key] = loop.time() + DNS_TTL, found
        return found


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


class _Connection(asyncio.Protocol):
    """One call at a time. Its own methods whose names begin with `on_` are called by httptools while it reads."""

    def __init__(self, opened: set[_Connection]) -> None:
        self._opened = opened
        self._transport: Any = None
        self._waiter: asyncio.Future[tuple[int, bytes]] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._head_size = 0
        self._has_head = self._ends_with_connection = False
        self._body = bytearray()
        self.may_be_reused = True
        self.unused_since = 0.0

    async def call(self, request: bytes, seconds: float) -> tuple[int, bytes]:
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[tuple[int, bytes]] = loop.create_future()
        self._waiter = waiter
        timer = loop.call_later(seconds, self._fail, TimeoutError())
        try:
            self._transport.write(request)
            return await waiter
        except BaseException:
            # What comes late must not be taken for the answer to the next call.
            self.close()
            raise
        finally:
            timer.cancel()
            self._waiter = None

    def close(self) -> None:
        self.may_be_reused = False
        if self._transport is not None:
            self._transport.abort()

    # -- asyncio's side ------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._opened.add(self)

    def data_received(self, data: bytes) -> None:
        if self._waiter is None or self._waiter.done():
            self.close()  # nobody asked
            return
        if not self._has_head:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
            if not self._has_head and self._head_size > MAX_HEAD:
                raise MalformedResponseError("a head without end")
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, MalformedResponseError) as error:
            self.may_be_reused = False
            self._fail(MalformedResponseError(str(error.__context__ or error)))

    def connection_lost(self, error: Exception | None) -> None:
        self.may_be_reused = False
        self._opened.discard(self)
        if error is None and self._has_head and self._ends_with_connection:
            self.on_message_complete()
        else:
            self._fail(error or ConnectionResetError("the server closed the connection"))

    # -- httptools' side -----------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self._waiter is None or self._waiter.done():
            self.may_be_reused = False  # more than one answer
        self._has_head, self._ends_with_connection = False, True
        self._body.clear()

    def on_header(self, name: bytes, value: bytes) -> None:
        match name.lower():
            case b"content-length":
                self._ends_with_connection = False
                if int(value) > MAX_BODY:
                    raise MalformedResponseError("too large")
            case b"transfer-encoding":
                self._ends_with_connection = False
                if value.strip().lower() != b"chunked":
                    raise MalformedResponseError("an unknown encoding")

    def on_headers_complete(self) -> None:
        self._has_head = True

    def on_body(self, part: bytes) -> None:
        if len(self._body) + len(part) > MAX_BODY:
            raise MalformedResponseError("too large")
        self._body += part

    def on_message_complete(self) -> None:
        self._has_head = self._ends_with_connection = False
        status = self._parser.get_status_code()
        if status < 200:
            return  # the answer itself follows
        if not self._parser.should_keep_alive():
            self.may_be_reused = False
        self._head_size = 0
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result((status, bytes(self._body)))

    def _fail(self, error: Exception) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)
