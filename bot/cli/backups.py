"""`backup`, `backup-key`, `restore`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.common import load_settings
from bot.config.output import say
from bot.startup.errors import end_with_setting_error, explain

if TYPE_CHECKING:
    from bot.operations.restore import Restored


def backup(
    target: Annotated[Path, typer.Argument(help="a new file, or a folder to make one in")],
    recipient: Annotated[
        list[str] | None, typer.Option(help="public key of age; again for more; else BACKUP_RECIPIENT")
    ] = None,
) -> None:
    """Copy database and documents into one encrypted file, while the bot goes on. SECRET_KEY is not in it.

    Status 1 where the database names documents that are not in the store, so not in the backup either."""
    from bot.documents.factory import open_store
    from bot.operations.backup import back_up
    from bot.operations.errors import UpkeepError

    settings = load_settings()

    async def work() -> tuple[Path, dict[str, Any], str | None]:
        async with open_store(settings) as store:
            file, manifest = await back_up(
                database_url=settings.database_url,
                store=store,
                target=target,
                recipients=recipient or settings.recipients(),
                secret=settings.key(),
            )
        trouble = None if manifest["missing"] else await _note(settings.database_url, manifest)
        return file, manifest, trouble

    try:
        file, manifest, trouble = asyncio.run(work())
    except UpkeepError as error:
        end_with_setting_error(str(error))
    say(f"{file}: {manifest['papers']} documents, {manifest['bytes']:,} bytes; keep SECRET_KEY elsewhere")
    say(f"it opens and restores with the SECRET_KEY whose id is {manifest['key_id']}")
    if trouble is not None:
        _warn(f"WARNING: the database does not know of this backup ({trouble}); its age is told wrong")
    if manifest["missing"]:
        _warn(
            f"INCOMPLETE: {manifest['missing']:,} of {manifest['documents']:,} documents of the database are not in the store "
            f"(the first is stored_file {manifest['first_missing']}), so not in this backup; check FILES_URL, and keep older "
            "backups"
        )
        raise SystemExit(1)


async def _note(database_url: str, manifest: dict[str, Any]) -> str | None:
    """Tell the database of a whole backup; why not where that is impossible: the archive is good all the same."""
    from bot.application.backup_record import note_backup
    from storage.database.database import open_database
    from storage.tables.column_types import utcnow

    facts = {"documents": manifest["papers"], "size": manifest["bytes"], "now": utcnow()}
    try:
        database = await open_database(database_url)
        try:
            await database.run(lambda db: note_backup(db, **facts))
        finally:
            await database.close()
    except Exception as error:
        return explain(error) or type(error).__name__
    return None


def _warn(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def backup_key(
    file: Annotated[Path, typer.Argument(help="the new secret key; keep it off this machine")],
) -> None:
    """Make a pair of keys for backups: the secret one into a file, the public one printed."""
    from bot.operations.archive import make_identity
    from bot.operations.errors import UpkeepError

    try:
        say(f"BACKUP_RECIPIENT={make_identity(file)}")
    except UpkeepError as error:
        end_with_setting_error(str(error))


def restore(
    file: Annotated[Path, typer.Argument(help="as `backup` wrote it")],
    identity: Annotated[Path, typer.Option(help="file with the secret key of age")],
    into: Annotated[Path, typer.Option(help="a new folder")],
    database_url: Annotated[
        str | None, typer.Option(help="an empty PostgreSQL database, for a backup of PostgreSQL")
    ] = None,
    files_url: Annotated[
        str | None, typer.Option(help="an empty store for the documents, else a folder in --into")
    ] = None,
    unsigned: Annotated[
        bool, typer.Option("--unsigned", help="take a backup that no SECRET_KEY of ours vouches for")
    ] = False,
) -> None:
    """Unpack and check a backup. Nothing is ever overwritten.

    It must be signed under SECRET_KEY or one of FORMER_SECRET_KEYS, unless --unsigned is given. Status 1 where documents
    that the database names are not in it: what there is was unpacked."""
    from bot.documents.factory import open_store
    from bot.operations import restore as restoring
    from bot.operations.errors import UpkeepError

    settings = load_settings()

    async def work() -> Restored:
        asked: dict[str, Any] = {
            "file": file,
            "identity": identity,
            "into": into,
            "secrets": settings.held_keys(),
            "unsigned": unsigned,
            "database_url": database_url,
        }
        if files_url is None:
            return await restoring.restore(**asked)
        async with open_store(settings, files_url) as store:
            return await restoring.restore(**asked, store=store)

    try:
        restored = asyncio.run(work())
    except UpkeepError as error:
        end_with_setting_error(str(error))
    manifest = restored.manifest
    if not restored.signed:
        _warn(
            f"WARNING: no key of ours signed {file}: anyone with the public key can have made it. "
            "Look at the data before you serve them"
        )
    say(f"{into}: {restored.database} of {manifest.get('made_at')}, {manifest['papers']} documents")
    say(f"the documents open with the SECRET_KEY whose id is {manifest.get('key_id')}")
    if restored.missing_documents is None:
        _warn("WARNING: whether all documents are in it is not known before it is loaded (--database-url)")
    elif restored.missing_documents:
        _warn(f"INCOMPLETE: {restored.missing_documents:,} documents of the database are not in the backup")
        raise SystemExit(1)
