"""Inspection slots: how many files may be in memory at once, for all, for one messenger, for slow accounts and for one account."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from types import SimpleNamespace

import pytest

from bot.core.refusals import Throttled
from bot.documents import inspection_pool, inspection_slots
from bot.documents.inspection_slots import MOST_WAITING, SLOW_FOR, InspectionSlots
from storage.enums import Messenger

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


async def test_more_waiting_uploads_of_one_account_are_refused() -> None:
    turns = InspectionSlots(1, slow=1, of_side=1)

    async with asking(turns, [(9, TELEGRAM), *[(1, TELEGRAM)] * MOST_WAITING]) as granted:
        with pytest.raises(Throttled) as refused:
            async with turns.wait_for_slot(1, TELEGRAM):
                pass
        assert refused.value.key == "error.uploads_waiting"
        assert granted == [9]


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
    assert inspection_pool.SLOW < inspection_pool.OF_MESSENGER < inspection_pool.WORKERS
    assert (SLOW_FOR, MOST_WAITING) == (600.0, 4)
