from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from bot.web.app import build_app
from storage.database.database import Database, open_database
from tests.support.asgi import serving
from tests.support.payments import Paying, paying


class Site:
    """Our web server over HTTP, with the world behind it."""

    def __init__(self, world: Paying, http: httpx.AsyncClient, url: str) -> None:
        self.world, self.http, self.url = world, http, url


class _Later:
    """An application that is made once its address is known."""

    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@pytest.fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[Database]:
    opened = await open_database(sqlite_url)
    yield opened
    await opened.close()


@pytest.fixture
async def site(sqlite_database: Database) -> AsyncIterator[Site]:
    run_in_background = _Later()
    async with paying(sqlite_database) as world, serving(run_in_background) as url:
        world.resources.public_info = replace(world.resources.public_info, public_url=url)
        run_in_background.app = build_app(world.resources)
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:
            yield Site(world, http, url)
