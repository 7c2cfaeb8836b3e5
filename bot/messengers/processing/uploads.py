"""An offered file on its way into the store, before the unit that may keep it, and what is left of it afterwards."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable

from bot.application.resources import Resources
from bot.core.incoming import FileTaken, Incoming, OfferedFile
from bot.core.refusals import FileRejected, Refusal, Throttled, Unavailable
from bot.documents.blob_store import StoreDown
from bot.documents.file_types import LARGEST
from bot.services.shared import upload_quota
from storage.database.unit_of_work import run_when_available

log = logging.getLogger(__name__)

#: Tells a person that the database is away for long, and that what they sent is kept.
Tell = Callable[[], Awaitable[None]]


class Uploads:
    """Whatever may be refused by what the messenger says of a file is refused before anything is fetched."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources

    async def store_offered(
        self, incoming: Incoming, account_id: int | None, tell: Tell | None = None
    ) -> FileTaken | None:
        """The offered file, inspected and encrypted, not yet in the database; `tell` is called where the database is long away.
        Raises FileRejected, Throttled, Unavailable."""
        offered = incoming.file
        if offered is None or account_id is None:
            return None
        try:
            return await self._store(incoming, offered, account_id, tell)
        except Refusal as refusal:
            self.resources.counters.uploads_refused[refusal.key.removeprefix("error.")] += 1
            if refusal.key == "error.disk_reserve":
                log.error("MIN_FREE_DISK: the disk is nearly full; a file was not taken")
            raise

    async def drop_unused(self, taken: Iterable[FileTaken], removed: Iterable[str]) -> None:
        """After the unit: delete the bytes that it did not keep, or removed (their keys)."""
        keys = {key for file_taken in taken for key in file_taken.file.store_keys} | {*removed}
        if keys:
            await self.resources.documents.drop_unused(self.resources.database, keys)

    async def _store(
        self, incoming: Incoming, offered: OfferedFile, account_id: int, tell: Tell | None
    ) -> FileTaken:
        if offered.size is not None and offered.size > LARGEST:
            raise FileRejected("error.too_large")
        # As it came; whether there is room for all of its copies is known when they are made (DocumentLibrary).
        if not self.resources.disk_space.takes(offered.size or 0):
            raise Unavailable("error.disk_reserve")
        await self._count(account_id, offered.size or 0, tell=tell)
        counted = offered.size or 0

        async def fetch() -> bytes:
            nonlocal counted
            downloads = self.resources.downloads[incoming.messenger]
            content = await downloads.download(offered.handle, limit=LARGEST)
            if len(content) > counted:
                await self._count(account_id, len(content) - counted, files=0, tell=tell)
                counted = len(content)
            return content

        try:
            return FileTaken(
                await self.resources.documents.store_upload(
                    account_id, fetch, offered.name, side=incoming.messenger
                )
            )
        except StoreDown as trouble:
            self.resources.counters.store_failed += 1
            log.error("the store of documents does not answer (%s): a file was not taken", trouble)
            raise Unavailable("error.store_down") from None

    async def _count(self, account_id: int, size: int, *, files: int = 1, tell: Tell | None) -> None:
        resources = self.resources
        within = await run_when_available(
            resources.database,
            lambda db: upload_quota.count_upload(
                db,
                account_id=account_id,
                size=size,
                files=files,
                limit=resources.daily_uploads,
                now=resources.clock(),
            ),
            tell=tell,
        )
        if not within:
            raise Throttled("error.uploads_of_day")
