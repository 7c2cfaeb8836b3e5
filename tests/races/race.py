"""One race: rounds set up together, run some side by side, and checked together once all is quiet."""

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

from sqlmodel import Session, col, delete, func, select

from bot.core.screens import Press
from demo.seen import Wanted
from storage.tables import AuditEvent, Push
from tests.races.environment import Environment
from tests.races.fixtures import Experts, experts
from tests.races.participants import Participant

#: Rounds at one instant, each about objects of its own, and rounds that are set up together.
SIDE_BY_SIDE, TOGETHER = 16, 96
#: Rounds that are set up in one transaction each at once, and seconds of rest after it: on SQLite the bot waits for us
#: meanwhile, and only so long.
AT_A_TIME, REST = 4, 0.02
#: Seconds that one side may come after the other.
LATE = 0.03

Side = Callable[[], Awaitable[str]]
#: The button that confirms.
YES = "بله"
#: What is said of a button that is no longer valid.
STALE = "دیگر معتبر نیست"


def pressing(who: Participant, wanted: Press | Wanted = YES) -> Side:
    return lambda: who.press_and_read(wanted)


def sending(who: Participant, words: str) -> Side:
    return lambda: who.send_and_read(words)


async def press_all(who: Participant, *wanted: Press | Wanted) -> None:
    """Press one after the other, each on the answer to the one before."""
    for one in wanted:
        await who.press_and_read(one)


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
    seconds: float = 0.0


async def at_once(chance: random.Random, sides: dict[str, Side]) -> list[Heard]:
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


def says(heard: Heard, words: Sequence[str]) -> bool:
    return any(one in heard.said for one in words)


def story(heard: Sequence[Heard]) -> str:
    return "\n---\n".join(f"{one.side}: {one.said}" for one in heard)


class Round(ABC):
    """One round: subclasses say who acts, what is ready, and what must stand afterwards."""

    #: Words of which a winner's answer has some; words of a loser's (below which it may show what the winner did).
    won: ClassVar[Sequence[str]] = ()
    lost: ClassVar[Sequence[str]] = (STALE,)
    #: Side → the attribute with the phone on which it confirms, where that is all that each side does.
    confirm: ClassVar[dict[str, str]] = {}

    def __init__(self, environment: Environment, experts: Experts, chance: random.Random) -> None:
        self.environment, self.experts, self.chance = environment, experts, chance
        self.bring_phones()

    def shuffled(self, *of_both: Participant) -> list[Participant]:
        """Not always the same first, nor the same messenger."""
        return self.chance.sample(of_both, len(of_both))

    @abstractmethod
    def bring_phones(self) -> None:
        """Participants of this round alone."""

    @abstractmethod
    def set_up(self, db: Session) -> None:
        """Make what the round is about. May be run again from the beginning."""

    @abstractmethod
    async def open_buttons(self) -> None:
        """Go, by real presses, to the buttons that will be pressed."""

    def sides(self) -> dict[str, Side]:
        """What is done at the same instant, by the name of its side."""
        return {side: pressing(getattr(self, phone)) for side, phone in self.confirm.items()}

    async def run(self) -> Outcome:
        """Act at once, and judge what each side read."""
        self.outcome = self.judge(await at_once(self.chance, self.sides()))
        return self.outcome

    def judge(self, heard: Sequence[Heard]) -> Outcome:
        """Exactly one side won, all others read that they lost."""
        losers = [one.side for one in heard if says(one, self.lost)]
        winners = [one.side for one in heard if one.side not in losers and says(one, self.won)]
        assert len(winners) == 1, f"{winners} won:\n{story(heard)}"
        assert len(losers) == len(heard) - 1, f"{losers} were told that they lost:\n{story(heard)}"
        return Outcome(winners[0], len(losers))

    @abstractmethod
    def check(self, db: Session) -> None:
        """AssertionError where the database is not as it must be."""

    def check_phones(self) -> None:  # noqa: B027, most races have nothing to check here
        """AssertionError where a user was told twice, or not at all. Called once every push has left."""

    @staticmethod
    def events(db: Session, subject: str, subject_id: int | None) -> list[AuditEvent]:
        """The audit events of one row, oldest first."""
        query = select(AuditEvent).where(AuditEvent.subject == subject, AuditEvent.subject_id == subject_id)
        return list(db.exec(query.order_by(col(AuditEvent.id))))


@dataclass(frozen=True)
class Race:
    """The kinds of rounds take turns; the experts take part in many rounds."""

    name: str
    kinds: Sequence[type[Round]]
    #: Called as the rounds that run side by side begin, for what concerns all of them.
    beside: Callable[[Environment], Awaitable[None]] | None = None

    async def hold(self, environment: Environment, rounds: int, chance: random.Random) -> Figures:
        figures = Figures(self.name)
        begun, before = time.monotonic(), await environment.deadlocks()
        phones = [environment.pair("کارشناس") for _ in range(SIDE_BY_SIDE)]
        pairs = await environment.database.run(lambda db: [experts(db, *one) for one in phones])
        held = list[Round]()
        for first in range(0, rounds, TOGETHER):
            batch = [
                self.kinds[number % len(self.kinds)](environment, pairs[number % SIDE_BY_SIDE], chance)
                for number in range(first, min(first + TOGETHER, rounds))
            ]
            await self._hold(environment, batch, figures)
            held += batch
        figures.seconds = time.monotonic() - begun
        await environment.quiet()
        for one in held:
            one.check_phones()
        figures.deadlocks = await environment.deadlocks() - before
        environment.assert_unbroken()
        return figures

    async def _hold(self, environment: Environment, batch: Sequence[Round], figures: Figures) -> None:
        database = environment.database
        newest = await database.read(lambda db: db.exec(select(func.max(Push.id))).one() or 0)

        def set_up(one: Round, db: Session) -> None:
            one.set_up(db)
            # The pushes of the set-up are not what this is about.
            db.exec(delete(Push).where(col(Push.id) > newest))

        for at in range(0, len(batch), AT_A_TIME):
            some = batch[at : at + AT_A_TIME]
            await asyncio.gather(*(database.run(partial(set_up, one)) for one in some))
            await asyncio.sleep(REST)
        for at in range(0, len(batch), SIDE_BY_SIDE):
            wave = batch[at : at + SIDE_BY_SIDE]
            await asyncio.gather(*(one.open_buttons() for one in wave))
            beside = [self.beside(environment)] if self.beside is not None else []
            outcomes = await asyncio.gather(*(one.run() for one in wave), *beside)
            for outcome in outcomes[: len(wave)]:
                assert outcome is not None
                figures.rounds += 1
                figures.winners[outcome.winner] += 1
                figures.told += outcome.told
        await environment.answered()

        def check(db: Session) -> None:
            for one in batch:
                one.check(db)

        await database.read(check)
