"""The form of a backup: one tar, encrypted with age while it is made, so nothing readable touches the disk.

    tar = database ‖ papers/<key> … ‖ MANIFEST.json

The manifest counts what came before it, carries one SHA-256 over all names, sizes and bytes, and is signed
(signature.py). Memory does not grow with the number of documents.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import tarfile
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pyrage

from bot.operations import signature
from bot.operations.errors import UpkeepError

MANIFEST = "MANIFEST.json"
#: As archives of every release name them; "papers" in the manifest too.
DOCUMENTS_PREFIX = "papers/"
SQLITE, POSTGRES = "database.sqlite3", "database.dump"
#: The format of what is made, and the one before, whose manifest was not signed.
FORMAT, UNSIGNED_FORMAT = 2, 1
#: Bytes moved at a time.
CHUNK = 1 << 20
#: An encrypted document is at most 20 MB and a little.
LARGEST_DOCUMENT = 32 << 20
_BLOCK = 512


@dataclass(slots=True)
class ArchiveSummary:
    """What went through, for the manifest."""

    documents: int = 0
    size: int = 0
    _sum: Any = field(default_factory=hashlib.sha256)

    def begin(self, name: str, size: int) -> None:
        self._sum.update(f"{name}\n{size}\n".encode())
        self.documents += name.startswith(DOCUMENTS_PREFIX)
        self.size += size

    def add(self, data: bytes) -> None:
        self._sum.update(data)

    def facts(self) -> dict[str, Any]:
        return {"papers": self.documents, "bytes": self.size, "sha256": self._sum.hexdigest()}


class TarStream:
    """The bytes of a tar, entry by entry."""

    def __init__(self) -> None:
        self.counters = ArchiveSummary()

    async def data(self, name: str, data: bytes) -> AsyncIterator[bytes]:
        self.counters.begin(name, len(data))
        self.counters.add(data)
        yield _header(name, len(data)) + data + _padding(len(data))

    async def file(self, name: str, path: Path) -> AsyncIterator[bytes]:
        size = path.stat().st_size
        self.counters.begin(name, size)
        yield _header(name, size)
        with path.open("rb") as source:
            while data := await asyncio.to_thread(source.read, CHUNK):
                self.counters.add(data)
                yield data
        yield _padding(size)

    async def end(self, facts: dict[str, Any], secret: str) -> AsyncIterator[bytes]:
        """The manifest, signed under SECRET_KEY, and the end of the tar."""
        manifest = signature.sign({"format": FORMAT} | facts | self.counters.facts(), secret)
        data = json.dumps(manifest, indent=1).encode()
        yield _header(MANIFEST, len(data)) + data + _padding(len(data)) + bytes(2 * _BLOCK)


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info.tobuf(tarfile.PAX_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % _BLOCK)


class _Pull:
    """A file for a thread, whose bytes are made on the loop."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._loop = asyncio.get_running_loop()
        self._rest = memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            chunk = asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()
            if chunk is None:
                return b""
            self._rest = memoryview(chunk)
        size = len(self._rest) if size < 0 else size
        taken, self._rest = self._rest[:size], self._rest[size:]
        return bytes(taken)

    async def _next(self) -> bytes | None:
        return await anext(self._chunks, None)


class _Sink:
    """Keeps the error of a full or failing disk, which the library gives another kind."""

    def __init__(self, file: IO[bytes], failures: list[BaseException]) -> None:
        self._file = file
        self._failures = failures

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            self._failures.append(error)
            raise

    def flush(self) -> None:
        """The caller's, who waits for the disk too."""


async def encrypt(chunks: AsyncGenerator[bytes, None], sink: IO[bytes], recipients: list[str]) -> None:
    """Raises whatever making the chunks raises, OSError of `sink`, and UpkeepError where a recipient is none."""
    keys = [recipient(line) for line in recipients]
    failures: list[BaseException] = []

    async def watched() -> AsyncGenerator[bytes, None]:
        try:
            async for chunk in chunks:
                yield chunk
        except Exception as error:
            failures.append(error)
            raise

    try:
        # What was begun and is not read to its end is closed here, not by the collector.
        async with contextlib.aclosing(chunks), contextlib.aclosing(watched()) as source:
            await asyncio.to_thread(pyrage.encrypt_io, _Pull(source), _Sink(sink, failures), keys)
    except Exception:
        if failures:
            raise failures[0] from None
        raise


def recipient(text: str) -> Any:
    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError:
        raise UpkeepError("--recipient, BACKUP_RECIPIENT: must be a public key of age (age1…)") from None


def read_identities(path: Path) -> list[Any]:
    """The secret keys in a file as age-keygen writes it. Raises UpkeepError."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        identities = [
            pyrage.x25519.Identity.from_str(line.strip())
            for line in lines
            if line.strip() and not line.startswith("#")
        ]
    except (OSError, UnicodeDecodeError, pyrage.IdentityError):
        raise UpkeepError(f"{path} cannot be read as a key file of age") from None
    if not identities:
        raise UpkeepError(f"{path} holds no key")
    return identities


def make_identity(path: Path) -> str:
    """Write a new secret key; its public half. Raises UpkeepError where the file exists."""
    identity = pyrage.x25519.Identity.generate()
    public = str(identity.to_public())
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UpkeepError(f"{path} cannot be made ({error.strerror})") from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"# public key: {public}\n{identity}\n")
        file.flush()
        os.fsync(file.fileno())
    return public


@contextlib.contextmanager
def decrypted(path: Path, identities: list[Any]) -> Iterator[IO[bytes]]:
    """The tar within, as a stream. Raises UpkeepError where it is not for these keys, damaged or cut short:
    at the end at the latest, so nothing read is to be trusted before."""
    inner, outer = os.pipe()
    failures: list[Exception] = []

    def pour() -> None:
        # A reader that went away is no fault of the archive.
        with contextlib.suppress(BrokenPipeError), os.fdopen(outer, "wb") as sink:
            try:
                with path.open("rb") as source:
                    pyrage.decrypt_io(source, sink, identities)
            except Exception as error:
                failures.append(error)

    thread = threading.Thread(target=pour, name="decrypt")
    thread.start()
    error: Exception | None = None
    #: It failed before its reader did, so what the reader says comes of that.
    failed_first = True
    try:
        with os.fdopen(inner, "rb") as stream:
            try:
                yield stream
                while stream.read(CHUNK):
                    pass
            except Exception as raised:
                error, failed_first = raised, bool(failures)
    finally:
        thread.join()
    if failures and failed_first and not isinstance(error, UpkeepError):
        raise UpkeepError(f"{path.name} does not open: not for this key, damaged or cut short") from None
    if error is not None:
        raise error
