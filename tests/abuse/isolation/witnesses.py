"""People who use the bot at a human pace while somebody attacks it, and how long each of their answers took."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import httpx

from demo.emulators import Emulators
from demo.person import Person

T = TypeVar("T")

#: Seconds between an answer and the next action of one person.
PAUSE = 1.1
#: Seconds after which an answer counts as lost.
PATIENCE = 60.0
PEOPLE = 2


@dataclass(slots=True)
class Waits:
    """Seconds that answers took, by who waited; `lost` were not answered at all."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def note(self, who: str, seconds: float) -> None:
        self.seconds.setdefault(who, []).append(seconds)

    @property
    def longest(self) -> float:
        return max((one for waits in self.seconds.values() for one in waits), default=0.0)

    @property
    def answers(self) -> int:
        return sum(map(len, self.seconds.values()))

    def __str__(self) -> str:
        each = ", ".join(f"{who} {max(waits):.2f}" for who, waits in sorted(self.seconds.items()))
        return f"longest {self.longest:.2f} s of {self.answers} ({each}); lost {len(self.lost)}"


class Witnesses:
    """Some people on each messenger, and a monitor that asks for /health."""

    def __init__(self, town: Emulators, health_url: str) -> None:
        self._health_url = health_url
        self._people: list[tuple[str, Person]] = []
        #: What each does next; kept from one attack to the next, since half of the time the help is open.
        self._looks: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        for face in town.messengers:
            for number in range(PEOPLE):
                person = face.person(f"شاهد {number}")
                self._people.append((face.kind, person))
                self._looks.append((face.kind, self._look(person)))

    async def greet(self) -> None:
        """Everybody's first visit, which is not measured."""
        for _, person in self._people:
            await person.start()
            await person.sees("خوش آمدید", within=PATIENCE)

    async def during(self, deed: Awaitable[T]) -> tuple[Waits, T]:
        """What the witnesses noticed while `deed` ran, and what it returned. Each acts at least twice."""
        waits, over = Waits(), asyncio.Event()
        watching = [
            asyncio.create_task(self._repeat(name, look, waits, over, number / 5))
            for number, (name, look) in enumerate(self._looks)
        ]
        watching.append(asyncio.create_task(self._repeat("health", self._ask, waits, over, 0.0)))
        try:
            result = await deed
        finally:
            over.set()
            await asyncio.gather(*watching)
        return waits, result

    @staticmethod
    async def _repeat(
        name: str, act: Callable[[], Awaitable[None]], waits: Waits, over: asyncio.Event, delay: float
    ) -> None:
        await asyncio.sleep(delay)
        acted = 0
        while acted < 2 or not over.is_set():
            begun = time.monotonic()
            try:
                async with asyncio.timeout(PATIENCE):
                    await act()
            except (AssertionError, TimeoutError, httpx.HTTPError) as error:
                waits.lost.append(f"{name}: {type(error).__name__} {str(error)[:200]}")
            waits.note(name, time.monotonic() - begun)
            acted += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(PAUSE):
                    await over.wait()
            if over.is_set() and acted < 2:
                await asyncio.sleep(PAUSE)

    @staticmethod
    def _look(person: Person) -> Callable[[], Awaitable[None]]:
        """Opens the help and goes back, in turns, by the buttons on the screen."""
        pages = [("راهنما", None), ("منو", "خوش آمدید")]

        async def look() -> None:
            label, words = pages[0]
            pages.reverse()
            await person.tap(label, within=PATIENCE)
            await person.sees(words, within=PATIENCE)

        return look

    async def _ask(self) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as browser:
            answer = await browser.get(self._health_url)
        assert answer.status_code == 200, f"/health says {answer.status_code}"
