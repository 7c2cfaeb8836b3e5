"""`bot.py backup`: database and documents into one encrypted file, while the bot runs.

The database comes first, the documents after it: a document is stored before its row, so each row of the copy
has its document. SECRET_KEY is not in it: without that key, kept elsewhere, the documents within stay
encrypted.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL

from bot.documents.blob_store import FileStore, NoSuchFile, StoreDown
from bot.documents.encryption import DocumentCipher
from bot.operations import archive, stored_documents
from bot.operations.errors import UpkeepError
from storage.database.database import asynchronous
from storage.database.postgres_options import ssl_mode
from storage.database.url import hosts_of
from storage.tables.column_types import utcnow

#: Parameters of DATABASE_URL as libpq's programs take them from their environment.
_LIBPQ = {
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
    "passfile": "PGPASSFILE",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "options": "PGOPTIONS",
    "channel_binding": "PGCHANNELBINDING",
}


async def back_up(
    *, database_url: str, store: FileStore, target: Path, recipients: list[str], secret: str
) -> tuple[Path, dict[str, Any]]:
    """Write an archive to `target`, a new file or a folder; where it is, and its manifest. Raises
    UpkeepError.

    `secret` is SECRET_KEY: it signs the manifest, which tells the key's id and nothing of the key. The manifest's
    "documents" and "missing" count the living rows, and those whose document was not in the store: an archive that
    lacks some is made all the same."""
    if not recipients:
        raise UpkeepError("--recipient or BACKUP_RECIPIENT: name the public key (age1…) that may open it")
    for recipient in recipients:
        archive.recipient(recipient)
    now = utcnow()
    if target.is_dir():
        target = target / f"backup-{now:%Y%m%dT%H%M%SZ}.tar.age"
    if target.exists():
        raise UpkeepError(f"{target} is there already; backups are never overwritten")
    unfinished = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    tar = archive.TarStream()
    facts: dict[str, Any] = {"made_at": now.isoformat(), "key_id": DocumentCipher(secret).key_id}
    entries = _entries(tar, database_url, store, facts, secret)
    try:
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sink:
            await archive.encrypt(entries, sink, recipients)
            sink.flush()
            os.fsync(sink.fileno())
        unfinished.rename(target)
    except OSError as error:
        raise UpkeepError(f"{target} cannot be written ({error.strerror})") from error
    except sqlite3.Error as error:
        raise UpkeepError(
            f"the database cannot be copied into its own folder ({error}); free some space there, or see `bot.py doctor`"
        ) from error
    except StoreDown as trouble:
        raise UpkeepError(f"the documents cannot be read ({trouble}); see `bot.py doctor`") from trouble
    finally:
        unfinished.unlink(missing_ok=True)
    return target, facts | tar.counters.facts()


async def _entries(
    tar: archive.TarStream, database_url: str, store: FileStore, facts: dict[str, Any], secret: str
) -> AsyncGenerator[bytes, None]:
    """The archive's bytes: the database, every stored file, then the signed manifest. Adds to `facts`."""
    present: set[bytes] = set()
    async with _database_copy(asynchronous(database_url)) as (name, copy):
        async for chunk in tar.file(name, copy):
            yield chunk
    async for key in store.keys(before=utcnow() + timedelta(days=1)):
        try:
            data = await store.get(key)
        except NoSuchFile:  # removed since it was listed
            continue
        present.add(bytes.fromhex(key))
        async for chunk in tar.data(archive.DOCUMENTS_PREFIX + key, data):
            yield chunk
    async with stored_documents.reading(database_url) as read:
        compared = await stored_documents.compare(read, present, store)
    facts |= {"documents": compared.documents, "missing": compared.missing, "first_missing": compared.first}
    async for chunk in tar.end(facts, secret):
        yield chunk


@contextlib.asynccontextmanager
async def _database_copy(url: URL) -> AsyncIterator[tuple[str, Path]]:
    """A copy of one instant, readable by us alone, gone afterwards."""
    if url.get_backend_name() != "sqlite":
        with tempfile.TemporaryDirectory(prefix="backup-") as folder:
            dump = Path(folder) / archive.POSTGRES
            await run_tool("pg_dump", url, "--format=custom", "--no-owner", f"--file={dump}")
            yield archive.POSTGRES, dump
        return
    file = Path(url.database or "")
    if not file.is_file():
        raise UpkeepError(f"DATABASE_URL: there is no file {file}")
    # Beside the database: its disk is as private as itself.
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=file.parent) as folder:
        copy = Path(folder) / archive.SQLITE
        await asyncio.to_thread(_copy_sqlite, file, copy)
        yield archive.SQLITE, copy


def _copy_sqlite(file: Path, copy: Path) -> None:
    """SQLite's online backup, in one step: stepwise it would begin again with every write of the bot."""
    with (
        contextlib.closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as source,
        contextlib.closing(sqlite3.connect(copy)) as target,
    ):
        source.execute("PRAGMA busy_timeout = 10000")
        source.backup(target, pages=-1)
        target.execute("PRAGMA journal_mode = DELETE")


async def run_tool(name: str, url: URL, *arguments: str) -> None:
    """A program of PostgreSQL; the password goes through the environment, which other users cannot list."""
    if shutil.which(name) is None:
        raise UpkeepError(f"{name} is not installed; it comes with PostgreSQL's client programs")
    process = await asyncio.create_subprocess_exec(
        name, *arguments, env={**os.environ, **_libpq(url)}, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    if process.returncode:
        lines = said.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise UpkeepError(f"{name} failed: {lines[0]}")


def _libpq(url: URL) -> Mapping[str, str]:
    hosts, ports = hosts_of(url)
    variables = {
        "PGHOST": ",".join(hosts),
        "PGPORT": ",".join(map(str, ports)) or url.query.get("port"),
        "PGSSLMODE": ssl_mode(url),
        "PGUSER": url.username,
        "PGPASSWORD": str(url.password) if url.password is not None else None,
        "PGDATABASE": url.database,
    }
    for name, value in url.query.items():
        if name in _LIBPQ and isinstance(value, str):
            variables[_LIBPQ[name]] = value
    return {name: str(value) for name, value in variables.items() if value}
