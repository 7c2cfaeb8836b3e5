"""Whether the store holds what the database says it holds: living rows of documents against the store's keys.

An empty bucket, or another folder in FILES_URL, looks like a bot without documents; only the rows tell them apart.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, inspect, select

from bot.documents.blob_store import FileStore, is_key
from bot.documents.encryption import HEAD, DocumentCipher
from bot.operations.errors import UpkeepError
from storage.database.database import asynchronous
from storage.database.postgres_options import make_engine
from storage.database.sqlite import stock_engine
from storage.database.unusable import explained_errors
from storage.tables import StoredFile
from storage.tables.column_types import utcnow

T = TypeVar("T")
#: Runs a function over a connection that only reads.
Read = Callable[[Callable[[Connection], Any]], Awaitable[Any]]

FILES: Table = StoredFile.metadata.tables["stored_file"]
_KEYS = ("original_key", "shown_key", "preview_key")
#: Rows of one read.
PAGE = 1000
#: Documents, of the oldest and of the newest each, whose heads tell whether the key is theirs.
SAMPLE = 50


@dataclass(frozen=True, slots=True)
class Comparison:
    """Living documents, and those of which the store lacks a copy."""

    documents: int = 0
    missing: int = 0
    #: The id of the first that is missing.
    first: int | None = None

    def __str__(self) -> str:
        return (
            f"{self.missing:,} of {self.documents:,} documents of the database are not in the store "
            f"(the first is stored_file {self.first})"
        )


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """Of the documents that were looked at: under keys that we have, under others, not in the store."""

    known: int = 0
    unknown: int = 0
    absent: int = 0

    def __str__(self) -> str:
        """Of one with unknown ones."""
        return (
            f"{self.unknown} of the {self.known + self.unknown} documents that were looked at are under a key that is neither "
            "SECRET_KEY nor among FORMER_SECRET_KEYS; set the key that they were stored under (no backup holds it)"
        )


@asynccontextmanager
async def reading(database_url: str) -> AsyncIterator[Read]:
    """Reads on a connection of our own. Raises UpkeepError where SQLite's file is not there, DatabaseUnusable."""
    url = asynchronous(database_url)
    sqlite = url.get_backend_name() == "sqlite"
    if sqlite and not Path(url.database or "").is_file():
        raise UpkeepError(f"DATABASE_URL: there is no file {url.database}")
    engine = stock_engine(url, read_only=True) if sqlite else make_engine(url)

    async def read(work: Callable[[Connection], T]) -> T:
        with explained_errors(url):
            async with engine.connect() as connection:
                return await connection.run_sync(work)

    try:
        yield read
    finally:
        await engine.dispose()


async def keys_in(store: FileStore) -> set[bytes]:
    """Everything that the store lists, sixteen bytes each. Raises StoreDown."""
    return {bytes.fromhex(key) async for key in store.keys(before=utcnow() + timedelta(days=1))}


async def compare(read: Read, present: set[bytes], store: FileStore) -> Comparison:
    """Living rows against `present`; what seems to be missing is looked for once more, since people go on sending and
    removing documents. Raises StoreDown, DatabaseUnusable."""
    documents, missing, first, after = 0, 0, None, 0
    columns = await read(_columns)
    while columns and (rows := await read(partial(_living, columns, after=after))):
        documents += len(rows)
        after = rows[-1].id
        suspects = [row.id for row in rows if not await _all_there(_keys_of(row), present, store)]
        if suspects:
            still = [row.id for row in await read(partial(_living, columns, ids=suspects))]
            missing += len(still)
            first = first or next(iter(still), None)
    return Comparison(documents, missing, first)


async def check_key(
    read: Read, store: FileStore, cipher: DocumentCipher, *, sample: int = SAMPLE
) -> KeyCheck:
    """Whether the `sample` oldest and newest documents are under keys that we have. Raises StoreDown."""
    keys = await read(partial(_sample, sample))
    found = Counter(await asyncio.gather(*(_is_known(key, store, cipher) for key in keys)))
    return KeyCheck(found[True], found[False], found[None])


async def _is_known(key: str, store: FileStore, cipher: DocumentCipher) -> bool | None:
    """None where it is not there."""
    if not is_key(key):
        return None
    try:
        return cipher.knows(await store.head(key, HEAD))
    except LookupError:
        return None


async def _all_there(keys: Iterable[str], present: set[bytes], store: FileStore) -> bool:
    for key in keys:
        if not is_key(key) or (bytes.fromhex(key) not in present and not await store.exists(key)):
            return False
    return True


def has_rows(connection: Connection) -> bool:
    """Whether there ever was a document."""
    return connection.scalar(select(FILES.c.id).limit(1)) is not None


def _columns(connection: Connection) -> list[str]:
    """Those that this schema has of the keys: a copy of an earlier release has not all; none without the table."""
    there = inspect(connection)
    if not there.has_table(FILES.name):
        return []
    names = {column["name"] for column in there.get_columns(FILES.name)}
    return [name for name in _KEYS if name in names]


def _living(
    columns: list[str], connection: Connection, *, after: int = 0, ids: list[int] | None = None
) -> list[Any]:
    """The next page of living rows, by number."""
    asked = [FILES.c.id, *(FILES.c[name] for name in columns)]
    rows = select(*asked).where(FILES.c.removed_at.is_(None), FILES.c.id > after).order_by(FILES.c.id)
    return list(connection.execute(rows.limit(PAGE) if ids is None else rows.where(FILES.c.id.in_(ids))))


def _keys_of(row: Any) -> set[str]:
    return {key for key in row[1:] if key}


def _sample(size: int, connection: Connection) -> list[str]:
    if not inspect(connection).has_table(FILES.name):
        return []
    living = select(FILES.c.original_key).where(FILES.c.removed_at.is_(None)).limit(size)
    ends = (living.order_by(FILES.c.id), living.order_by(FILES.c.id.desc()))
    return list(dict.fromkeys(key for end in ends for key in connection.scalars(end)))
