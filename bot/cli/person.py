"""`person`: one person's requests, payments and messages; a copy of their data; their erasure."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bot.cli.common import load_settings
from bot.config.output import say
from bot.config.settings import BadSettingError
from bot.startup.errors import end_with_setting_error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.config.settings import Settings
    from bot.operations.person.erasure import Plan
    from storage.database.database import Database

T = TypeVar("T")


def person(
    code: Annotated[str, typer.Argument(help="national code, mobile, user code or tracking code")],
    export: Annotated[
        Path | None, typer.Option(help="a new folder for a copy of their data: person.json, documents")
    ] = None,
    erase: Annotated[
        bool, typer.Option("--erase", help="say what may be erased and what stays, and why; changes nothing")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="with --erase: do it")] = False,
) -> None:
    """Print what happened to one person, in the order of time, without opening a document. Each look is in the audit record.

    Status 1 where an erasure is refused."""
    from bot.operations.errors import UpkeepError

    if export is not None and erase:
        end_with_setting_error("person: --export or --erase, one after the other")
    if yes and not erase:
        end_with_setting_error("--yes: only with --erase")
    settings = load_settings()
    try:
        if export is not None:
            asyncio.run(_with_database(settings, lambda database: _export(settings, database, code, export)))
        elif erase:
            found = asyncio.run(
                _with_database(settings, lambda database: _erase(settings, database, code, really=yes))
            )
            if found.refusals:
                raise SystemExit(1)
        else:
            asyncio.run(_with_database(settings, lambda database: _show(database, code)))
    except UpkeepError as error:
        end_with_setting_error(str(error))


async def _with_database(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """The database as it is: neither made nor migrated."""
    from bot.startup.checks import OLD_SCHEMA
    from storage.database.database import asynchronous, open_database
    from storage.migrations.migrate import current_is_head

    url = asynchronous(settings.database_url)
    if url.get_backend_name() == "sqlite" and not os.path.exists(url.database or ""):  # noqa: ASYNC240  once
        raise BadSettingError("DATABASE_URL: there is no such file; correct the path")
    if not await current_is_head(settings.database_url):
        raise BadSettingError(OLD_SCHEMA)
    database = await open_database(settings.database_url)
    try:
        return await work(database)
    finally:
        await database.close()


async def _show(database: Database, code: str) -> None:
    from bot.operations.person.course import describe
    from bot.operations.person.finding import find_person

    def unit(db: Any) -> list[str]:
        account = find_person(db, code)
        lines = list(describe(db, account))
        _note(db, "person_read", account.id)
        return lines

    for line in await database.run(unit):
        say(line)


async def _export(settings: Settings, database: Database, code: str, folder: Path) -> None:
    from bot.documents.factory import make_cipher, open_store
    from bot.operations.person.export import Copy, collect, living_files, write_copy
    from bot.operations.person.finding import find_person

    copy = Copy(folder)

    def unit(db: Any) -> tuple[dict[str, Any], list[Any]]:
        account = find_person(db, code)
        _note(db, "person_exported", account.id)
        return collect(db, account), living_files(db, account)

    await database.read(lambda db: find_person(db, code).id)
    copy.make()
    data, files = await database.run(unit)
    async with open_store(settings) as store:
        written = await write_copy(
            data, files, store=store, cipher=make_cipher(settings), copy=copy, tell=say
        )
    say(
        f"{folder}: person.json and {written} documents, readable; hand them over safely, then delete the folder"
    )


async def _erase(settings: Settings, database: Database, code: str, *, really: bool) -> Plan:
    from bot.documents.factory import open_store
    from bot.operations.person import erasure
    from bot.operations.person.finding import find_person
    from storage.tables.column_types import utcnow

    now = utcnow()
    if really:
        found = await database.run(lambda db: erasure.erase(db, find_person(db, code), now=now))
        if not found.refusals:
            async with open_store(settings) as store:
                for document in found.documents:
                    for key in document.store_keys:
                        await store.delete(key)
    else:
        found = await database.read(lambda db: erasure.plan(db, find_person(db, code), now=now))
    for reason in found.refusals:
        say(f"refused: {reason}")
    if found.refusals:
        return found
    for what in found.goes:
        say(f"{'gone' if really else 'goes'}: {what}")
    for what in found.stays:
        say(f"stays: {what}")
    say("done" if really else "nothing was changed; with --yes it is done, and cannot be undone")
    return found


def _note(db: Any, event: str, account_id: int | None) -> None:
    from bot.core.context import SYSTEM
    from bot.services.shared import audit
    from storage.tables.column_types import utcnow

    audit.record(db, now=utcnow(), actor=SYSTEM, event=event, subject="account", subject_id=account_id or 0)
