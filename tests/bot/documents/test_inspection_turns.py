"""Turns at the checkers: who sends much, or what takes long, does not keep others waiting."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from functools import cached_property
from pathlib import Path

import pytest

from bot.core.refusals import Throttled
from bot.documents import inspection_slots
from bot.documents.blob_store import FolderStore
from bot.documents.encryption import DocumentCipher
from bot.documents.inspection_pool import OF_MESSENGER, SLICE, WORKERS, InspectionPool
from bot.documents.inspection_slots import MOST_WAITING
from bot.documents.library import DocumentLibrary
from storage.enums import Messenger
from tests.support import files
from tests.support.documents import given

STRANGER = 999
#: More than a slice of CPU, less than the limit.
SLOW = files.slow_pdf(30_000)


class Content(bytes):
    """Says when it leaves the memory."""

    uploads: Uploads

    def __del__(self) -> None:
        self.uploads.held -= 1


class Uploads:
    """Uploads into one library: what was fetched, how many files were in memory at once, who was done when."""

    def __init__(self, library: DocumentLibrary) -> None:
        self.library = library
        self.held = self.most = 0
        self.fetched: Counter[int] = Counter()
        self.done: list[int] = []

    @cached_property
    def gate(self) -> asyncio.Event:
        """What downloads with `hangs=True` wait for."""
        return asyncio.Event()

    async def upload(
        self, account: int, data: bytes | None = None, *, hangs: bool = False, side: Hashable = None
    ) -> None:
        async def fetch() -> bytes:
            self.fetched[account] += 1
            content = Content(data or files.pdf())
            content.uploads = self
            self.held += 1
            self.most = max(self.most, self.held)
            if hangs:
                await self.gate.wait()
            return content

        await self.library.store_upload(account, fetch, None, side=side)
        self.done.append(account)

    def begin(
        self, accounts: Iterable[int], *, hangs: bool = False, side: Hashable = None
    ) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(self.upload(one, hangs=hangs, side=side)) for one in accounts]


@pytest.fixture
def uploads(checker: InspectionPool, tmp_path: Path) -> Uploads:
    return Uploads(DocumentLibrary(FolderStore(tmp_path / "files"), DocumentCipher("secret"), checker))


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


async def end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_stranger_passes_many_slow_files_of_one_account(uploads: Uploads) -> None:
    async def sends_on() -> None:
        for _ in range(4):
            await uploads.upload(1, SLOW)

    attack = [asyncio.create_task(sends_on()) for _ in range(MOST_WAITING)]
    await until(lambda: bool(uploads.fetched[1]))
    await uploads.upload(STRANGER)

    assert uploads.done[-1] == STRANGER
    assert len(uploads.done) <= 2, "the stranger waited for the flood"
    assert uploads.fetched[1] <= 2, "more than one file of an account was in memory"
    await end(attack)


@pytest.mark.campaign
async def test_a_stranger_passes_slow_files_of_more_accounts_than_there_are_checkers(
    uploads: Uploads,
) -> None:
    async def sends_on(account: int) -> None:
        while True:
            await uploads.upload(account, SLOW)

    attack = [asyncio.create_task(sends_on(account)) for account in range(1, 3 * WORKERS)]
    await until(lambda: uploads.fetched.total() >= WORKERS)
    await uploads.upload(STRANGER)
    # Each of them may have begun once; hardly one has come to its end.
    assert len(uploads.done) - 1 <= 2
    assert max(uploads.fetched.values()) <= 2
    # Known as slow they share one checker, and somebody else finds another one free.
    for _ in range(3):
        before = len(uploads.done)
        await uploads.upload(STRANGER)
        assert len(uploads.done) - before <= 2
    assert uploads.most <= WORKERS, "files waited in memory"
    await end(attack)


@pytest.mark.campaign
async def test_a_slow_file_that_gave_way_is_taken_in_the_end(uploads: Uploads) -> None:
    await asyncio.gather(*(uploads.upload(account, SLOW) for account in range(WORKERS + 1)))

    assert sorted(uploads.done) == list(range(WORKERS + 1))


async def test_whoever_waits_holds_nothing_in_memory(uploads: Uploads) -> None:
    tasks = uploads.begin(range(40), hangs=True)
    await until(lambda: uploads.held >= OF_MESSENGER)
    assert uploads.most <= WORKERS
    uploads.gate.set()
    await asyncio.gather(*tasks)
    assert uploads.most <= WORKERS
    assert len(uploads.done) == 40


async def test_accounts_take_turns(uploads: Uploads) -> None:
    """Whoever sends one file does not wait for all files of who sends many, whatever was there first."""
    first = uploads.begin(range(WORKERS), hangs=True)
    await until(lambda: uploads.held >= OF_MESSENGER)
    many = uploads.begin((50, 50, 50, 50, 51, 51, 51, 51))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    last = uploads.begin([STRANGER])
    await asyncio.sleep(0)
    uploads.gate.set()
    await asyncio.gather(*first, *many, *last)
    after = uploads.done[uploads.done.index(STRANGER) :]
    assert after.count(50) >= 1
    assert after.count(51) >= 1


async def test_more_waiting_uploads_of_one_account_than_a_few_are_refused_and_the_others_taken(
    uploads: Uploads,
) -> None:
    first = uploads.begin([1], hangs=True)
    await until(lambda: bool(uploads.held))
    waiting = uploads.begin([1] * MOST_WAITING)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(Throttled) as caught:
        await uploads.upload(1)
    assert caught.value.key == "error.uploads_waiting"
    uploads.gate.set()
    await asyncio.gather(*first, *waiting)
    await uploads.upload(1)
    assert uploads.done == [1] * (MOST_WAITING + 2)


async def test_a_messenger_whose_downloads_hang_leaves_the_other_one_a_checker(uploads: Uploads) -> None:
    hanging = uploads.begin(range(20), hangs=True, side=Messenger.TELEGRAM)
    await until(lambda: uploads.held >= OF_MESSENGER)

    await uploads.upload(STRANGER, side=Messenger.BALE)

    assert uploads.done == [STRANGER]
    await end(hanging)
    # Nothing of those who gave up is left behind.
    await uploads.upload(3, side=Messenger.TELEGRAM)
    assert uploads.library._inspection._slots._waiting == {}
    assert uploads.library._inspection._slots._taken == {}


async def test_who_gives_up_frees_the_place_for_the_next(uploads: Uploads) -> None:
    tasks = uploads.begin([1] * 3, hangs=True)
    await until(lambda: bool(uploads.held))
    for task in tasks[:2]:
        task.cancel()
    uploads.gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert uploads.done == [1]


async def test_a_slow_account_is_served_alone_and_not_for_ever_slow(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SLICE < 2
    queue = uploads.library._inspection._slots
    await uploads.library.store_upload(1, given(SLOW), None)
    assert queue.is_slow(1)
    assert not queue.is_slow(2)
    monkeypatch.setattr(inspection_slots, "SLOW_FOR", -1.0)
    queue.mark_slow(1)
    assert not queue.is_slow(1)
