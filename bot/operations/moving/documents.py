"""Documents from one store into another: each is read back and compared. The bot may serve meanwhile."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.documents.blob_store import FileStore, NoSuchFile
from bot.documents.encryption import HEAD, DocumentCipher
from bot.operations.errors import UpkeepError
from bot.operations.stored_documents import keys_in
from storage.tables.column_types import utcnow

#: Documents on their way at once: each is up to 20 MB, twice.
AT_ONCE = 4
#: Documents that the target alone has, whose heads tell whether they are this bot's.
SAMPLE = 50


@dataclass(slots=True)
class Copied:
    #: Those of the source, and those of them that were not in the target before.
    documents: int = 0
    new: int = 0


async def copy_documents(
    source: FileStore,
    target: FileStore,
    cipher: DocumentCipher,
    *,
    replace: bool,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Copied:
    """Bring every document of `source` into `target`; the source is only read. Stopped anywhere, the next call goes on.

    `replace`: the source is what the bot writes to; else the target is, and what is there already stays. Raises StoreDown, and
    UpkeepError where the target holds other documents than this bot's."""
    wanted, present = await keys_in(source), await keys_in(target)
    await _must_be_ours(target, present - wanted, cipher)
    copied = Copied()
    work = _Work(source, target, present, replace, copied)
    waiting: set[asyncio.Task[None]] = set()
    try:
        async for key in source.keys(before=utcnow() + timedelta(days=1)):
            waiting.add(asyncio.create_task(work.copy(key)))
            if len(waiting) >= AT_ONCE:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for one in done:
                    one.result()
                progress(copied.documents, max(len(wanted), copied.documents))
        await asyncio.gather(*waiting)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    progress(copied.documents, copied.documents)
    return copied


async def _must_be_ours(target: FileStore, others: set[bytes], cipher: DocumentCipher) -> None:
    for key in sorted(others)[:SAMPLE]:
        try:
            head = await target.head(key.hex(), HEAD)
        except NoSuchFile:
            continue
        if not cipher.knows(head):
            raise UpkeepError("--files-url: that store holds documents of another bot; name an empty one")


@dataclass(frozen=True, slots=True)
class _Work:
    source: FileStore
    target: FileStore
    #: Of the target, when it began.
    present: set[bytes]
    replace: bool
    copied: Copied

    async def copy(self, key: str) -> None:
        there = await self._there(key)
        if there is not None and not self.replace:
            self.copied.documents += 1
            return
        try:
            data = await self.source.get(key)
        except NoSuchFile:  # removed since it was listed
            return
        if there != data:
            await self.target.put(key, data)
            if await self._there(key, sure=True) != data:
                digest = hashlib.sha256(data).hexdigest()
                raise UpkeepError(
                    f"--files-url: the document {key} (SHA-256 {digest}) does not come back as it was written; that store is not to be trusted"
                )
            self.copied.new += 1
        self.copied.documents += 1

    async def _there(self, key: str, *, sure: bool = False) -> bytes | None:
        if not sure and bytes.fromhex(key) not in self.present:
            return None
        try:
            return await self.target.get(key)
        except NoSuchFile:
            return None
