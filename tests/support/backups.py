"""A small installation to be backed up: rows, encrypted documents, and a task that writes all the time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlmodel import Session

from bot.documents.blob_store import FileStore, FolderStore, new_key
from bot.documents.encryption import DocumentCipher
from bot.operations import archive
from bot.operations.backup import back_up
from bot.operations.restore import Restored, restore
from storage.database.database import Database, open_database
from storage.tables import Account, StaffAlert, StoredFile

SECRET = "the-secret-key-of-the-tests-long-enough"


async def store_documents(
    store: FileStore, contents: Iterable[bytes], secret: str = SECRET
) -> dict[str, bytes]:
    """Encrypt and store documents; their contents by key."""
    cipher = DocumentCipher(secret)
    stored = {new_key(): content for content in contents}
    for key, content in stored.items():
        await store.put(key, cipher.seal(content, key))
    return stored


async def add_rows(database: Database, keys: Iterable[str]) -> None:
    """An account, and a row for each document."""

    def unit(db: Session) -> None:
        db.add(Account(id=1, user_code="1", password_hash="x", first_name="سارا", last_name="کریمی"))
        db.flush()
        file = {"account_id": 1, "sha256": "0" * 64, "media_type": "application/pdf", "size": 1}
        db.add_all(StoredFile(**file, original_key=key, shown_key=key) for key in keys)

    await database.run(unit)


@dataclass
class Installation:
    """A bot's data below `folder`, and the key of age for whom it is backed up."""

    folder: Path
    database_url: str

    @cached_property
    def store(self) -> FolderStore:
        return FolderStore(self.folder / "files")

    @cached_property
    def recipient(self) -> str:
        """The public key; the secret one is in the file `identity`."""
        return archive.make_identity(self.folder / "identity")

    async def fill(self, contents: Iterable[bytes]) -> dict[str, bytes]:
        documents = await store_documents(self.store, contents)
        database = await open_database(self.database_url)
        await add_rows(database, documents)
        await database.close()
        return documents

    async def back_up(self, target: str = "b.age") -> tuple[Path, dict[str, Any]]:
        """The file and its manifest."""
        return await back_up(
            database_url=self.database_url,
            store=self.store,
            target=self.folder / target,
            recipients=[self.recipient],
            secret=SECRET,
        )

    async def restore(self, file: Path, into: str = "new", **other: Any) -> Restored:
        asked = {"identity": self.folder / "identity", "secrets": [SECRET]} | other
        return await restore(file=file, into=self.folder / into, **asked)


@contextlib.asynccontextmanager
async def writing(database: Database) -> AsyncIterator[list[int]]:
    """Commits pairs of rows until the end of the block: a copy of one instant never holds half a pair. Their numbers."""
    pairs: list[int] = []

    def add_pair(db: Session) -> None:
        for half in ("a", "b"):
            db.add(StaffAlert(key=f"{len(pairs)}:{half}", text="x" * 500))
            db.flush()

    async def write() -> None:
        while True:
            await database.run(add_pair)
            pairs.append(len(pairs))

    task = asyncio.create_task(write())
    while len(pairs) < 20:
        await asyncio.sleep(0)
        if task.done():
            await task
    yield pairs
    task.cancel()
    await asyncio.wait([task])
