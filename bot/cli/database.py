"""`migrate`, `schema_differences-migrations`: the schema of the database."""

from __future__ import annotations

import asyncio

from bot.cli.common import load_settings
from bot.config.output import say


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
