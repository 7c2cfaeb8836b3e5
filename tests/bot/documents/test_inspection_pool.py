"""The workers that check files: the same verdicts, and nothing that a file does to them reaches the bot."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest

from bot.core.refusals import FileRejected
from bot.documents import inspection_pool as checkers
from bot.documents.inspection import check
from bot.documents.inspection_pool import Checker
from tests.support import made_files
from tests.support.inspection import check as checked


@pytest.fixture
async def checker() -> AsyncIterator[Checker]:
    opened = Checker(workers=1)
    yield opened
    await opened.close()


async def test_the_verdict_is_that_of_check(checker: Checker) -> None:
    for data in (made_files.photo_from_a_phone(), made_files.png(), made_files.pdf(2)):
        assert await checked(checker, data) == check(data)


@pytest.mark.parametrize(
    "data", [b"", b"MZ" * 9000, made_files.with_javascript(), made_files.jpeg()[:15_000]]
)
async def test_a_refusal_keeps_its_sentence(checker: Checker, data: bytes) -> None:
    with pytest.raises(FileRejected) as here:
        check(data)
    with pytest.raises(FileRejected) as there:
        await checked(checker, data)

    assert there.value.key == here.value.key


async def test_one_worker_takes_many_files(checker: Checker) -> None:
    await asyncio.gather(*(checked(checker, made_files.pdf(), account) for account in range(20)))

    assert len(checker._idle) == 1


async def test_a_file_that_kills_its_worker_is_refused_and_the_next_is_taken(checker: Checker) -> None:
    await checked(checker, made_files.pdf())
    os.kill(checker._idle[0].pid, signal.SIGKILL)

    with pytest.raises(FileRejected) as caught:
        await checked(checker, made_files.pdf())

    assert caught.value.key == "error.damaged_pdf"
    assert (await checked(checker, made_files.pdf())).pages == 1


async def test_a_file_that_hangs_is_refused_and_the_next_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    checker = Checker(workers=1, time_limit=30)
    await checked(checker, made_files.pdf())
    os.kill(checker._idle[0].pid, signal.SIGSTOP)
    stopped = checker._idle[0]

    checker._time_limit = 0.05
    with pytest.raises(FileRejected):
        await checked(checker, made_files.pdf())
    checker._time_limit = 30

    assert stopped.returncode == -signal.SIGKILL
    assert (await checked(checker, made_files.pdf())).pages == 1
    await checker.close()


async def test_a_worker_ends_when_the_bot_is_gone(checker: Checker) -> None:
    await checked(checker, made_files.pdf())
    worker = checker._idle.pop()
    assert worker.stdin is not None

    worker.stdin.close()

    assert await asyncio.wait_for(worker.wait(), 20) == 0


async def test_a_worker_gets_no_secrets(monkeypatch: pytest.MonkeyPatch, checker: Checker) -> None:
    monkeypatch.setenv("SECRET_KEY", "do not hand me on")
    await checked(checker, made_files.pdf())

    with open(f"/proc/{checker._idle[0].pid}/environ", "rb") as environment:
        assert b"SECRET_KEY" not in environment.read()


async def test_giving_up_on_a_file_leaves_no_worker_behind(checker: Checker) -> None:
    started = []
    start = checkers._start

    async def noted() -> asyncio.subprocess.Process:
        started.append(await start())
        return started[-1]

    checkers._start = noted
    try:
        task = asyncio.create_task(checked(checker, made_files.slow_pdf(90_000)))
        while not started:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # Another one is being made ready for the next file.
        assert (await checked(checker, made_files.pdf())).pages == 1
    finally:
        checkers._start = start

    assert started[0].returncode is not None


async def test_a_worker_that_was_ended_while_it_waited_costs_nobody_a_file(checker: Checker) -> None:
    """The system ends processes when it is short of memory; that is not the fault of the next file."""
    await checked(checker, made_files.pdf())
    worker = checker._idle[0]
    worker.kill()
    await worker.wait()

    assert (await checked(checker, made_files.pdf())).pages == 1


async def test_a_file_that_takes_too_long_is_refused_with_what_to_do_and_the_next_is_taken() -> None:
    checker = Checker(workers=1, time_limit=0.3)

    with pytest.raises(FileRejected) as caught:
        await checked(checker, made_files.slow_pdf(90_000))

    assert caught.value.key == "error.slow_file"
    assert (await checked(checker, made_files.pdf())).pages == 1
    await checker.close()


async def test_a_file_that_ended_its_worker_leaves_another_one_ready(checker: Checker) -> None:
    """Its sender pays for the new one, nobody else."""
    await checked(checker, made_files.pdf())
    os.kill(checker._idle[0].pid, signal.SIGKILL)
    with pytest.raises(FileRejected):
        await checked(checker, made_files.pdf())

    await asyncio.gather(*checker._renewing)

    assert [worker.returncode for worker in checker._idle] == [None]


async def test_idle_workers_beyond_a_few_do_not_stay() -> None:
    checker = Checker()
    await asyncio.gather(*(checked(checker, made_files.pdf(), account) for account in range(12)))

    assert len(checker._idle) == checkers.KEPT
    await checker.close()
