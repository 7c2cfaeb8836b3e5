"""A small installation: rows, encrypted documents, and a task that writes all the time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime

from sqlmodel import Session

from bot.documents.blob_store import FileStore, new_key
from bot.documents.encryption import DocumentCipher
from storage.database.database import Database
from storage.tables import Account, StaffAlert, StoredFile

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)
SECRET = "the-secret-key-of-the-tests-long-enough"


async def keep(store: FileStore, contents: Iterable[bytes], secret: str = SECRET) -> dict[str, bytes]:
    """Seal papers into the store; key → bytes."""
    sealer = DocumentCipher(secret)
    kept = {new_key(): content for content in contents}
    for key, content in kept.items():
        await store.put(key, sealer.seal(content, key))
    return kept


def rows_of(keys: Iterable[str]) -> list[StoredFile]:
    return [
        StoredFile(
            account_id=1,
            sha256="0" * 64,
            media_type="application/pdf",
            size=1,
            original_key=key,
            shown_key=key,
        )
        for key in keys
    ]


async def furnish(database: Database, keys: Iterable[str]) -> None:
    def unit(db: Session) -> None:
        db.add(Account(id=1, user_code="1", password_hash="x", first_name="سارا", last_name="کریمی"))
        db.flush()
        db.add_all(rows_of(keys))

    await database.run(unit)


class Writer:
    """Commits pairs of rows until stopped: a copy of one instant never holds half a pair."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.pairs = 0

    async def run(self) -> None:
        while True:
            number = self.pairs

            def unit(db: Session, number: int = number) -> None:
                db.add(StaffAlert(key=f"{number}:a", text="x" * 500))
                db.flush()
                db.add(StaffAlert(key=f"{number}:b", text="x" * 500))

            await self._database.run(unit)
            self.pairs += 1


@contextlib.asynccontextmanager
async def busy(database: Database) -> AsyncIterator[Writer]:
    writer = Writer(database)
    task = asyncio.create_task(writer.run())
    while writer.pairs < 20:
        await asyncio.sleep(0)
        if task.done():
            await task
    yield writer
    task.cancel()
    await asyncio.wait([task])
