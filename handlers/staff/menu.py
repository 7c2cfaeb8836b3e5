"""The staff menu: which screens it leads to."""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.screens import button
from bot.texts import t
from conversations.engine.engine import Engine
from handlers.common import reports
from handlers.common.navigation import ButtonRow, button_grid
from handlers.staff import alerts, audit, exports, payments, refunds, undelivered
from handlers.staff.accounts import experts, invitations, look_up
from handlers.staff.reference import faq, reference_data, universities

#: Text key of the label → the action of the first screen, two a row (docs/specification.md 4.1, staff.menu).
MENU_ACTIONS = {
    "staff.accounts": "staff.accounts",
    "desk.search": "desk.search",
    "desk.files_of_university": "desk.universities",
    "staff.tariffs": "staff.tariffs",
    "staff.universities": "staff.provinces",
    "staff.studies": "staff.studies",
    "staff.documents": "staff.documents",
    "staff.faq": "staff.faq",
    "staff.undelivered": "staff.undelivered",
    "report.button": "staff.report",
    "export.button": "export",
    "audit_list.button": "staff.audit",
}


def routes(engine: Engine) -> Routes:
    table = Routes()
    for module in (
        *(reference_data, faq, universities, look_up, experts),
        *(alerts, undelivered, refunds, audit),
    ):
        table.include(module.routes(engine))
    for without_dialogue in (invitations, exports, payments, reports):
        table.include(without_dialogue.routes())
    return table


def menu_rows() -> list[ButtonRow]:
    return button_grid([button(t(label), action) for label, action in MENU_ACTIONS.items()], columns=2)
