"""The directorate's distributors: list, search, card, and the dialogues that register and edit one (Q25)."""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.refusals import Stale
from bot.core.screens import Press, Reply, Screen, button
from bot.services.distributors import branches, registry
from bot.texts import formats, t
from conversations.common.labels import shortened
from conversations.distributor.registration import first_answers
from conversations.engine.engine import Engine
from handlers.common import cooperation_card
from handlers.common.navigation import (
    button_grid,
    home_button,
    navigation_row,
    page_of,
    pager_rows,
    truncate_lines,
)
from storage.enums import Role
from storage.tables import Distributor

STAFF = (Role.STAFF,)
PAGE = 8
#: Branches that a card lists.
SHOWN = 20


def routes(engine: Engine) -> Routes:
    """staff.dists, dist, new_dist, find_dist, edit_dist, add_manager."""
    table = Routes()
    table.show("staff.dists", roles=STAFF)(show_distributors)
    table.show("staff.dist", roles=STAFF)(show_distributor)

    def route_to_dialogue(action: str, dialogue: str) -> None:
        """An act that opens a dialogue which is about no distributor yet."""

        @table.act(action, roles=STAFF)
        def open_dialogue(turn: Turn, press: Press) -> Reply:
            return engine.start(turn, dialogue)

    route_to_dialogue("staff.new_dist", "new_distributor")
    route_to_dialogue("staff.find_dist", "find_distributor")

    @table.act("staff.edit_dist", roles=STAFF)
    def edit(turn: Turn, press: Press) -> Reply:
        distributor = _distributor(turn, press)
        if press.version != distributor.version:
            raise Stale
        return engine.start(turn, "edit_distributor", subject_id=press.id, answers=first_answers(distributor))

    @table.act("staff.add_manager", roles=STAFF)
    def add_manager(turn: Turn, press: Press) -> Reply:
        _distributor(turn, press)
        return engine.start(turn, "add_manager", subject_id=press.id)

    return table


def _distributor(turn: Turn, press: Press) -> Distributor:
    return registry.view_distributor(turn.db, actor=turn.actor, distributor_id=press.id)


def show_distributors(turn: Turn, press: Press) -> Screen:
    """All distributors by name, eight a page."""
    page = page_of(press)
    distributors, total = registry.list_distributors(
        turn.db, actor=turn.actor, offset=page * PAGE, limit=PAGE
    )
    ways_on = (
        (button(t("staff.dist_new"), "staff.new_dist"), button(t("staff.dist_search"), "staff.find_dist")),
        (home_button(),),
    )
    if not total:
        return Screen(t("staff.dists_none"), ways_on)
    pages = -(-total // PAGE)
    lines, buttons = [t("staff.dists_title", n=formats.number(total))], []
    for number, distributor in enumerate(distributors, page * PAGE + 1):
        i = formats.digits(number)
        lines.append(
            t(
                "staff.dist_line",
                i=i,
                distributor=distributor.name,
                kind=cooperation_card.distributor_kind_label(distributor),
            )
        )
        label = shortened(t("coop.button_line", i=i, name=distributor.name), 20)
        buttons.append(button(label, "staff.dist", distributor.id or 0))
    turns = pager_rows(press, page=page, pages=pages)
    return Screen("\n".join(lines), (*button_grid(buttons, columns=2), *turns, *ways_on))


def show_distributor(turn: Turn, press: Press) -> Screen:
    """One distributor with its branches and managers."""
    distributor = _distributor(turn, press)
    managers = registry.managers(turn.db, actor=turn.actor, distributor_id=press.id)
    listing = branches.list_branches(turn.db, actor=turn.actor, distributor_id=press.id, limit=SHOWN)
    lines = cooperation_card.distributor_lines(distributor)
    if distributor.manager_mobile:
        lines.append(t("dist.mobile", mobile=formats.local_mobile(distributor.manager_mobile)))
    lines.append(
        t("staff.dist_managers", names="، ".join(manager.name for manager in managers))
        if managers
        else t("staff.dist_no_managers")
    )
    lines.append(t("staff.dist_branches", n=formats.digits(listing.total)))
    lines += [
        t(
            "staff.dist_branch_line",
            branch=line.branch.name,
            city=line.branch.city,
            officer=cooperation_card.officer_names(line),
        )
        for line in listing.lines
    ]
    return Screen(
        truncate_lines(lines),
        (
            (
                button(t("staff.dist_edit"), "staff.edit_dist", press.id, distributor.version),
                button(t("staff.dist_manager"), "staff.add_manager", press.id),
            ),
            navigation_row("staff.dists"),
        ),
    )
