"""What several commands need: the settings read, the database open."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from bot.config.settings import Settings
from bot.startup.errors import DATABASE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from storage.database.database import Database

T = TypeVar("T")


def load_settings() -> Settings:
    """Read the settings and begin to log. Raises BadSettingError."""
    from bot.config import logging_config
    from storage.database.database import asynchronous

    settings = Settings.load()
    logging_config.set_up(level=settings.log_level, form=settings.log_format, secrets=settings.secrets())
    DATABASE.set(asynchronous(settings.database_url))
    return settings


async def with_database(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` on the database, which is prepared as for `run`. Raises BadSettingError, DatabaseUnusable,
    and what `work` raises."""
    from bot.startup.checks import prepare_database
    from storage.database.database import open_database
    from storage.migrations.seed import seed

    await prepare_database(settings)
    database = await open_database(settings.database_url)
    try:
        await database.run(seed, lane="seed")
        return await work(database)
    finally:
        await database.close()
