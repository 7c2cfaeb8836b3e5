"""`bot.py rotate-key`: the keys of documents are wrapped anew under the present master key, batch by batch.

Each document says under which key it is, so there is nothing to remember: stopped anywhere, it goes on where
it was. What a document holds is never opened; only the key of the file is.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

from bot.documents.blob_store import FileStore, NoSuchFile
from bot.documents.encryption import HEAD, DecryptionFailed, DocumentCipher
from storage.tables.column_types import utcnow

log = logging.getLogger(__name__)

#: Documents between two reports, and how many are worked on at once.
BATCH, AT_ONCE = 200, 8


@dataclass(slots=True)
class Count:
    current: int = 0
    former: int = 0
    #: Under a key that we do not have, or no encrypted document at all.
    unknown: int = 0


async def count_by_key(store: FileStore, sealer: DocumentCipher) -> Count:
    """How many documents are under which key."""
    count = Count()
    async for keys in _batches(store):
        for head in await asyncio.gather(*(_head(store, key) for key in keys)):
            if head is None:
                continue
            if sealer.is_current(head):
                count.current += 1
            elif sealer.knows(head):
                count.former += 1
            else:
                count.unknown += 1
    return count


async def rotate(store: FileStore, sealer: DocumentCipher) -> AsyncIterator[int]:
    """Wrap anew whatever is under a former key; how many, after each batch."""
    moved = 0
    async for keys in _batches(store):
        moved += sum(await asyncio.gather(*(_move(store, sealer, key) for key in keys)))
        if moved >= BATCH:
            yield moved
            moved = 0
    if moved:
        yield moved


async def _move(store: FileStore, sealer: DocumentCipher, key: str) -> bool:
    head = await _head(store, key)
    if head is None or sealer.is_current(head) or not sealer.knows(head):
        return False
    try:
        # A document removed in between comes back without a row, and the sweep of orphans takes it.
        await store.put(key, sealer.rewrap(await store.get(key), key))
    except NoSuchFile:
        return False
    except DecryptionFailed:
        log.error("the document %s is damaged and stays as it is", key)
        return False
    return True


async def _head(store: FileStore, key: str) -> bytes | None:
    try:
        return await store.head(key, HEAD)
    except NoSuchFile:
        return None


async def _batches(store: FileStore) -> AsyncIterator[list[str]]:
    batch: list[str] = []
    async for key in store.keys(before=utcnow() + timedelta(days=1)):
        batch.append(key)
        if len(batch) == AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
