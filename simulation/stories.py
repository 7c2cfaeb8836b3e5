"""Stories that run side by side in simulated time, each a generator that says when it goes on."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Awaitable, Callable, Generator, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlmodel import Session

from bot.core.refusals import Refusal
from bot.services.review.working_days import is_working_day
from bot.texts.formats import TEHRAN
from simulation.clock import StoryClock
from storage.database.database import Database

log = logging.getLogger(__name__)

#: Steps of one transaction at most.
_UNIT = 40
#: Hours of a day in Tehran at which officers write, and experts decide.
AT_HOME, AT_WORK = (8, 22), (8, 14)


@dataclass(frozen=True, slots=True)
class Outside:
    """Work between two transactions (the bank is asked); the story goes on at once with what it returned."""

    work: Callable[[], Awaitable[Any]]


#: Yields the moment of its next step, or work outside; is sent what that work returned.
Story = Generator[datetime | Outside, Any, Any]


@dataclass(order=True, slots=True)
class _Step:
    at: datetime
    number: int
    story: Story = field(compare=False)
    outcome: Any = field(compare=False, default=None)


class Stories:
    """Runs them in the order of their moments, up to `until`; what lies later does not happen."""

    def __init__(self, database: Database, clock: StoryClock, until: datetime, dice: Random) -> None:
        self.database, self.clock, self.until, self.dice = database, clock, until, dice
        self._steps: list[_Step] = []
        self._count = 0
        self._session: Session | None = None
        #: Refusals that ended a story: the rules were not what it thought.
        self.refused: list[str] = []

    @property
    def db(self) -> Session:
        """Of the transaction of the step that is being taken."""
        assert self._session is not None
        return self._session

    @property
    def now(self) -> datetime:
        return self.clock.moment

    def tell(self, story: Story, at: datetime) -> None:
        """Begin a story at this moment."""
        self._put(story, at)

    def _put(self, story: Story, at: datetime, outcome: Any = None) -> None:
        self._count += 1
        heapq.heappush(self._steps, _Step(at, self._count, story, outcome))

    def ago(self, days: float, hours: tuple[int, int] = AT_HOME) -> datetime:
        """A moment so many days before the end, at a usual hour; experts work on working days. Never before now,
        nor after the end."""
        day = (self.until - timedelta(days=days)).astimezone(TEHRAN)
        if hours is AT_WORK:
            while not is_working_day(day.date()):
                day -= timedelta(days=1)
        moment = day.replace(hour=self.dice.randrange(*hours), minute=self.dice.randrange(60))
        soon = self.now + timedelta(minutes=self.dice.randrange(3, 40))
        return max(soon, min(moment, self.until - timedelta(minutes=self.dice.randrange(1, 3) + 1)))

    async def run(self, progress: Callable[[float], None] = lambda done: None) -> None:
        begun = self.now
        while self._steps and self._steps[0].at <= self.until:
            outside = await self.database.run(self._unit)
            for story, work in outside:
                self._put(story, self.now, await self._outcome(work))
            progress((self.now - begun) / (self.until - begun))
        self._steps.clear()
        self.clock.move(self.until)

    async def _outcome(self, work: Outside) -> Any:
        try:
            return await work.work()
        except Refusal as refusal:
            self.refused.append(f"{refusal.key} (outside)")
            return None

    def _unit(self, db: Session) -> Iterable[tuple[Story, Outside]]:
        self._session = db
        outside: list[tuple[Story, Outside]] = []
        for _ in range(_UNIT):
            if not self._steps or self._steps[0].at > self.until or outside:
                break
            step = heapq.heappop(self._steps)
            self.clock.move(step.at)
            following = self._take(db, step)
            if isinstance(following, Outside):
                outside.append((step.story, following))
            elif following is not None:
                self._put(step.story, following)
        return outside

    def _take(self, db: Session, step: _Step) -> datetime | Outside | None:
        try:
            with db.begin_nested():
                return next_of(step.story, step.outcome)
        except Refusal as refusal:
            self.refused.append(f"{refusal.key} in {getattr(step.story, '__name__', 'a story')}")
            log.warning("a story ended: %s", self.refused[-1])
            return None


def next_of(story: Story, outcome: Any) -> datetime | Outside | None:
    """What the story yields next; None where it is over (no exception: what it wrote last is kept)."""
    try:
        return story.send(outcome)
    except StopIteration:
        return None
