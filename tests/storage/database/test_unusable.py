"""Each reason why a database cannot be used or does not serve, as the whole line that the operator reads."""

import errno
import logging
import os
import socket
import sqlite3
import ssl
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, InvalidRequestError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from storage.database import file_lock, outage, server_check
from storage.database.file_lock import serving_alone
from storage.database.outage import Outage, log_unless_outage, outage_reason
from storage.database.unusable import POOLER, DatabaseUnusable, explained_errors, why_unusable
from tests.support.open_files import descriptors

SERVER = make_url("postgresql+asyncpg://bot:sesame@db.example:6432/bot")
FILE = make_url("sqlite+aiosqlite:////srv/bot.db")
CHECK = "check DATABASE_URL and whether the server runs"


def sqlite(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("said")
    error.sqlite_errorcode = code
    return error


def postgres(state: str, said: str = "said  by\tit\nmore") -> asyncpg.PostgresError:
    error = asyncpg.PostgresError(said)
    error.sqlstate = state
    return error


def driver(cause: BaseException) -> OperationalError:
    """As SQLAlchemy hands it on."""
    return OperationalError("SELECT 1", {}, cause)


def system(code: int, name: str | None = None) -> OSError:
    return OSError(code, "words of the library with 10.0.0.1", name)


def tls(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "words of the library")
    error.reason = reason
    return error


HELD = "is held locked by another process; stop that one, or wait"
OF_FILES = {
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; check that it is a file, and its owner",
    sqlite3.SQLITE_READONLY: "may not be written; check its owner, and that its folder may be written too",
    sqlite3.SQLITE_NOTADB: "is no SQLite database; name another file, or restore a backup",
    sqlite3.SQLITE_CORRUPT: "is damaged; restore a backup (docs/operations.md)",
    sqlite3.SQLITE_BUSY: HELD,
    sqlite3.SQLITE_LOCKED: HELD,
    sqlite3.SQLITE_PROTOCOL: HELD,
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full; free some space",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk fails; look at the system's log",
    sqlite3.SQLITE_PERM: "may not be opened; check its owner",
    sqlite3.SQLITE_AUTH: "may not be opened; check its owner",
}


@pytest.mark.parametrize("code", OF_FILES)
def test_what_is_wrong_with_a_file(code: int) -> None:
    line = f"/srv/bot.db {OF_FILES[code]}"
    assert why_unusable(sqlite(code), FILE) == line
    assert why_unusable(driver(sqlite(code | 3 << 8)), FILE) == line


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (sqlite(sqlite3.SQLITE_ERROR), None),
        (sqlite3.OperationalError("no code"), None),
        (system(errno.EACCES), "the folder of /srv/bot.db cannot be made or used (Permission denied); check the path and its owner"),
        (system(errno.ENOTDIR), "the folder of /srv/bot.db cannot be made or used (a file is in its place); check the path and its owner"),
        (system(errno.EEXIST), "the folder of /srv/bot.db cannot be made or used (a file is in its place); check the path and its owner"),
        (OSError("no number"), "the folder of /srv/bot.db cannot be made or used (no connection); check the path and its owner"),
        (ValueError("of the program"), None),
        (DatabaseUnusable("said before"), "said before"),
        (ArgumentError("Could not parse sesame"), "is not a database address; use sqlite:///… or postgresql://user:password@host/name"),
        (sqlite(sqlite3.SQLITE_NOMEM), "the database is unavailable: no memory is left"),
    ],
)  # fmt: skip
def test_what_else_is_said_of_a_file(error: BaseException, line: str | None) -> None:
    assert why_unusable(error, FILE) == line


SAID, ASKS = "said by it", "check the parameters in DATABASE_URL"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (postgres("28P01"), "the server refuses the password of 'bot'; correct it in DATABASE_URL (percent-encoded), or on the server"),
        (postgres("28000"), f"the server does not let 'bot' in ({SAID}); create that role, or allow it in pg_hba.conf"),
        (postgres("3D000"), f"{SAID}; create it (createdb), or correct DATABASE_URL"),
        (postgres("42501"), f"'bot' lacks a right on the server ({SAID}); grant it, or use the owner of the database"),
        (postgres("42P05"), POOLER),
        (postgres("26000"), POOLER),
        (postgres("XX000", "prepared statements in this pooling mode"), POOLER),
        *((postgres(state), f"the server refuses the connection ({SAID}); {ASKS}") for state in ("42704", "22023", "42602", "55P02", "08P01", "0A000")),
        (postgres("25006"), "db.example:6432 only reads, it is a copy; name the server that is written to (target_session_attrs=read-write)"),
        (postgres("57P03"), f"db.example:6432 is starting or stopping ({SAID}); wait a moment"),
        (postgres("53300"), f"db.example:6432 has no connection left ({SAID}); raise max_connections, or stop what holds them"),
        *((postgres(state), f"db.example:6432 cannot serve now ({SAID}); see the server's log") for state in ("08006", "53100", "57P01", "58030")),
        (postgres("23505"), None),
        (postgres("28P01", ""), "the server refuses the password of 'bot'; correct it in DATABASE_URL (percent-encoded), or on the server"),
        (postgres("3D000", ""), "PostgresError; create it (createdb), or correct DATABASE_URL"),
        (postgres("3D000", "x" * 161), "x" * 160 + "; create it (createdb), or correct DATABASE_URL"),
        (tls("said"), "TLS with db.example:6432 fails (said); check sslmode, sslrootcert, sslcert and sslkey"),
        (socket.gaierror(-2, "Name unknown"), "no host of the name in db.example:6432 is found (Name unknown); correct DATABASE_URL, or the name service"),
        (ConnectionError("rejected SSL upgrade"), "db.example:6432 offers no TLS, which sslmode asks for; turn TLS on there, or set sslmode=prefer"),
        (ConnectionError("closed"), f"db.example:6432 does not answer (no connection); {CHECK}"),
        (TimeoutError(), f"db.example:6432 does not answer in time; {CHECK} and lets this machine in"),
        (NoConnection(), "all connections to db.example:6432 are busy"),
        (asyncpg.TargetServerAttributeNotMatched("none"), "none of db.example:6432 is what target_session_attrs asks for"),
        (system(errno.ECONNREFUSED), f"db.example:6432 does not answer (Connection refused); {CHECK}"),
        (system(errno.ENOENT, "/run/.s.PGSQL.5432"), f"db.example:6432 does not answer (No such file or directory); {CHECK}"),
        (system(errno.ENOENT, "/etc/ca.pem"), "/etc/ca.pem cannot be read (No such file or directory); correct the path in DATABASE_URL"),
        (UnicodeError("label too long"), "db.example:6432 is no name of a host; correct DATABASE_URL"),
        (asyncpg.InterfaceError("said\nmore"), "cannot be used as it is: said"),
        (EOFError(), f"what answers at db.example:6432 is not PostgreSQL, or is closing; {CHECK}"),
        (asyncpg.InternalClientError("got an unexpected byte"), f"what answers at db.example:6432 is not PostgreSQL, or is closing; {CHECK}"),
        (ValueError("of the program"), None),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_server(error: BaseException, line: str | None) -> None:
    """Also where it comes through SQLAlchemy; and never the password."""
    assert why_unusable(error, SERVER) == line
    translated = Exception("translated")
    translated.__cause__ = error
    if line is not None and not isinstance(error, NoConnection):
        assert why_unusable(driver(translated), SERVER) == line
    assert "sesame" not in (line or "")


def test_who_is_not_named_is_the_user() -> None:
    nameless = make_url("postgresql+asyncpg://db.example/bot")
    assert (why_unusable(postgres("28P01"), nameless) or "").startswith(
        "the server refuses the password of 'the user'"
    )


def test_a_certificate_that_is_not_trusted() -> None:
    error = ssl.SSLCertVerificationError("said")
    error.verify_message = "self-signed"
    assert why_unusable(error, SERVER) == (
        "the certificate of db.example:6432 is not trusted (self-signed); set sslrootcert=… to its authority's file"
    )


def test_errors_are_explained_and_faults_of_the_program_go_on() -> None:
    with pytest.raises(DatabaseUnusable, match="is damaged") as told, explained_errors(FILE):
        raise sqlite(sqlite3.SQLITE_CORRUPT)
    assert isinstance(told.value.__cause__, sqlite3.Error)
    with pytest.raises(ZeroDivisionError), explained_errors(FILE):
        raise ZeroDivisionError


# ── an outage ────────────────────────────────────────────────────────────────────────────────────────────────────────


def broken(*, invalidated: bool) -> DBAPIError:
    return DBAPIError("SELECT 1", {}, Exception("said"), connection_invalidated=invalidated)


def within(error: BaseException, other: BaseException) -> BaseException:
    error.__context__ = other
    return error


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (sqlite(sqlite3.SQLITE_BUSY), "another process holds it locked"),
        (sqlite(sqlite3.SQLITE_BUSY | 2 << 8), "another process holds it locked"),
        (sqlite(sqlite3.SQLITE_LOCKED), "another process holds it locked"),
        (sqlite(sqlite3.SQLITE_FULL), "the disk is full"),
        (driver(sqlite(sqlite3.SQLITE_IOERR)), "the disk does not take or give data"),
        (sqlite(sqlite3.SQLITE_CANTOPEN), "its file cannot be opened"),
        (sqlite(sqlite3.SQLITE_READONLY), "its file may not be written"),
        (sqlite(sqlite3.SQLITE_CONSTRAINT), None),
        (sqlite3.OperationalError("no code"), None),
        (postgres("08006"), "the connection broke"),
        (postgres("53100"), "the server has no disk space or no connection left"),
        (postgres("57P01"), "the server is stopping or starting"),
        (postgres("57014"), None),
        (postgres("58030"), "the server's disk does not take or give data"),
        (postgres("25006"), "the server only reads"),
        (postgres("25001"), None),
        (postgres("55P03"), "another process holds a lock"),
        (driver(postgres("23505")), None),
        (NoConnection(), "all connections are busy"),
        (OSError(), "the server does not answer"),
        (broken(invalidated=True), "the connection broke"),
        (broken(invalidated=False), None),
        (InterfaceError("SELECT 1", {}, Exception("closed")), "the connection broke"),
        (within(InvalidRequestError("savepoint"), sqlite(sqlite3.SQLITE_FULL)), "the disk is full"),
        (InvalidRequestError("savepoint"), None),
        (ValueError(), None),
    ],
)
def test_what_keeps_a_database_from_serving(error: BaseException, why: str | None) -> None:
    assert outage_reason(error) == why


def test_an_outage_is_told_once_a_minute_and_when_it_is_over(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(outage.time, "monotonic", lambda: clock[0])
    state = Outage()
    state.over()
    state.note(ValueError("of the program"))
    assert (state.since, state.lasts, caplog.messages) == (None, False, [])
    for clock[0] in (1000.0, 1059.9, 1060.0, 1119.9):
        state.note(sqlite(sqlite3.SQLITE_FULL))
    assert state.since == 1000.0
    clock[0] = 1179.8
    assert state.lasts
    clock[0] = 1179.9
    assert not state.lasts, "without a recent try, nothing is known"
    state.over()
    state.over()
    assert (state.since, state.lasts) == (None, False)
    # The next one within the same minute is not told, nor its end.
    clock[0] = 1119.0
    state.note(sqlite(sqlite3.SQLITE_FULL))
    assert state.lasts
    state.over()
    assert caplog.messages == [
        "the database is unavailable: the disk is full (for 0 s)",
        "the database is unavailable: the disk is full (for 60 s)",
        "the database is back after 180 s",
    ]


def test_an_error_is_logged_unless_the_database_is_unavailable(caplog: pytest.LogCaptureFixture) -> None:
    log_unless_outage(logging.getLogger("x"), "job %s failed", "a", error=sqlite(sqlite3.SQLITE_FULL))
    assert caplog.messages == []
    log_unless_outage(logging.getLogger("x"), "job %s failed", "a", error=ZeroDivisionError())
    assert caplog.messages == ["job a failed"]
    assert caplog.records[0].exc_info is not None


# ── one serving process, and what is looked at before ────────────────────────────────────────────────────────────────


def test_the_lock_of_a_file_names_its_process_and_lets_go(tmp_path: Path) -> None:
    url = make_url(f"sqlite+aiosqlite:///{tmp_path}/bot.db")
    lock = tmp_path / "bot.db-serving"
    lock.touch(0o600)
    lock.write_text("4711 and a longer line\n")
    before = descriptors()
    with serving_alone(url):
        assert lock.read_text() == f"{os.getpid()}\n"
    assert descriptors() <= before
    assert lock.stat().st_mode & 0o777 == 0o600
    with serving_alone(SERVER):
        assert list(tmp_path.iterdir()) == [lock]


def test_a_new_lock_is_its_owners_alone(tmp_path: Path) -> None:
    with serving_alone(make_url(f"sqlite+aiosqlite:///{tmp_path}/bot.db")):
        assert (tmp_path / "bot.db-serving").stat().st_mode & 0o7777 == 0o600


@pytest.mark.parametrize(("number", "told"), [("4711\n", "4711"), ("", "not known")])
def test_a_second_process_is_refused(
    number: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bot.db-serving").write_text(number)
    url = make_url(f"sqlite+aiosqlite:///{tmp_path}/bot.db")

    def lockf(handle: int, how: int) -> None:
        raise OSError(errno.EAGAIN, "held")

    monkeypatch.setattr(file_lock.fcntl, "lockf", lockf)
    with pytest.raises(DatabaseUnusable) as refused, serving_alone(url):
        raise AssertionError("served twice")
    assert str(refused.value) == (
        f"{tmp_path}/bot.db is served by another process already (its number is {told}); stop that one, or give this one "
        "its own DATABASE_URL (several processes need PostgreSQL)"
    )
    assert (tmp_path / "bot.db-serving").read_text() == number


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOTSUP, errno.EINVAL])
def test_a_disk_without_locks_serves_and_says_so(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def lockf(handle: int, how: int) -> None:
        raise OSError(code, "none")

    monkeypatch.setattr(file_lock.fcntl, "lockf", lockf)
    with serving_alone(make_url(f"sqlite+aiosqlite:///{tmp_path}/bot.db")):
        pass
    assert caplog.messages == [
        f"the disk of {tmp_path}/bot.db knows no locks: see to it that one process serves on it"
    ]


def test_a_lock_that_cannot_be_made(tmp_path: Path) -> None:
    url = make_url(f"sqlite+aiosqlite:///{tmp_path}/none/bot.db")
    with pytest.raises(DatabaseUnusable) as refused, serving_alone(url):
        raise AssertionError
    assert (
        str(refused.value)
        == f"{tmp_path}/none/bot.db-serving cannot be opened (No such file or directory); check its owner"
    )


@pytest.mark.parametrize("name", ["sslrootcert", "sslcert", "sslkey", "sslcrl"])
def test_a_file_of_the_address_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    server_check._check_files(SERVER.update_query_dict({name: str(tmp_path / "there")}))
    server_check._check_files(SERVER.update_query_dict({name: "system"}))
    with pytest.raises(DatabaseUnusable) as refused:
        server_check._check_files(SERVER.update_query_dict({name: "/none.pem"}))
    assert str(refused.value) == f"/none.pem cannot be read; correct {name}"


class Session:
    """One connection of a server whose sessions are `pids`, in turns."""

    def __init__(self, pids: list[int], encoding: str = "UTF8") -> None:
        self.pids, self.encoding, self.closed = pids, encoding, 0

    def transaction(self) -> Any:
        return self

    async def __aenter__(self) -> None:
        """Begins nothing."""

    async def __aexit__(self, *error: object) -> None:
        """Nor ends anything."""

    async def fetchval(self, question: str) -> Any:
        return self.encoding if "encoding" in question else self.pids.pop(0)

    async def close(self, *, timeout: int) -> None:
        assert timeout == 1
        self.closed += 1
        raise OSError("the pooler is gone")


@pytest.mark.parametrize(
    ("first", "second", "line"),
    [
        ([1, 1], [2], None),
        ([1], [1], POOLER),  # the second has the session of the first
        ([1, 3], [2], POOLER),  # the first finds itself on another
    ],
)
async def test_a_connection_must_stay_with_one_session(
    first: list[int], second: list[int], line: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = [Session(first), Session(second)]
    waiting, asked = list(sessions), []

    async def connect(**options: Any) -> Session:
        asked.append(options)
        return waiting.pop(0)

    monkeypatch.setattr(asyncpg, "connect", connect)
    if line is None:
        await server_check.check_server(SERVER)
    else:
        with pytest.raises(DatabaseUnusable) as refused:
            await server_check.check_server(SERVER)
        assert str(refused.value) == line
    assert [one.closed for one in sessions] == [1, 1]
    assert all((one["statement_cache_size"], one["command_timeout"]) == (0, 20.0) for one in asked)


@pytest.mark.parametrize("error", [TimeoutError(), asyncpg.TooManyConnectionsError("53300"), asyncpg.CannotConnectNowError("x")])  # fmt: skip
async def test_a_server_that_gives_one_connection_only(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = Session([1, 1])
    answers: list[Any] = [only, error]

    async def connect(**options: Any) -> Session:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    monkeypatch.setattr(asyncpg, "connect", connect)
    expected = (
        DatabaseUnusable if isinstance(error, TimeoutError | asyncpg.PostgresConnectionError) else type(error)
    )
    with pytest.raises(expected) as refused:
        await server_check.check_server(SERVER)
    if expected is DatabaseUnusable:
        assert (
            str(refused.value)
            == "gives us one connection only; raise the limit of the pooler or of the server"
        )
    assert only.closed == 1


async def test_letters_that_the_server_cannot_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    async def connect(**options: Any) -> Session:
        return Session([1, 1], encoding="LATIN1")

    monkeypatch.setattr(asyncpg, "connect", connect)
    with pytest.raises(DatabaseUnusable) as refused:
        await server_check.check_server(SERVER)
    assert str(refused.value) == (
        "the database is encoded in LATIN1 and cannot keep Persian as it is; make one in UTF-8 (createdb --encoding=UTF8 "
        "--template=template0) and name that"
    )
