"""Checks before anything is served. `bot.py run` and `bot.py doctor` share them."""

from __future__ import annotations

import errno
import logging
import os
import secrets
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL

from bot.config.settings import BadSettingError, Settings
from bot.documents.blob_store import StoreDown
from bot.documents.factory import open_store
from storage.database.database import asynchronous, check_database
from storage.database.url import ignored_parameters
from storage.migrations.migrate import current_is_head, upgrade
from storage.ownership import make_folder
from storage.tables.column_types import utcnow

log = logging.getLogger("bot")

#: What a folder says that is set wrong; a full or failing disk is an outage, which is waited for.
_WRONG_FOLDER = (
    errno.EACCES,
    errno.EPERM,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.EISDIR,
    errno.EROFS,
    errno.ENOENT,
    errno.ENAMETOOLONG,
    errno.ELOOP,
)
#: Packages of the lock that no start imports.
LOADED_LATER = ("aiohttp", "bcrypt", "certifi", "cryptography")
OLD_SCHEMA = "DATABASE_URL: the schema is old; run `python bot.py migrate` first"


def check_installation() -> None:
    """What is loaded only when it is first needed is there: certificates of gateways, libraries for files and passwords. Looked
    for, not imported. Raises BadSettingError."""
    found = {name: find_spec(name) for name in LOADED_LATER}
    missing = [name for name, spec in found.items() if spec is None]
    certifi = found["certifi"]
    if certifi is not None and not os.access(Path(certifi.origin or "").with_name("cacert.pem"), os.R_OK):
        missing.append("cacert.pem of certifi")
    if missing:
        raise BadSettingError(
            f"the installation is not whole: {', '.join(missing)} cannot be read; install requirements.lock again"
        )


def check_settings(settings: Settings) -> None:
    """All that `run` needs is set, and its key can be had. Raises BadSettingError."""
    check_installation()
    settings.require_to_run()
    settings.key()
    settings.former_keys()


async def prepare_database(
    settings: Settings, *, upgrade: Callable[[str], Awaitable[None]] = upgrade
) -> None:
    """SQLite is brought up to date by `upgrade`; PostgreSQL is everybody's, so that is left to a command. Raises
    BadSettingError, DatabaseUnusable."""
    await check_database_file(settings)
    url = settings.database_url
    if asynchronous(url).get_backend_name() == "sqlite":
        await upgrade(url)
    elif not await current_is_head(url):
        raise BadSettingError(OLD_SCHEMA)


async def check_database_file(settings: Settings) -> None:
    """The database can be opened; a file is made where there was none, but not where a bot has lived. Raises BadSettingError,
    DatabaseUnusable."""
    if (words := await documents_without_database(settings)) is not None:
        raise BadSettingError(f"DATABASE_URL: {words}")
    await check_database(settings.database_url)


async def documents_without_database(settings: Settings) -> str | None:
    """Why a new SQLite file must not be made: there are documents already, so the bot has another database. A store that does
    not answer is no reason."""
    url = asynchronous(settings.database_url)
    if not _is_new(url):
        return None
    try:
        async with open_store(settings) as store:
            first = await anext(store.keys(before=utcnow() + timedelta(days=1)), None)
    except (StoreDown, OSError):
        return None
    if first is None:
        return None
    return (
        f"{url.database} is not there and would be made anew, though {settings.files_url} holds documents of a bot; correct the "
        "path, or restore the backup (to begin anew, name an empty FILES_URL)"
    )


def _is_new(url: URL) -> bool:
    return url.get_backend_name() == "sqlite" and not os.path.lexists(url.database or "")


def tell_ignored(settings: Settings) -> None:
    """One line of the log a parameter of DATABASE_URL that has no meaning here."""
    url = asynchronous(settings.database_url)
    for name in ignored_parameters(url):
        if name == "channel_binding" and url.query[name] == "require":
            log.warning(
                "DATABASE_URL: channel_binding=require is not possible with this driver; sslmode holds"
            )
        else:
            log.info("DATABASE_URL: the parameter %s has no meaning here and is ignored", name)


def check_documents_folder(settings: Settings) -> None:
    """As `check_documents_folder_folder`, but an outage of the disk is no reason not to serve. Raises
    BadSettingError."""
    try:
        check_documents_folder_folder(settings)
    except OSError as error:
        log.error("the documents cannot be written: %s", error.strerror)


def papers_folder(settings: Settings) -> Path | None:
    """Where the documents lie, None where that is a bucket."""
    if settings.files_url.startswith("s3://"):
        return None
    return Path(settings.files_url.removeprefix("file://"))


def check_documents_folder_folder(settings: Settings) -> None:
    """The folder is there, or can be made, and a file can be written in it. Raises BadSettingError; OSError
    where the disk is full or fails."""
    if (folder := papers_folder(settings)) is None:
        return
    try:
        make_folder(folder)
        write_probe(folder)
    except OSError as error:
        raise folder_error(folder, error) from None


def write_probe(folder: Path) -> None:
    """Write a file there, which is gone afterwards. Raises OSError."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=f".probe-{secrets.token_hex(4)}") as probe:
        probe.write(b"x")
        probe.flush()
        os.fsync(probe.fileno())


def folder_error(folder: Path, error: OSError) -> Exception:
    """The setting's error; the same where the disk is full or fails."""
    if error.errno not in _WRONG_FOLDER:
        return error
    in_the_way = error.errno in (errno.EEXIST, errno.ENOTDIR)
    why = "a file is in its place" if in_the_way else os.strerror(error.errno)
    return BadSettingError(
        f"FILES_URL: {folder} cannot be written ({why}); name a folder that can, or change its owner"
    )
