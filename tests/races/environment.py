"""Where races are run: the bot's processes on one database, and a connection of our own to that database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import text

from bot.application.resources import Resources
from bot.core.context import PublicInfo
from bot.gateways.http import make_client
from bot.gateways.zarinpal import Zarinpal
from demo.emulators import MERCHANT_ID, EmulatedMessenger, Emulators
from storage.database.database import Database, open_database
from tests.races.participants import Participant
from tests.support.fleet import Deployment
from tests.support.pending import UNANSWERED, UNSENT, until_none

#: Processes on each database; behind the balancer the sides of a race mostly meet different ones.
PROCESSES = {"sqlite": 1, "postgres": 2}


@dataclass
class Environment:
    deployment: Deployment
    database: Database
    browser: httpx.AsyncClient
    #: Our own, for what the processes do by the clock: asking the bank.
    resources: Resources

    @property
    def emulators(self) -> Emulators:
        return self.deployment.emulators

    def participant(self, face: EmulatedMessenger, name: str) -> Participant:
        face.person_class = Participant
        person = face.person(name)
        assert isinstance(person, Participant)
        return person

    def pair(self, name: str) -> tuple[Participant, Participant]:
        """One user with two phones, or two users on different messengers."""
        here, there = self.emulators.messengers
        return self.participant(here, name), self.participant(there, name)

    async def answered(self) -> None:
        """Wait until everything that was sent is answered."""
        await until_none(self.database, UNANSWERED, pause=0.1)

    async def quiet(self) -> None:
        """Wait until every push has left as well: messengers take only so many a second."""
        await until_none(self.database, UNANSWERED, UNSENT, pause=0.1)

    def assert_unbroken(self) -> None:
        log = self.deployment.logs
        assert "Traceback" not in log, log[log.index("Traceback") - 500 :][:4000]
        assert not self.emulators.violations, self.emulators.violations[:5]

    async def deadlocks(self) -> int:
        """How often PostgreSQL ended one of several transactions that waited for each other."""
        if self.database.url.get_backend_name() != "postgresql":
            return 0
        query = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(await self.database.read(lambda db: db.execute(query).scalar_one()))


@asynccontextmanager
async def running(deployment: Deployment) -> AsyncIterator[Environment]:
    """Start the processes, and stop them at the end."""
    await deployment.start()
    database = await open_database(deployment.database_url)
    gateway = Zarinpal(make_client(), url=deployment.emulators.bank_server.url, merchant_id=MERCHANT_ID)
    unused: Any = None
    public_info = PublicInfo("021", deployment.url)
    resources = Resources(database, unused, unused, gateway, unused, public_info)
    async with httpx.AsyncClient(trust_env=False, timeout=90) as browser:
        yield Environment(deployment, database, browser, resources)
    await gateway.aclose()
    await database.close()
    await deployment.stop()
