"""The store of documents and the cipher that the settings name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from bot.config.settings import Settings
from bot.documents.blob_store import FileStore, FolderStore, NoSuchFile
from bot.documents.encryption import DocumentCipher


def make_store(settings: Settings, url: str | None = None) -> FileStore:
    """A folder, or an S3-compatible store: of `url`, else of FILES_URL with FORMER_FILES_URL behind it. Close it with
    `aclose`."""
    if url is None and settings.former_files_url:
        stores = (settings.files_url, settings.former_files_url)
        return StoreWithFormer(*(make_store(settings, one) for one in stores))
    address = url or settings.files_url
    if address.startswith("s3://"):
        from bot.documents.s3_store import S3Store

        return S3Store(address, **settings.s3())
    return FolderStore(Path(address.removeprefix("file://")))


class StoreWithFormer:
    """`FileStore` while documents move: everything new goes into `present`, what is not there yet is read from `former`."""

    def __init__(self, present: FileStore, former: FileStore) -> None:
        self.present, self.former = present, former

    async def put(self, key: str, data: bytes) -> None:
        await self.present.put(key, data)

    async def get(self, key: str) -> bytes:
        try:
            return await self.present.get(key)
        except NoSuchFile:
            return await self.former.get(key)

    async def head(self, key: str, size: int) -> bytes:
        try:
            return await self.present.head(key, size)
        except NoSuchFile:
            return await self.former.head(key, size)

    async def exists(self, key: str) -> bool:
        return await self.present.exists(key) or await self.former.exists(key)

    async def delete(self, key: str) -> None:
        # The former one first: it would be read again.
        await self.former.delete(key)
        await self.present.delete(key)

    async def keys(self, *, before: datetime) -> AsyncIterator[str]:
        seen = set()
        async for key in self.present.keys(before=before):
            seen.add(bytes.fromhex(key))
            yield key
        async for key in self.former.keys(before=before):
            if bytes.fromhex(key) not in seen:
                yield key

    async def aclose(self) -> None:
        await self.present.aclose()
        await self.former.aclose()


@asynccontextmanager
async def open_store(settings: Settings, url: str | None = None) -> AsyncIterator[FileStore]:
    """`make_store`, closed at the end."""
    store = make_store(settings, url)
    try:
        yield store
    finally:
        await store.aclose()


def make_cipher(settings: Settings) -> DocumentCipher:
    """Encrypts under SECRET_KEY, decrypts under FORMER_SECRET_KEYS too. Raises BadSettingError."""
    return DocumentCipher(settings.key(), settings.former_keys())
