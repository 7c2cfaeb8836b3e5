"""Menus, commands and inline buttons, one package a role, and those that experts share with colleagues."""

from bot.application.routes import Routes
from conversations.engine.engine import Engine
from handlers import menu as menu_menu
from handlers.account import invitation, login, my_data
from handlers.common import guide, letters
from handlers.distributor import menu
from handlers.expert import request
from handlers.officer import card, cooperation, personal_details, qualification, sheets
from handlers.staff import distributors
from handlers.staff import menu as staff_menu
from handlers.team import bulk, colleagues, leave, notes, phrases


def all_routes(engine: Engine) -> Routes:
    """Every route of every module. Raises ValueError for one that exists twice."""
    table = Routes()
    modules = (
        menu_menu,
        guide,
        login,
        invitation,
        my_data,
        personal_details,
        qualification,
        card,
        sheets,
        cooperation,
        menu,
        request,
        notes,
        colleagues,
        leave,
        bulk,
        phrases,
        staff_menu,
        distributors,
        letters,
    )
    for module in modules:
        table.include(module.routes(engine))
    return table
