"""The store of encrypted documents: bytes by key. Keys are ours (hex), never a name from outside."""

import asyncio
import os
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from storage.ownership import give_to_owner_of, make_folder

_KEY = re.compile(r"[0-9a-f]{32}")
_FOLDER = re.compile(r"[0-9a-f]{2}")
_UNFINISHED = ".part"


class NoSuchFile(LookupError):
    """The store has nothing under this key."""


class StoreDown(Exception):
    """The store does not answer, or is full. Nothing is wrong with the document; later it may work."""


@contextmanager
def answering() -> Iterator[None]:
    """Turns what a file system says of itself into StoreDown."""
    try:
        yield
    except OSError as error:
        raise StoreDown(error.strerror or str(error)) from error


def new_key() -> str:
    """32 random hex characters."""
    return secrets.token_hex(16)


def is_key(text: str) -> bool:
    return _KEY.fullmatch(text) is not None


def folder_of(key: str) -> str:
    """Where a key lies. Raises ValueError for what is no key of ours: a path, for instance."""
    if not is_key(key):
        raise ValueError(f"not a key of ours: {key[:40]!r}")
    return key[:2]


class FileStore(Protocol):
    """Small enough for a folder and for any S3-compatible store. `put`, `get`, `exists` and `delete` raise
    StoreDown where it does not answer."""

    async def put(self, key: str, data: bytes) -> None:
        """Durable and whole once it returns; replaces what was there."""
        ...

    async def get(self, key: str) -> bytes:
        """Raises NoSuchFile."""
        ...

    async def head(self, key: str, size: int) -> bytes:
        """The first bytes, at most `size`. Raises NoSuchFile."""
        ...

    async def exists(self, key: str) -> bool: ...

    async def delete(self, key: str) -> None:
        """Deleting what is not there is no error."""
        ...

    def keys(self, *, before: datetime) -> AsyncIterator[str]:
        """Keys last written before an instant, in no order."""
        ...

    async def aclose(self) -> None:
        """Let go of connections; at the end of every command that opened the store."""
        ...


class FolderStore:
    """A local folder, two levels deep."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        with answering():
            await asyncio.to_thread(self._write, path, data)

    async def get(self, key: str) -> bytes:
        path = self._path(key)
        with answering():
            try:
                return await asyncio.to_thread(path.read_bytes)
            except FileNotFoundError:
                raise NoSuchFile(key) from None

    async def head(self, key: str, size: int) -> bytes:
        def read() -> bytes:
            with self._path(key).open("rb") as file:
                return file.read(size)

        with answering():
            try:
                return await asyncio.to_thread(read)
            except FileNotFoundError:
                raise NoSuchFile(key) from None

    async def exists(self, key: str) -> bool:
        path = self._path(key)
        with answering():
            return await asyncio.to_thread(path.is_file)

    async def delete(self, key: str) -> None:
        path = self._path(key)
        with answering():
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def keys(self, *, before: datetime) -> AsyncIterator[str]:
        """None where the folder is not there: the first document makes it. Raises StoreDown where it cannot be read."""
        with answering():
            folders = await asyncio.to_thread(self._folders)
        for folder in folders:
            with answering():
                found = await asyncio.to_thread(self._old, folder, before)
            for key in found:
                yield key

    async def aclose(self) -> None:
        """There is nothing to let go of."""

    def _path(self, key: str) -> Path:
        return self._root / folder_of(key) / key

    def _folders(self) -> list[Path]:
        # Not `glob`, which says nothing of a folder that it may not read.
        try:
            names = os.listdir(self._root)
        except FileNotFoundError:
            return []
        return [self._root / name for name in sorted(names) if _FOLDER.fullmatch(name)]

    @staticmethod
    def _write(path: Path, data: bytes) -> None:
        """Whole or not at all, also when the power fails: file and both folders are synced."""
        fresh = not path.parent.exists()
        make_folder(path.parent)
        unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}{_UNFINISHED}")
        try:
            with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            give_to_owner_of(path.parent, unfinished)
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        for folder in (path.parent, path.parent.parent) if fresh else (path.parent,):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    @staticmethod
    def _old(folder: Path, before: datetime) -> list[str]:
        """Keys in one folder; what a crash left half-written is removed on the way."""
        keys = []
        for path in folder.iterdir():
            try:
                written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            except FileNotFoundError:
                continue
            if written >= before:
                continue
            if path.name.endswith(_UNFINISHED):
                path.unlink(missing_ok=True)
            elif is_key(path.name):
                keys.append(path.name)
        return keys
