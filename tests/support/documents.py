"""Uploads without a messenger: a library of documents, and a file through its checker."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.documents.blob_store import FolderStore
from bot.documents.encryption import DocumentCipher
from bot.documents.file_types import InspectedFile
from bot.documents.inspection_pool import InspectionPool
from bot.documents.library import DocumentLibrary


def document_library(folder: Path, secret: str = "0" * 64) -> DocumentLibrary:
    """In this folder, encrypted under this secret. Its workers start with the first upload; close it at the end."""
    return DocumentLibrary(FolderStore(folder), DocumentCipher(secret), InspectionPool())


async def check(checker: InspectionPool, data: bytes, account_id: int = 1) -> InspectedFile:
    async with checker.reserve_worker(account_id) as worker:
        return await worker.inspect(data)


def given(data: bytes) -> Callable[[], Awaitable[bytes]]:
    """What fetches these bytes."""

    async def fetch() -> bytes:
        return data

    return fetch
