"""The workers that check files: the same verdicts, and nothing that a file does to them reaches the bot."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio

from bot.core.refusals import FileRejected
from bot.documents import inspection_pool
from bot.documents.inspection import inspect
from bot.documents.inspection_pool import InspectionPool
from bot.documents.inspection_process import LENGTH, WorkerProcess
from bot.documents.inspection_slots import InspectionSlots
from bot.documents.inspection_worker import run_worker
from tests.support import files, hostile_pdfs
from tests.support.documents import check as checked
from tests.support.hostile_files import SAMPLES, Sample, only_pixels


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one_worker() -> AsyncIterator[InspectionPool]:
    opened = InspectionPool(workers=1)
    yield opened
    await opened.close()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.kind)
async def test_a_hostile_file(sample: Sample, one_worker: InspectionPool) -> None:
    if sample.refusal is not None:
        with pytest.raises(FileRejected) as caught:
            await checked(one_worker, sample.content)
        assert caught.value.key == sample.refusal
    else:
        found = await checked(one_worker, sample.content)
        if found.media_type == "application/pdf":
            hostile_pdfs.does_nothing(found.shown)
        else:
            only_pixels(found.shown)
    # The next file is served, by the same worker or by a new one.
    assert (await checked(one_worker, files.pdf())).pages == 1


def test_a_worker_that_waits_for_a_file_is_not_ended() -> None:
    """Only while it is at one: the next file would find nobody."""
    file, told = files.pdf(), BytesIO()
    run_worker(BytesIO(LENGTH.pack(len(file)) + file), told, {})
    assert b'"media_type": "application/pdf"' in told.getvalue()
    assert signal.alarm(0) == 0


async def test_the_verdict_is_that_of_check(checker: InspectionPool) -> None:
    for data in (files.photo_from_a_phone(), files.png(), files.pdf(2)):
        assert await checked(checker, data) == inspect(data)


@pytest.mark.parametrize(
    ("workers", "idle"), [(1, 1), (inspection_pool.WORKERS, inspection_pool.IDLE_WORKERS)]
)
async def test_many_files_leave_few_idle_workers(workers: int, idle: int) -> None:
    pool = InspectionPool(workers=workers)
    await asyncio.gather(*(checked(pool, files.pdf(), account) for account in range(12)))
    assert len(pool._idle) == idle
    await pool.close()


async def test_a_file_that_kills_its_worker_is_refused_and_the_next_is_taken(checker: InspectionPool) -> None:
    """Its sender waits for the new worker, no other user."""
    for _ in range(2):
        await checked(checker, files.pdf())
        pid = checker._idle[0].pid
        os.kill(pid, signal.SIGSTOP)
        asked = asyncio.create_task(checked(checker, files.pdf()))
        while checker._idle:  # until it has the file
            await asyncio.sleep(0)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(FileRejected) as caught:
            await asked
        assert caught.value.key == "error.damaged_pdf"
    await asyncio.gather(*checker._renewing)
    assert [worker.returncode for worker in checker._idle] == [None]


async def test_a_file_that_hangs_is_refused_and_the_next_is_taken(checker: InspectionPool) -> None:
    await checked(checker, files.pdf())
    stopped = checker._idle[0]
    os.kill(stopped.pid, signal.SIGSTOP)

    limit, checker._time_limit = checker._time_limit, 0.05
    with pytest.raises(FileRejected):
        await checked(checker, files.pdf())
    checker._time_limit = limit

    assert stopped.returncode == -signal.SIGKILL
    assert (await checked(checker, files.pdf())).pages == 1


async def test_a_worker_ends_when_the_bot_is_gone(checker: InspectionPool) -> None:
    await checked(checker, files.pdf())
    worker = checker._idle.pop()

    worker.stdin.close()

    assert await asyncio.wait_for(worker.wait(), 90) == 0


async def test_a_worker_gets_no_secrets(monkeypatch: pytest.MonkeyPatch, checker: InspectionPool) -> None:
    monkeypatch.setenv("SECRET_KEY", "do not hand me on")
    await checked(checker, files.pdf())

    with open(f"/proc/{checker._idle[0].pid}/environ", "rb") as environment:
        assert b"SECRET_KEY" not in environment.read()


async def test_giving_up_leaves_no_worker(checker: InspectionPool, monkeypatch: pytest.MonkeyPatch) -> None:
    at_the_file: list[WorkerProcess] = []
    ask = WorkerProcess.ask

    def noted(worker: WorkerProcess, data: bytes) -> Any:
        at_the_file.append(worker)
        return ask(worker, data)

    monkeypatch.setattr(WorkerProcess, "ask", noted)
    task = asyncio.create_task(checked(checker, files.slow_pdf(90_000)))
    while not at_the_file:  # before, it would only wait for the next file
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # Another one is being made ready for the next file.
    assert (await checked(checker, files.pdf())).pages == 1
    worker = at_the_file[0]
    async with asyncio.timeout(90):
        while worker.returncode is None:
            await asyncio.sleep(0.01)


async def test_a_worker_that_was_ended_while_it_waited_costs_nobody_a_file(checker: InspectionPool) -> None:
    """The system ends processes when it is short of memory; that is not the fault of the next file."""
    await checked(checker, files.pdf())
    worker = checker._idle[0]
    worker.kill()
    await worker.wait()

    assert (await checked(checker, files.pdf())).pages == 1


async def test_a_file_that_takes_too_long_is_refused_with_what_to_do_and_the_next_is_taken() -> None:
    checker = InspectionPool(workers=1, time_limit=0.3)

    with pytest.raises(FileRejected) as caught:
        await checked(checker, files.slow_pdf(90_000))

    assert caught.value.key == "error.slow_file"
    checker._time_limit = inspection_pool.TIME_LIMIT
    assert (await checked(checker, files.pdf())).pages == 1
    await checker.close()


@pytest.mark.parametrize(
    ("used", "slow", "others_wait", "gives_way"),
    [
        (0.7, False, True, True),
        (0.69, False, True, False),
        (0.7, True, True, False),
        (0.7, False, False, False),
    ],
)
async def test_a_file_that_takes_long_gives_way_once_where_others_wait(
    used: float, slow: bool, others_wait: bool, gives_way: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent = iter([0.0])
    monkeypatch.setattr(inspection_pool, "_cpu", lambda worker: next(spent, used))
    monkeypatch.setattr(inspection_pool, "_LOOK", 0)
    monkeypatch.setattr(InspectionSlots, "contended", property(lambda slots: others_wait))
    slot: Any = SimpleNamespace(account_id=1, slow=slow)
    asking = asyncio.get_running_loop().create_future()
    worker: Any = None
    watching = asyncio.create_task(InspectionPool()._watch(slot, worker, asking))
    if gives_way:
        with pytest.raises(inspection_pool.Preempted):
            await watching
        return
    for _ in range(20):
        await asyncio.sleep(0)
    assert not watching.done()
    asking.set_result(None)
    await watching


async def test_a_worker_that_does_not_become_ready_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    class Silent:
        @staticmethod
        async def start() -> Any:
            return Silent()

        async def isolation(self) -> dict[str, bool]:
            raise EOFError("it crashed")

        def kill(self) -> None:
            ended.append("killed")

        async def wait(self) -> None:
            ended.append("gone")

    monkeypatch.setattr(inspection_pool, "WorkerProcess", Silent)
    with pytest.raises(EOFError, match="it crashed"):
        await inspection_pool._start()
    assert ended == ["killed", "gone"]


async def test_a_worker_that_does_not_start_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails() -> None:
        raise OSError("no memory for a process")

    pool = InspectionPool(workers=1)
    with monkeypatch.context() as short_of_memory:
        short_of_memory.setattr(inspection_pool, "_start", fails)
        with pytest.raises(OSError, match="no memory"):
            await checked(pool, files.pdf())
    assert (await checked(pool, files.pdf())).pages == 1
    await pool.close()
