"""The table of the routes: each is there, for whom it is, and what else is declared of it. Whether it keeps to that is for tests/abuse."""

import pytest

from bot.application.routes import Routes
from bot.core.screens import Press
from conversations.catalogue import ALL
from conversations.engine.engine import Engine
from handlers import all_routes
from tests.abuse.access import ANYBODY, EXPECTED

#: Lists in pages, to which the ways back lead.
LISTED = """
    dist.branches desk.queue desk.mine desk.returned desk.overdue desk.at_applicant desk.unpaid desk.decided desk.all
    desk.coop desk.coop_mine desk.coop_overdue desk.coop_decided desk.coop_all desk.universities desk.person find
    desk.colleague staff.fields staff.documents staff.faq staff.provinces staff.coverage staff.experts staff.alerts
    staff.undelivered staff.undelivered_cause staff.refunds staff.wrong staff.refunded staff.branches staff.dists
    staff.letters coop.archive term.archive
"""
#: What is read in the middle of a dialogue.
BESIDE = "help faq faq.found requirements privacy form"
#: Screens on which a text searches.
TYPED = "dist.branches desk.universities staff.experts staff.branches staff.dists"
#: What fetches or computes before its unit.
PREPARED = """
    credentials qual.check_pay card.picture receipts.send certificate export.xlsx export.csv staff.new_letter
    staff.letter_fix staff.report_chart staff.report_xlsx staff.report_pdf desk.report_chart desk.report_xlsx
    desk.report_pdf
"""
#: Command → the screen that it opens.
COMMANDS = {
    **dict.fromkeys(("start", "menu", "cancel"), "home"),
    **{name: name for name in ("help", "requirements", "privacy")},
    "status": "qual.track",
    "queue": "desk.queue",
    "mine": "desk.mine",
}


@pytest.fixture
def table() -> Routes:
    return all_routes(Engine(ALL))


def test_every_route_is_there_for_whom_it_is_meant(table: Routes) -> None:
    declared = {
        name: (route.roles & ANYBODY, route.suspended & ANYBODY) for name, route in table.by_action.items()
    }
    assert declared == {name: (access.roles, access.suspended) for name, access in EXPECTED.items()}


def test_what_else_is_declared_of_the_routes(table: Routes) -> None:
    routes = table.by_action.items()
    for names, declared in (
        (LISTED, [name for name, route in routes if route.listed]),
        (BESIDE, [name for name, route in routes if route.beside]),
        (TYPED, [name for name, route in routes if route.typed is not None]),
        (PREPARED, [name for name, route in routes if route.prepare is not None]),
    ):
        assert sorted(declared) == sorted(names.split())


def test_a_list_or_what_is_read_beside_only_shows_something(table: Routes) -> None:
    for route in table.by_action.values():
        assert route.shows or not (route.listed or route.beside or route.typed)


def test_commands_and_links_open_screens(table: Routes) -> None:
    assert table.commands == {command: Press(screen) for command, screen in COMMANDS.items()}
    assert table.payloads == {"invite": "invite.open", "card": "card.check"}
    assert table.search is not None
    opened = {*COMMANDS.values(), *table.payloads.values()}
    assert [name for name in sorted(opened) if not table.by_action[name].shows] == []
