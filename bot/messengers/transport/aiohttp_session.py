"""What `AioRequest` leaves to aiohttp: files both ways, and all calls through a proxy. Imported by it with the first of them, since the
library takes 8 MB (docs/performance.md, Memory of the idle process)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from io import BytesIO

import aiohttp
from telegram.error import NetworkError
from yarl import URL

from bot.messengers.transport.http_calls import DNS_TTL, FORM_TYPE

#: Fields by name, and files by their field's name: how the file is called, its bytes, its media type.
Form = tuple[Mapping[str, str], Mapping[str, tuple[str, bytes, str]]]


class AiohttpSession:
    """One session to one messenger."""

    def __init__(self, proxy: str | None, connect_timeout: float) -> None:
        self._proxy = proxy
        self._connect = connect_timeout
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=DNS_TTL),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=True,
        )

    @property
    def closed(self) -> bool:
        return self._client.closed

    async def close(self) -> None:
        await self._client.close()

    @asynccontextmanager
    async def open(
        self, method: str, url: str, body: bytes | Form | None, deadline: float
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer, whose body is still to be read. Raises TimeoutError; NetworkError where it does not come, also while it is read."""
        try:
            async with self._client.request(
                method,
                URL(url),
                data=_form_data(body) if isinstance(body, tuple) else body,
                headers={"Content-Type": FORM_TYPE} if isinstance(body, bytes) else None,
                proxy=self._proxy,
                timeout=aiohttp.ClientTimeout(total=deadline, sock_connect=self._connect),
            ) as response:
                yield response
        except TimeoutError:
            raise
        except aiohttp.ClientError as error:
            raise NetworkError(f"{type(error).__name__}: {_without_address(error)}") from None


def _form_data(form: Form) -> aiohttp.FormData:
    # Quoting would turn Persian file names into percent signs.
    data = aiohttp.FormData(quote_fields=False)
    fields, files = form
    for field, value in fields.items():
        data.add_field(field, value)
    for field, (name, content, media_type) in files.items():
        data.add_field(field, BytesIO(content), filename=name, content_type=media_type)
    return data


def _without_address(error: aiohttp.ClientError) -> str:
    """What happened, without the URL: it holds the token. The proxy is named as itself."""
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return f"the proxy does not answer: {error.os_error.strerror or type(error.os_error).__name__}"
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy refuses, status {error.status}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or type(error.os_error).__name__
    return "the connection broke"
