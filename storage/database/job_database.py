"""The database as periodic jobs see it: one unit of all jobs at a time, then a pause for everybody else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from sqlmodel import Session

from storage.correlation import CORRELATION_ID
from storage.database.database import Database
from storage.database.unit_of_work import T, Unit

#: Seconds between two units of jobs: as long as the one before took, within these bounds.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.002, 0.1


class JobDatabase(Database):
    """Passes units on, one at a time: jobs together take at most about half of the loop, or one connection."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.url, self.outage = database.url, database.outage
        self._turn = asyncio.Lock()
        self._free_at = 0.0
        #: The job whose unit runs at this moment ("timer:reminders"); "" between units.
        self.running = ""

    async def run(
        self, unit: Unit[T], *, lane: str | None = None, before_commit: Callable[[T], None] | None = None
    ) -> T:
        async with self._turn:
            await self._pause()
            return await self._database.run(self._noted(unit), lane=lane, before_commit=before_commit)

    async def read(self, unit: Unit[T], *, large: bool = False) -> T:
        if large:
            return await self._database.read(unit, large=True)
        async with self._turn:
            await self._pause()
            return await self._database.read(self._noted(unit))

    def run_in_background(self, unit: Unit[Any]) -> None:
        self._database.run_in_background(unit)

    async def announce_process(self) -> bool:
        return await self._database.announce_process()

    async def close(self) -> None:
        """It is closed by whoever opened it."""

    async def _pause(self) -> None:
        wait = self._free_at - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)

    def _noted(self, unit: Unit[T]) -> Unit[T]:
        name = CORRELATION_ID.get() or ""

        def noted(db: Session) -> T:
            began, self.running = time.monotonic(), name
            try:
                return unit(db)
            finally:
                self.running = ""
                spent = time.monotonic() - began
                self._free_at = began + spent + min(max(spent, SHORTEST_PAUSE), LONGEST_PAUSE)

        noted.__qualname__ = getattr(getattr(unit, "func", unit), "__qualname__", repr(unit))
        return noted
