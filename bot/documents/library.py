"""The document library: takes documents, stores them encrypted, opens them again.

Bytes are stored before their row is committed, so a crash in between leaves an orphan in the store and never
a row without its file. `orphans` finds them, `sweep` removes them.
"""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable
from datetime import datetime, timedelta

from sqlalchemy import select, union
from sqlmodel import Session, col

from bot.documents.blob_store import FileStore, StoreDown, new_key
from bot.documents.disk_space import DiskSpace
from bot.documents.encryption import DocumentCipher
from bot.documents.file_names import label
from bot.documents.file_types import InspectedFile
from bot.documents.inspection_pool import InspectionPool, Preempted
from storage.database.database import Database
from storage.tables import StoredFile

log = logging.getLogger(__name__)

#: Younger ones may belong to a unit that is still to be committed.
ORPHAN_AGE = timedelta(days=1)
_BATCH = 200
_KEYS = (col(StoredFile.original_key), col(StoredFile.shown_key), col(StoredFile.preview_key))


class DocumentLibrary:
    def __init__(
        self,
        store: FileStore,
        sealer: DocumentCipher,
        inspection: InspectionPool,
        disk_space: DiskSpace | None = None,
    ) -> None:
        self._store, self._disk_space = store, disk_space or DiskSpace()
        self._sealer = sealer
        self._inspection = inspection

    async def store_upload(
        self,
        account_id: int,
        fetch: Callable[[], Awaitable[bytes]],
        name: str | None,
        *,
        side: Hashable = None,
    ) -> StoredFile:
        """Fetch a file once it is its turn, check and keep it; the row is for the caller to add. `side` is
        the messenger.

        `name` is the name it was sent with: a label for people, nothing more. A slow file that gives way to
        others is fetched again. Raises FileRejected, Throttled, StoreDown, Unavailable where the disk has no room for all of its
        copies, and what `fetch` raises."""
        while True:
            with contextlib.suppress(Preempted):
                return await self._store_in_turn(account_id, fetch, name, side)

    async def _store_in_turn(
        self, account_id: int, fetch: Callable[[], Awaitable[bytes]], name: str | None, side: Hashable
    ) -> StoredFile:
        """In one turn; outside it nothing of the file is in memory."""
        async with self._inspection.reserve_worker(account_id, side) as worker:
            data = await fetch()
            return await self._kept(account_id, data, name, await worker.inspect(data))

    async def _kept(
        self, account_id: int, data: bytes, name: str | None, checked: InspectedFile
    ) -> StoredFile:
        shown = None if checked.shown is data else checked.shown
        with self._disk_space.room_for(data, shown, checked.preview):
            return await self._written(account_id, data, name, checked)

    async def _written(
        self, account_id: int, data: bytes, name: str | None, checked: InspectedFile
    ) -> StoredFile:
        original_key = await self._keep(data)
        shown_key = original_key if checked.shown is data else await self._keep(checked.shown)
        return StoredFile(
            account_id=account_id,
            sha256=await asyncio.to_thread(_digest, data),
            media_type=checked.media_type,
            size=len(data),
            original_name=label(name),
            original_key=original_key,
            shown_key=shown_key,
            shown_media_type=checked.shown_media_type,
            preview_key=await self._keep(checked.preview) if checked.preview else None,
            remarks=",".join(checked.remarks) or None,
            pages=checked.pages,
            quality_warning=checked.quality_warning,
        )

    async def open(self, file: StoredFile) -> bytes:
        """The copy to show: a JPEG without metadata, or a PDF. Raises NoSuchFile, Unreadable."""
        return await self._fetch(file.shown_key)

    async def original(self, file: StoredFile) -> bytes:
        """The bytes as uploaded, with whatever they carry. Raises NoSuchFile, Unreadable."""
        return await self._fetch(file.original_key)

    async def open_copy(self, key: str) -> bytes:
        """One of a document's copies (`StoredFile.store_keys`). Raises NoSuchFile, Unreadable."""
        return await self._fetch(key)

    async def has(self, key: str) -> bool:
        """Whether a copy is in the store."""
        return await self._store.exists(key)

    async def delete_bytes(self, file: StoredFile) -> None:
        """Delete the bytes of a document whose row says that it was removed."""
        for key in file.store_keys:
            await self._store.delete(key)

    async def drop_unused(self, database: Database, keys: Iterable[str]) -> None:
        """Delete those of some keys that no living row has, after the unit that may have used or removed them
        is over. Raises nothing: what is left behind by a store or database that is away, the sweep of orphans
        finds."""
        try:
            for key in await _unknown(database, list(keys)):
                await self._store.delete(key)
        except StoreDown as trouble:
            log.warning(
                "the store of documents does not answer (%s): unused documents wait for the sweep", trouble
            )
        except Exception as trouble:
            log.warning("unused documents wait for the sweep: %r", trouble)

    async def orphans(self, database: Database, *, before: datetime) -> AsyncIterator[str]:
        """Keys written before an instant that no row knows, or only rows of removed documents."""
        batch: list[str] = []
        async for key in self._store.keys(before=before):
            batch.append(key)
            if len(batch) == _BATCH:
                for orphan in await _unknown(database, batch):
                    yield orphan
                batch = []
        for orphan in await _unknown(database, batch):
            yield orphan

    async def remove_orphans(self, database: Database, now: datetime) -> int:
        """Delete orphans of more than a day; how many. For a daily timer. Nothing where the database never had a document:
        then the store is another bot's, or the database is not the one that the bot had."""
        if not await database.read(_has_documents):
            return 0
        swept = 0
        async for key in self.orphans(database, before=now - ORPHAN_AGE):
            await self._store.delete(key)
            swept += 1
        return swept

    async def close(self) -> None:
        await self._inspection.close()
        await self._store.aclose()

    async def _keep(self, data: bytes) -> str:
        key = new_key()
        await self._store.put(key, await asyncio.to_thread(self._sealer.seal, data, key))
        return key

    async def _fetch(self, key: str) -> bytes:
        return await asyncio.to_thread(self._sealer.open, await self._store.get(key), key)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def shown_media_type(file: StoredFile) -> str:
    """Of what `DocumentLibrary.open` returns."""
    if file.shown_media_type is not None:
        return file.shown_media_type
    return file.media_type if file.media_type == "application/pdf" else "image/jpeg"


def _has_documents(db: Session) -> bool:
    return db.scalar(select(col(StoredFile.id)).limit(1)) is not None


def known_keys(db: Session, keys: list[str]) -> set[str]:
    """Those of some keys that rows of documents have which were not removed."""
    columns = (select(one).where(one.in_(keys), col(StoredFile.removed_at).is_(None)) for one in _KEYS)
    return set(db.scalars(union(*columns)))


async def _unknown(database: Database, keys: list[str]) -> list[str]:
    present = await database.read(lambda db: known_keys(db, keys)) if keys else set()
    return [key for key in keys if key not in present]
