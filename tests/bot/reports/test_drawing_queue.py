"""Drawing of files is shared by everybody: bounded, one of an account at a time, first come, first served."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from bot.core.refusals import Unavailable
from bot.reports.drawing_queue import MAX_WAITING, DrawingQueue


class Drawings:
    """A queue whose drawings stand still until `go_on` is set."""

    def __init__(self) -> None:
        self.queue, self.go_on, self.made = DrawingQueue(), threading.Event(), list[int]()

    async def ask(self, account_id: int) -> bytes:
        def work() -> bytes:
            self.go_on.wait(30)
            self.made.append(account_id)
            return b"%d" % account_id

        return await self.queue.draw(account_id, work)


@pytest.fixture
async def drawings() -> AsyncIterator[Drawings]:
    made = Drawings()
    yield made
    made.go_on.set()


async def asked(drawings: Drawings, *accounts: int) -> list[asyncio.Task[bytes]]:
    tasks = [asyncio.create_task(drawings.ask(account)) for account in accounts]
    await asyncio.sleep(0)
    return tasks


async def test_an_account_that_asks_again_and_again_has_one_place(drawings: Drawings) -> None:
    (first,) = await asked(drawings, 1)
    with pytest.raises(Unavailable, match="drawing_busy"):
        await drawings.ask(1)
    (other,) = await asked(drawings, 2)
    drawings.go_on.set()
    assert [await first, await other] == [b"1", b"2"]
    assert await drawings.ask(1) == b"1"


async def test_only_so_many_wait(drawings: Drawings) -> None:
    waiting = await asked(drawings, *range(MAX_WAITING))
    with pytest.raises(Unavailable, match="drawing_busy"):
        await drawings.ask(MAX_WAITING)
    drawings.go_on.set()
    await asyncio.gather(*waiting)
    assert drawings.made == list(range(MAX_WAITING))
    assert await drawings.ask(MAX_WAITING)


async def test_a_drawing_that_fails_frees_its_place(drawings: Drawings) -> None:
    def broken() -> bytes:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await drawings.queue.draw(1, broken)
    drawings.go_on.set()
    assert await drawings.ask(1) == b"1"
