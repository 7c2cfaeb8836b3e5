"""Who may have a file inspected next: accounts take turns, so that none uses all the workers.

A turn is one of a few slots, and only who has one may hold a file in memory. An account has one at a time; an
account whose files took long shares `slow` slots with its like; one messenger cannot take all slots.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.core.refusals import Throttled

#: Seconds for which an account counts as slow after a slow file.
SLOW_FOR = 600.0
#: Uploads of one account that wait, one a chat: a chat's messages come one after the other.
MOST_WAITING = 4


@dataclass(slots=True, eq=False)
class InspectionSlot:
    account_id: int
    side: Hashable
    slow: bool


@dataclass(slots=True)
class _Waiter:
    slot: InspectionSlot
    granted: asyncio.Future[None]


class InspectionSlots:
    """`slots` turns at a time, at most `slow` of them for slow accounts and `of_side` for one messenger.
    Belongs to one loop."""

    def __init__(self, slots: int, *, slow: int, of_side: int) -> None:
        self._slots, self._slow, self._of_side = slots, slow, of_side
        self._taken: dict[int, InspectionSlot] = {}
        #: Whose turn comes first stands first.
        self._waiting: dict[int, deque[_Waiter]] = {}
        self._slow_until: dict[int, float] = {}

    @asynccontextmanager
    async def wait_for_slot(self, account_id: int, side: Hashable = None) -> AsyncIterator[InspectionSlot]:
        """Wait for a slot and hold it. Raises Throttled where too many uploads of this account wait."""
        waiter = _Waiter(InspectionSlot(account_id, side, False), asyncio.get_running_loop().create_future())
        queue = self._waiting.setdefault(account_id, deque())
        if len(queue) >= MOST_WAITING:
            raise Throttled("error.uploads_waiting")
        queue.append(waiter)
        self._grant()
        try:
            await waiter.granted
            yield waiter.slot
        finally:
            if self._taken.get(account_id) is waiter.slot:
                del self._taken[account_id]
            else:
                self._leave(waiter)
            self._grant()

    def mark_slow(self, account_id: int) -> None:
        """This account's files take long: for some minutes it shares the slow slots."""
        now = time.monotonic()
        self._slow_until = {slow_id: until for slow_id, until in self._slow_until.items() if until > now}
        self._slow_until[account_id] = now + SLOW_FOR

    def is_slow(self, account_id: int) -> bool:
        return self._slow_until.get(account_id, 0.0) > time.monotonic()

    @property
    def contended(self) -> bool:
        """Whether a file waits only because no worker is free."""
        return any(
            account_id not in self._taken and not self.is_slow(account_id) for account_id in self._waiting
        )

    def _grant(self) -> None:
        for account_id in list(self._waiting):
            queue = self._waiting[account_id]
            slot = queue[0].slot
            slot.slow = self.is_slow(account_id)
            if not self._has_room(slot):
                continue
            self._taken[account_id] = slot
            waiter = queue.popleft()
            del self._waiting[account_id]
            if queue:
                self._waiting[account_id] = queue
            waiter.granted.set_result(None)

    def _has_room(self, slot: InspectionSlot) -> bool:
        taken = self._taken.values()
        return (
            slot.account_id not in self._taken
            and len(taken) < self._slots
            and sum(other.side == slot.side for other in taken) < self._of_side
            and not (slot.slow and sum(other.slow for other in taken) >= self._slow)
        )

    def _leave(self, waiter: _Waiter) -> None:
        """Given up while waiting."""
        queue = self._waiting.get(waiter.slot.account_id)
        if queue is not None and waiter in queue:
            queue.remove(waiter)
            if not queue:
                del self._waiting[waiter.slot.account_id]
