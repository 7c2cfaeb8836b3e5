"""The directorate's desk beyond experts, alerts and refunds: its rooms together, and their doors in the menu."""

from __future__ import annotations

from bot.routes import Routes
from bot.screens import button
from bot.texts import t
from conversations.engine import Engine
from handlers import staff_accounts, staff_catalog, staff_dead, staff_money, staff_reports, staff_universities
from handlers.nav import Row, grid

#: Text key of the label → the room's first screen, two a row (SPEC 4.1, staff.menu).
DOORS = {
    "staff.accounts": "staff.accounts",
    "desk.search": "desk.search",
    "staff.tariffs": "staff.tariffs",
    "staff.universities": "staff.provinces",
    "staff.studies": "staff.studies",
    "staff.documents": "staff.documents",
    "staff.dead": "staff.dead",
    "staff.report": "staff.report",
}


def routes(engine: Engine) -> Routes:
    table = Routes()
    for room in (staff_catalog, staff_universities, staff_accounts, staff_dead, staff_money, staff_reports):
        table.include(room.routes(engine))
    return table


def menu() -> list[Row]:
    return grid([button(t(label), action) for label, action in DOORS.items()], columns=2)
