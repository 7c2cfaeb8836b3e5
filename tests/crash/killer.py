"""Kills processes of the bot with SIGKILL at random instants, and starts them again."""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from demo.botapi.messenger_state import ChatEvent
from tests.support.bot_process import BotProcess

#: Seconds after something happened in which most windows lie.
SOON = 0.4
#: How often people are given so many seconds in which heavier work, an upload say, ends however slow the machine is.
LONG_PAUSES, SECONDS = 0.15, (3.0, 12.0)
#: How often a start is cut off again, in its middle or soon after it.
AGAIN = 0.25
#: Seconds until a killed process is started again, at most.
PAUSE = 1.0
#: Seconds that the service may take to stop when asked: after these the files in deploy/ let it be killed.
GRACE = 10.0
#: Of several members: how often two are killed at once, and how often all.
TWO, ALL = 0.15, 0.1


@dataclass(slots=True)
class Killer:
    """Each kill comes after a random one of the happenings (somebody acted, the bot showed something), plus a moment.
    Times are wall clock seconds, as `Arrivals` takes them."""

    #: The processes that serve together.
    members: Sequence[BotProcess]
    rng: random.Random
    #: How many kills, those of a start included, and how many happenings lie between two of them on the average.
    kills: int
    every: float
    #: How often it waits much longer.
    long_pauses: float = 0.0
    killed_at: list[float] = field(default_factory=list)
    #: Kills so far, or stops.
    killed: int = 0
    #: Kills that cut off a start.
    cut: int = 0
    #: Since when some process has taken updates; 0 while all are dead.
    up_since: float = 0.0
    happenings: int = 0
    #: All kills were done, or it was asked to end.
    over: asyncio.Event = field(default_factory=asyncio.Event)
    _happened: asyncio.Event = field(default_factory=asyncio.Event)
    #: Dead, or being started.
    _down: list[BotProcess] = field(default_factory=list)
    _task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        for face in self.members[0].emulators.messengers:
            face.server.state.listeners.append(self.note)
        self.up_since = time.time()
        self._task = asyncio.create_task(self._run())

    async def end(self) -> None:
        """No kill from here on; everybody runs. Raises what a start that failed by itself raises."""
        assert self._task is not None
        self.over.set()
        self._happened.set()
        await self._task

    async def cancel(self) -> None:
        """Nothing is killed or started any more. Raises what the killer itself failed with, for that is the cause then."""
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def disturbed(self, since: float, until: float | None = None) -> bool:
        """Whether a kill fell into that time."""
        return any(since <= at and (until is None or at <= until) for at in self.killed_at)

    def note(self, happening: ChatEvent | None = None) -> None:
        """Count a happening on a messenger, or one that none tells of: a browser asks our web server."""
        self.happenings += 1
        self._happened.set()

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as restarts:
                while self.killed < self.kills:
                    while not self._alive():
                        await asyncio.sleep(0.05)
                    await self._happens(self._gap())
                    await asyncio.sleep(self._moment())
                    if self.over.is_set():
                        return
                    victims = self._victims()
                    self._down.extend(victims)
                    await self._kill(victims)
                    # Of several members another may be killed before this one runs again.
                    restarts.create_task(self._restart(victims))
        finally:
            self.over.set()

    async def _restart(self, victims: Sequence[BotProcess]) -> None:
        await asyncio.sleep(self.rng.uniform(0, PAUSE))
        while not self.over.is_set() and self.rng.random() < AGAIN:
            await self._cut_start(victims)
        await asyncio.gather(*(one.start() for one in victims))
        for one in victims:
            self._down.remove(one)
        self.up_since = self.up_since or time.time()

    def _alive(self) -> list[BotProcess]:
        return [one for one in self.members if one not in self._down]

    def _gap(self) -> int:
        """Mostly short, now and then long."""
        return 1 + int(self.rng.expovariate(1 / self.every))

    def _moment(self) -> float:
        if self.rng.random() < self.long_pauses:
            return self.rng.uniform(*SECONDS)
        return self.rng.choice((0.0, self.rng.uniform(0, 0.03), self.rng.uniform(0, SOON)))

    async def _happens(self, more: int) -> None:
        """Wait for so many more."""
        until = self.happenings + more
        while self.happenings < until and not self.over.is_set():
            self._happened.clear()
            await self._happened.wait()

    def _victims(self) -> Sequence[BotProcess]:
        among, chance = self._alive(), self.rng.random()
        count = len(among) if chance < ALL else min(2, len(among)) if chance < ALL + TWO else 1
        return self.rng.sample(among, count)

    async def _kill(self, victims: Sequence[BotProcess]) -> None:
        if not self._alive():
            self.up_since = 0.0
        for victim in victims:
            # Noted before and after: what arrives in between may be of either side.
            self.killed_at.append(time.time())
            await victim.kill()
            self.killed_at.append(time.time())
            self.killed += 1

    async def _cut_start(self, victims: Sequence[BotProcess]) -> None:
        """Start them, and kill them at any moment of the start or just after."""
        starting = [asyncio.create_task(one.start()) for one in victims]
        await asyncio.wait(starting, timeout=self.rng.uniform(0.1, 2.5))
        while any(one.process is None for one in victims):
            await asyncio.sleep(0.01)
        self.cut += len(victims)
        await self._kill(victims)
        for start in starting:
            with contextlib.suppress(AssertionError):  # cut off: it never came to be ready
                await start


class Stopper(Killer):
    """Asks processes to stop instead of killing them; they end within `GRACE` by themselves."""

    async def _kill(self, victims: Sequence[BotProcess]) -> None:
        for victim in victims:
            began = time.monotonic()
            assert await victim.stop() == 0
            assert time.monotonic() - began < GRACE
            self.killed += 1

    async def _cut_start(self, victims: Sequence[BotProcess]) -> None:
        await asyncio.sleep(0)
