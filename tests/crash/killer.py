"""Kills the bot with SIGKILL at random instants of a play, and starts it again."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass, field

from demo.botapi.world import Happening
from tests.journeys.stage import Stage

#: Seconds after something happened in which most windows lie.
SOON = 0.4
#: How often a start is cut off again, in its middle or soon after it.
AGAIN = 0.25


@dataclass(slots=True)
class Killer:
    """Each kill comes after a random one of the happenings (somebody acted, the bot showed something), plus a moment.

    The times are wall clock seconds, as `arrivals` in `reckoning` takes them."""

    stage: Stage
    rng: random.Random
    #: How many kills, besides those that cut off a start, and among how many happenings they are spread.
    kills: int
    among: int
    killed_at: list[float] = field(default_factory=list)
    #: When the bot last took updates again.
    up_since: float = 0.0
    happenings: int = 0
    _happened: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None
    _over: bool = False

    def begin(self) -> None:
        for face in self.stage.town.faces:
            face.server.world.listeners.append(self._note)
        self.up_since = time.time()
        self._task = asyncio.create_task(self._run())

    async def end(self) -> None:
        """No kill from here on; the bot runs. Raises what a start that failed by itself raises."""
        assert self._task is not None
        self._over = True
        self._happened.set()
        await self._task

    @property
    def is_up(self) -> bool:
        return self.up_since > 0

    def disturbed(self, since: float, until: float | None = None) -> bool:
        """Whether a kill fell into that time."""
        return any(since <= at and (until is None or at <= until) for at in self.killed_at)

    def hint(self) -> None:
        """Something worth a kill begins: a browser asks our web server."""
        self.happenings += 1
        self._happened.set()

    def _note(self, happening: Happening) -> None:
        self.hint()

    async def _run(self) -> None:
        for place in sorted(self.rng.sample(range(1, max(self.among, self.kills + 1)), self.kills)):
            while self.happenings < place and not self._over:
                self._happened.clear()
                await self._happened.wait()
            await asyncio.sleep(self.rng.choice((0.0, self.rng.uniform(0, 0.03), self.rng.uniform(0, SOON))))
            if self._over:
                return
            await self._kill()
            while not self._over and self.rng.random() < AGAIN:
                await self._cut_start()
            await self._start()

    async def _kill(self) -> None:
        self.up_since = 0.0
        # Noted before and after: what arrives in between may be of either side.
        self.killed_at.append(time.time())
        await self.stage.kill()
        self.killed_at.append(time.time())

    async def _cut_start(self) -> None:
        """Begin to start, and die at any moment of it or just after."""
        starting = asyncio.create_task(self.stage.start())
        await asyncio.wait([starting], timeout=self.rng.uniform(0.1, 2.5))
        await self._kill()
        with contextlib.suppress(AssertionError):  # cut off: it never came to be ready
            await starting

    async def _start(self) -> None:
        await self.stage.start()
        self.up_since = time.time()
