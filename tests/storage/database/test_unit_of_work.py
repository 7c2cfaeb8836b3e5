"""Units on both databases: committed together or alone, never half, never silently."""

import asyncio
import contextlib
from collections.abc import Callable

import pytest
from sqlalchemy import event, func, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session

from storage.database.database import Database, asynchronous, open_database
from storage.database.sqlite import SqliteDatabase
from storage.database.unit_of_work import SwallowedError
from storage.tables import DailySequence


def write(day: str, last: int = 1) -> Callable[[Session], str]:
    def unit(session: Session) -> str:
        session.add(DailySequence(day=day, last=last))
        return day

    return unit


def failing(error: type[BaseException]) -> Callable[[Session], None]:
    def unit(session: Session) -> None:
        session.add(DailySequence(day="never"))
        session.flush()
        raise error

    return unit


async def days(database: Database) -> list[str]:
    return await database.read(
        lambda session: list(session.scalars(select(DailySequence.day).order_by("day")))
    )


async def days_left(database: Database) -> list[str]:
    """Close the database; what another process finds in it."""
    await database.close()
    again = await type(database).open(database.url)
    found = await days(again)
    await again.close()
    return found


async def test_rows_can_be_used_after_their_unit(database: Database) -> None:
    def unit(session: Session) -> DailySequence:
        row = DailySequence(day="1", last=7)
        session.add(row)
        return row

    assert (await database.run(unit)).last == 7


class Unheard(BaseException):
    """Of no family that code expects: what pytest.fail raises, for one."""


@pytest.mark.parametrize("error", [LookupError, Unheard])
async def test_a_failing_unit_fails_alone(database: Database, error: type[BaseException]) -> None:
    given = [database.run(failing(error) if n == 5 else write(f"{n:02}")) for n in range(12)]

    results = await asyncio.gather(*given, return_exceptions=True)

    assert isinstance(results.pop(5), error)
    others = [f"{n:02}" for n in range(12) if n != 5]
    assert results == others
    assert await database.run(write("12")) == "12"
    assert await days(database) == [*others, "12"]


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
    assert await days_left(database) == ["kept", "next"]


async def test_closing_finishes_what_was_given_and_takes_nothing_more(database: Database) -> None:
    waiting = [asyncio.create_task(database.run(write(f"{n:03}"))) for n in range(100)]
    await asyncio.sleep(0)
    for n in range(100, 150):
        database.run_in_background(write(f"{n:03}"))
    assert len(await days_left(database)) == 150
    await asyncio.gather(*waiting)
    with pytest.raises(RuntimeError, match="closed"):
        await database.run(write("1"))


async def test_reading_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError):
        await database.read(lambda session: session.execute(insert(DailySequence).values(day="1", last=1)))

    assert await days(database) == []
    await database.run(write("1"))
    assert await database.read(lambda session: session.get(DailySequence, "1"), large=True) is not None


@pytest.mark.parametrize("large", [False, True, None], ids=["a reading", "a large reading", "a writing"])
async def test_an_outage_is_noted_until_something_succeeds(database: Database, large: bool | None) -> None:
    """Operators see it, whatever met it."""

    def unreachable(session: Session) -> None:
        raise OSError("no route to the server")

    with pytest.raises(OSError, match="no route"):
        await (database.run(unreachable) if large is None else database.read(unreachable, large=large))
    assert database.outage.lasts

    await database.run(write("1"))
    assert not database.outage.lasts


async def test_waiting_units_share_a_commit(sqlite_url: str) -> None:
    database = await SqliteDatabase.open(asynchronous(sqlite_url))
    commits = []
    event.listen(database._writer_engine.sync_engine, "commit", commits.append)

    await asyncio.gather(*(database.run(write(f"{n:03}")) for n in range(96)))

    assert len(commits) == 3
    await database.close()


async def test_units_of_one_lane_exclude_each_other(postgres_url: str) -> None:
    """Two processes read a counter, then write it: without the lock one of the two is lost."""
    first, second = await open_database(postgres_url), await open_database(postgres_url)
    await first.run(write("counter", last=0))

    def count(session: Session) -> None:
        last = session.scalar(select(DailySequence.last).where(DailySequence.day == "counter"))
        session.execute(select(func.pg_sleep(0.01)))
        row = session.get(DailySequence, "counter")
        assert row is not None
        assert last is not None
        row.last = last + 1

    await asyncio.gather(*(where.run(count, lane="telegram:1'") for where in (first, second) * 5))

    assert await first.read(lambda session: session.scalar(select(DailySequence.last))) == 10
    await first.close()
    await second.close()
