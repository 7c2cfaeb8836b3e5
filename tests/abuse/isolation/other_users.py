"""Users at a human pace while the bot is attacked, and how long each of their answers took."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import httpx

from demo.emulators import Emulators
from demo.person import Person

T = TypeVar("T")
Act = Callable[[], Awaitable[None]]

#: Seconds between an answer and the next action of one person.
PAUSE = 1.1
#: Seconds after which an answer counts as lost.
PATIENCE = 120.0
PEOPLE = 2


@dataclass(slots=True)
class Waits:
    """Seconds that answers took, by who waited; `lost` were not answered at all."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    lost: list[str] = field(default_factory=list)

    @property
    def longest(self) -> float:
        return max((one for waits in self.seconds.values() for one in waits), default=0.0)

    def __str__(self) -> str:
        each = ", ".join(f"{who} {max(waits):.2f}" for who, waits in sorted(self.seconds.items()))
        answers = sum(map(len, self.seconds.values()))
        return f"longest {self.longest:.2f} s of {answers} ({each}); lost {len(self.lost)}"


class OtherUsers:
    """Some users on each messenger, and a monitor that asks for /health."""

    def __init__(self, emulators: Emulators, health_url: str) -> None:
        self._health_url = health_url
        self._people = [
            (face.kind, face.person(f"کاربر {number}"))
            for face in emulators.messengers
            for number in range(PEOPLE)
        ]
        #: What each does next; kept from one attack to the next, since half of the time the help is open.
        self._actions = [(kind, _help_and_back(person)) for kind, person in self._people]

    async def greet(self) -> None:
        """Everybody's first visit, which is not measured."""
        for _, person in self._people:
            await person.start()
            await person.sees("خوش آمدید", within=PATIENCE)

    async def during(self, attack: Awaitable[T]) -> tuple[Waits, T]:
        """What the users noticed while `attack` ran, and what it returned. Each acts at least twice."""
        waits, over = Waits(), asyncio.Event()
        tasks = [
            asyncio.create_task(self._repeat(name, act, waits, over, number / 5))
            for number, (name, act) in enumerate([*self._actions, ("health", self._ask_health)])
        ]
        try:
            result = await attack
        finally:
            over.set()
            await asyncio.gather(*tasks)
        return waits, result

    @staticmethod
    async def _repeat(name: str, act: Act, waits: Waits, over: asyncio.Event, delay: float) -> None:
        await asyncio.sleep(delay)
        acted = 0
        while acted < 2 or not over.is_set():
            begun = time.monotonic()
            try:
                async with asyncio.timeout(PATIENCE):
                    await act()
            except (AssertionError, TimeoutError, httpx.HTTPError) as error:
                waits.lost.append(f"{name}: {type(error).__name__} {str(error)[:200]}")
            waits.seconds[name].append(time.monotonic() - begun)
            acted += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(PAUSE):
                    await over.wait()
            if over.is_set() and acted < 2:
                await asyncio.sleep(PAUSE)

    async def _ask_health(self) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as browser:
            answer = await browser.get(self._health_url)
        assert answer.status_code == 200, f"/health says {answer.status_code}"


def _help_and_back(person: Person) -> Act:
    """Opens the help and goes back, in turns, by the buttons on the screen."""
    pages = [("راهنما", None), ("منو", "خوش آمدید")]

    async def act() -> None:
        label, words = pages[0]
        pages.reverse()
        await person.tap(label, within=PATIENCE)
        await person.sees(words, within=PATIENCE)

    return act
