"""The directorate's distributors: list, search, card, and the dialogues that register and edit one (Q25)."""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.refusals import Stale
from bot.core.screens import Press, Reply, Screen, button
from bot.services.distributors import branches, registry
from bot.services.invitations import lists
from bot.services.search import names
from bot.texts import formats, t
from conversations.common import searching
from conversations.common.labels import shortened
from conversations.common.searching import NarrowedPlace
from conversations.distributor.registration import first_answers
from conversations.engine.engine import Engine
from handlers.common import branch_list, cooperation_card
from handlers.common.navigation import (
    ButtonRow,
    home_button,
    navigation_row,
    pager_rows,
    truncate_lines,
)
from handlers.staff.accounts import invitations as staff_invitations
from storage.enums import Role
from storage.tables import Distributor

STAFF = (Role.STAFF,)
PAGE = 8
#: Branches that a card lists; the rest is behind «همه شعبه‌ها».
SHOWN = 5


def routes(engine: Engine) -> Routes:
    """staff.dists, dist, new_dist, find_dist, edit_dist, add_manager, branches, branch, find_branch, branch_close,
    branch_end."""
    table = Routes()
    typed = branch_list.typed_search(engine, branch_list.STAFF, "find_staff_branch")
    table.show("staff.branches", roles=STAFF, listed=True, typed=typed)(show_branches)
    table.show("staff.branch", roles=STAFF)(show_branch)
    table.show("staff.branch_close", roles=STAFF)(
        lambda turn, press: branch_list.ask_close(turn, press, branch_list.STAFF)
    )

    @table.act("staff.branch_end", roles=STAFF)
    def close_branch(turn: Turn, press: Press) -> Reply:
        return branch_list.close(turn, press, branch_list.STAFF)

    @table.act("staff.find_branch", roles=STAFF)
    def find_branch(turn: Turn, press: Press) -> Reply:
        _distributor(turn, press)
        return engine.start(turn, "find_staff_branch", subject_id=press.id)

    table.show(
        "staff.dists",
        roles=STAFF,
        listed=True,
        typed=lambda turn, view, text: searching.companies_reply(turn, text),
    )(show_distributors)
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
        return engine.start(
            turn, "edit_distributor", subject_id=press.id, answers=first_answers(turn, distributor)
        )

    @table.act("staff.add_manager", roles=STAFF)
    def add_manager(turn: Turn, press: Press) -> Reply:
        _distributor(turn, press)
        return engine.start(turn, "add_manager", subject_id=press.id)

    return table


def _distributor(turn: Turn, press: Press) -> Distributor:
    return registry.view_distributor(turn.db, actor=turn.actor, distributor_id=press.id)


def show_distributors(turn: Turn, press: Press) -> Screen:
    """All distributors by name, or those that a typed text asks for, eight a page."""
    place = NarrowedPlace.of(press.arg)
    text, among, more = searching.narrowed_by(turn, place), None, False
    if text:
        among, more = names.companies(turn.db, actor=turn.actor, text=text)

    def fetch(page: int) -> tuple[list[registry.DistributorLine], int]:
        return registry.list_distributors(
            turn.db, actor=turn.actor, offset=page * PAGE, limit=PAGE, among=among
        )

    page = place.page
    shown, total = fetch(page)
    pages = max(-(-total // PAGE), 1)
    if not shown and total:
        page = pages - 1
        shown, total = fetch(page)
    search = button(t("staff.dist_search"), "staff.find_dist")
    ways_on: tuple[ButtonRow, ...] = (
        (button(t("staff.dist_new"), "staff.new_dist"), search),
        (home_button(),),
    )
    if text:
        ways_on = ((search, button(t("staff.dists_all"), "staff.dists")), (home_button(),))
    if not total:
        return Screen(t("staff.dists_not_found" if text else "staff.dists_none"), ways_on)
    if not text:
        lines = [t("staff.dists_title", n=formats.number(total))]
    else:
        title = "staff.dists_found_more" if more else "staff.dists_found"
        lines = [t(title, query=shortened(text, 40), n=formats.number(total))]
    if pages > 1:
        lines.append(t("desk.page", page=formats.digits(page + 1), pages=formats.digits(pages)))
        if (behind := total - (page + 1) * PAGE) > 0:
            lines.append(t("staff.dists_behind", n=formats.number(behind)))
    rows: list[ButtonRow] = []
    for number, line in enumerate(shown, page * PAGE + 1):
        i, distributor = formats.digits(number), line.distributor
        code = distributor.legal_id or distributor.guild_id or ""
        kind = cooperation_card.distributor_kind_label(distributor)
        told = {"i": i, "distributor": distributor.name, "kind": kind, "city": line.city, "number": code}
        lines.append(t("staff.dist_line", **told))
        name = shortened(distributor.name, 16)
        label = t("staff.dist_button", i=i, name=name, city=shortened(line.city, 10), number=code)
        rows.append((button(label, "staff.dist", distributor.id or 0),))
    turns = pager_rows(press, page=page, pages=pages)
    return Screen("\n".join(lines), (*rows, *turns, *ways_on))


def show_distributor(turn: Turn, press: Press) -> Screen:
    """One distributor with its branches and managers."""
    distributor = _distributor(turn, press)
    managers = registry.managers(turn.db, actor=turn.actor, distributor_id=press.id)
    listing = branches.list_branches(
        turn.db, actor=turn.actor, distributor_id=press.id, offset=0, limit=SHOWN
    )
    lines = cooperation_card.distributor_lines(distributor)
    if distributor.manager_mobile:
        lines.append(t("dist.mobile", mobile=formats.local_mobile(distributor.manager_mobile)))
    lines.append(
        t("staff.dist_managers", names="، ".join(manager.name for manager in managers))
        if managers
        else t("staff.dist_no_managers")
    )
    pending = lists.pending(turn.db, actor=turn.actor, distributor_id=press.id)
    lines += [staff_invitations.line_of(turn, invitation) for invitation in pending]
    lines.append(
        t("staff.dist_branches", n=formats.number(listing.total), vacant=formats.number(listing.vacant))
    )
    lines += [
        t(
            "staff.dist_branch_line",
            branch=line.branch.name,
            city=line.branch.city,
            officer=cooperation_card.officer_names(line),
        )
        for line in listing.lines
    ]
    if listing.total > SHOWN:
        lines.append(t("staff.dist_more_branches", n=formats.number(listing.total - SHOWN)))
    return Screen(
        truncate_lines(lines),
        (
            (
                button(t("staff.dist_edit"), "staff.edit_dist", press.id, distributor.version),
                button(t("staff.dist_manager"), "staff.add_manager", press.id),
            ),
            *staff_invitations.rows_of(pending),
            (button(t("branch.list"), "staff.branches", press.id),),
            navigation_row("staff.dists"),
        ),
    )


def show_branches(turn: Turn, press: Press) -> Screen:
    """All branches of one distributor, in pages; the press's id names it."""
    return branch_list.list_screen(
        turn,
        press,
        title="dist.branches_title",
        distributor=_distributor(turn, press),
        actions=branch_list.STAFF,
        opens="staff.branch",
        last_row=navigation_row("staff.dist", press.id),
    )


def show_branch(turn: Turn, press: Press) -> Screen:
    """One branch of any distributor."""
    line = branches.view_branch(turn.db, actor=turn.actor, branch_id=press.id)
    of = line.branch.distributor_id
    lines = [
        *branch_list.card_lines(line),
        t("branch.of", distributor=_distributor(turn, Press("", of)).name),
    ]
    rows = branch_list.close_row(line, branch_list.STAFF)
    return Screen("\n".join(lines), (*rows, navigation_row("staff.branches", of)))
