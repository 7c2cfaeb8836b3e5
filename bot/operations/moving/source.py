"""The SQLite database that is moved: one reading transaction on a connection that cannot change the file."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, Table, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.operations.errors import UpkeepError
from bot.operations.moving import rows
from storage.database.file_lock import serving_alone
from storage.database.sqlite import stock_engine
from storage.database.unusable import explained_errors
from storage.migrations.migrate import must_be_known, revision_of_code, revisions_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    connection: AsyncConnection
    #: Of all that is in the file: an unfinished copy is gone on with only where this is the same.
    mark: str

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self.connection.run_sync(work)

    async def last_number(self, table: Table) -> int:
        """The last number given out for `id`; also where the row is gone."""
        return await self.read(lambda connection: _last_number(connection, table))


@asynccontextmanager
async def open_source(url: URL) -> AsyncIterator[Source]:
    """Nobody serves on it within. Raises UpkeepError, DatabaseUnusable."""
    file = Path(url.database or "")
    if not file.is_file():
        raise UpkeepError(f"DATABASE_URL: there is no file {file}")
    with serving_alone(url):
        readable = url.set(database=f"file:{quote(str(file))}", query={"mode": "ro", "uri": "true"})
        engine = stock_engine(readable, read_only=True)
        try:
            with explained_errors(url):
                mark = await asyncio.to_thread(_mark, file)
                async with engine.connect() as connection:
                    await connection.run_sync(_check)
                    yield Source(connection, mark)
        finally:
            await engine.dispose()


def _mark(file: Path) -> str:
    """Of the bytes of the database, and of what a killed bot left beside it."""
    digest = hashlib.sha256()
    for path in (file, file.with_name(f"{file.name}-wal")):
        if path.is_file():
            with path.open("rb") as source:
                while data := source.read(1 << 20):
                    digest.update(data)
    return digest.hexdigest()


def _check(connection: Connection) -> None:
    must_be_known(revisions := revisions_of(connection))
    if revisions != revision_of_code():
        raise UpkeepError("DATABASE_URL: the schema is old; run `python bot.py migrate` first")
    known = {table.name for table in rows.plain_tables()} | {"alembic_version"}
    if others := sorted(set(inspect(connection).get_table_names()) ^ known):
        raise UpkeepError(f"DATABASE_URL: not the tables of this release: {', '.join(others)[:200]}")
    if broken := connection.execute(text("PRAGMA foreign_key_check")).first():
        raise UpkeepError(
            f"DATABASE_URL: rows point to rows that are gone, the first in {broken[0]}; restore a backup first"
        )


def _last_number(connection: Connection, table: Table) -> int:
    last = connection.scalar(text(f"SELECT max(id) FROM {table.name}")) or 0  # noqa: S608  a name of ours
    counted = inspect(connection).has_table("sqlite_sequence")
    if counted:
        asked = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        last = max(last, connection.scalar(asked, {"name": table.name}) or 0)
    return int(last)
