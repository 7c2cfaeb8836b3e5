"""Menus, commands and inline buttons, one file a role or subject."""

from bot.routes import Routes
from conversations.engine import Engine
from handlers import account, expert, home, letters, officer, staff


def all_routes(engine: Engine) -> Routes:
    """Every route of every room. Raises ValueError for one that exists twice."""
    table = Routes()
    for room in (home, account, officer, expert, staff, letters):
        table.include(room.routes(engine))
    return table
