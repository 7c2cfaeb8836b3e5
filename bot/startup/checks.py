"""Checks before anything is served. `bot.py run` and `bot.py doctor` share them."""

from __future__ import annotations

import errno
import logging
import os
import secrets
import tempfile
from pathlib import Path

from bot.config.settings import BadSettingError, Settings
from storage.database.database import asynchronous, check_database
from storage.database.url import ignored_parameters
from storage.migrations.migrate import current_is_head, upgrade

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
OLD_SCHEMA = "DATABASE_URL: the schema is old; run `python bot.py migrate` first"


def check_settings(settings: Settings) -> None:
    """All that `run` needs is set, and its key can be had. Raises BadSettingError."""
    settings.require_to_run()
    settings.key()
    settings.former_keys()


async def prepare_database(settings: Settings) -> None:
    """SQLite is brought up to date; PostgreSQL is everybody's, so that is left to a command. Raises
    BadSettingError, DatabaseUnusable."""
    url = settings.database_url
    await check_database(url)
    if asynchronous(url).get_backend_name() == "sqlite":
        await upgrade(url)
    elif not await current_is_head(url):
        raise BadSettingError(OLD_SCHEMA)


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
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=f".probe-{secrets.token_hex(4)}") as probe:
            probe.write(b"x")
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        if error.errno not in _WRONG_FOLDER:
            raise
        in_the_way = error.errno in (errno.EEXIST, errno.ENOTDIR)
        why = "a file is in its place" if in_the_way else os.strerror(error.errno)
        raise BadSettingError(
            f"FILES_URL: {folder} cannot be written ({why}); name a folder that can, or change its owner"
        ) from None
