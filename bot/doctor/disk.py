"""The disks of documents and database: whether they can be written, and how much space is free."""

from __future__ import annotations

from collections.abc import Iterator

from bot.config.settings import BadSettingError, Settings
from bot.doctor.finding import Finding, first_line
from bot.documents.blob_store import FileStore, FolderStore, StoreDown, new_key
from bot.documents.disk_space import DiskSpace
from bot.startup.checks import check_documents_folder_folder, papers_folder
from bot.startup.errors import explain

#: Bytes that must be free: some days of documents, and what SQLite needs for VACUUM.
MIN_FREE = 1024**3


async def check_store(settings: Settings) -> Finding:
    """Write, read and delete something."""
    if (folder := papers_folder(settings)) is None:
        return await _bucket(settings)
    try:
        check_documents_folder_folder(settings)
        store = FolderStore(folder)
        return await _trial(store, str(folder))
    except (BadSettingError, OSError, StoreDown) as error:
        return Finding("documents", False, explain(error) or f"{folder} cannot be used ({first_line(error)})")


async def _trial(store: FileStore, where: str) -> Finding:
    """A document is put, read and deleted again."""
    key = new_key()
    await store.put(key, b"x")
    try:
        whole = await store.get(key) == b"x"
    finally:
        await store.delete(key)
    return Finding("documents", whole, where if whole else "the store gives back other bytes")


async def _bucket(settings: Settings) -> Finding:
    from bot.documents.s3_store import S3Store

    try:
        store = S3Store(settings.files_url, **settings.s3())
        try:
            return await _trial(store, settings.files_url)
        finally:
            await store.aclose()
    except Exception as error:
        words = f"{settings.files_url} cannot be used; check FILES_URL and S3_… ({first_line(error)})"
        return Finding("documents", False, words)


def check_disks(settings: Settings, *, min_free: int = MIN_FREE) -> Iterator[Finding]:
    """Free space where something of ours grows."""
    disk_space, seen = DiskSpace.of(settings), set()
    for name, free in disk_space.free().items():
        folder = disk_space.folders[name]
        if not folder.exists() or (device := folder.stat().st_dev) in seen:
            continue
        seen.add(device)
        megabytes = f"{free // 1024**2:,} MB free for {folder}"
        if free < disk_space.reserve:
            words = f"only {megabytes}: no upload is taken below MIN_FREE_DISK; free some space, or move it"
            yield Finding("disk", False, words)
        elif free < min_free:
            words = f"only {megabytes}; free some space, or move it to a larger disk"
            yield Finding("disk", False, words)
        else:
            yield Finding("disk", True, megabytes)
