"""A simulated officer, with the effects that the database is expected to hold, and the work that waits for experts."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from storage.enums import ContractState, CooperationState, RequestState
from tests.crash.retrying_person import RetryingPerson
from tests.support.bot_process import Credentials

FIRST_NAMES = "سارا مینا لیلا نرگس زهرا مریم فاطمه الهام شیرین پریسا رضا حسین مهدی حمید کامران بهرام"
LAST_NAMES = "کریمی رستمی اکبری شریفی مرادی صالحی کاظمی محمدی جعفری نوروزی حیدری صادقی رحیمی سلیمی"


def names(rng: random.Random) -> Iterator[tuple[str, str]]:
    """First and last names, none twice and none a part of another."""
    every = list(itertools.product(FIRST_NAMES.split(), LAST_NAMES.split()))
    rng.shuffle(every)
    yield from every


@dataclass(slots=True)
class ExpectedEffects:
    """Audit events, and the pushes that they cause. Noted once the user saw that it was done."""

    #: "subject.event" → how often.
    events: Counter[str] = field(default_factory=Counter)
    #: Kind of push → rows of the outbox.
    pushes: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True, eq=False)
class Officer:
    scenario: str
    first: str
    last: str
    rng: random.Random
    #: The phone in use, and every phone on which the account is used.
    here: RetryingPerson
    phones: list[RetryingPerson]
    expected: ExpectedEffects = field(default_factory=ExpectedEffects)
    national_code: str = ""
    credentials: Credentials = field(default_factory=lambda: Credentials("", ""))
    #: Pushes were looked for up to here, by the messenger's clock.
    heard: int = 0
    #: Expected states of the requests, in order.
    requests: list[RequestState] = field(default_factory=list)
    cooperations: list[CooperationState] = field(default_factory=list)
    contracts: list[ContractState] = field(default_factory=list)
    #: Answers of the draft that is left.
    draft: dict[str, Any] | None = None
    #: Expected SMS: to whom, and words of it.
    sms: list[tuple[str, str]] = field(default_factory=list)
    finished: bool = False

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def mobile(self) -> str:
        return self.here.user.phone or ""

    def expect(self, *events: str, push: str = "", rows: int | None = None) -> None:
        """Audit events, and a push to every phone of this officer, or so many rows of it."""
        self.expected.events.update(events)
        if push:
            self.expected.pushes[push] += len(self.phones) if rows is None else rows

    def last_messages(self, lines: int = 16) -> str:
        """The end of each chat, for a failure's message."""
        told = [f"{self.name} ({self.scenario}), {dict(self.expected.events)}"]
        for phone in self.phones:
            told.append(f"── {phone!r}")
            told += [f"{'bot' if one.from_bot else 'me '} {one}" for one in phone.history()[-lines:]]
        return "\n".join(told)


@dataclass(slots=True, eq=False)
class Task:
    """A request for the experts of a university: whose, and what they decide."""

    officer: Officer
    code: str
    decision: str
    #: Who must decide; the one who took it once somebody did.
    expert: object | None = None


@dataclass(slots=True)
class University:
    """The queue of its experts. A task is taken by one of them."""

    province: str
    city: str
    code: str
    _tasks: list[Task] = field(default_factory=list)
    _closed: bool = False
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def put(self, task: Task) -> None:
        async with self._changed:
            self._tasks.append(task)
            self._changed.notify_all()

    async def take(self, expert: object) -> Task | None:
        """The next task for this expert; None when none will come."""
        async with self._changed:
            while True:
                mine = next((one for one in self._tasks if one.expert in (None, expert)), None)
                if mine is not None:
                    self._tasks.remove(mine)
                    mine.expert = expert
                    return mine
                if self._closed:
                    return None
                await self._changed.wait()

    async def close(self) -> None:
        async with self._changed:
            self._closed = True
            self._changed.notify_all()
