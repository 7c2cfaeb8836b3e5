"""Files are drawn one after the other in a thread of their own, and only so many wait: drawing takes CPU that
everybody shares."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bot.core.refusals import Unavailable

#: Accounts whose files wait or are drawn at a time, in this process; each has one.
MAX_WAITING = 32


class DrawingQueue:
    """First come, first served; one file of an account at a time."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, "drawing")
        self._accounts: set[int] = set()

    async def draw(self, account_id: int, work: Callable[[], bytes]) -> bytes:
        """What `work` returns. Raises Unavailable("error.drawing_busy") where this account's file is being
        made already, or too many wait."""
        if account_id in self._accounts or len(self._accounts) >= MAX_WAITING:
            raise Unavailable("error.drawing_busy")
        self._accounts.add(account_id)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._worker, work)
        finally:
            self._accounts.discard(account_id)


#: Of this process.
DRAWING = DrawingQueue()
