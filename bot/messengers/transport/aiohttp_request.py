"""PTB's HTTP: calls on connections of our own, files and proxies on one aiohttp session (docs/performance.md 6)."""

from __future__ import annotations

import asyncio
import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol
from urllib.parse import quote_plus

import aiohttp
from telegram._utils.defaultvalue import DefaultValue
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, HTTPXRequest
from yarl import URL

from bot.messengers.transport.http_calls import DNS_TTL, HttpCalls, Target, target_of

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
        self._session: aiohttp.ClientSession | None = None
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
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=DNS_TTL),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=True,
            )

    async def shutdown(self) -> None:
        self._calls.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

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
            except (aiohttp.ClientError, OSError) as error:
                self.errors["network"] += 1
                raise NetworkError(f"{type(error).__name__}: {_without_address(error)}") from None

    async def download(self, url: str, *, limit: int) -> bytes:
        """A file's bytes. Raises TooMuch past `limit`, NetworkError or TimedOut where it does not come."""
        chunks: list[bytes] = []
        size = 0
        async with _Slot(self._slots, self._pool):
            try:
                async with self._open("GET", url, None, self._connect + limit / SLOWEST) as response:
                    if response.status != 200:
                        raise NetworkError(f"the file answered with status {response.status}")
                    async for chunk in response.content.iter_chunked(64 * 1024):
                        size += len(chunk)
                        if size > limit:
                            raise DownloadTooLarge(f"more than {limit} bytes")
                        chunks.append(chunk)
            except TimeoutError as error:
                raise TimedOut from error
            except (aiohttp.ClientError, OSError) as error:
                raise NetworkError(f"{type(error).__name__}: {_without_address(error)}") from None
        return b"".join(chunks)

    async def _ask(self, method: str, url: str, body: Any, deadline: float) -> tuple[int, bytes]:
        target = self._target(url) if method == "POST" and self._proxy is None else None
        if target is not None and self._session is not None and (body is None or isinstance(body, bytes)):
            return await self._calls.post(target, body or b"", deadline)
        async with self._open(method, url, body, deadline) as response:
            return response.status, await response.read()

    def _open(self, method: str, url: str, body: Any, deadline: float) -> Any:
        if self._session is None:
            raise RuntimeError("the request is not initialized")
        return self._session.request(
            method,
            URL(url),
            data=body,
            headers=_FORM if isinstance(body, bytes) else None,
            proxy=self._proxy,
            timeout=aiohttp.ClientTimeout(total=deadline, sock_connect=self._connect),
        )

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


_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


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


def _body(data: Sendable | None) -> tuple[Any, int]:
    """The body and its size in bytes: urlencoded, or a form where files are in it."""
    if data is None:
        return None, 0
    files = data.multipart_data
    if not files:
        # Names of parameters are words; values are mostly Persian, three signs a byte.
        encoded = "&".join(
            f"{name}={_quoted(value)}" for name, value in data.json_parameters.items()
        ).encode()
        return encoded, len(encoded)
    # Quoting would turn Persian file names into percent signs.
    form = aiohttp.FormData(quote_fields=False)
    size = 0
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (file_name, content, media_type) in files.items():
        content_bytes = content if isinstance(content, bytes) else content.read()
        size += len(content_bytes)
        form.add_field(name, BytesIO(content_bytes), filename=_label(file_name), content_type=media_type)
    return form, size


_SIGNS = [quote_plus(bytes([byte])) for byte in range(256)]


def _quoted(value: str) -> str:
    """As `urllib.parse.quote_plus`, in half the time."""
    return "".join(map(_SIGNS.__getitem__, value.encode()))


def _label(file_name: str) -> str:
    """A file name that cannot end the header it is written into."""
    return "".join("_" if letter in '"\\' or not letter.isprintable() else letter for letter in file_name)


def _without_address(error: BaseException) -> str:
    """What happened, without the URL: it holds the token. The proxy is named as itself."""
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return f"the proxy does not answer: {error.os_error.strerror or type(error.os_error).__name__}"
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy refuses, status {error.status}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or type(error.os_error).__name__
    if isinstance(error, aiohttp.ClientError):
        return "the connection broke"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


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
