"""Somebody's life with the service, and the book of what they did and are to be told."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from storage.enums import ContractState, CooperationState, RequestState
from tests.crash.patient import Patient
from tests.support.bot_process import Credentials

_FIRST = [
    "سارا",
    "مینا",
    "لیلا",
    "نرگس",
    "زهرا",
    "مریم",
    "فاطمه",
    "الهام",
    "شیرین",
    "پریسا",
    "رضا",
    "حسین",
    "مهدی",
    "علی",
    "حمید",
    "کامران",
    "بهرام",
    "آرش",
    "پویا",
    "نوید",
    "سینا",
    "بابک",
    "فرهاد",
    "داریوش",
    "کیان",
]
_LAST = [
    "کریمی",
    "رستمی",
    "اکبری",
    "شریفی",
    "مرادی",
    "صالحی",
    "کاظمی",
    "محمدی",
    "جعفری",
    "نوروزی",
    "حیدری",
    "صادقی",
    "رحیمی",
    "سلیمی",
    "یزدانی",
    "بهرامی",
    "قاسمی",
    "موسوی",
    "طاهری",
    "فتحی",
    "زمانی",
    "احمدی",
]


def names(rng: random.Random) -> Iterator[tuple[str, str]]:
    """First and last names, none twice and none a part of another."""
    every = list(itertools.product(_FIRST, _LAST))
    rng.shuffle(every)
    yield from every


@dataclass(slots=True)
class Book:
    """What was done, as audit events, and the pushes that it causes. Written when whoever did it saw that it was done."""

    #: "subject.event" → how often.
    deeds: Counter[str] = field(default_factory=Counter)
    #: Kind of push → rows of the outbox.
    told: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True, eq=False)
class Life:
    kind: str
    first: str
    last: str
    rng: random.Random
    #: The phone in hand, and every phone the account is used on.
    here: Patient
    phones: list[Patient]
    book: Book = field(default_factory=Book)
    national_code: str = ""
    credentials: Credentials = field(default_factory=lambda: Credentials("", ""))
    #: What has been heard so far, by the messenger's clock.
    heard: int = 0
    #: Of the requests, in order; the same of cooperation.
    requests: list[RequestState] = field(default_factory=list)
    cooperations: list[CooperationState] = field(default_factory=list)
    contracts: list[ContractState] = field(default_factory=list)
    #: Answers of the draft that they leave behind.
    draft: dict[str, Any] | None = None
    #: The SMS that this life causes: to whom, and words of it.
    sms: list[tuple[str, str]] = field(default_factory=list)
    over: bool = False

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def mobile(self) -> str:
        return self.here.user.phone or ""

    def did(self, *deeds: str) -> None:
        self.book.deeds.update(deeds)

    def is_told(self, kind: str, *, rows: int | None = None) -> None:
        """A push to every phone of this officer, or so many to somebody else."""
        self.book.told[kind] += len(self.phones) if rows is None else rows

    def tail(self, lines: int = 16) -> str:
        """The end of what was said on each phone: for whoever must find out what went wrong."""
        told = [f"{self.name} ({self.kind}), {dict(self.book.deeds)}"]
        for phone in self.phones:
            told.append(f"── {phone!r}")
            told += [f"{'bot' if one.from_bot else 'me '} {one}" for one in phone.history()[-lines:]]
        return "\n".join(told)

    def request_becomes(self, state: RequestState) -> None:
        self.requests[-1] = state


@dataclass(slots=True, eq=False)
class File:
    """Something for the experts of a university: whose, and what becomes of it."""

    life: Life
    code: str
    verdict: str
    #: Who must decide; the one who took it once somebody did.
    expert: object | None = None


@dataclass(slots=True)
class University:
    """What waits for its experts. A file is taken by one of them."""

    province: str
    city: str
    code: str
    _files: list[File] = field(default_factory=list)
    _closed: bool = False
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def put(self, file: File) -> None:
        async with self._changed:
            self._files.append(file)
            self._changed.notify_all()

    async def take(self, expert: object) -> File | None:
        """The next file for this expert; None when none will come."""
        async with self._changed:
            while True:
                mine = next((one for one in self._files if one.expert in (None, expert)), None)
                if mine is not None:
                    self._files.remove(mine)
                    mine.expert = expert
                    return mine
                if self._closed:
                    return None
                await self._changed.wait()

    async def close(self) -> None:
        async with self._changed:
            self._closed = True
            self._changed.notify_all()
