"""The disks of documents and database: whether they can be written, and how much space is free."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from bot.config.settings import Settings
from bot.doctor.finding import Finding, first_line
from bot.documents.blob_store import FileStore, new_key
from bot.documents.disk_space import DiskSpace
from bot.startup.checks import folder_error, papers_folder, write_probe
from bot.startup.errors import explain

#: Bytes that must be free: some days of documents, and what SQLite needs for VACUUM.
MIN_FREE = 1024**3


async def check_store(settings: Settings) -> Finding:
    """Write something, and take it away again: nothing stays, not even a folder."""
    if (folder := papers_folder(settings)) is None:
        return await _bucket(settings)
    try:
        return _folder(folder)
    except OSError as error:
        told = folder_error(folder, error)
        return Finding("documents", False, explain(told) or f"{folder} cannot be used ({first_line(error)})")


def _folder(folder: Path) -> Finding:
    """Where it is not there yet, the folder in which it is made. Raises OSError."""
    if not folder.exists():
        write_probe(next(parent for parent in folder.absolute().parents if os.path.lexists(parent)))
        return Finding("documents", True, f"{folder} is not there yet; `bot.py run` makes it")
    write_probe(folder)
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            words = f"FILES_URL: {path} cannot be written by this user, so some documents can neither be stored nor read; give it to the bot's user (chown -R)"
            return Finding("documents", False, words)
    return Finding("documents", True, str(folder))


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
