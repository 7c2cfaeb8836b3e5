"""Which requests a server of the demo takes from a browser: those of its own pages, under its own address.

Other pages that are open in the same browser can send requests to 127.0.0.1 too (CSRF), or reach it under a
name of theirs that resolves to it (DNS rebinding). Programs send neither Origin nor Sec-Fetch-Site, and are
let in.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

REFUSED = "این درخواست از صفحه یا نشانی دیگری آمده است و پذیرفته نمی‌شود."
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]/@\s]+)(?::(\d{1,5}))?")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
#: Every value of a header.
Values = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """Where a server answers. `port` None: at any, since something may forward to it. `others`: further
    values of Host, as name or name:port."""

    host: str = "127.0.0.1"
    port: int | None = None
    others: tuple[str, ...] = ()

    def has(self, host: str) -> bool:
        """Whether a Host header names this server."""
        host = host.lower()
        if host in self.others:
            return True
        match = _HOST.fullmatch(host)
        if match is None or (self.port is not None and int(match[2] or 80) != self.port):
            return False
        own = f"[{self.host}]" if ":" in self.host else self.host.lower()
        # An address in figures cannot be made to lead elsewhere, so where all are listened on all are right.
        return match[1] in _LOOPBACK | {own} or (self.host in ("0.0.0.0", "::") and _is_address(match[1]))  # noqa: S104


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def is_foreign(method: str, values: Values, own: OwnAddress) -> bool:
    """Whether a request came under another name, or from another page. Following a link to the page is
    allowed."""
    hosts = values("host")
    if len(hosts) != 1 or not own.has(hosts[0]):
        return True
    visit = values("sec-fetch-mode") == ["navigate"] and values("sec-fetch-dest") == ["document"]
    if method in ("GET", "HEAD") and visit:
        return False
    origins = {f"http://{hosts[0]}".lower(), f"https://{hosts[0]}".lower()}
    if any(origin.lower() not in origins for origin in values("origin")):
        return True
    return any(site not in ("same-origin", "none") for site in values("sec-fetch-site"))


def own_pages_only(own: Callable[[], OwnAddress]) -> Middleware:
    """The same for aiohttp, as a middleware. `own` is asked at each request: a free port is known only
    then."""

    @web.middleware
    async def refuse(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if is_foreign(request.method, lambda name: request.headers.getall(name, []), own()):
            return web.json_response({"ok": False, "error": REFUSED}, status=403)
        return await handler(request)

    return refuse


class OwnPagesOnly:
    """The same for Starlette."""

    def __init__(self, app: ASGIApp, own: OwnAddress) -> None:
        self._app, self._own = app, own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            if is_foreign(request.method, request.headers.getlist, self._own):
                await PlainTextResponse(REFUSED, status_code=403)(scope, receive, send)
                return
        await self._app(scope, receive, send)
