"""One first-in-first-out queue a chat; people do not wait for each other (docs/performance.md 5)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from contextvars import ContextVar

log = logging.getLogger(__name__)

Job = Callable[[], Awaitable[None]]

#: The chat queue of the present task, and what it is counted with.
_KEY: ContextVar[Hashable] = ContextVar("key")
_SIDE: ContextVar[Hashable] = ContextVar("side")
#: Jobs of one messenger that run at a time.
AT_ONCE = 64
#: Jobs behind chat queues that wait for their chat count only from so many times the limit on.
_PAUSED_TOO = 4


def _side(key: Hashable) -> Hashable:
    """The messenger of a chat queue: one that hangs fills its own slots and does not delay people on the
    other."""
    return key[0] if isinstance(key, tuple) else None


class Lanes:
    """Jobs of one key run one after another, different keys side by side, at most `at_once` of each messenger
    at a time. A key is (messenger, chat).

    A chat queue is a queue and a task while it has work, and nothing otherwise."""

    def __init__(self, *, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._slots: dict[Hashable, asyncio.Semaphore] = {}
        self._queues: dict[Hashable, deque[Job]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sizes: Counter[Hashable] = Counter()
        #: Chat queues whose job waits until its chat may be written to; set when something comes behind it.
        self._paused: dict[Hashable, asyncio.Event] = {}
        self._room = asyncio.Event()
        self._room.set()
        self._stopping = False

    def __len__(self) -> int:
        """Jobs that wait or run."""
        return self._sizes.total()

    @property
    def active(self) -> int:
        """Chat queues that have work."""
        return len(self._queues)

    def waiting(self, key: Hashable) -> int:
        """Jobs of this chat queue, with the running one."""
        return len(self._queues.get(key, ()))

    def put(self, key: Hashable, job: Job) -> None:
        """Add a job at the end of its queue. After `drain` began it is dropped: its row waits in the
        inbox."""
        if self._stopping:
            return
        self._sizes[_side(key)] += 1
        if (queue := self._queues.get(key)) is not None:
            queue.append(job)
            if (newcomer := self._paused.get(key)) is not None:
                newcomer.set()
            return
        self._queues[key] = deque([job])
        task = asyncio.create_task(self._run(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait_until_below(self, limit: int, side: Hashable = None) -> None:
        """Wait while more than `limit` jobs of this messenger are in the chat queues. What waits for a chat
        that must not be written to now does not delay others: it hardly counts."""
        while self._sizes[side] > limit:
            paused = sum(len(self._queues[key]) for key in self._paused if _side(key) == side)
            if self._sizes[side] - paused <= limit and self._sizes[side] <= _PAUSED_TOO * limit:
                return
            self._room.clear()
            await self._room.wait()

    @asynccontextmanager
    async def release_slot(self) -> AsyncIterator[None]:
        """Inside a job: give the slot back while waiting for an external server."""
        slots = self._slots[_SIDE.get()]
        slots.release()
        try:
            yield
        finally:
            await slots.acquire()

    async def pause(self, seconds: float, *, for_newcomer: bool = False) -> bool:
        """Inside a job: give the slot back for so many seconds. With `for_newcomer` no longer than until
        something is behind this job in its chat queue: True where something is."""
        key = _KEY.get()
        if for_newcomer and len(self._queues[key]) > 1:
            return True
        newcomer = self._paused[key] = asyncio.Event()
        self._room.set()
        try:
            async with self.release_slot():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await (newcomer.wait() if for_newcomer else asyncio.sleep(seconds))
        finally:
            del self._paused[key]
        return for_newcomer and len(self._queues[key]) > 1

    async def drain(self, timeout: float) -> bool:
        """Take no more, finish the running job of every chat queue (not those behind it); False where
        `timeout` seconds were not enough and the rest was cancelled."""
        self._stopping = True
        if not self._tasks:
            return True
        _, late = await asyncio.wait(set(self._tasks), timeout=timeout)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return not late

    async def _run(self, key: Hashable) -> None:
        queue, side = self._queues[key], _side(key)
        _KEY.set(key)
        _SIDE.set(side)
        slots = self._slots.setdefault(side, asyncio.Semaphore(self._at_once))
        try:
            while queue and not self._stopping:
                async with slots:
                    try:
                        await queue[0]()
                    except Exception:
                        log.exception("a job failed; its lane goes on")
                queue.popleft()
                self._sizes[side] -= 1
                self._room.set()
        finally:
            self._sizes[side] -= len(queue)
            del self._queues[key]
