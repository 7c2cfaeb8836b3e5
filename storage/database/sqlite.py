"""Units on SQLite: one writer that commits waiting units together, one reader, both without thread hops; large reads in threads
of their own, each as a whole."""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import await_only
from sqlmodel import Session

from storage.correlation import CORRELATION_ID
from storage.database.database import Database
from storage.database.outage import Outage, outage_reason
from storage.database.unit_of_work import T, Unit, report_unseen, run_reading, run_together, watch
from storage.ownership import give_to_owner_of, make_folder

log = logging.getLogger(__name__)

#: Units committed together at most.
GROUP = 32
#: Large reads that run at once; others wait for their turn.
LARGE_READS = 4
#: Turns of the loop that a transaction stays open for the units that follow from its first ones: a task is begun, and asks for
#: its unit.
TURNS = 2
#: Seconds that a `run_in_background` unit waits for company.
LINGER = 0.2
#: The same while the database is unavailable.
LINGER_AFTER_OUTAGE = 2.0
#: Seconds to wait for another process's write (a migration, a backup, a command).
BUSY = 10.0


# Below: SQLite without thread hops. Stock aiosqlite sends every call to its thread, three or four hops a statement, each dearer
# than the statement. Here statements run on the loop's thread, on the driver's own cursors; what waits for the disk (commit, and
# rollback with it) still goes to aiosqlite's thread. Private names of aiosqlite and SQLAlchemy are used here alone;
# tests/storage/database/test_sqlite_loop_driver.py fails loudly when a version changes them.


class LoopConnection(AsyncAdapt_aiosqlite_connection):
    """Statements here, commit and rollback in the thread."""

    __slots__ = ()

    @property
    def driver(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = self._connection._conn
        return connection

    def cursor(self, server_side: bool = False) -> Any:
        return self.driver.cursor()


class ReadingLoopConnection(LoopConnection):
    """For reads: nothing waits for the disk, so nothing leaves the loop's thread."""

    __slots__ = ()

    def commit(self) -> None:
        self.driver.commit()

    def rollback(self) -> None:
        self.driver.rollback()


def stay_on_loop(engine: AsyncEngine, kind: type[LoopConnection]) -> None:
    """Make every connection of this engine a `kind`."""

    def connect(dialect: Dialect, record: Any, arguments: Any, options: dict[str, Any]) -> LoopConnection:
        stock = dialect.connect(*arguments, **options)
        return kind(dialect.dbapi, stock._connection)

    event.listen(engine.sync_engine, "do_connect", connect)


@dataclass(slots=True)
class Job:
    unit: Unit[Any]
    #: None where no caller waits.
    future: asyncio.Future[Any] | None = field(repr=False)
    #: See `Database.run`.
    before_commit: Callable[[Any], None] | None = field(default=None, repr=False)
    told: bool = False
    #: The caller is elsewhere: the writer is a task of its own.
    correlation_id: str | None = field(default_factory=CORRELATION_ID.get)

    def __call__(self, session: Session) -> Any:
        CORRELATION_ID.set(self.correlation_id)
        return self.unit(session)

    def tell(self, result: Any) -> None:
        if self.before_commit is not None:
            self.told = True
            self.before_commit(result)

    def succeed(self, result: Any) -> None:
        if not self.told:
            self.tell(result)
        if self.future is not None and not self.future.done():
            self.future.set_result(result)

    def fail(self, error: BaseException) -> None:
        if self.future is None or self.future.done():
            report_unseen(self.unit, error)
        else:
            self.future.set_exception(error)


class SqliteDatabase(Database):
    def __init__(self, url: URL) -> None:
        self.url = url
        self.outage = Outage()
        self._writer_engine = loop_engine(url, LoopConnection, "BEGIN IMMEDIATE")
        self._reader_engine = loop_engine(url, ReadingLoopConnection, "BEGIN")
        self._large_engine = threaded_engine(url)
        self._large_reads = ThreadPoolExecutor(LARGE_READS, "large reads")
        watch(self._writer_engine)
        self._writer: AsyncConnection
        self._reader: AsyncConnection
        self._jobs: deque[Job] = deque()
        self._later: list[Job] = []
        self._linger: asyncio.Handle | None = None
        self._wake = asyncio.Event()
        self._closing = False
        self._drain: asyncio.Task[None]

    @classmethod
    async def open(cls, url: URL) -> Self:
        if url.database and url.database != ":memory:":
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        self = cls(url)
        self._writer = await self._writer_engine.connect()
        self._reader = await self._reader_engine.connect()
        self._drain = asyncio.create_task(self._drain_jobs(), name="sqlite writer")
        return self

    async def run(
        self, unit: Unit[T], *, lane: str | None = None, before_commit: Callable[[T], None] | None = None
    ) -> T:
        # One writer excludes everybody, so the chat queue needs nothing more.
        if self._closing:
            raise RuntimeError("the database is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.append(Job(unit, future, before_commit))
        self._wake.set()
        return await future

    async def read(self, unit: Unit[T], *, large: bool = False) -> T:
        try:
            if not large:
                return await self._reader.run_sync(run_reading, unit)
            work = partial(copy_context().run, self._read_large, unit)
            return await asyncio.get_running_loop().run_in_executor(self._large_reads, work)
        except Exception as error:
            self.outage.note(error)
            raise

    def _read_large(self, unit: Unit[T]) -> T:
        """In a thread, from its first statement to its last: between them the loop is asked for nothing."""
        with self._large_engine.connect() as connection:
            return run_reading(connection, unit)

    def run_in_background(self, unit: Unit[Any]) -> None:
        if self._closing:
            raise RuntimeError("the database is closed")
        self._later.append(Job(unit, None))
        if self._linger is None:
            self._linger = asyncio.get_running_loop().call_later(LINGER, self._wake.set)

    async def announce_process(self) -> bool:
        # One process serves on a file.
        return True

    async def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._wake.set()
        await self._drain
        await self._writer.close()
        await self._reader.close()
        for engine in (self._writer_engine, self._reader_engine):
            await engine.dispose()
        await asyncio.to_thread(self._large_reads.shutdown, cancel_futures=True)
        self._large_engine.dispose()

    async def _drain_jobs(self) -> None:
        """Commit whatever waits, group by group, until closed and empty."""
        while True:
            if not self._jobs and not (self._later and self._closing):
                if self._closing:
                    return
                await self._wake.wait()
            self._wake.clear()
            if group := self._next_group():
                await self._commit(group)

    def _next_group(self) -> list[Job]:
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        group, self._later = self._later[:GROUP], self._later[GROUP:]
        if self._later:
            self._linger = asyncio.get_running_loop().call_soon(self._wake.set)
        group += self._waiting(GROUP - len(group))
        return group

    def _waiting(self, most: int) -> list[Job]:
        return [self._jobs.popleft() for _ in range(min(most, len(self._jobs)))]

    def _followers(self, group: list[Job], results: list[Any]) -> list[Job]:
        """Inside the transaction: tell who asked for it what came out, and take in the units that follow from it. Added to
        `group`."""
        if self._closing or all(job.before_commit is None for job in group):
            return []
        for job, result in zip(group, results, strict=True):
            job.tell(result)
        for _ in range(TURNS):
            await_only(asyncio.sleep(0))
        followers = self._waiting(GROUP - len(group))
        group += followers
        return followers

    async def _commit(self, group: list[Job]) -> None:
        try:
            await self._mend()
            before = self._changes
            results = await self._writer.run_sync(
                run_together, list(group), followers=partial(self._followers, group)
            )
        except BaseException as error:  # whatever a unit raises: everybody waits for this task
            self.outage.note(error)
            if outage_reason(error) is not None:
                # Not the fault of one of them: none would succeed alone.
                self._put_off(group, error)
            elif len(group) == 1:
                group[0].fail(error)
            else:
                # One of them spoiled it for all: each alone, in the same order.
                for job in group:
                    await self._commit([job])
            return
        # An empty commit succeeds on a full disk too.
        if self.outage.since is not None and self._changes > before:
            self.outage.over()
        for job, result in zip(group, results, strict=True):
            job.succeed(result)

    @property
    def _driver(self) -> sqlite3.Connection:
        """Of the writing connection."""
        raw = self._writer.sync_connection
        assert raw is not None
        connection: Any = raw.connection.dbapi_connection
        driver: sqlite3.Connection = connection.driver
        return driver

    @property
    def _changes(self) -> int:
        """Rows that the writing connection has changed so far."""
        return self._driver.total_changes

    def _put_off(self, group: list[Job], error: BaseException) -> None:
        """Callers that wait try again themselves; the rest is tried again here, but not at the end."""
        for job in group:
            if job.future is not None or self._closing:
                job.fail(error)
        waiting = [job for job in group if job.future is None and not self._closing]
        if waiting:
            self._later[:0] = waiting
            if self._linger is not None:
                self._linger.cancel()
            self._linger = asyncio.get_running_loop().call_later(LINGER_AFTER_OUTAGE, self._wake.set)

    async def _mend(self) -> None:
        """A connection that could not even roll back after an error is replaced."""
        lost = self._writer.closed or self._writer.invalidated
        # After a ROLLBACK that failed SQLAlchemy knows of no transaction; the driver does.
        if not (lost or self._writer.in_transaction() or self._driver.in_transaction):
            return
        log.error("the writing connection is broken; opening another")
        with contextlib.suppress(Exception):
            await self._writer.close()
        with contextlib.suppress(Exception):
            await self._writer_engine.dispose()
        self._writer = await self._writer_engine.connect()


def check_file(url: URL) -> None:
    """Whether the file is a database that may be written; made, with its folder, where there is none. Raises OSError and
    sqlite3.Error. Only before the loop serves: it waits for a lock."""
    path = Path(url.database or "")
    make_folder(path.parent)
    # Not through aiosqlite: its thread outlives a connection that failed, and complains of the closed loop.
    with contextlib.closing(sqlite3.connect(path, timeout=BUSY, isolation_level=None)) as connection:
        give_to_owner_of(path.parent, path)
        connection.execute("PRAGMA schema_version")
        connection.execute("BEGIN IMMEDIATE")
        # A file that may only be read is refused at the first write, not at BEGIN.
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("ROLLBACK")


def loop_engine(url: URL, kind: type[LoopConnection], begin: str) -> AsyncEngine:
    """An engine of one connection whose statements run on the loop's thread."""
    engine = create_async_engine(
        url,
        poolclass=StaticPool,
        pool_reset_on_return=None,
        connect_args={"isolation_level": None, "check_same_thread": False, "cached_statements": 512},
    )
    stay_on_loop(engine, kind)
    # A wait inside SQLite would stop the loop: `begin_transaction` waits instead.
    _prepare(engine, begin, busy_timeout=0, query_only=kind is ReadingLoopConnection)
    return engine


def threaded_engine(url: URL) -> Engine:
    """For reads that run in a thread as a whole. Each connection is used by one thread at a time."""
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        connect_args={"isolation_level": None, "check_same_thread": False},
        pool_size=LARGE_READS,
    )
    _set_up(engine, busy_timeout=BUSY, query_only=True)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def stock_engine(url: URL, *, read_only: bool, foreign_keys: bool = True) -> AsyncEngine:
    """A plain engine, each connection with its thread: migrations, and commands that read another database."""
    engine = create_async_engine(url, connect_args={"isolation_level": None})
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
    _prepare(engine, begin, busy_timeout=BUSY, query_only=read_only, foreign_keys=foreign_keys)
    return engine


def _prepare(
    engine: AsyncEngine, begin: str, *, busy_timeout: float, query_only: bool, foreign_keys: bool = True
) -> None:
    def begin_transaction(connection: Connection) -> None:
        deadline = time.monotonic() + BUSY
        cursor = connection.connection.cursor()
        try:
            while True:
                try:
                    cursor.execute(begin)
                    return
                except sqlite3.OperationalError as error:
                    busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                    if not busy or time.monotonic() > deadline:
                        raise
                await_only(asyncio.sleep(0.005))
        finally:
            cursor.close()

    _set_up(engine.sync_engine, busy_timeout=busy_timeout, query_only=query_only, foreign_keys=foreign_keys)
    event.listen(engine.sync_engine, "begin", begin_transaction)


def _set_up(engine: Engine, *, busy_timeout: float, query_only: bool, foreign_keys: bool = True) -> None:
    """The settings of each connection."""

    def connect(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(BUSY * 1000)}")
        if not query_only:
            cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute(f"PRAGMA foreign_keys = {int(foreign_keys)}")
        cursor.execute(f"PRAGMA query_only = {int(query_only)}")
        cursor.execute(f"PRAGMA busy_timeout = {int(busy_timeout * 1000)}")
        cursor.close()

    event.listen(engine, "connect", connect)
