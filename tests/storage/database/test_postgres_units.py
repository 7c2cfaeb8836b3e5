"""What a unit on PostgreSQL does when the server asks for another try, is away, or the schema changes under it. Without a server:
connections are made up, so that each answer can be given at the try that matters."""

import asyncio
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from asyncpg.exceptions import (
    CannotConnectNowError,
    DeadlockDetectedError,
    FeatureNotSupportedError,
    InternalServerError,
    OutdatedSchemaCacheError,
    SerializationError,
    UniqueViolationError,
)
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from storage.database import postgres
from storage.database.postgres import PostgresDatabase, is_stale
from tests.support.driver_errors import translated

DEADLOCK, SERIALIZATION = translated(DeadlockDetectedError("x")), translated(SerializationError("x"))
STALE, TWICE = translated(OutdatedSchemaCacheError("x")), translated(UniqueViolationError("x"))
AWAY = translated(CannotConnectNowError("x"))


class Connection:
    def __init__(self, server: "Server") -> None:
        self.server = server

    async def __aenter__(self) -> "Connection":
        self.server.log.append("connect")
        return self

    async def __aexit__(self, *error: object) -> None:
        self.server.log.append("close")

    async def execution_options(self, **options: Any) -> None:
        self.server.log.append(repr(options))

    async def invalidate(self) -> None:
        self.server.log.append("invalidate")

    async def run_sync(self, function: Callable[..., Any], *arguments: Any) -> Any:
        self.server.log.append((function.__name__, *arguments))
        answer = self.server.answers.pop(0) if self.server.answers else "done"
        if isinstance(answer, BaseException):
            raise answer
        return [answer] if function.__name__ == "run_together" else answer


class Server:
    """Stands for the engine; gives these answers to units, in turns."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.log = list(answers), list[Any]()

    def connect(self) -> Connection:
        return Connection(self)

    async def dispose(self) -> None:
        self.log.append("dispose")


def unit(session: Any) -> None:
    """Is never run: the connection answers."""


def other(session: Any) -> None:
    """Neither."""


def database(*answers: Any) -> tuple[PostgresDatabase, Server]:
    made, server = PostgresDatabase(make_url("postgresql+asyncpg://h/b")), Server(*answers)
    made._engine = server  # type: ignore[assignment]
    return made, server


@pytest.mark.parametrize("error", [DEADLOCK, SERIALIZATION, STALE])
async def test_what_the_server_asks_for_again_is_done_four_times_at_most(error: Exception) -> None:
    made, server = database(error, error, error, "at last")
    assert await made.run(unit) == "at last"
    assert server.log.count("connect") == server.log.count("close") == 4
    assert server.log.count("invalidate") == (3 if error is STALE else 0)
    made, server = database(error, error, error, error, "too late")
    with pytest.raises(DBAPIError) as failed:
        await made.run(unit)
    assert failed.value is error
    assert server.log.count("connect") == 4


@pytest.mark.parametrize("error", [TWICE, AWAY, LookupError("x")])
async def test_anything_else_is_told_at_once(error: Exception) -> None:
    made, server = database(error, "again")
    with pytest.raises(type(error)):
        await made.run(unit)
    assert server.log.count("connect") == 1
    assert made.outage.lasts is (error is AWAY)
    assert await made.read(unit) == "again"
    assert not made.outage.lasts


async def test_units_of_one_chat_exclude_each_other_and_reads_only_read() -> None:
    made, server = database()
    await made.run(unit, lane="chat:7")
    await made.run(unit)
    await made.read(unit, large=True)
    before = ("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", ("chat:7",))
    assert [entry for entry in server.log if entry not in ("connect", "close")] == [
        ("run_together", [unit], before),
        ("run_together", [unit], None),
        "{'postgresql_readonly': True}",
        ("run_reading", unit),
    ]


async def test_what_came_out_is_told_before_the_caller_goes_on_and_not_of_a_failure() -> None:
    made, _ = database("one", TWICE)
    heard: list[str] = []
    assert await made.run(unit, before_commit=heard.append) == "one"
    with pytest.raises(DBAPIError):
        await made.run(unit, before_commit=heard.append)
    assert heard == ["one"]


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "LINGER", 0.0)
    monkeypatch.setattr(PostgresDatabase._flush_soon, "__defaults__", (0.0,))


async def settled(made: PostgresDatabase) -> None:
    while made._flushing is not None or made._running:
        await asyncio.sleep(0)


def runs(server: Server) -> list[Any]:
    return [entry[1] for entry in server.log if entry[0] == "run_together"]


@pytest.mark.usefixtures("_at_once")
async def test_units_in_the_background_are_written_together_and_each_alone_where_one_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made, server = database(TWICE, "first", TWICE)
    for one in (unit, other):
        made.run_in_background(one)
    await settled(made)
    assert runs(server) == [[unit, other], [unit], [other]]
    assert caplog.messages == ["a unit without a waiting caller failed: other"]
    caplog.clear()
    server.answers = [TWICE]
    made.run_in_background(unit)
    await settled(made)
    assert runs(server)[3:] == [[unit]]
    assert caplog.messages == ["a unit without a waiting caller failed: unit"]


async def test_units_in_the_background_wait_for_the_end_of_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        waits.append(seconds)
        await sleep(0)

    monkeypatch.setattr(postgres.asyncio, "sleep", noted)
    made, server = database(AWAY, "done")
    made.run_in_background(unit)
    made.run_in_background(other)
    while made._flushing is not None or made._running:
        await sleep(0)
    assert runs(server) == [[unit, other]] * 2
    assert waits == [0.2, 2.0]


async def test_what_waits_is_written_when_it_closes_and_then_nothing_is_taken() -> None:
    made, server = database(AWAY, AWAY, AWAY)
    made.run_in_background(unit)
    await made.close()
    assert runs(server) == [[unit]], "at the end there is no later"
    assert server.log[-1] == "dispose"
    await made.close()
    assert server.log.count("dispose") == 1
    with pytest.raises(RuntimeError, match="closed"):
        await made.run(unit)
    with pytest.raises(RuntimeError, match="closed"):
        made.run_in_background(unit)


async def test_closing_waits_for_what_runs() -> None:
    made, server = database()
    running = asyncio.create_task(made.run(unit))
    await asyncio.sleep(0)
    await made.close()
    assert await running == "done"
    assert server.log[-1] == "dispose"


async def test_the_failure_of_a_unit_whose_caller_left_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    made, _ = database(TWICE, "fine")
    for _ in range(2):
        leaving = asyncio.create_task(made.run(unit))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        await settled(made)
    await asyncio.sleep(0)
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.ERROR, "a unit without a waiting caller failed: unit")
    ]


@pytest.mark.parametrize(
    ("error", "stale"),
    [
        (FeatureNotSupportedError("cached plan must not change result type"), True),
        (FeatureNotSupportedError("cached statement plan is invalid"), True),
        (FeatureNotSupportedError("no such thing"), False),
        (InternalServerError("cache lookup failed for type 5"), True),
        (InternalServerError("could not open relation with OID 5"), True),
        (InternalServerError("tuple concurrently updated"), True),
        (InternalServerError("cached plan must not change"), False),
        (UniqueViolationError("cache lookup failed"), False),
    ],
)
def test_which_errors_come_of_a_migration(error: Exception, stale: bool) -> None:
    error.sqlstate = {FeatureNotSupportedError: "0A000", InternalServerError: "XX000"}.get(
        type(error), "23505"
    )  # type: ignore[attr-defined]
    assert is_stale(translated(error)) is stale
    assert is_stale(error) is stale


class Session:
    """A connection that holds, or is refused, the lock of those that serve."""

    def __init__(self, *alone: bool, broken: bool = False) -> None:
        self.alone, self.broken, self.log = list(alone), broken, list[str]()

    async def exec_driver_sql(self, sql: str) -> Any:
        self.log.append(sql)
        if self.broken:
            raise AWAY
        return SimpleNamespace(scalar=lambda: self.alone.pop(0) if "try" in sql else None)

    async def execution_options(self, **options: Any) -> None:
        assert options == {"isolation_level": "AUTOCOMMIT"}

    async def invalidate(self) -> None:
        self.log.append("invalidate")

    async def close(self) -> None:
        self.log.append("close")


TRY, SHARED, UNLOCK = (
    f"SELECT {function}(7155225)"
    for function in ("pg_try_advisory_lock", "pg_advisory_lock_shared", "pg_advisory_unlock")
)


async def test_a_process_that_serves_notices_others(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(postgres.asyncio, "sleep", sleep)
    given = [Session(True), Session(*[False] * 6), Session(False, False, True)]
    found = []
    for session in given:
        made, server = database()

        async def connect(session: Session = session) -> Session:
            return session

        server.connect = connect  # type: ignore[assignment,method-assign]
        found.append(await made.announce_process())
    assert found == [True, False, True]
    assert given[0].log == [TRY, SHARED, UNLOCK]
    assert given[1].log == [TRY, SHARED, *[TRY] * 5]
    assert given[2].log == [TRY, SHARED, TRY, TRY, UNLOCK]
    assert waits == [0.2] * 7


async def test_a_process_whose_session_broke_announces_itself_anew() -> None:
    made, server = database()
    first, second = Session(True), Session(True)
    sessions = [first, second]

    async def connect() -> Session:
        return sessions.pop(0)

    server.connect = connect  # type: ignore[assignment,method-assign]
    assert await made.announce_process()
    first.alone = [False]
    assert not await made.announce_process(), "another process came"
    first.broken = True
    assert await made.announce_process()
    assert first.log[-2:] == ["invalidate", "close"]
    await made.close()
    assert second.log == [TRY, SHARED, UNLOCK, "invalidate", "close"]
