"""Turns at the checkers: who sends much, or what takes long, does not keep others waiting."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.core.refusals import Throttled
from bot.documents import inspection_pool, inspection_slots
from bot.documents.blob_store import FolderStore
from bot.documents.encryption import DocumentCipher
from bot.documents.inspection_pool import OF_MESSENGER, SLICE, WORKERS, InspectionPool
from bot.documents.inspection_slots import MOST_WAITING, SLOW_FOR, InspectionSlots
from bot.documents.library import DocumentLibrary
from storage.enums import Messenger
from tests.support import files

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
async def test_a_stranger_passes_slow_files_of_many_accounts(uploads: Uploads) -> None:
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


async def test_more_than_a_few_waiting_uploads_of_one_account_are_refused(uploads: Uploads) -> None:
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


async def test_a_slow_file_makes_its_account_slow(uploads: Uploads) -> None:
    assert SLICE < 2
    await uploads.upload(1, SLOW)
    slots = uploads.library._inspection._slots
    assert (slots.is_slow(1), slots.is_slow(2)) == (True, False)


#: (account, messenger)
Upload = tuple[int, Messenger]
TELEGRAM, BALE = Messenger.TELEGRAM, Messenger.BALE


@asynccontextmanager
async def asking(turns: InspectionSlots, uploads: Sequence[Upload]) -> AsyncIterator[list[int]]:
    """All of these ask for a turn and keep it; the accounts that have one, in the order in which they got it."""
    having: list[int] = []
    end = asyncio.Event()

    async def upload(account_id: int, messenger: Messenger) -> None:
        async with turns.wait_for_slot(account_id, messenger):
            having.append(account_id)
            await end.wait()

    async with AsyncExitStack() as stack:
        tasks = [asyncio.create_task(upload(*one)) for one in uploads]
        stack.push_async_callback(lambda: asyncio.gather(*tasks))
        stack.callback(end.set)
        for _ in range(3 * len(tasks)):
            await asyncio.sleep(0)
        yield having


@pytest.mark.parametrize(
    ("uploads", "slow", "having"),
    [
        pytest.param(
            [(1, TELEGRAM), (2, BALE), (3, TELEGRAM), (4, BALE), (5, BALE)], [], [1, 2, 3, 4], id="places"
        ),
        pytest.param([(one, TELEGRAM) for one in range(1, 6)], [], [1, 2, 3], id="one messenger"),
        pytest.param(
            [*[(one, TELEGRAM) for one in range(1, 6)], (6, BALE)], [], [1, 2, 3, 6], id="the other messenger"
        ),
        pytest.param([(1, TELEGRAM), (1, BALE), (2, BALE)], [], [1, 2], id="one account"),
        pytest.param([(1, TELEGRAM), (2, BALE), (3, BALE)], [1, 2], [1, 3], id="slow accounts"),
    ],
)
async def test_so_many_have_a_turn_at_once(uploads: list[Upload], slow: list[int], having: list[int]) -> None:
    turns = InspectionSlots(4, slow=1, of_side=3)
    for account_id in slow:
        turns.mark_slow(account_id)

    async with asking(turns, uploads) as granted:
        assert granted == having


async def test_a_turn_that_ends_is_the_next_ones() -> None:
    turns = InspectionSlots(1, slow=1, of_side=1)

    async with turns.wait_for_slot(1):
        waiting = asyncio.create_task(turns.wait_for_slot(2).__aenter__())
        await asyncio.sleep(0)
        assert not waiting.done()
        assert turns.contended

    assert (await waiting).account_id == 2
    assert not turns.contended


async def test_who_gives_up_while_waiting_leaves_the_turn_to_the_next() -> None:
    turns = InspectionSlots(1, slow=1, of_side=1)

    async with turns.wait_for_slot(9):
        first, second, third = (
            asyncio.create_task(turns.wait_for_slot(one).__aenter__()) for one in (1, 1, 2)
        )
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)

    assert (await second).account_id == 1
    assert not third.done()
    third.cancel()
    await asyncio.gather(third, return_exceptions=True)
    assert not turns.contended


async def test_an_account_is_slow_for_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(inspection_slots, "time", SimpleNamespace(monotonic=lambda: now))
    turns = InspectionSlots(2, slow=1, of_side=2)
    turns.mark_slow(1)
    now += SLOW_FOR - 1
    turns.mark_slow(2)
    assert (turns.is_slow(1), turns.is_slow(2), turns.is_slow(3)) == (True, True, False)
    now += 2
    turns.mark_slow(3)
    assert (turns.is_slow(1), turns.is_slow(2), turns.is_slow(3)) == (False, True, True)


def test_the_service_keeps_a_place_for_the_other_messenger_and_for_quick_files() -> None:
    assert (inspection_pool.SLOW, inspection_pool.OF_MESSENGER, inspection_pool.WORKERS) == (1, 3, 4)
    assert (SLOW_FOR, MOST_WAITING) == (600.0, 4)
