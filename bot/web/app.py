"""The web application: everything that the bot answers over HTTP."""

import asyncio
import logging
import secrets
import sqlite3
from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.application.resources import Resources
from bot.core.counters import WebCounters
from bot.texts import t
from bot.web.html import page
from bot.web.http_server.addresses import Network
from bot.web.http_server.rate_limit import Paced
from bot.web.pay_pages import PayPages, back_to_chat
from bot.web.webhooks import Webhooks, hook_routes, is_hook
from storage.correlation import CORRELATION_ID
from storage.database.outage import log_unless_outage, outage_reason

log = logging.getLogger(__name__)

#: Seconds that a balancer's question may take.
HEALTH_TIMEOUT = 5.0


def _alive(db: Session) -> None:
    db.connection().execute(text("SELECT 1"))


def health_of(resources: Resources) -> Callable[[Request], Awaitable[Response]]:
    """200 while this process can serve; 503 where its database does not answer, not in time, or takes
    nothing. A messenger that wants nothing to be sent is named; another process would not reach its people
    either.

    The database is asked once for all who ask at the same time."""
    asking: asyncio.Task[bool] | None = None

    async def ask() -> bool:
        try:
            async with asyncio.timeout(HEALTH_TIMEOUT):
                await resources.database.read(_alive)
        except Exception as error:
            resources.database.outage.note(error)
            log_unless_outage(log, "the database does not answer", error=error)
            return False
        return not resources.database.outage.lasts

    async def health(request: Request) -> Response:
        nonlocal asking
        if asking is None or asking.done():
            asking = asyncio.create_task(ask())
        works = await asyncio.shield(asking)
        state: dict[str, object] = {"ok": works, "database": works}
        left = {
            messenger.value: round(limiter.rest_of_all)
            for messenger, limiter in resources.counters.rests.items()
        }
        if any(left.values()):
            state["messengers_resting_seconds"] = {
                messenger: seconds for messenger, seconds in left.items() if seconds
            }
        if others := resources.counters.polled_by_others:
            state["polled_by_others"] = [messenger.value for messenger in others]
        return JSONResponse(state, status_code=200 if works else 503)

    return health


class Numbered:
    """Each request has an id for the log and the pushes it leads to. The server gives each a task of its
    own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        CORRELATION_ID.set(f"web:{secrets.token_hex(4)}")
        await self._app(scope, receive, send)


def build_app(
    resources: Resources,
    *,
    webhooks: Webhooks | None = None,
    trusted: Sequence[Network] = (),
    counters: WebCounters | None = None,
) -> Starlette:
    """Pay pages and health; the messengers' webhooks where updates come that way.

    `trusted`: proxies whose X-Forwarded-For is believed."""
    pages = PayPages(resources)

    async def lost(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.status_code != 404:
            return Response(status_code=error.status_code)
        return pages.unknown()

    async def away(request: Request, error: Exception) -> Response:
        if outage_reason(error) is None:
            raise error
        return trouble(503)

    async def crashed(request: Request, error: Exception) -> Response:
        return trouble(500)

    def hurried(request: Request, seconds: int) -> Response:
        """Asked too often: when to come back."""
        headers = {"Retry-After": str(seconds)}
        if request.url.path == "/health":
            return JSONResponse({"detail": "too many requests"}, status_code=429, headers=headers)
        return pages.hurried(request, seconds)

    def free(path: str) -> bool:
        return webhooks is not None and is_hook(webhooks, path)

    def trouble(status: int) -> Response:
        return page(
            "message.html",
            resources.public_info.public_url,
            status=status,
            title=t("pay.trouble.title"),
            text=t("pay.trouble.text"),
            mood="bad",
            facts=[],
            links=back_to_chat(resources.public_info),
            refresh=None,
        )

    return Starlette(
        routes=[
            Route("/health", health_of(resources)),
            *pages.routes,
            *(hook_routes(webhooks) if webhooks is not None else []),
        ],
        middleware=[
            Middleware(Numbered),
            Middleware(
                Paced, refused=hurried, free=free, trusted=trusted, counters=counters or WebCounters()
            ),
        ],
        exception_handlers={
            HTTPException: lost,
            SQLAlchemyError: away,
            sqlite3.Error: away,
            OSError: away,
            Exception: crashed,
        },
    )
