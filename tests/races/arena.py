"""Where races are run: the town, the bot's processes on one database, and an eye of our own on that database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text
from sqlmodel import col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.application.resources import Resources
from bot.core.context import PublicInfo
from bot.gateways.http import make_client
from bot.gateways.zarinpal import Zarinpal
from demo.people import MERCHANT_ID, Face, Town
from storage.database.database import Database, open_database
from storage.enums import InboxState, PushState
from storage.tables import InboxUpdate, Push
from tests.races.players import Player
from tests.support.bot_process import Stage
from tests.support.fleet import Fleet
from tests.support.s3 import Bucket

#: Everybody's browser is one client here: it counts as a proxy that names nobody, or it would be told to slow down.
BEHIND_A_PROXY = {"TRUSTED_PROXIES": "127.0.0.1"}
#: On PostgreSQL.
PROCESSES = 2
_UNDER_WAY = (PushState.QUEUED, PushState.SENDING)


@dataclass
class Arena:
    town: Town
    members: list[Stage]
    #: Where browsers go.
    url: str
    database: Database
    browser: httpx.AsyncClient
    #: Our own, for what the processes do by the clock: asking the bank.
    resources: Resources
    _read: dict[int, int] = field(default_factory=dict)

    @property
    def on_postgres(self) -> bool:
        return self.database.url.get_backend_name() == "postgresql"

    def player(self, face: Face, name: str) -> Player:
        face.person_class = Player
        person = face.person(name)
        assert isinstance(person, Player)
        return person

    def pair(self, name: str) -> tuple[Player, Player]:
        """Somebody with two phones, or two people on different messengers."""
        here, there = self.town.faces
        return self.player(here, name), self.player(there, name)

    async def answered(self) -> None:
        """Wait until everything that was sent is answered."""
        unfinished = col(InboxUpdate.state).in_((InboxState.RECEIVED, InboxState.DONE))
        await self._none_left(select(func.count()).where(unfinished))

    async def quiet(self) -> None:
        """Wait until every push has left as well: messengers take only so many a second."""
        await self.answered()
        await self._none_left(select(func.count()).where(col(Push.state).in_(_UNDER_WAY)))

    async def _none_left(self, query: SelectOfScalar[int]) -> None:
        """Wait as long as there are fewer and fewer."""
        least, patience = None, 0
        while left := await self.database.read(lambda db: db.exec(query).one()):
            patience = 0 if least is None or left < least else patience + 1
            assert patience < 300, f"{left} are left and stay"
            least = left
            await asyncio.sleep(0.1)

    async def deadlocks(self) -> int:
        """How often PostgreSQL ended one of several transactions that waited for each other."""
        if not self.on_postgres:
            return 0
        query = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(await self.database.read(lambda db: db.execute(query).scalar_one()))

    def new_log(self) -> str:
        """What the processes have written since this was last asked."""
        found = ""
        for member in self.members:
            written = member.log.read_text()
            found += written[self._read.get(member.port, 0) :]
            self._read[member.port] = len(written)
        return found


@asynccontextmanager
async def _open(town: Town, members: list[Stage], url: str, database_url: str) -> AsyncIterator[Arena]:
    database = await open_database(database_url)
    gateway = Zarinpal(make_client(), url=town.bank_server.url, merchant_id=MERCHANT_ID)
    nothing: Any = None
    resources = Resources(database, nothing, nothing, gateway, nothing, PublicInfo("021", url))
    async with httpx.AsyncClient(trust_env=False, timeout=30) as browser:
        yield Arena(town, members, url, database, browser, resources)
    await gateway.aclose()
    await database.close()


@asynccontextmanager
async def on_sqlite(folder: Path, database_url: str) -> AsyncIterator[Arena]:
    """One process that polls."""
    stage = Stage(await Town.start(), folder, database_url, dict(BEHIND_A_PROXY))
    try:
        await stage.start()
        async with _open(stage.town, [stage], f"http://127.0.0.1:{stage.port}", database_url) as arena:
            yield arena
        assert await stage.stop() == 0
    finally:
        await stage.close()


@asynccontextmanager
async def on_postgres(folder: Path, database_url: str, bucket: Bucket) -> AsyncIterator[Arena]:
    """Two processes behind a balancer that asks them in turn: the sides of a race mostly meet different ones."""
    fleet = await Fleet.gather(PROCESSES, await Town.start(), folder, database_url, bucket)
    try:
        await fleet.start()
        async with _open(fleet.town, list(fleet.members), fleet.balancer.url, database_url) as arena:
            yield arena
        await fleet.stop()
    finally:
        await fleet.close()
