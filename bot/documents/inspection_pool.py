"""Inspects files in separate processes: a file that hangs, crashes or eats memory affects only its sender.

A thread would not do: it cannot be ended, and parsing a PDF in Python holds the interpreter while others
wait. A process for every file would cost a third of a second of imports. So a few workers stay, take one file
after the other through a pipe, and are killed when one takes too long. They get no secrets, no network
clients and a bounded memory.

Who uploads reserves a worker first (`InspectionPool.reserve_worker`) and fetches the file only then; a worker
that has to be started starts meanwhile. Times of a check are seconds of CPU where the system tells them: a
busy machine makes no file slow.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.core.refusals import FileRejected
from bot.documents.file_types import InspectedFile, check_without_decoding, damaged_refusal
from bot.documents.inspection_process import WorkerProcess
from bot.documents.inspection_slots import InspectionSlot, InspectionSlots

#: Seconds of CPU for one file, and how many times as long it may take by the clock.
TIME_LIMIT = 5.0
BY_THE_CLOCK = 4
#: Seconds of CPU after which a check gives way to others, and its account counts as slow.
SLICE = 0.7
WORKERS = 4
#: Of these for accounts whose files take long; and for one messenger, whose downloads may hang.
SLOW, OF_MESSENGER = 1, 3
#: Idle workers that stay.
IDLE_WORKERS = 2

_LOOK, _START = 0.1, 60.0


class Preempted(Exception):
    """The check took its share and others wait: give the turn back, and take the next one."""


class ReservedWorker:
    """A reserved worker, for one file."""

    def __init__(
        self, pool: InspectionPool, slot: InspectionSlot, worker: asyncio.Task[WorkerProcess]
    ) -> None:
        self._pool, self._slot, self._worker = pool, slot, worker

    async def inspect(self, data: bytes) -> InspectedFile:
        """Raises FileRejected with the sentence for the officer, or Preempted."""
        return await self._pool._inspect(self._slot, self._worker, data)


class InspectionPool:
    """Belongs to the loop it is used on. Close it at the end."""

    def __init__(self, *, workers: int = WORKERS, time_limit: float = TIME_LIMIT) -> None:
        self._slots = InspectionSlots(workers, slow=min(SLOW, workers), of_side=min(OF_MESSENGER, workers))
        self._idle: list[WorkerProcess] = []
        self._renewing: set[asyncio.Task[None]] = set()
        self._workers, self._time_limit = workers, time_limit
        #: What the last worker that was started can no longer do (bot.documents.worker_isolation).
        self.isolation: dict[str, bool] = {}

    @asynccontextmanager
    async def reserve_worker(self, account_id: int, side: Hashable = None) -> AsyncIterator[ReservedWorker]:
        """Reserve a worker for a file of this account; `side` is the messenger that it is fetched from. Waits
        for its turn. Raises Throttled where too many uploads of this account wait."""
        async with self._slots.wait_for_slot(account_id, side) as slot:
            worker = asyncio.create_task(self._idle_or_new_worker())
            try:
                yield ReservedWorker(self, slot, worker)
            finally:
                await self._give_back(worker)

    async def close(self) -> None:
        for task in list(self._renewing):
            task.cancel()
        await asyncio.gather(*self._renewing, return_exceptions=True)
        while self._idle:
            await _stop(self._idle.pop())

    async def _inspect(
        self, slot: InspectionSlot, starting: asyncio.Task[WorkerProcess], data: bytes
    ) -> InspectedFile:
        media_type = check_without_decoding(data)
        worker = await asyncio.shield(starting)
        asking = worker.ask(data)
        try:
            await self._watch(slot, worker, asking)
            answer, shown, preview = asking.result()
        except (OSError, EOFError):
            # Crashed, or out of memory over this file.
            await self._replace(worker)
            raise damaged_refusal(media_type) from None
        except BaseException:
            asking.cancel()  # its thread ends with the worker
            await self._replace(worker)
            raise
        if "rejected" in answer:
            raise FileRejected(answer["rejected"])
        remarks = tuple(answer.pop("remarks"))
        return InspectedFile(shown=shown or data, preview=preview or None, remarks=remarks, **answer)

    async def _watch(self, slot: InspectionSlot, worker: WorkerProcess, asking: asyncio.Future[Any]) -> None:
        """Until the answer is there. Raises FileRejected past the limit, Preempted where others wait for a
        slow file."""
        begun, spent = time.monotonic(), _cpu(worker)
        while True:
            done, _ = await asyncio.wait({asking}, timeout=min(_LOOK, self._time_limit))
            used, late = _cpu(worker) - spent, time.monotonic() - begun
            if used >= SLICE:
                self._slots.mark_slow(slot.account_id)
            if done:
                return
            if used >= self._time_limit or late >= self._time_limit * BY_THE_CLOCK:
                raise FileRejected("error.slow_file")
            if used >= SLICE and not slot.slow and self._slots.contended:
                raise Preempted

    async def _idle_or_new_worker(self) -> WorkerProcess:
        """A worker that waits; one that was ended meanwhile (by a system short of memory) is no reason to
        refuse a file."""
        while self._idle or self._renewing:
            if not self._idle:
                await asyncio.wait(self._renewing, return_when=asyncio.FIRST_COMPLETED)
            worker = self._idle.pop() if self._idle else None
            if worker is not None and worker.returncode is None:
                return worker
        return await self._start()

    async def _give_back(self, starting: asyncio.Task[WorkerProcess]) -> None:
        (worker,) = await asyncio.gather(starting, return_exceptions=True)
        if isinstance(worker, BaseException) or worker.returncode is not None:
            return
        if len(self._idle) < IDLE_WORKERS:
            self._idle.append(worker)
        else:
            await _stop(worker)

    async def _replace(self, worker: WorkerProcess) -> None:
        """End a worker. Another one is started at once, so that the next file need not wait for that."""
        await _stop(worker)
        if len(self._idle) + len(self._renewing) < self._workers:
            task = asyncio.create_task(self._renew())
            self._renewing.add(task)
            task.add_done_callback(self._renewing.discard)

    async def _start(self) -> WorkerProcess:
        worker, self.isolation = await _start()
        return worker

    async def _renew(self) -> None:
        with contextlib.suppress(OSError, TimeoutError, EOFError):
            self._idle.append(await self._start())


async def _start() -> tuple[WorkerProcess, dict[str, bool]]:
    """A worker that is ready (its imports are done), and what it can no longer do."""
    worker = await WorkerProcess.start()
    try:
        async with asyncio.timeout(_START):
            return worker, await worker.isolation()
    except BaseException:
        await _stop(worker)
        raise


async def _stop(worker: WorkerProcess) -> None:
    with contextlib.suppress(ProcessLookupError):
        worker.kill()
    await asyncio.shield(worker.wait())


def _cpu(worker: WorkerProcess) -> float:
    """Seconds of CPU that a worker has used; seconds of the clock where the system does not tell."""
    try:
        fields = Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return time.monotonic()
    return (int(fields[11]) + int(fields[12])) / _TICKS


_TICKS = os.sysconf("SC_CLK_TCK")
