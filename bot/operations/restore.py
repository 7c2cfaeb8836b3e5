"""`bot.py restore`: a backup into a new folder (and an empty PostgreSQL database), checked before it is
named."""

import asyncio
import contextlib
import json
import re
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import IO, Any

from sqlalchemy import inspect

from bot.documents.blob_store import FileStore, FolderStore, StoreDown
from bot.documents.encryption import DocumentCipher
from bot.operations import archive, signature, stored_documents
from bot.operations.backup import run_tool
from bot.operations.errors import UpkeepError
from storage.database.database import asynchronous, check_database
from storage.database.postgres_options import make_engine
from storage.database.unusable import why_unusable
from storage.tables.column_types import utcnow

_DOCUMENT_MEMBER = re.compile(rf"{archive.DOCUMENTS_PREFIX}([0-9a-f]{{32}})")


@dataclass(frozen=True, slots=True)
class Restored:
    manifest: dict[str, Any]
    #: database.sqlite3 or database.dump
    database: str
    #: Rows of the database whose document is not there. Of a PostgreSQL dump that was not loaded, those that were missing when
    #: it was made; None where an earlier release made it, and nobody knows.
    missing_documents: int | None
    #: Whether one of our keys signed it; False only where --unsigned was asked for.
    signed: bool


async def restore(
    *,
    file: Path,
    identity: Path,
    into: Path,
    secrets: list[str],
    unsigned: bool = False,
    database_url: str | None = None,
    store: FileStore | None = None,
) -> Restored:
    """Unpack into `into`, which must be new or empty; documents into `store` where one is given, else into
    its `files`.

    `database_url`: an empty PostgreSQL database that takes the dump. `secrets`: SECRET_KEY and the former
    ones, one of which must have signed it. `unsigned` takes what none of them can vouch for, but never what
    was changed after one of them signed. Raises UpkeepError; then nothing is left in `into` nor in
    `store`."""
    identities = archive.read_identities(identity)
    if not file.is_file():
        raise UpkeepError(f"there is no file {file}")
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise UpkeepError(f"{into} is not empty; nothing is ever overwritten")
    if store is not None and await anext(store.keys(before=utcnow() + timedelta(days=1)), None) is not None:
        raise UpkeepError("the store of --files-url is not empty; nothing is ever overwritten")
    if database_url is not None:
        await _must_be_empty(database_url)
    into.parent.mkdir(parents=True, exist_ok=True)
    unfinished = into.with_name(f"{into.name}.{token_hex(4)}.part")
    unfinished.mkdir(mode=0o700)
    if store is None:
        # Also where there are no documents: it is FILES_URL afterwards.
        (unfinished / "files").mkdir(mode=0o700)
    unpack = _Unpack(unfinished, store or FolderStore(unfinished / "files"))
    done = False
    try:
        await asyncio.to_thread(unpack.run, file, identities)
        signed = _check_signature(file.name, unpack.manifest, secrets, unsigned)
        missing = unpack.manifest.get("missing")
        if unpack.database == archive.SQLITE:
            missing = await _check_sqlite(unfinished / archive.SQLITE, unpack)
        if database_url is not None:
            await _load(database_url, unfinished, unpack.database)
            present = {bytes.fromhex(key) for key in unpack.stored_keys}
            async with stored_documents.reading(database_url) as read:
                missing = (await stored_documents.compare(read, present, unpack.store)).missing
        if into.exists():
            into.rmdir()
        unfinished.rename(into)
        done = True
    except OSError as error:
        raise UpkeepError(f"{into} cannot be written ({error.strerror or error})") from error
    except StoreDown as trouble:
        raise UpkeepError(f"the documents cannot be written ({trouble})") from trouble
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
        if store is not None and not done:
            await _take_back(store, unpack.stored_keys)
    return Restored(unpack.manifest, unpack.database, missing, signed)


async def _take_back(store: FileStore, keys: list[str]) -> None:
    """What came of an archive that was refused does not stay among documents."""
    for key in keys:
        with contextlib.suppress(StoreDown):
            await store.delete(key)


def _check_signature(name: str, manifest: dict[str, Any], secrets: list[str], unsigned: bool) -> bool:
    """Whether one of our keys signed it. Raises UpkeepError where it was changed, or none did and that is not
    allowed."""
    if signature.is_signed_by(manifest, secrets):
        return True
    key_id = manifest.get("key_id")
    if signature.is_signed(manifest) and key_id in {DocumentCipher(secret).key_id for secret in secrets}:
        raise UpkeepError(f"{name} was not made by this bot, or was changed since: its signature is wrong")
    if unsigned:
        return False
    if not signature.is_signed(manifest):
        raise UpkeepError(
            f"{name} is not signed: made by an older version of the bot, or by another program. Where you know that "
            "it is yours, repeat with --unsigned"
        )
    raise UpkeepError(
        f"{name} is signed under the SECRET_KEY whose id is {key_id!s:.40}; set that key here as SECRET_KEY or among "
        "FORMER_SECRET_KEYS. Where it is lost and you know that the backup is yours, repeat with --unsigned"
    )


class _Unpack:
    """Runs in a thread; documents are put on the loop."""

    def __init__(self, folder: Path, store: FileStore) -> None:
        self._folder = folder
        self.store = store
        self._loop = asyncio.get_running_loop()
        self.database = ""
        #: Keys of the documents put so far.
        self.stored_keys: list[str] = []
        self.manifest: dict[str, Any] = {}

    def run(self, file: Path, identities: list[Any]) -> None:
        counters = archive.ArchiveSummary()
        try:
            with (
                archive.decrypted(file, identities) as stream,
                tarfile.open(fileobj=stream, mode="r|") as tar,
            ):
                for member in tar:
                    self._extract_member(member, tar.extractfile(member), counters)
        except (tarfile.TarError, ValueError, EOFError) as error:
            raise UpkeepError(f"{file.name} holds no backup of this bot ({error})") from None
        facts = counters.facts()
        if not self.database or {name: self.manifest.get(name) for name in facts} != facts:
            raise UpkeepError(f"{file.name} is damaged: it does not hold what its manifest says")
        unsigned = self.manifest.get("format") == archive.UNSIGNED_FORMAT
        if unsigned and signature.is_signed(self.manifest):
            raise UpkeepError(f"{file.name} is damaged: its manifest contradicts itself")
        if not unsigned and self.manifest.get("format") != archive.FORMAT:
            raise UpkeepError(f"{file.name} was made by a newer version of the bot")

    def _extract_member(
        self, member: tarfile.TarInfo, source: IO[bytes] | None, counters: archive.ArchiveSummary
    ) -> None:
        if source is None or self.manifest or member.type != tarfile.REGTYPE or member.sparse is not None:
            raise UpkeepError(f"unexpected in a backup: {member.name[:80]!r}")
        if member.name == archive.MANIFEST and member.size < archive.CHUNK:
            self.manifest = _manifest(source.read())
            return
        counters.begin(member.name, member.size)
        if member.name in (archive.SQLITE, archive.POSTGRES) and not self.database:
            self.database = member.name
            with (self._folder / member.name).open("xb") as sink:
                (self._folder / member.name).chmod(0o600)
                for data in _chunks(source):
                    counters.add(data)
                    sink.write(data)
        elif (
            member_match := _DOCUMENT_MEMBER.fullmatch(member.name)
        ) and member.size <= archive.LARGEST_DOCUMENT:
            data = source.read()
            counters.add(data)
            self.stored_keys.append(member_match[1])
            asyncio.run_coroutine_threadsafe(self.store.put(member_match[1], data), self._loop).result()
        else:
            raise UpkeepError(f"unexpected in a backup: {member.name[:80]!r}")


def _manifest(data: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError):
        manifest = None
    if not isinstance(manifest, dict):
        raise UpkeepError("the manifest of the backup cannot be read")
    return manifest


def _chunks(source: IO[bytes]) -> Iterator[bytes]:
    while data := source.read(archive.CHUNK):
        yield data


#: Columns with the keys of a document's copies.
_KEYS = ("original_key", "shown_key", "preview_key")


async def _check_sqlite(file: Path, unpack: _Unpack) -> int:
    """Raises UpkeepError where SQLite finds fault; how many documents are missing."""

    def ask(statement: str) -> list[Any]:
        with contextlib.closing(sqlite3.connect(file)) as connection:
            return connection.execute(statement).fetchall()

    try:
        whole = await asyncio.to_thread(ask, "PRAGMA integrity_check")
        broken = await asyncio.to_thread(ask, "PRAGMA foreign_key_check")
        # A backup of an earlier release has not all of these columns.
        there = {column[1] for column in await asyncio.to_thread(ask, "PRAGMA table_info(stored_file)")}
        living = "SELECT id, {0} FROM stored_file WHERE removed_at IS NULL AND {0} IS NOT NULL"
        each = [living.format(key) for key in _KEYS if key in there]
        rows = await asyncio.to_thread(ask, " UNION ".join(each))
    except sqlite3.DatabaseError as error:
        raise UpkeepError(f"the database within is damaged ({error})") from None
    if whole != [("ok",)] or broken:
        raise UpkeepError("the database within is damaged")
    return len({number for number, key in rows if not await unpack.store.exists(key)})


async def _must_be_empty(database_url: str) -> None:
    try:
        url = asynchronous(database_url)
    except ValueError as error:
        raise UpkeepError(f"--database-url: {error}") from None
    if url.get_backend_name() != "postgresql":
        raise UpkeepError("--database-url: is for PostgreSQL; an SQLite database is unpacked into --into")
    try:
        await check_database(database_url)
        engine = make_engine(url)
        try:
            async with engine.connect() as connection:
                tables = await connection.run_sync(lambda connection: inspect(connection).get_table_names())
        finally:
            await engine.dispose()
    except Exception as error:
        raise UpkeepError(f"--database-url: {why_unusable(error, url) or type(error).__name__}") from None
    if tables:
        raise UpkeepError("--database-url: the database is not empty; nothing is ever overwritten")


async def _load(database_url: str, folder: Path, database: str) -> None:
    if database != archive.POSTGRES:
        raise UpkeepError("--database-url: this backup holds an SQLite database; leave the option out")
    await run_tool(
        "pg_restore",
        url := asynchronous(database_url),
        "--exit-on-error",
        "--single-transaction",
        "--no-owner",
        f"--dbname={url.database}",
        str(folder / database),
    )
