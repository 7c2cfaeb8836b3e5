"""Fails loudly when a new version of aiosqlite or SQLAlchemy changes what storage/database/sqlite.py relies on."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import Session

from storage.database.database import asynchronous
from storage.database.sqlite import LoopConnection, ReadingLoopConnection, SqliteDatabase
from tests.storage.database.test_unit_of_work import days, write


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[SqliteDatabase]:
    opened = await SqliteDatabase.open(asynchronous(sqlite_url))
    yield opened
    await opened.close()


async def test_statements_run_on_the_loop_s_thread_and_commits_in_another(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = (await database._writer.get_raw_connection()).dbapi_connection
    assert type(raw) is LoopConnection
    assert isinstance(raw.driver, sqlite3.Connection)
    assert type(raw.cursor()) is sqlite3.Cursor
    reader = (await database._reader.get_raw_connection()).dbapi_connection
    assert type(reader) is ReadingLoopConnection

    hops = []
    execute = aiosqlite.Connection._execute

    async def counted(self: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
        hops.append(function.__name__)
        return await execute(self, function, *args, **kwargs)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    await database.run(write("1"))
    assert await days(database) == ["1"]
    assert hops == ["commit"]


async def test_the_safe_settings_are_in_force(database: SqliteDatabase) -> None:

    async def setting(name: str) -> object:
        return await database.run(lambda session: session.execute(text(f"PRAGMA {name}")).scalar())

    assert await setting("journal_mode") == "wal"
    assert await setting("synchronous") == 2  # FULL
    assert await setting("foreign_keys") == 1


async def test_waiting_for_another_process_does_not_stop_the_loop(
    database: SqliteDatabase, sqlite_url: str
) -> None:
    other = sqlite3.connect(asynchronous(sqlite_url).database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    waiting = asyncio.create_task(database.run(write("1")))
    for _ in range(10):  # would never come round if the wait were inside SQLite
        await asyncio.sleep(0.01)
        await database.read(lambda session: session.execute(text("SELECT 1")))
    assert not waiting.done()
    other.execute("COMMIT")
    await waiting

    assert other.execute("SELECT count(*) FROM daily_sequence").fetchone() == (1,)
    other.close()


async def test_a_broken_connection_is_replaced(database: SqliteDatabase) -> None:
    raw = (await database._writer.get_raw_connection()).dbapi_connection
    assert isinstance(raw, LoopConnection)

    def broken(session: Session) -> None:
        write("1")(session)
        session.flush()
        raw.driver.close()

    with pytest.raises(ProgrammingError):
        await database.run(broken)

    await database.run(write("2"))
    assert await days(database) == ["2"]


async def test_a_connection_that_cannot_even_roll_back_is_replaced(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails for a moment: what is written afterwards is kept, and nothing of what failed."""

    def fail(self: LoopConnection) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    def half(session: Session) -> None:
        write("1")(session)
        session.flush()
        raise ValueError

    with monkeypatch.context() as patched:
        patched.setattr(LoopConnection, "rollback", fail)
        with pytest.raises(Exception, match="disk I/O error"):
            await database.run(half)
    await database.run(write("2"))
    assert await days(database) == ["2"]
