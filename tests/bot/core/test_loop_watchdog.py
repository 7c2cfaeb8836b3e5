"""What holds the loop is measured and named: meanwhile nobody is served."""

import asyncio
import logging
import time
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from bot.core import loop_watchdog
from bot.core.counters import HOLD_PERIOD, LoopCounters
from bot.core.loop_watchdog import LoopWatchdog, describe
from bot.jobs import clock_guard
from storage.correlation import CORRELATION_ID
from storage.database.database import Database
from storage.database.job_database import JobDatabase
from tests.support.factories.reference_data import NOW


@pytest.fixture
def every_hold_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may hold the loop too, before the test does."""
    monkeypatch.setattr(loop_watchdog, "QUIET", 0.0)


async def watched(watchdog: LoopWatchdog, work: object) -> None:
    """Hold the loop under the watchdog."""
    watching = asyncio.create_task(watchdog.run())
    await asyncio.sleep(0.06)
    work()  # type: ignore[operator]
    await asyncio.sleep(0.1)
    watching.cancel()


@pytest.mark.usefixtures("every_hold_is_told")
async def test_the_job_that_holds_the_loop_is_named_in_the_log(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    jobs = JobDatabase(database)
    counters = LoopCounters()
    watchdog = LoopWatchdog(counters, lambda: jobs.running)

    def hold(db: object) -> None:
        """Until the thread of the watchdog has had its turn."""
        begun = time.monotonic()
        while time.monotonic() - begun < 0.4 or (not watchdog._seen and time.monotonic() - begun < 60):
            time.sleep(0.02)

    watching = asyncio.create_task(watchdog.run())
    await asyncio.sleep(0.06)

    async def job() -> None:
        CORRELATION_ID.set("timer:reminders")
        await jobs.run(hold)

    with caplog.at_level(logging.WARNING):
        await asyncio.create_task(job())
        await asyncio.sleep(0.1)
    watching.cancel()

    assert counters.long_holds >= 1
    assert counters.longest_hold > 0.1
    told = [record.getMessage() for record in caplog.records]
    assert any("the loop was held" in line and "timer:reminders" in line for line in told), told
    assert jobs.running == ""


@pytest.mark.usefixtures("every_hold_is_told")
async def test_what_is_not_a_job_is_named_by_its_function(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock_guard, "select", lambda *_: time.sleep(0.4))
    with caplog.at_level(logging.WARNING):

        def slow() -> None:
            with pytest.raises(AttributeError):
                clock_guard.clock_holds(SimpleNamespace(exec=None), now=NOW)  # type: ignore[arg-type]

        await watched(LoopWatchdog(LoopCounters()), slow)
    assert "bot.jobs.clock_guard.clock_holds" in caplog.text


async def test_many_holds_do_not_flood_the_log(caplog: pytest.LogCaptureFixture) -> None:
    watchdog = LoopWatchdog(LoopCounters())
    with caplog.at_level(logging.WARNING):
        for _ in range(50):
            watchdog._note(0.2)
        watchdog._note(0.01)
    assert len(caplog.records) == 1
    assert watchdog.counters.long_holds == 50


def test_the_longest_hold_is_that_of_the_last_minutes() -> None:
    counters = LoopCounters()
    counters.note(0.7, 1000.0)
    counters.note(0.2, 1001.0)
    assert counters.longest_hold == 0.7
    counters.note(0.1, 1001.0 + HOLD_PERIOD)
    assert counters.longest_hold == 0.7
    counters.note(0.05, 1002.0 + 2 * HOLD_PERIOD)
    assert counters.longest_hold == 0.1


def test_without_a_frame_the_job_is_still_named() -> None:
    assert describe(None, "timer:digest") == "timer:digest"


async def test_jobs_take_turns_and_leave_the_loop_to_others_between_units(database: Database) -> None:
    """Ten jobs wait at once: on SQLite ten units of theirs would be one piece of work of the loop."""
    jobs = JobDatabase(database)
    order: list[str] = []

    async def person() -> None:
        while True:
            order.append("person")
            await asyncio.sleep(0)

    async def job(name: str) -> None:
        for _ in range(2):
            await jobs.run(lambda db: order.append(name))

    served = asyncio.create_task(person())
    await asyncio.gather(*(job(f"job {n}") for n in range(5)))
    served.cancel()
    units = [at for at, who in enumerate(order) if who != "person"]
    assert len(units) == 10
    assert all(later - earlier > 1 for earlier, later in pairwise(units))


async def test_a_job_that_fails_lets_the_next_one_run(database: Database) -> None:
    jobs = JobDatabase(database)

    def fail(db: object) -> None:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        await jobs.run(fail)
    assert await jobs.run(lambda db: 7) == 7
    assert await jobs.read(lambda db: 8) == 8
    assert await jobs.read(lambda db: 9, large=True) == 9


async def test_what_nobody_waits_for_and_the_process_itself_are_left_to_the_database() -> None:
    given: list[Any] = []

    async def announce() -> bool:
        return False

    inner: Any = SimpleNamespace(
        url=None, outage=None, run_in_background=given.append, announce_process=announce
    )
    jobs = JobDatabase(inner)
    jobs.run_in_background(unit := lambda db: None)
    assert given == [unit]
    assert await jobs.announce_process() is False
