"""`migrate`, `check-migrations`, `rebuild-search-index`: the schema of the database, and what is derived in it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.cli.common import load_settings, with_database
from bot.config.output import say

if TYPE_CHECKING:
    from storage.database.database import Database


def migrate() -> None:
    """Bring the database to the present schema."""
    from storage.database.database import check_database
    from storage.migrations.migrate import upgrade

    async def work(url: str) -> None:
        await check_database(url)
        await upgrade(url)

    asyncio.run(work(load_settings().database_url))
    say("the schema is up to date")


def check_migrations() -> None:
    """Compare the migrations with the tables."""
    from storage.migrations.migrate import schema_differences

    differences = asyncio.run(schema_differences())
    for line in differences:
        say(line)
    raise SystemExit(1 if differences else 0)


def rebuild_search_index() -> None:
    """Write anew what people and companies are found by, while the bot serves. May be stopped and run again."""
    from bot.services.search import index
    from storage.enums import SearchSubject

    async def work(database: Database) -> None:
        for kind in SearchSubject:
            after: int | None = 0
            while after is not None:
                start = after
                after = await database.run(lambda db: index.rebuild(db, kind=kind, after=start))  # noqa: B023

    asyncio.run(with_database(load_settings(), work))
    say("everybody is found by name again")
