"""Where papers and database lie: can it be written, is there room."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bot.doctor.finding import Finding, first_line
from bot.documents.room import Room
from bot.documents.store import new_key
from bot.settings import Settings

#: Bytes that must be free: some days of papers, and room for SQLite to tidy up.
ROOM = 1024**3


async def look(settings: Settings) -> Finding:
    """Write, read and delete something."""
    if settings.files_url.startswith("s3://"):
        return await _bucket(settings)
    folder = _folder(settings)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=f".doctor-{secrets.token_hex(4)}") as probe:
            probe.write(b"x")
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        words = f"{folder} cannot be written ({error.strerror}); check FILES_URL and its owner"
        return Finding("papers", False, words)
    return Finding("papers", True, str(folder))


async def _bucket(settings: Settings) -> Finding:
    from bot.documents.s3 import S3Papers

    store = S3Papers(settings.files_url, **settings.s3())
    key = new_key()
    try:
        await store.put(key, b"x")
        whole = await store.get(key) == b"x"
        await store.delete(key)
    except Exception as error:
        words = f"{settings.files_url} cannot be used; check FILES_URL and S3_… ({first_line(error)})"
        return Finding("papers", False, words)
    finally:
        await store.aclose()
    return Finding("papers", whole, settings.files_url if whole else "the store gives back other bytes")


def disks(settings: Settings, *, room: int = ROOM) -> Iterator[Finding]:
    """Free space where something of ours grows."""
    held, seen = Room.of(settings), set()
    for name, free in held.free().items():
        folder = held.folders[name]
        if not folder.exists() or (device := folder.stat().st_dev) in seen:
            continue
        seen.add(device)
        megabytes = f"{free // 1024**2:,} MB free for {folder}"
        if free < held.reserve:
            words = f"only {megabytes}: no upload is taken below MIN_FREE_DISK; free some space, or move it"
            yield Finding("disk", False, words)
        elif free < room:
            words = f"only {megabytes}; free some space, or move it to a larger disk"
            yield Finding("disk", False, words)
        else:
            yield Finding("disk", True, megabytes)


def _folder(settings: Settings) -> Path:
    return Path(settings.files_url.removeprefix("file://"))
