"""Checks a PostgreSQL server before anything is begun on it."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Any

import asyncpg
from sqlalchemy import URL

from storage.database.postgres_options import connect_options
from storage.database.unusable import POOLER, DatabaseUnusable

#: Seconds for one question; a machine under load answers late.
TIMEOUT = 20.0


async def check_server(url: URL) -> None:
    """Encoding, and that a connection stays with one session of the server. Raises DatabaseUnusable, and what
    connecting raises."""
    _check_files(url)
    first = await _connect(url)
    try:
        await _check_encoding(first)
        await _check_sessions(first, url)
    finally:
        await _close(first)


def _check_files(url: URL) -> None:
    """The driver's own error does not name the file."""
    for name in ("sslrootcert", "sslcert", "sslkey", "sslcrl"):
        file = str(url.query.get(name, ""))
        if file and file != "system" and not os.access(file, os.R_OK):
            raise DatabaseUnusable(f"{file} cannot be read; correct {name}")


async def _connect(url: URL) -> Any:
    # No prepared statements: they are what a pooler breaks.
    return await asyncpg.connect(
        **connect_options(url) | {"statement_cache_size": 0, "command_timeout": TIMEOUT}
    )


async def _close(connection: Any) -> None:
    with contextlib.suppress(Exception):
        await connection.close(timeout=1)


async def _fetch_value(connection: Any, question: str) -> Any:
    async with connection.transaction():
        return await connection.fetchval(question)


async def _check_encoding(connection: Any) -> None:
    encoding = await _fetch_value(connection, "SELECT current_setting('server_encoding')")
    if encoding != "UTF8":
        raise DatabaseUnusable(
            f"the database is encoded in {encoding} and cannot keep Persian as it is; make one in UTF-8 "
            "(createdb --encoding=UTF8 --template=template0) and name that"
        )


async def _check_sessions(first: Any, url: URL) -> None:
    """A second connection takes the session that the first has just let go of, where a pooler hands them out
    by transaction; and the first must then find itself on another."""
    own = "SELECT pg_backend_pid()"
    pid = await _fetch_value(first, own)
    try:
        second = await _connect(url)
    except (TimeoutError, asyncpg.PostgresConnectionError) as error:
        raise DatabaseUnusable(
            "gives us one connection only; raise the limit of the pooler or of the server"
        ) from error
    try:
        async with second.transaction():
            shared = await second.fetchval(own) == pid
            if not shared:
                async with asyncio.timeout(TIMEOUT):
                    shared = await _fetch_value(first, own) != pid
    except TimeoutError as error:
        raise DatabaseUnusable(
            "gives us one connection only; raise the limit of the pooler or of the server"
        ) from error
    finally:
        await _close(second)
    if shared:
        raise DatabaseUnusable(POOLER)
