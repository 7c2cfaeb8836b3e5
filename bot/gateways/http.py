"""One way of asking a gateway: JSON over httpx, with our time limits, and one error for "no usable
answer"."""

import asyncio
import logging
from functools import partial
from typing import Any

import httpx
import stamina

from bot.gateways.interfaces import GatewayDown

log = logging.getLogger(__name__)

#: Seconds.
CONNECT, READ = 5.0, 20.0
#: A call that may be repeated: tries, seconds for all of them, before the second try, and before a later one at most.
TRIES, ALTOGETHER, FIRST_WAIT, LONGEST_WAIT = 3, 45.0, 0.5, 5.0
#: Whatever goes wrong between us and them: network, protocol, undecodable body, an address that is none.
_TROUBLE = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError)


class _Transport(httpx.AsyncBaseTransport):
    """httpx's own, made with the first call: it loads certificates and httpcore (3 MB), in a thread for whoever talks to the bot
    meanwhile."""

    def __init__(self) -> None:
        self._made: httpx.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await (await self.made()).handle_async_request(request)

    async def made(self) -> httpx.AsyncHTTPTransport:
        """Raises httpx.ConnectError where it cannot be made: no certificates, no descriptor left."""
        if self._made is None:
            # A connection that the other side closed while it was idle fails the next call, and asking for a
            # payment is never repeated. Calls are few: each has a connection of its own.
            limits = httpx.Limits(max_keepalive_connections=0)
            make = partial(httpx.AsyncHTTPTransport, trust_env=False, limits=limits)
            try:
                made = await asyncio.to_thread(make)
            except OSError as error:
                log.error("a gateway cannot be called: %s", error)
                raise httpx.ConnectError("no certificates") from error
            self._made = self._made or made
        return self._made

    async def aclose(self) -> None:
        if self._made is not None:
            await self._made.aclose()


def make_client(*, read: float = READ) -> httpx.AsyncClient:
    """A client without cookies of others, environment proxies or redirects."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(read, connect=min(CONNECT, read)),
        transport=_Transport(),
        trust_env=False,
        follow_redirects=False,
        headers={"Accept": "application/json"},
    )


async def post_json(
    client: httpx.AsyncClient, url: str, *, json: Any = None, form: dict[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """POST and read a JSON object: (HTTP status, object). Raises GatewayDown.

    The error carries only the kind of trouble, never the address: some providers put their key in it."""
    try:
        answer = await client.post(url, json=json, data=form)
    except _TROUBLE as trouble:
        raise GatewayDown(type(trouble).__name__) from None
    try:
        body = answer.json()
    except ValueError:
        raise GatewayDown(f"HTTP {answer.status_code} without JSON") from None
    if not isinstance(body, dict):
        raise GatewayDown(f"HTTP {answer.status_code} without an object")
    return answer.status_code, body


def with_retries(wait: float = FIRST_WAIT) -> Any:
    """Attempts of a call that may safely be repeated (verify, inquiry, status): three, with jitter, under a
    minute."""
    return stamina.retry_context(
        on=GatewayDown,
        attempts=TRIES,
        timeout=ALTOGETHER,
        wait_initial=wait,
        wait_jitter=wait,
        wait_max=LONGEST_WAIT,
    )


def parse_int(value: Any) -> int | None:
    """A whole number that a gateway wrote as a number or as text, else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.strip().lstrip("-").isascii():
        try:
            return int(value.strip())
        except ValueError:
            return None
    return None
