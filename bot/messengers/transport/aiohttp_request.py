"""PTB's HTTP: calls on connections of our own, files and proxies on one aiohttp session (docs/performance.md 6), which is made with
the first of them."""

from __future__ import annotations

import asyncio
import importlib
import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote_plus

from telegram._utils.defaultvalue import DefaultValue
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, HTTPXRequest

from bot.messengers.transport.http_calls import HttpCalls, Target, target_of

if TYPE_CHECKING:
    from bot.messengers.transport.aiohttp_session import AiohttpSession, Form

#: Seconds to wait where a 429 does not say how long, and the longest wait that is believed.
RETRY_AFTER, MOST_RETRY_AFTER = 5, 24 * 3600
#: Connections to one messenger, and seconds: to connect, to read an answer, for a free connection.
CONNECTIONS, CONNECT, READ, POOL = 64, 10.0, 20.0, 60.0
#: Bytes a second that the slowest line we wait for still carries.
SLOWEST = 32 * 1024


class DownloadTooLarge(TelegramError):
    """A download is larger than was asked for."""


class Sendable(Protocol):
    """What a request carries: `telegram.request.RequestData`, or `Fields` after a translation."""

    @property
    def json_parameters(self) -> dict[str, str]: ...
    @property
    def multipart_data(self) -> Mapping[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class Fields:
    json_parameters: dict[str, str]
    multipart_data: Mapping[str, Any] | None


class AioRequest(BaseRequest):
    """A pool of connections to one messenger. Times are seconds; a transfer's deadline grows with its
    size."""

    def __init__(
        self,
        *,
        proxy: str | None = None,
        connections: int = CONNECTIONS,
        connect_timeout: float = CONNECT,
        read_timeout: float = READ,
        pool_timeout: float = POOL,
    ) -> None:
        self._proxy = proxy
        self._connections = connections
        self._connect = connect_timeout
        self._read = read_timeout
        self._pool = pool_timeout
        self._open = False
        self._session: AiohttpSession | None = None
        self._making_session = asyncio.Lock()
        self._slots = asyncio.Semaphore(connections)
        self._calls = HttpCalls(connect_timeout=connect_timeout)
        #: By address: there are about twenty. None: not for `HttpCalls`.
        self._targets: dict[str, Target | None] = {}
        #: Calls that went wrong: "timeout", "network", or the status.
        self.errors: Counter[str] = Counter()

    @property
    def read_timeout(self) -> float:
        return self._read

    async def initialize(self) -> None:
        self._open = True
        if self._proxy is not None:
            await self._files()  # all calls go there

    async def shutdown(self) -> None:
        self._open = False
        self._calls.close()
        async with self._making_session:
            session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _files(self) -> AiohttpSession:
        """Raises RuntimeError before and after this request's life."""
        async with self._making_session:
            if not self._open:
                raise RuntimeError("the request is not initialized")
            if self._session is None:
                # The import takes a fifth of a second: in a thread, for whoever talks to the bot meanwhile.
                made = await asyncio.to_thread(
                    importlib.import_module, "bot.messengers.transport.aiohttp_session"
                )
                self._session = made.AiohttpSession(self._proxy, self._connect)
            return self._session

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: Any = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Status and body. Raises TimedOut, or NetworkError for everything else that is not an answer."""
        body, size = _body(request_data)
        deadline = _given(connect_timeout, self._connect) + _given(read_timeout, self._read)
        deadline += _given(write_timeout, size / SLOWEST)
        async with _Slot(self._slots, _given(pool_timeout, self._pool)):
            try:
                status, answer = await self._ask(method, url, body, deadline)
                if status == 200:
                    return status, answer
                self.errors[str(status)] += 1
                return status, answer if status != 429 else too_many(answer)
            except TimeoutError as error:
                self.errors["timeout"] += 1
                raise TimedOut from error
            except NetworkError:
                self.errors["network"] += 1
                raise
            except OSError as error:
                self.errors["network"] += 1
                raise _network_error(error) from None

    async def download(self, url: str, *, limit: int) -> bytes:
        """A file's bytes. Raises DownloadTooLarge past `limit`, NetworkError or TimedOut where it does not come."""
        chunks: list[bytes] = []
        size = 0
        async with _Slot(self._slots, self._pool):
            try:
                session = await self._files()
                async with session.open("GET", url, None, self._connect + limit / SLOWEST) as response:
                    if response.status != 200:
                        raise NetworkError(f"the file answered with status {response.status}")
                    async for chunk in response.content.iter_chunked(64 * 1024):
                        size += len(chunk)
                        if size > limit:
                            raise DownloadTooLarge(f"more than {limit} bytes")
                        chunks.append(chunk)
            except TimeoutError as error:
                raise TimedOut from error
            except OSError as error:
                raise _network_error(error) from None
        return b"".join(chunks)

    async def _ask(
        self, method: str, url: str, body: bytes | Form | None, deadline: float
    ) -> tuple[int, bytes]:
        target = self._target(url) if method == "POST" and self._proxy is None else None
        if target is not None and self._open and not isinstance(body, tuple):
            return await self._calls.post(target, body or b"", deadline)
        session = await self._files()
        async with session.open(method, url, body, deadline) as response:
            return response.status, await response.read()

    def _target(self, url: str) -> Target | None:
        if url not in self._targets:
            self._targets[url] = target_of(url)
        return self._targets[url]


def clean_retry_after(value: Any) -> int:
    """`parameters.retry_after` in whole seconds, whatever came in its place."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return RETRY_AFTER
    return math.ceil(min(value, MOST_RETRY_AFTER))


def too_many(body: bytes) -> bytes:
    """The body of a 429 from which PTB makes a RetryAfter, also where it is a gateway's text or says no
    time."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        answer = {"description": body[:120].decode("utf-8", "replace").strip() or "Too Many Requests"}
    parameters = answer.get("parameters")
    wait = clean_retry_after(parameters.get("retry_after") if isinstance(parameters, dict) else None)
    answer |= {"ok": False, "error_code": 429, "parameters": {"retry_after": wait}}
    return json.dumps(answer).encode()


class _Slot:
    """One of the connections, or TimedOut."""

    def __init__(self, slots: asyncio.Semaphore, timeout: float) -> None:
        self._slots, self._timeout = slots, timeout

    async def __aenter__(self) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout(self._timeout):
                await self._slots.acquire()
        except TimeoutError as error:
            raise TimedOut("all connections are busy; the request was not sent") from error

    async def __aexit__(self, *_: object) -> None:
        self._slots.release()


def _given(value: Any, default: float) -> float:
    return default if value is None or isinstance(value, DefaultValue) else float(value)


def _body(data: Sendable | None) -> tuple[bytes | Form | None, int]:
    """The body and its size in bytes: urlencoded, or a form where files are in it."""
    if data is None:
        return None, 0
    if not data.multipart_data:
        # Names of parameters are words; values are mostly Persian, three signs a byte.
        encoded = "&".join(
            f"{name}={_quoted(value)}" for name, value in data.json_parameters.items()
        ).encode()
        return encoded, len(encoded)
    files = {
        field: (_label(name), content if isinstance(content, bytes) else content.read(), media_type)
        for field, (name, content, media_type) in data.multipart_data.items()
    }
    return (data.json_parameters, files), sum(len(content) for _, content, _ in files.values())


_SIGNS = [quote_plus(bytes([byte])) for byte in range(256)]


def _quoted(value: str) -> str:
    """As `urllib.parse.quote_plus`, in half the time."""
    return "".join(map(_SIGNS.__getitem__, value.encode()))


def _label(file_name: str) -> str:
    """A file name that cannot end the header it is written into."""
    return "".join("_" if letter in '"\\' or not letter.isprintable() else letter for letter in file_name)


def _network_error(error: OSError) -> NetworkError:
    """What happened, without the URL: it holds the token."""
    return NetworkError(f"{type(error).__name__}: {error.strerror or error}")


def make_request(*, proxy: str | None) -> BaseRequest:
    """Ours; PTB's stock client where the proxy uses SOCKS."""
    if proxy is not None and proxy.startswith("socks"):
        return HTTPXRequest(
            connection_pool_size=CONNECTIONS,
            read_timeout=READ,
            connect_timeout=CONNECT,
            pool_timeout=POOL,
            proxy=proxy,
            httpx_kwargs={"trust_env": False},
        )
    return AioRequest(proxy=proxy)
