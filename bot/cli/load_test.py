"""`load-test`: a large database, to see how the service does on one's own hardware."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from bot.cli.common import load_settings
from bot.config.output import say
from bot.startup.errors import end_with_setting_error


def load_test(
    officers: Annotated[int, typer.Argument(min=100, max=10_000_000, help="how many officers")],
) -> None:
    """Fill an empty database with so many officers and their requests, documents, letters and messages.

    For a copy of the service on the hardware that is to be tried, never where people are served. A million take some
    minutes and about 5 GB."""
    from sqlalchemy.ext.asyncio import create_async_engine

    from bot.operations.load_test import NotEmptyError, fill
    from bot.startup.checks import prepare_database
    from storage.database.database import asynchronous, open_database
    from storage.migrations.seed import seed
    from storage.tables.column_types import utcnow

    settings = load_settings()

    async def work() -> None:
        await prepare_database(settings)
        database = await open_database(settings.database_url)
        await database.run(seed, lane="seed")
        await database.close()
        # An engine of its own: the service's has time limits.
        engine = create_async_engine(asynchronous(settings.database_url))
        async with engine.begin() as connection:
            await connection.run_sync(lambda sync: fill(sync, officers=officers, now=utcnow(), tell=say))
        await engine.dispose()

    try:
        asyncio.run(work())
    except NotEmptyError:
        end_with_setting_error(
            "DATABASE_URL: there are accounts in this database; load-test fills an empty one"
        )
    say(f"{officers:,} officers")
