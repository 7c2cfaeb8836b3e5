"""A crowd on both messengers: officers who come and go, and the experts, managers and staff who serve them."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from demo.emulators import EmulatedMessenger, Emulators
from tests.crash.killer import Killer
from tests.crash.life import Book, Life, University, names
from tests.crash.patient import Browser, Patient
from tests.support.bot_process import Stage
from tests.support.identities import next_mobile

if TYPE_CHECKING:
    from tests.crash.bonds import Bond

Say = Callable[[str], None]


@dataclass(slots=True)
class Crowd:
    stage: Stage
    rng: random.Random
    killer: Killer
    browser: Browser
    universities: Sequence[University]
    #: Who officers become is chosen by these shares.
    kinds: dict[str, tuple[int, Callable[[Life, Crowd], Awaitable[None]]]]
    #: Everybody comes back from the bank.
    hurry: bool = False
    lives: list[Life] = field(default_factory=list)
    #: Deeds and pushes that belong to no officer's life.
    house: Book = field(default_factory=Book)
    #: Officers whose life is over: letters are written to these.
    at_rest: asyncio.Queue[Life | None] = field(default_factory=asyncio.Queue)
    #: Qualified officers who look for a distributor.
    market: asyncio.Queue[Bond | None] = field(default_factory=asyncio.Queue)
    #: How many may still come to the market: a distributor may look up so many codes a day.
    places: int = 0
    _faces: itertools.cycle[EmulatedMessenger] = field(init=False)
    _names: Iterator[tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        self._faces = itertools.cycle(self.town.messengers)
        self._names = names(self.rng)

    @property
    def town(self) -> Emulators:
        return self.stage.town

    def phone(self, name: str, number: str | None = None, *, not_on: Patient | None = None) -> Patient:
        """A phone on the messengers in turn, or on the other one than `not_on`."""
        face = next(self._faces)
        if not_on is not None:
            face = next(one for one in self.town.messengers if one.server.state is not not_on.state)
        person = face.person(name, phone=number)
        assert isinstance(person, Patient)
        return person

    def born(self, kind: str) -> Life:
        first, last = next(self._names)
        here = self.phone(first, next_mobile())
        life = Life(kind, first, last, random.Random(self.rng.random()), here, [here])
        self.lives.append(life)
        return life

    async def lives_on(self, at_once: int) -> None:
        """So many lives at a time, until the killer has done its kills and the last life is over."""

        async def seat() -> None:
            while not self.killer.over.is_set():
                kind = self.rng.choices([*self.kinds], [share for share, _ in self.kinds.values()])[0]
                life = self.born(kind)
                try:
                    await self.kinds[kind][1](life, self)
                except AssertionError as stuck:
                    stuck.add_note(life.tail())
                    raise
                life.over = True
                await self.at_rest.put(life)

        async with asyncio.TaskGroup() as seats:
            for _ in range(at_once):
                seats.create_task(seat())

    @property
    def by_kind(self) -> Counter[str]:
        return Counter(life.kind for life in self.lives if life.over)
