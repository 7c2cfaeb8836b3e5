"""Units on PostgreSQL: concurrent, each in its own transaction; units of one chat exclude each other."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Self

from asyncpg.exceptions import OutdatedSchemaCacheError
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.correlation import CORRELATION_ID
from storage.database.database import Database
from storage.database.outage import Outage, outage_reason
from storage.database.postgres_options import make_engine
from storage.database.unit_of_work import T, Unit, report_unseen, run_reading, run_together, watch

#: Connections a process may hold.
CONNECTIONS = 20
#: Seconds that a unit waits for one.
CONNECTION_TIMEOUT = 30.0
#: Seconds that a `run_in_background` unit waits for company.
LINGER = 0.2
#: The same while the database is unavailable.
LINGER_AFTER_OUTAGE = 2.0
#: Seconds for any one statement: a server that does not answer must not block a chat queue for ever.
STATEMENT = 60.0
#: Serialization failure, deadlock: the server asks to try again.
TRY_AGAIN = {"40001", "40P01"}
#: What the server says, by SQLSTATE, to a statement that meets a migration: a prepared statement gives
#: another type now, a type or a table was replaced, a row of the catalogue was changed. Both codes have other
#: meanings too.
STALE = {
    "0A000": ("cached statement plan", "cached plan must not change"),
    "XX000": ("cache lookup failed", "could not open relation with OID", "tuple concurrently updated"),
}
TRIES = 4
#: Any number, the same in every process: every serving process holds it in common.
SERVING = 7_155_225
#: Looks, a fifth of a second apart, in which a busy server has noticed that a process was killed just before.
NOTICES = 5
EXCLUDE = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"


class PostgresDatabase(Database):
    def __init__(self, url: URL) -> None:
        self.url = url
        self.outage = Outage()
        self._engine = make_engine(
            url,
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=CONNECTION_TIMEOUT,
            pool_use_lifo=True,
            connect_args={"command_timeout": STATEMENT},
        )
        watch(self._engine)
        self._running: set[asyncio.Task[Any]] = set()
        self._later: list[Unit[Any]] = []
        self._flushing: asyncio.Task[None] | None = None
        self._closing = False
        #: Its session holds SERVING; the server lets go of it when the process dies.
        self._presence: AsyncConnection | None = None

    @classmethod
    async def open(cls, url: URL) -> Self:
        self = cls(url)
        await self.read(lambda session: None)  # an unreachable server is known at once
        return self

    async def run(
        self, unit: Unit[T], *, lane: str | None = None, before_commit: Callable[[T], None] | None = None
    ) -> T:
        if self._closing:
            raise RuntimeError("the database is closed")
        task = asyncio.create_task(self._run([unit], lane))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            result: T = (await asyncio.shield(task))[0]
        except asyncio.CancelledError:
            task.add_done_callback(lambda done: _report(unit, done))
            raise
        if before_commit is not None:
            before_commit(result)
        return result

    async def read(self, unit: Unit[T], *, large: bool = False) -> T:
        return await self._try(lambda connection: connection.run_sync(run_reading, unit), read_only=True)

    def run_in_background(self, unit: Unit[Any]) -> None:
        if self._closing:
            raise RuntimeError("the database is closed")
        self._later.append(unit)
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush_soon())

    async def announce_process(self) -> bool:
        if self._presence is not None:
            try:
                return await _attend(self._presence, seen=True)
            except DBAPIError:
                await self._leave()
        connection = await self._engine.connect()
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        alone = await _attend(connection, seen=False)
        self._presence = connection
        for _ in range(NOTICES):
            if alone:
                break
            await asyncio.sleep(0.2)
            alone = await _attend(connection, seen=True)
        return alone

    async def _leave(self) -> None:
        if self._presence is not None:
            await self._presence.invalidate()  # with the session goes what it held
            await self._presence.close()
            self._presence = None

    async def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        await self._leave()
        if self._flushing is not None:
            self._flushing.cancel()
            await asyncio.wait([self._flushing])
        while self._running:
            await asyncio.wait(self._running)
        await self._flush()
        await self._engine.dispose()

    async def _run(self, units: list[Unit[Any]], lane: str | None = None) -> list[Any]:
        before = None if lane is None else (EXCLUDE, (lane,))
        return await self._try(lambda connection: connection.run_sync(run_together, units, before))

    async def _try(self, work: Callable[[AsyncConnection], Awaitable[T]], *, read_only: bool = False) -> T:
        """Do a transaction, again where the server asks for it or a migration came between. Raises what the
        last raised."""
        for tried in range(1, TRIES + 1):
            try:
                async with self._engine.connect() as connection:
                    if read_only:
                        await connection.execution_options(postgresql_readonly=True)
                    try:
                        result = await work(connection)
                    except Exception as error:
                        if is_stale(error):
                            # It would keep the old plans of its other statements.
                            await connection.invalidate()
                        raise
            except Exception as error:
                if tried == TRIES or not (is_stale(error) or _sqlstate(error) in TRY_AGAIN):
                    self.outage.note(error)
                    raise
            else:
                self.outage.over()
                return result
        raise AssertionError("unreachable")

    async def _flush_soon(self, linger: float = LINGER) -> None:
        CORRELATION_ID.set(None)  # it is for many
        await asyncio.sleep(linger)
        self._flushing = None
        # Among the running ones: `close` waits for it, also where it takes long.
        task = asyncio.create_task(self._flush())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _flush(self) -> None:
        units, self._later = self._later, []
        try:
            if units:
                await self._run(units)
        except Exception as error:
            if outage_reason(error) is not None and not self._closing:
                self._later[:0] = units
                if self._flushing is None:
                    self._flushing = asyncio.create_task(self._flush_soon(LINGER_AFTER_OUTAGE))
                return
            if len(units) == 1:
                report_unseen(units[0], error)
                return
            for unit in units:
                try:
                    await self._run([unit])
                except Exception as alone:
                    report_unseen(unit, alone)


def is_stale(error: BaseException) -> bool:
    """Whether a connection failed over what it remembers of a schema that was changed meanwhile; nothing else
    is wrong."""
    causes = _causes(error)
    if any(isinstance(cause, OutdatedSchemaCacheError) for cause in causes):
        return True
    phrases = STALE.get(_sqlstate(error) or "", ())
    return any(phrase in str(cause) for phrase in phrases for cause in causes)


def _sqlstate(error: BaseException) -> str | None:
    states = (getattr(cause, "sqlstate", None) for cause in _causes(error))
    return next((state for state in states if isinstance(state, str)), None)


def _causes(error: BaseException) -> list[BaseException]:
    """The error, and what the driver raised below it: also where a savepoint could not be rolled back after
    that."""
    if isinstance(error, InvalidRequestError) and error.__context__ is not None:
        error = error.__context__
    cause = getattr(error, "orig", None)
    return [
        exception for exception in (error, cause, cause.__cause__ if cause else None) if exception is not None
    ]


async def _attend(connection: AsyncConnection, *, seen: bool) -> bool:
    """Whether no other process holds SERVING; held in common from here on (`seen`: it is already)."""

    async def ask(function: str) -> bool:
        return bool((await connection.exec_driver_sql(f"SELECT {function}({SERVING})")).scalar())

    alone = await ask("pg_try_advisory_lock")
    if not seen:
        await ask("pg_advisory_lock_shared")
    # Only now: of two that begin at once, one sees the other.
    if alone:
        await ask("pg_advisory_unlock")
    return alone


def _report(unit: Unit[Any], task: "asyncio.Task[Any]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        report_unseen(unit, error)
