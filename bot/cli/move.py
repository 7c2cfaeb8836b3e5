"""`move`: out of one machine, to PostgreSQL and to another store of documents."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import load_settings
from bot.config.output import say
from bot.config.settings import BadSettingError
from bot.startup.errors import end_with_setting_error

if TYPE_CHECKING:
    from bot.config.settings import Settings
    from bot.documents.blob_store import FileStore
    from bot.operations.moving.database import Moved
    from bot.operations.moving.documents import Copied
    from bot.operations.stored_documents import Comparison

#: Of a hundred: between two lines that tell how far it is.
STEP = 5


def move(
    database_url: Annotated[
        str | None, typer.Option(help="an empty PostgreSQL database, for a bot on SQLite that is stopped")
    ] = None,
    files_url: Annotated[
        str | None, typer.Option(help="the new store of the documents; alone, the bot may serve meanwhile")
    ] = None,
) -> None:
    """Copy a stopped SQLite bot into an empty PostgreSQL database, and documents into another store; all of it is compared.

    What is copied stays as it is. Stopped anywhere, the same command goes on. Status 1 where documents that the database names
    are not in the store."""
    from bot.operations.errors import UpkeepError

    if database_url is None and files_url is None:
        end_with_setting_error("move: name --database-url, --files-url, or both")
    settings = load_settings()
    if files_url is not None:
        try:
            type(settings).load(files_url=files_url)
        except BadSettingError as error:
            end_with_setting_error(str(error).replace("FILES_URL", "--files-url", 1))
    try:
        if database_url is not None:
            complete = asyncio.run(_all(settings, database_url, files_url))
        else:
            complete = asyncio.run(_documents_alone(settings, files_url or ""))
    except UpkeepError as error:
        end_with_setting_error(str(error))
    if not complete:
        raise SystemExit(1)


async def _all(settings: Settings, database_url: str, files_url: str | None) -> bool:
    """Whether all documents are there."""
    from bot.operations.moving.database import move_database

    compared: list[Comparison] = []

    async def documents() -> None:
        if files_url is not None:
            copied = await _copy(settings, files_url)
            say(f"{copied.documents:,} documents are in {files_url}, {copied.new:,} of them are new there")
        compared.append(await _compare(settings, files_url))

    moved = await move_database(
        source_url=settings.database_url,
        target_url=database_url,
        secrets=[settings.key(), *settings.former_keys()],
        before_end=documents,
        progress=_Steps("rows").tell,
    )
    _tell(moved)
    missing = _tell_missing(compared[0])
    say(
        "now set DATABASE_URL to the new database"
        + (f" and FILES_URL={files_url} (without FORMER_FILES_URL)" if files_url is not None else "")
        + ", and start the bot; the SQLite file was not changed: keep it, and never serve on it again"
    )
    return not missing


def _tell(moved: Moved) -> None:
    if moved.restarted:
        say("the database was changed since the copy was begun: it was begun anew")
    elif moved.resumed:
        say("the copy that was begun before was gone on with")
    for fault in moved.audit_faults or ():
        _warn(f"the audit chain was not in order before: {fault}")
    say(
        f"{moved.rows:,} rows of {moved.tables} tables were copied; counts and hashes are the same on both sides"
    )


async def _documents_alone(settings: Settings, files_url: str) -> bool:
    copied = await _copy(settings, files_url)
    missing = _tell_missing(await _compare(settings, None))
    say(f"{copied.documents:,} documents are in {files_url}, {copied.new:,} of them are new there")
    if _same(files_url, settings.files_url):
        say(
            "nothing is left to bring over: remove FORMER_FILES_URL and restart; the old store was not changed, delete it once "
            "a backup was made"
        )
    else:
        say(
            f"now set FILES_URL={files_url} and FORMER_FILES_URL={settings.files_url}, restart every process of the bot, and run "
            "this command once more: it brings over what was sent meanwhile"
        )
    return not missing


async def _copy(settings: Settings, files_url: str) -> Copied:
    from bot.documents.factory import make_cipher, open_store
    from bot.operations.errors import UpkeepError
    from bot.operations.moving.documents import copy_documents

    switched = _same(files_url, settings.files_url)
    if switched and not settings.former_files_url:
        raise UpkeepError(
            "--files-url: is FILES_URL already, and FORMER_FILES_URL names no store whose documents are to be brought there"
        )
    steps = _Steps("documents")
    async with (
        open_store(settings, settings.former_files_url if switched else None) as source,
        open_store(settings, files_url) as target,
    ):
        await _must_be_readable(source)
        return await copy_documents(
            source,
            target,
            make_cipher(settings),
            replace=not switched,
            progress=lambda done, total: steps.tell("copied", done, total),
        )


async def _must_be_readable(source: FileStore) -> None:
    """An outage is told before anything is copied. Raises StoreDown."""
    from storage.tables.column_types import utcnow

    await anext(source.keys(before=utcnow()), None)


async def _compare(settings: Settings, files_url: str | None) -> Comparison:
    """Rows of the database that is in force against the documents of a store."""
    from bot.documents.factory import open_store
    from bot.operations.stored_documents import compare, keys_in, reading

    async with open_store(settings, files_url) as store, reading(settings.database_url) as read:
        return await compare(read, await keys_in(store), store)


def _tell_missing(compared: Comparison) -> bool:
    if compared.missing:
        _warn(f"INCOMPLETE: {compared}; they were missing before: put them back from a backup")
    return compared.missing > 0


def _same(one: str, other: str) -> bool:
    """Whether two addresses name one store."""
    return _plain(one) == _plain(other)


def _plain(address: str) -> str:
    if address.startswith("s3://"):
        return address.rstrip("/")
    return str(Path(address.removeprefix("file://")).resolve())


class _Steps:
    """Tells how far it is, a line a step of the way."""

    def __init__(self, of: str) -> None:
        self._of, self._what, self._told = of, "", 0

    def tell(self, what: str, done: int, total: int) -> None:
        percent = 100 if not total else done * 100 // total
        if what != self._what:
            self._what, self._told = what, 0
        if percent >= self._told + STEP:
            self._told = percent
            print(f"{what}: {done:,} of {total:,} {self._of} ({percent}%)", file=sys.stderr, flush=True)  # noqa: T201


def _warn(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201
