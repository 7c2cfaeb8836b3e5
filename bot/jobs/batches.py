"""Jobs in units of a few milliseconds: a unit does a batch of what is due and is repeated while it finds something.

Between two units everybody else has their turn (`storage.database.job_database`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from sqlmodel import Session

from bot.application.resources import Resources
from bot.jobs import reminders
from bot.jobs.clock_guard import clock_holds
from bot.jobs.inbox_purge import purge_failed, purge_inbox
from bot.services.directorate import document_requirements

Job = Callable[[], Awaitable[Any]]

#: Universities that one unit looks after.
UNIVERSITIES = 1
#: Units of one job in a row, should it never come to an end; it goes on at its next time.
MOST_UNITS = 20_000


@dataclass(frozen=True, slots=True)
class Batches:
    """Makes jobs of units."""

    resources: Resources

    def repeated(self, *works: Callable[..., int]) -> Job:
        """Units that say how much they did, each until that is nothing."""

        async def run() -> None:
            for work in works:
                for _ in range(MOST_UNITS):
                    if not await self.resources.database.run(partial(work, now=self.resources.clock())):
                        break

        return run

    def by_university(self, work: Callable[..., int | None], which: Callable[[Session], list[str]]) -> Job:
        """A unit for some universities at a time, of those that `which` reads (where nothing is to be done, none is run);
        repeated while it says that it did something."""

        async def run() -> None:
            codes = iter(await self.resources.database.read(which))
            while some := list(islice(codes, UNIVERSITIES)):
                for _ in range(MOST_UNITS):
                    unit = partial(work, universities=some, now=self.resources.clock())
                    if not await self.resources.database.run(unit):
                        break

        return run

    def removing(self, remove: Callable[[datetime], Awaitable[Any]]) -> Job:
        """What deletes by dates: only at a time that was checked to be plausible."""

        async def run() -> None:
            now = self.resources.clock()
            if await self.resources.database.read(partial(clock_holds, now=now)):
                await remove(now)

        return run

    def removed(self, *works: Callable[..., int]) -> Job:
        """`repeated`, where units delete by dates."""
        job = self.repeated(*works)

        async def remove(now: datetime) -> None:
            await job()

        return self.removing(remove)

    async def watch_tariffs(self) -> None:
        await self.resources.database.run(partial(reminders.watch_tariffs, now=self.resources.clock()))

    async def keep_document_rules(self) -> None:
        """What is planned comes into force; whoever is to be told of it is, a batch after the other."""
        for _ in range(MOST_UNITS):
            unit = partial(document_requirements.keep_requirements, now=self.resources.clock())
            await self.resources.database.run(unit)
            if not await self.resources.database.read(document_requirements.is_telling):
                return

    async def delete_old_updates(self, now: datetime) -> None:
        after: int | None = 0
        while after is not None:
            after = (await self.resources.database.run(partial(purge_inbox, now=now, after=after))).after
        await self.repeated(purge_failed)()


def in_turn(*jobs: Job) -> Job:
    async def run() -> None:
        for job in jobs:
            await job()

    return run
