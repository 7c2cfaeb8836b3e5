"""One race: rounds set up together, run some side by side, and judged together once all is quiet."""

from __future__ import annotations

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

from sqlmodel import Session, col, delete, func, select

from storage.tables import Push
from tests.races.arena import Arena
from tests.races.players import Player

C = TypeVar("C")

#: Rounds at one instant, each about objects of its own, and rounds that are set up together.
SIDE_BY_SIDE, TOGETHER = 16, 96

#: Rounds that are set up in one go, and seconds of rest after it: on SQLite the bot waits for us meanwhile, and not for
#: ever.
AT_A_TIME, BREATH = 4, 0.02
#: Seconds that one side may come after the other.
LATE = 0.03

Side = Callable[[], Awaitable[str]]


@dataclass(frozen=True)
class Heard:
    """One side, and the answer that it read."""

    side: str
    said: str


@dataclass(frozen=True)
class Outcome:
    winner: str
    #: Sides that read that they came too late.
    told: int


@dataclass
class Figures:
    name: str
    rounds: int = 0
    winners: Counter[str] = field(default_factory=Counter)
    #: Sides that lost and read so.
    told: int = 0
    deadlocks: int = 0
    #: Units that were begun again because the database did not answer (a lock on SQLite).
    waits: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        won = ", ".join(f"{side} {number}" for side, number in sorted(self.winners.items()))
        return (
            f"{self.name}: {self.rounds} rounds, losers told {self.told}, deadlocks {self.deadlocks}, "
            f"waits {self.waits}, {self.seconds:.0f} s; won: {won}"
        )


async def at_once(chance: random.Random, **sides: Side) -> list[Heard]:
    """All sides at the same instant, in any order; what each of them read, the quickest answer first.

    In every other round one side comes some milliseconds later, to meet the other at another point of its way."""
    order = list(sides.items())
    chance.shuffle(order)
    heard = list[Heard]()

    async def take_part(side: str, act: Side, delay: float) -> None:
        if delay:
            await asyncio.sleep(delay)
        heard.append(Heard(side, await act()))

    late = chance.choice((0.0, chance.uniform(0, LATE)))
    delays = [0.0, *(late for _ in order[1:])]
    await asyncio.gather(*(take_part(*one, delay) for one, delay in zip(order, delays, strict=True)))
    return heard


def one_winner(heard: Sequence[Heard], won: Sequence[str], lost: Sequence[str]) -> Outcome:
    """The side whose answer has one of the words of a winner; every other has some of a loser's (and below them, it may
    be, what the winner brought about)."""
    losers = [one.side for one in heard if any(words in one.said for words in lost)]
    winners = [
        one.side for one in heard if one.side not in losers and any(words in one.said for words in won)
    ]
    story = "\n---\n".join(f"{one.side}: {one.said}" for one in heard)
    assert len(winners) == 1, f"{winners} won:\n{story}"
    assert len(losers) == len(heard) - 1, f"{losers} were told that they lost:\n{story}"
    return Outcome(winners[0], len(losers))


class Round(ABC, Generic[C]):
    """One round: subclasses say who acts, what is ready, and what must stand afterwards."""

    def __init__(self, arena: Arena, cast: C, chance: random.Random) -> None:
        self.arena, self.cast, self.chance = arena, cast, chance
        self.bring_phones()

    def bring_phones(self) -> None:
        """People who take part in this round alone."""

    @abstractmethod
    def set_up(self, db: Session) -> None:
        """Make what the round is about. May be run again from the beginning."""

    async def lay_out(self) -> None:
        """Walk, by real presses, to the buttons that will be pressed."""

    @abstractmethod
    async def run(self) -> Outcome:
        """Act at once, and judge what each side read."""

    @abstractmethod
    def check(self, db: Session) -> None:
        """AssertionError where the database is not as it must be."""

    def check_phones(self) -> None:
        """AssertionError where somebody was told twice, or not at all. Asked once every push has left."""


@dataclass(frozen=True)
class Race(Generic[C]):
    """`cast` makes those who take part in many rounds; the kinds of rounds take turns."""

    name: str
    cast: Callable[[Arena, Session, Sequence[Player]], C]
    kinds: Sequence[type[Round[C]]]
    #: Called as the rounds that run side by side begin, for what concerns all of them.
    beside: Callable[[Arena, Sequence[Round[C]]], Awaitable[None]] | None = None

    async def hold(self, arena: Arena, rounds: int, chance: random.Random) -> Figures:
        figures = Figures(self.name)
        begun, before = time.monotonic(), await arena.deadlocks()
        arena.new_log()
        phones = [[*arena.pair("یکی"), *arena.pair("دیگری")] for _ in range(SIDE_BY_SIDE)]
        casts = await arena.database.run(lambda db: [self.cast(arena, db, one) for one in phones])
        held = list[Round[C]]()
        for first in range(0, rounds, TOGETHER):
            batch = [
                self.kinds[number % len(self.kinds)](arena, casts[number % SIDE_BY_SIDE], chance)
                for number in range(first, min(first + TOGETHER, rounds))
            ]
            await self._hold(arena, batch, figures)
            held += batch
        figures.seconds = time.monotonic() - begun
        await arena.quiet()
        for one in held:
            one.check_phones()
        figures.deadlocks = await arena.deadlocks() - before
        log = arena.new_log()
        figures.waits = log.count("the database did not answer")
        assert "Traceback" not in log, log[log.index("Traceback") - 500 :][:4000]
        assert not arena.town.violations, arena.town.violations[:5]
        return figures

    async def _hold(self, arena: Arena, batch: Sequence[Round[C]], figures: Figures) -> None:
        newest = await arena.database.read(lambda db: db.exec(select(func.max(Push.id))).one() or 0)

        def set_up(one: Round[C], db: Session) -> None:
            one.set_up(db)
            # What the set-up would tell people is not what this is about.
            db.exec(delete(Push).where(col(Push.id) > newest))

        for at in range(0, len(batch), AT_A_TIME):
            some = batch[at : at + AT_A_TIME]
            await asyncio.gather(*(arena.database.run(partial(set_up, one)) for one in some))
            await asyncio.sleep(BREATH)
        for at in range(0, len(batch), SIDE_BY_SIDE):
            wave = batch[at : at + SIDE_BY_SIDE]
            await asyncio.gather(*(one.lay_out() for one in wave))
            beside = [self.beside(arena, wave)] if self.beside is not None else []
            outcomes = await asyncio.gather(*(one.run() for one in wave), *beside)
            for outcome in outcomes[: len(wave)]:
                assert outcome is not None
                figures.rounds += 1
                figures.winners[outcome.winner] += 1
                figures.told += outcome.told
        await arena.answered()

        def check(db: Session) -> None:
            for one in batch:
                one.check(db)

        await arena.database.read(check)
