"""Fails loudly when a new version of aiosqlite or SQLAlchemy changes what storage/database/sqlite.py relies on."""

import asyncio
import inspect
import sqlite3
import threading
from collections.abc import AsyncIterator

import aiosqlite
import pytest
from sqlalchemy import event, text
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection

from storage.database.database import asynchronous
from storage.database.sqlite import LoopConnection, ReadingLoopConnection, SqliteDatabase


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[SqliteDatabase]:
    opened = await SqliteDatabase.open(asynchronous(sqlite_url))
    yield opened
    await opened.close()


def test_the_private_names_exist() -> None:
    assert "_connection" in inspect.getsource(AsyncAdapt_aiosqlite_connection)
    assert isinstance(aiosqlite.Connection._conn, property)
    assert inspect.iscoroutinefunction(aiosqlite.Connection._execute)
    # Stock cursors go through the thread; ours replaces exactly this method.
    assert "server_side" in inspect.signature(AsyncAdapt_aiosqlite_connection.cursor).parameters


async def test_statements_run_on_the_loop_s_thread_and_commits_in_another(database: SqliteDatabase) -> None:
    raw = (await database._writer.get_raw_connection()).dbapi_connection
    assert type(raw) is LoopConnection
    assert isinstance(raw.driver, sqlite3.Connection)
    assert type(raw.cursor()) is sqlite3.Cursor
    reader = (await database._reader.get_raw_connection()).dbapi_connection
    assert type(reader) is ReadingLoopConnection

    hops = []
    execute = aiosqlite.Connection._execute

    async def counted(self, function, *args, **kwargs):  # type: ignore[no-untyped-def]
        hops.append(function.__name__)
        return await execute(self, function, *args, **kwargs)

    aiosqlite.Connection._execute = counted  # type: ignore[method-assign]
    try:
        await database.run(
            lambda session: session.execute(text("INSERT INTO daily_sequence VALUES ('1', 1)"))
        )
        await database.read(lambda session: session.execute(text("SELECT * FROM daily_sequence")).all())
    finally:
        aiosqlite.Connection._execute = execute  # type: ignore[method-assign]

    assert hops == ["commit"]


async def test_statements_run_in_the_calling_thread(database: SqliteDatabase) -> None:
    threads = []
    event.listen(
        database._writer_engine.sync_engine,
        "after_cursor_execute",
        lambda *_: threads.append(threading.current_thread()),
    )

    await database.run(lambda session: session.execute(text("SELECT 1")))

    assert threads == [threading.current_thread()]


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

    waiting = asyncio.create_task(
        database.run(lambda session: session.execute(text("INSERT INTO daily_sequence VALUES ('1', 1)")))
    )
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

    def broken(session):  # type: ignore[no-untyped-def]
        session.execute(text("INSERT INTO daily_sequence VALUES ('1', 1)"))
        raw.driver.close()

    try:
        await database.run(broken)
    except Exception as error:
        print(type(error))

    await database.run(lambda session: session.execute(text("INSERT INTO daily_sequence VALUES ('2', 1)")))
    assert await database.read(
        lambda session: session.execute(text("SELECT day FROM daily_sequence")).all()
    ) == [("2",)]
