"""Turns at the checkers: who sends much, or what takes long, does not keep others waiting."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Hashable
from pathlib import Path

import pytest

from bot.core.refusals import Throttled
from bot.documents import inspection_turns
from bot.documents.blob_store import FolderStore
from bot.documents.encryption import DocumentCipher
from bot.documents.inspection_pool import OF_MESSENGER, SLICE, WORKERS, Checker
from bot.documents.library import DocumentLibrary
from storage.enums import Messenger
from tests.support import made_files
from tests.support.inspection import given

STRANGER = 999
#: More than a slice of CPU, less than the limit.
SLOW = made_files.slow_pdf(30_000)


@pytest.fixture
async def checker() -> AsyncIterator[Checker]:
    opened = Checker()
    yield opened
    await opened.close()


@pytest.fixture
def papers(checker: Checker, tmp_path: Path) -> DocumentLibrary:
    return DocumentLibrary(FolderStore(tmp_path / "files"), DocumentCipher("secret"), checker)


class Content(bytes):
    """Says when it leaves the memory."""

    watched: Watched

    def __del__(self) -> None:
        self.watched.held -= 1


class Watched:
    """Uploads: what was fetched, how many files were in memory at once, who was done when."""

    def __init__(self) -> None:
        self.held = self.most = 0
        self.fetched: Counter[int] = Counter()
        self.done: list[int] = []

    async def upload(
        self,
        papers: DocumentLibrary,
        account: int,
        data: bytes,
        *,
        wait: asyncio.Event | None = None,
        side: Hashable = None,
    ) -> None:
        async def fetch() -> bytes:
            self.fetched[account] += 1
            content = Content(data)
            content.watched = self
            self.held += 1
            self.most = max(self.most, self.held)
            if wait is not None:
                await wait.wait()
            return content

        await papers.take(account, fetch, None, side=side)
        self.done.append(account)


async def all_of(*work: Awaitable[None]) -> None:
    await asyncio.gather(*work)


async def test_a_stranger_passes_many_slow_files_of_one_account(papers: DocumentLibrary) -> None:
    watched = Watched()

    async def sends_on() -> None:
        for _ in range(4):
            await watched.upload(papers, 1, SLOW)

    attack = [asyncio.create_task(sends_on()) for _ in range(inspection_turns.MOST_WAITING)]
    while not watched.fetched[1]:
        await asyncio.sleep(0.01)
    await watched.upload(papers, STRANGER, made_files.pdf())

    assert watched.done[-1] == STRANGER
    assert len(watched.done) <= 2, "the stranger waited for the flood"
    assert watched.fetched[1] <= 2, "more than one file of an account was in memory"
    for task in attack:
        task.cancel()
    await asyncio.gather(*attack, return_exceptions=True)


async def test_a_stranger_passes_slow_files_of_more_accounts_than_there_are_checkers(
    papers: DocumentLibrary,
) -> None:
    watched = Watched()
    accounts = range(1, 3 * WORKERS)

    async def sends_on(account: int) -> None:
        while True:
            await watched.upload(papers, account, SLOW)

    attack = [asyncio.create_task(sends_on(account)) for account in accounts]
    while sum(watched.fetched.values()) < WORKERS:
        await asyncio.sleep(0.01)
    await watched.upload(papers, STRANGER, made_files.pdf())
    # Each of them may have begun once; hardly one has come to its end.
    first = len(watched.done) - 1
    assert first <= 2
    assert max(watched.fetched.values()) <= 2
    # Known as slow they share one checker, and somebody else finds another one free.
    for _ in range(3):
        before = len(watched.done)
        await watched.upload(papers, STRANGER, made_files.pdf())
        assert len(watched.done) - before <= 2
    assert watched.most <= WORKERS, "files waited in memory"
    for task in attack:
        task.cancel()
    await asyncio.gather(*attack, return_exceptions=True)


async def test_a_slow_file_that_gave_way_is_taken_in_the_end(papers: DocumentLibrary) -> None:
    watched = Watched()
    await all_of(*(watched.upload(papers, account, SLOW) for account in range(WORKERS + 1)))

    assert sorted(watched.done) == list(range(WORKERS + 1))


async def test_whoever_waits_holds_nothing_in_memory(papers: DocumentLibrary) -> None:
    watched, gate = Watched(), asyncio.Event()
    uploads = [
        asyncio.create_task(watched.upload(papers, account, made_files.pdf(), wait=gate))
        for account in range(40)
    ]
    while watched.held < OF_MESSENGER:
        await asyncio.sleep(0.01)
    assert watched.most <= WORKERS
    gate.set()
    await asyncio.gather(*uploads)
    assert watched.most <= WORKERS
    assert len(watched.done) == 40


async def test_accounts_take_turns(papers: DocumentLibrary) -> None:
    """Whoever sends one file does not wait for all files of who sends many, whatever was there first."""
    watched, gate = Watched(), asyncio.Event()
    first = [
        asyncio.create_task(watched.upload(papers, account, made_files.pdf(), wait=gate))
        for account in range(WORKERS)
    ]
    while watched.held < OF_MESSENGER:
        await asyncio.sleep(0.01)
    many = [
        asyncio.create_task(watched.upload(papers, account, made_files.pdf()))
        for account in (50, 50, 50, 50, 51, 51, 51, 51)
    ]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    last = asyncio.create_task(watched.upload(papers, STRANGER, made_files.pdf()))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*first, *many, last)
    after = watched.done[watched.done.index(STRANGER) :]
    assert after.count(50) >= 1
    assert after.count(51) >= 1


async def test_more_waiting_uploads_of_one_account_than_a_few_are_refused_and_the_others_taken(
    papers: DocumentLibrary,
) -> None:
    watched, gate = Watched(), asyncio.Event()
    first = asyncio.create_task(watched.upload(papers, 1, made_files.pdf(), wait=gate))
    while not watched.held:
        await asyncio.sleep(0.01)
    waiting = [
        asyncio.create_task(watched.upload(papers, 1, made_files.pdf()))
        for _ in range(inspection_turns.MOST_WAITING)
    ]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(Throttled) as caught:
        await watched.upload(papers, 1, made_files.pdf())
    assert caught.value.key == "error.uploads_waiting"
    gate.set()
    await asyncio.gather(first, *waiting)
    await watched.upload(papers, 1, made_files.pdf())
    assert watched.done == [1] * (inspection_turns.MOST_WAITING + 2)


async def test_a_messenger_whose_downloads_hang_leaves_the_other_one_a_checker(
    papers: DocumentLibrary,
) -> None:
    watched, never = Watched(), asyncio.Event()
    hanging = [
        asyncio.create_task(
            watched.upload(papers, account, made_files.pdf(), wait=never, side=Messenger.TELEGRAM)
        )
        for account in range(20)
    ]
    while watched.held < OF_MESSENGER:
        await asyncio.sleep(0.01)

    await watched.upload(papers, STRANGER, made_files.pdf(), side=Messenger.BALE)

    assert watched.done == [STRANGER]
    for task in hanging:
        task.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)
    # Nothing of those who gave up is left behind.
    await watched.upload(papers, 3, made_files.pdf(), side=Messenger.TELEGRAM)
    assert papers._checker._turns._waiting == {}
    assert papers._checker._turns._taken == {}


async def test_who_gives_up_frees_the_place_for_the_next(papers: DocumentLibrary) -> None:
    watched, gate = Watched(), asyncio.Event()
    uploads = [asyncio.create_task(watched.upload(papers, 1, made_files.pdf(), wait=gate)) for _ in range(3)]
    while not watched.held:
        await asyncio.sleep(0.01)
    uploads[0].cancel()
    uploads[1].cancel()
    gate.set()
    await asyncio.gather(*uploads, return_exceptions=True)
    assert watched.done == [1]


async def test_a_slow_account_is_served_alone_and_not_for_ever_slow(
    papers: DocumentLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SLICE < 2
    queue = papers._checker._turns
    await papers.take(1, given(SLOW), None)
    assert queue.is_slow(1)
    assert not queue.is_slow(2)
    monkeypatch.setattr(inspection_turns, "SLOW_FOR", -1.0)
    queue.mark_slow(1)
    assert not queue.is_slow(1)
