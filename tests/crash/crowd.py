"""Officers who begin and finish, on both messengers, and what they share with the experts, managers and staff."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from demo.emulators import EmulatedMessenger, Emulators
from tests.crash.killer import Killer
from tests.crash.officer import ExpectedEffects, Officer, University, names
from tests.crash.retrying_person import Browser, RetryingPerson
from tests.support.bot_process import BotProcess
from tests.support.identities import next_mobile

if TYPE_CHECKING:
    from tests.crash.cooperation import Candidate


@dataclass(slots=True)
class Crowd:
    bot: BotProcess
    rng: random.Random
    killer: Killer
    browser: Browser
    universities: Sequence[University]
    #: Name → share, and how it goes.
    scenarios: dict[str, tuple[int, Callable[[Officer, Crowd], Awaitable[None]]]]
    #: Everybody comes back from the bank.
    hurry: bool = False
    officers: list[Officer] = field(default_factory=list)
    #: Effects that belong to no officer.
    other_effects: ExpectedEffects = field(default_factory=ExpectedEffects)
    #: Officers who have finished: staff write letters to some.
    finished: asyncio.Queue[Officer | None] = field(default_factory=asyncio.Queue)
    #: Qualified officers whom a distributor may choose.
    candidates: asyncio.Queue[Candidate | None] = field(default_factory=asyncio.Queue)
    #: How many more may be chosen: a distributor may look up so many codes a day.
    candidates_left: int = 0
    _faces: itertools.cycle[EmulatedMessenger] = field(init=False)
    _names: Iterator[tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        self._faces = itertools.cycle(self.emulators.messengers)
        self._names = names(self.rng)

    @property
    def emulators(self) -> Emulators:
        return self.bot.emulators

    def phone(
        self, name: str, number: str | None = None, *, not_on: RetryingPerson | None = None
    ) -> RetryingPerson:
        """A phone on the messengers in turn, or on the other one than `not_on`."""
        face = next(self._faces)
        if not_on is not None:
            face = next(one for one in self.emulators.messengers if one.server.state is not not_on.state)
        person = face.person(name, phone=number)
        assert isinstance(person, RetryingPerson)
        return person

    def new_officer(self, scenario: str) -> Officer:
        first, last = next(self._names)
        here = self.phone(first, next_mobile())
        officer = Officer(scenario, first, last, random.Random(self.rng.random()), here, [here])
        self.officers.append(officer)
        return officer

    async def run_officers(self, at_once: int) -> None:
        """So many officers at a time, until the kills are done and the last officer has finished."""

        async def one_after_another() -> None:
            while not self.killer.over.is_set():
                shares = [share for share, _ in self.scenarios.values()]
                scenario = self.rng.choices([*self.scenarios], shares)[0]
                officer = self.new_officer(scenario)
                try:
                    await self.scenarios[scenario][1](officer, self)
                except AssertionError as stuck:
                    stuck.add_note(officer.last_messages())
                    raise
                officer.finished = True
                await self.finished.put(officer)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(at_once):
                tasks.create_task(one_after_another())
