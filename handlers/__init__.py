"""Menus, commands and inline buttons, one file a role or subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.routes import Routes
    from conversations.engine import Engine


def all_routes(engine: Engine) -> Routes:
    """Every route of every room. Raises ValueError for one that exists twice."""
    from bot.routes import Routes
    from handlers import account, expert, home, officer, staff

    table = Routes()
    for room in (home, account, officer, expert, staff):
        table.include(room.routes(engine))
    return table
