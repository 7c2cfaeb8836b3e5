"""Units on both databases: committed together or alone, never half, never silently."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session

from storage.database.database import Database
from storage.database.sqlite import SqliteDatabase
from storage.database.unit_of_work import SwallowedError
from storage.tables import DailySequence


def write(day: str, last: int = 1) -> Callable[[Session], str]:
    def unit(session: Session) -> str:
        session.add(DailySequence(day=day, last=last))
        return day

    return unit


def fail(session: Session) -> None:
    session.add(DailySequence(day="never"))
    session.flush()
    raise LookupError("poison")


async def days(database: Database) -> list[str]:
    return await database.read(
        lambda session: list(session.scalars(select(DailySequence.day).order_by("day")))
    )


async def test_a_unit_returns_after_the_commit(database: Database) -> None:
    assert await database.run(write("14050901")) == "14050901"

    assert await days(database) == ["14050901"]


async def test_rows_can_be_used_after_their_unit(database: Database) -> None:
    def unit(session: Session) -> DailySequence:
        row = DailySequence(day="1", last=7)
        session.add(row)
        return row

    assert (await database.run(unit)).last == 7


async def test_a_failing_unit_fails_alone(database: Database) -> None:
    given = [database.run(fail if n == 5 else write(f"{n:02}")) for n in range(12)]

    results = await asyncio.gather(*given, return_exceptions=True)

    assert isinstance(results[5], LookupError)
    assert await days(database) == [f"{n:02}" for n in range(12) if n != 5]


async def test_whatever_a_unit_raises_others_go_on(database: Database) -> None:
    class Unheard(BaseException):
        """Of no family that code expects: what pytest.fail raises, for one."""

    def unheard(session: Session) -> None:
        session.add(DailySequence(day="never"))
        raise Unheard

    outcomes = await asyncio.gather(
        database.run(write("14050901")),
        database.run(unheard),
        database.run(write("14050902")),
        return_exceptions=True,
    )
    assert outcomes[0] == "14050901"
    assert isinstance(outcomes[1], Unheard)
    assert await database.run(write("14050903")) == "14050903"
    assert await days(database) == ["14050901", "14050902", "14050903"]


async def test_a_violation_reaches_the_caller(database: Database) -> None:
    await database.run(write("1"))

    with pytest.raises(IntegrityError):
        await database.run(write("1", last=2))

    await database.run(write("2"))
    assert await days(database) == ["1", "2"]


def swallow_flush(session: Session) -> None:
    session.add(DailySequence(day="taken"))
    with contextlib.suppress(IntegrityError):
        session.flush()


def swallow_statement(session: Session) -> None:
    with contextlib.suppress(IntegrityError):
        session.execute(insert(DailySequence).values(day="taken", last=1))


def swallow_and_roll_back(session: Session) -> None:
    swallow_flush(session)
    session.rollback()


@pytest.mark.parametrize("swallow", [swallow_flush, swallow_statement, swallow_and_roll_back])
async def test_a_swallowed_violation_never_reports_success(
    database: Database, swallow: Callable[[Session], None]
) -> None:
    await database.run(write("taken"))

    results = await asyncio.gather(
        database.run(swallow), database.run(write("other")), return_exceptions=True
    )

    assert isinstance(results[0], SwallowedError | DBAPIError)
    assert results[1] == "other"
    assert await days(database) == ["other", "taken"]


async def test_an_expected_violation_in_a_savepoint_is_no_error(database: Database) -> None:
    await database.run(write("taken"))

    def unit(session: Session) -> str:
        session.add(DailySequence(day="mine"))
        session.flush()
        try:
            with session.begin_nested():
                session.add(DailySequence(day="taken"))
                session.flush()
        except IntegrityError:
            return "expected"
        return "not reached"

    assert await database.run(unit) == "expected"
    assert await days(database) == ["mine", "taken"]


async def test_cancelling_the_caller_does_not_cancel_the_unit(database: Database) -> None:
    caller = asyncio.create_task(database.run(write("kept")))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller

    await database.run(write("next"))
    await database.close()

    again = await type(database).open(database.url)
    assert await days(again) == ["kept", "next"]
    await again.close()


async def test_closing_finishes_what_was_given(database: Database) -> None:
    waiting = [asyncio.create_task(database.run(write(f"{n:03}"))) for n in range(100)]
    await asyncio.sleep(0)
    for n in range(100, 150):
        database.run_in_background(write(f"{n:03}"))
    await database.close()
    await asyncio.gather(*waiting)

    again = await type(database).open(database.url)
    assert len(await days(again)) == 150
    await again.close()


async def test_a_closed_database_takes_nothing(database: Database) -> None:
    await database.close()

    with pytest.raises(RuntimeError, match="closed"):
        await database.run(write("1"))


async def test_later_units_are_written_without_further_traffic(database: Database) -> None:
    database.run_in_background(write("1"))

    async with asyncio.timeout(20):
        while await days(database) != ["1"]:
            await asyncio.sleep(0.02)


async def test_a_failing_later_unit_is_only_logged(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    database.run_in_background(write("1"))
    database.run_in_background(fail)
    database.run_in_background(write("2"))
    await database.run(write("3"))
    with caplog.at_level(logging.ERROR):
        await database.close()

    again = await type(database).open(database.url)
    assert await days(again) == ["1", "2", "3"]
    await again.close()
    assert any("fail" in record.message for record in caplog.records)


async def test_reading_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError):
        await database.read(lambda session: session.execute(insert(DailySequence).values(day="1", last=1)))

    assert await days(database) == []
    await database.run(write("1"))
    assert await database.read(lambda session: session.get(DailySequence, "1"), large=True) is not None


async def test_waiting_units_share_a_commit(sqlite_url: str) -> None:
    database = await SqliteDatabase.open(_url(sqlite_url))
    commits = []
    event.listen(database._writer_engine.sync_engine, "commit", commits.append)

    await asyncio.gather(*(database.run(write(f"{n:03}")) for n in range(96)))

    assert len(commits) == 3
    await database.close()


async def test_units_of_one_lane_exclude_each_other(postgres_url: str) -> None:
    """Two processes read a counter, then write it: without the lock one of the two is lost."""
    from storage.database.database import open_database

    first, second = await open_database(postgres_url), await open_database(postgres_url)
    await first.run(write("counter", last=0))

    def count(session: Session) -> None:
        last = session.scalar(select(DailySequence.last).where(DailySequence.day == "counter"))
        session.execute(select(_sleep()))
        row = session.get(DailySequence, "counter")
        assert row is not None
        assert last is not None
        row.last = last + 1

    await asyncio.gather(*(where.run(count, lane="telegram:1'") for where in (first, second) * 5))

    assert await first.read(lambda session: session.scalar(select(DailySequence.last))) == 10
    await first.close()
    await second.close()


def _sleep():  # type: ignore[no-untyped-def]
    from sqlalchemy import func

    return func.pg_sleep(0.01)


def _url(url: str):  # type: ignore[no-untyped-def]
    from storage.database.database import asynchronous

    return asynchronous(url)
