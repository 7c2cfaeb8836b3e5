"""The store of documents and the cipher that the settings name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.config.settings import Settings
from bot.documents.blob_store import FileStore, FolderStore
from bot.documents.encryption import DocumentCipher


def make_store(settings: Settings, url: str | None = None) -> FileStore:
    """A folder, or an S3-compatible store; of FILES_URL unless `url` is given. Close it with `aclose`."""
    address = url or settings.files_url
    if address.startswith("s3://"):
        from bot.documents.s3_store import S3Store

        return S3Store(address, **settings.s3())
    return FolderStore(Path(address.removeprefix("file://")))


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
