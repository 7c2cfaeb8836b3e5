"""`migrate`, `check-migrations`, `rebuild-search-index`: the schema of the database, and what is derived in it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from bot.cli.common import load_settings, with_database
from bot.config.output import say

if TYPE_CHECKING:
    from storage.database.database import Database

#: People or companies of one transaction of `rebuild-search-index`: a running bot waits for no longer one.
BATCH = 100


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
    """Write anew what people and companies are found by. May be stopped and run again at any time, while the bot serves."""
    from bot.services.search import index
    from storage.enums import SearchSubject

    async def work(database: Database) -> dict[SearchSubject, int]:
        done = dict.fromkeys(SearchSubject, 0)
        for kind in SearchSubject:
            after: int | None = 0
            while after is not None:
                unit = partial(index.rebuild, kind=kind, after=after, limit=BATCH)
                written, after = await database.run(unit)
                done[kind] += written
                if written and done[kind] % (100 * BATCH) == 0:
                    say(f"{done[kind]:,} done")
        return done

    done = asyncio.run(with_database(load_settings(), work))
    people, companies = done[SearchSubject.ACCOUNT], done[SearchSubject.DISTRIBUTOR]
    say(f"everybody is found by name again: {people:,} people, {companies:,} companies")
