"""Why a database cannot be used, in one line for the operator who set DATABASE_URL. The line holds no
password: drivers' own words are quoted only where they name what the server knows (a role, a database, a
parameter)."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
import sqlite3
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import URL
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from storage.database.outage import outage_reason
from storage.database.url import server_address

if TYPE_CHECKING:
    import asyncpg

POOLER = (
    "a pooler gives every transaction another connection (transaction mode, or statement mode); let it pool whole sessions "
    "(pgbouncer: pool_mode = session), or name the server itself"
)
_SQLITE = {
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; check that it is a file, and its owner",
    sqlite3.SQLITE_READONLY: "may not be written; check its owner, and that its folder may be written too",
    sqlite3.SQLITE_NOTADB: "is no SQLite database; name another file, or restore a backup",
    sqlite3.SQLITE_CORRUPT: "is damaged; restore a backup (docs/operations.md)",
    sqlite3.SQLITE_BUSY: "is held locked by another process; stop that one, or wait",
    sqlite3.SQLITE_LOCKED: "is held locked by another process; stop that one, or wait",
    sqlite3.SQLITE_PROTOCOL: "is held locked by another process; stop that one, or wait",
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full; free some space",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk fails; look at the system's log",
    sqlite3.SQLITE_PERM: "may not be opened; check its owner",
    sqlite3.SQLITE_AUTH: "may not be opened; check its owner",
}
_CHECK = "check DATABASE_URL and whether the server runs"


class DatabaseUnusable(Exception):
    """In one line that says what to do; without the name of the setting."""


@contextlib.contextmanager
def explained_errors(url: URL) -> Iterator[None]:
    """Turns what stops the use of `url` into DatabaseUnusable. What is a fault of the program goes on as it
    is."""
    try:
        yield
    except Exception as error:
        if (words := why_unusable(error, url)) is None:
            raise
        raise DatabaseUnusable(words) from error


def why_unusable(error: BaseException, url: URL) -> str | None:
    """One line, or None where the setting is not at fault."""
    if isinstance(error, DatabaseUnusable):
        return str(error)
    if isinstance(error, ArgumentError):
        return "is not a database address; use sqlite:///… or postgresql://user:password@host/name"
    for cause in _causes(error):
        words = _sqlite(cause, url) if url.get_backend_name() == "sqlite" else _postgres(cause, url)
        if words is not None:
            return words
    away = outage_reason(error)
    return f"the database is unavailable: {away}" if away is not None else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The driver's own error first."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        if error.orig.__cause__ is not None:
            yield error.orig.__cause__
        yield error.orig
    yield error


def _sqlite(error: BaseException, url: URL) -> str | None:
    if isinstance(error, sqlite3.Error):
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        return f"{url.database} {_SQLITE[code]}" if code in _SQLITE else None
    if isinstance(error, OSError):
        return f"the folder of {url.database} cannot be made or used ({_system(error)}); check the path and its owner"
    return None


def _postgres(error: BaseException, url: URL) -> str | None:
    # Not where the database is SQLite.
    import asyncpg

    if isinstance(error, asyncpg.PostgresError):
        return _refusal_text(error, url)
    words = _unreachable(error, url)
    if words is not None:
        return words
    if isinstance(error, asyncpg.InterfaceError):
        return f"cannot be used as it is: {_short(error)}"
    if isinstance(error, asyncpg.InternalClientError | ConnectionError | EOFError):
        return f"what answers at {server_address(url)} is not PostgreSQL, or is closing; {_CHECK}"
    return None


def _unreachable(error: BaseException, url: URL) -> str | None:
    """The way to the server: names, TLS, sockets, files."""
    import asyncpg

    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of {server_address(url)} is not trusted ({error.verify_message}); set sslrootcert=… to its authority's file"
    if isinstance(error, ssl.SSLError):
        return f"TLS with {server_address(url)} fails ({_short(error.reason or error)}); check sslmode, sslrootcert, sslcert and sslkey"
    if isinstance(error, socket.gaierror):
        return f"no host of the name in {server_address(url)} is found ({error.strerror}); correct DATABASE_URL, or the name service"
    if isinstance(error, ConnectionError) and "SSL" in str(error):
        return f"{server_address(url)} offers no TLS, which sslmode asks for; turn TLS on there, or set sslmode=prefer"
    if isinstance(error, TimeoutError):
        return f"{server_address(url)} does not answer in time; {_CHECK} and lets this machine in"
    if isinstance(error, NoConnection):
        return f"all connections to {server_address(url)} are busy"
    if isinstance(error, asyncpg.TargetServerAttributeNotMatched):
        return f"none of {server_address(url)} is what target_session_attrs asks for"
    if isinstance(error, OSError):
        if error.filename is not None and ".s.PGSQL." not in str(error.filename):
            return f"{error.filename} cannot be read ({_system(error)}); correct the path in DATABASE_URL"
        return f"{server_address(url)} does not answer ({_system(error)}); {_CHECK}"
    if isinstance(error, UnicodeError):
        return f"{server_address(url)} is no name of a host; correct DATABASE_URL"
    return None


def _refusal_text(error: asyncpg.PostgresError, url: URL) -> str | None:
    """By SQLSTATE."""
    state, said, user = error.sqlstate or "", _short(error), url.username or "the user"
    if "pooling mode" in said:
        return POOLER
    match state:
        case "28P01":
            return f"the server refuses the password of {user!r}; correct it in DATABASE_URL (percent-encoded), or on the server"
        case "28000":
            return (
                f"the server does not let {user!r} in ({said}); create that role, or allow it in pg_hba.conf"
            )
        case "3D000":
            return f"{said}; create it (createdb), or correct DATABASE_URL"
        case "42501":
            return (
                f"{user!r} lacks a right on the server ({said}); grant it, or use the owner of the database"
            )
        case "42P05" | "26000":
            return POOLER
        case "42704" | "22023" | "42602" | "55P02" | "08P01" | "0A000":
            return f"the server refuses the connection ({said}); check the parameters in DATABASE_URL"
        case "25006":
            return f"{server_address(url)} only reads, it is a copy; name the server that is written to (target_session_attrs=read-write)"
        case "57P03":
            return f"{server_address(url)} is starting or stopping ({said}); wait a moment"
        case "53300":
            return f"{server_address(url)} has no connection left ({said}); raise max_connections, or stop what holds them"
    if state.startswith(("08", "53", "57P", "58")):
        return f"{server_address(url)} cannot serve now ({said}); see the server's log"
    return None


def _system(error: OSError) -> str:
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return "a file is in its place"
    # The library's own words hold the address once more, or a list of them.
    return os.strerror(error.errno) if error.errno else "no connection"


def _short(error: object) -> str:
    said = str(error).strip().splitlines()
    # Certificates and sockets of asyncpg are quoted with their whole path; nothing else is that long.
    return re.sub(r"\s+", " ", said[0])[:160] if said else type(error).__name__
