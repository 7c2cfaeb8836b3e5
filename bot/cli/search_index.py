"""`rebuild-search-index`: the keys that people and companies are found by."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.cli.common import load_settings, with_database
from bot.config.output import say

if TYPE_CHECKING:
    from storage.database.database import Database


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
