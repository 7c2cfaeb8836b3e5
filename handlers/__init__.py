"""Menus, commands and inline buttons, one file a role or subject."""

from bot.routes import Routes
from conversations.engine import Engine
from handlers import (
    account,
    centers,
    distributor,
    expert,
    general,
    home,
    letters,
    me,
    officer,
    officer_card,
    staff,
    staff_desk,
    staff_distributors,
)


def all_routes(engine: Engine) -> Routes:
    """Every route of every room. Raises ValueError for one that exists twice."""
    table = Routes()
    rooms = (
        home,
        account,
        me,
        general,
        officer,
        officer_card,
        centers,
        distributor,
        expert,
        staff,
        staff_desk,
        staff_distributors,
        letters,
    )
    for room in rooms:
        table.include(room.routes(engine))
    return table
