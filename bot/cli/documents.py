"""`rotate-key`, `key-id`, `retention`: stored documents and the keys that they are sealed under."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import load_settings, with_database
from bot.config.output import say
from bot.startup.errors import end_with_setting_error

if TYPE_CHECKING:
    from bot.documents.blob_store import FileStore
    from bot.jobs.retention import Total
    from storage.database.database import Database


def rotate_key(
    new: Annotated[
        bool, typer.Option("--new", help="first put a new key in the place of the one kept under data/")
    ] = False,
    count: Annotated[bool, typer.Option("--count", help="only say how many documents are left")] = False,
) -> None:
    """Bring every document under the present SECRET_KEY; FORMER_SECRET_KEYS must hold the one before.

    May be stopped and run again at any time, while the bot serves (restarted with both keys). Status 1 while
    documents are left, and where the database names some that are not in the store."""
    from bot.config.settings import renew_kept_key
    from bot.documents.factory import make_cipher, open_store
    from bot.operations.errors import UpkeepError
    from bot.operations.key_rotation import Count, count_by_key, rotate
    from bot.operations.stored_documents import Comparison, compare, keys_in, reading

    settings = load_settings()
    if new:
        if settings.secret_key is not None:
            end_with_setting_error(
                "--new: SECRET_KEY is set; change it there, and move the old one to FORMER_SECRET_KEYS"
            )
        renew_kept_key()
        say("a new key is in its place; restart the bot, then run `bot.py rotate-key`")
        return
    cipher = make_cipher(settings)

    async def work() -> tuple[Count, Comparison | UpkeepError]:
        async with open_store(settings) as store:
            tally = await bring_over(store)
            try:
                async with reading(settings.database_url) as read:
                    return tally, await compare(read, await keys_in(store), store)
            except UpkeepError as error:
                return tally, error

    async def bring_over(store: FileStore) -> Count:
        tally = await count_by_key(store, cipher)
        say(f"{tally.current} documents are under the present key, {tally.former} are left")
        if count or not tally.former:
            return tally
        left = tally.former
        async for moved in rotate(store, cipher):
            left -= moved
            say(f"left: {max(left, 0)}")
        return await count_by_key(store, cipher)

    tally, compared = asyncio.run(work())
    if tally.unknown:
        say(f"{tally.unknown} documents are under keys that are not in FORMER_SECRET_KEYS, or are damaged")
    if isinstance(compared, UpkeepError):
        print(f"not compared with the database: {compared}", file=sys.stderr, flush=True)  # noqa: T201
        lacking = tally == Count()
    else:
        if lacking := compared.missing > 0:
            say(f"{compared}; check FILES_URL")
    if tally.former or tally.unknown or lacking:
        raise SystemExit(1)
    say("no document needs a former key any more; backups made before still do")


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would go")] = False,
) -> None:
    """Remove the documents whose time is over. A running bot does so by itself every few hours."""
    from bot.cli.composition import open_resources
    from bot.jobs.retention import preview_expired, remove_expired
    from storage.tables.column_types import utcnow

    settings = load_settings()

    async def work(database: Database) -> Total:
        if dry_run:
            return await preview_expired(database, now=utcnow())
        async with open_resources(settings, database, settings.public_url) as resources:
            return await remove_expired(resources, now=utcnow())

    total = asyncio.run(with_database(settings, work))
    say(f"{total.documents} documents, {total.size:,} bytes {'would be' if dry_run else 'were'} removed")


def key_id() -> None:
    """Print the id of SECRET_KEY and of each former key, as `backup` and `restore` name them. Never a key."""
    from bot.documents.encryption import DocumentCipher

    settings = load_settings()
    former = settings.former_keys()
    held = settings.held_keys()
    if not held:
        end_with_setting_error("SECRET_KEY: none is set, and none was made under data/ yet")
    for secret in held:
        name = "a former key" if secret in former else "SECRET_KEY"
        say(f"{name}: {DocumentCipher(secret).key_id}")
