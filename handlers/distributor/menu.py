"""The distributor's menu: branches, choosing officers, requests, freeing a national code.

See docs/specification.md 2.4, 2.5; 4.1, dist.menu.
"""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.refusals import Stale
from bot.core.screens import Press, Reply, Screen, button
from bot.rules.cooperation import CooperationAction
from bot.services import cooperation
from bot.services.cooperation import DistributorCard, contracts
from bot.services.distributors import branches, registry
from bot.texts import formats, t
from conversations.common.labels import shortened
from conversations.distributor import branches as branch_dialogues
from conversations.distributor.registration import first_answers
from conversations.engine.engine import Engine
from handlers.common import branch_list, cooperation_card
from handlers.common.navigation import (
    ButtonRow,
    back_button,
    first_page,
    home_button,
    navigation_row,
    page_of,
    pager_rows,
)
from storage.enums import Role
from storage.tables import Distributor

DISTRIBUTOR = (Role.DISTRIBUTOR,)
PAGE = 8


def home_menu(turn: Turn) -> tuple[str, list[ButtonRow]]:
    """The line and the buttons of the home screen."""
    distributor = _own_distributor(turn)
    rows: list[ButtonRow] = [
        (button(t("dist.branches"), "dist.branches"), button(t("dist.new_branch"), "dist.new_branch")),
        (button(t("dist.pick"), "dist.choose"), button(t("dist.free"), "dist.free")),
        (button(t("dist.requests"), "dist.requests"), button(t("dist.own"), "dist.own")),
    ]
    return t("dist.menu", distributor=distributor.name), rows


def routes(engine: Engine) -> Routes:
    """Routes that begin with "dist."."""
    table = Routes()
    typed = branch_list.typed_search(engine, branch_list.MANAGERS, "find_branch")
    table.show("dist.branches", roles=DISTRIBUTOR, listed=True, typed=typed)(show_branches)
    for action, decide in (
        ("dist.branch", show_branch),
        ("dist.choose", show_branches_to_choose),
        ("dist.free", show_contracts_to_end),
        ("dist.free_ask", ask_end_contract),
        ("dist.requests", show_requests),
        ("dist.request", show_request),
        ("dist.timeline", show_timeline),
        ("dist.withdraw", ask_withdraw),
        ("dist.own", show_own_distributor),
        ("dist.branch_close", lambda turn, press: branch_list.ask_close(turn, press, branch_list.MANAGERS)),
    ):
        table.show(action, roles=DISTRIBUTOR)(decide)
    table.act("dist.withdraw_do", roles=DISTRIBUTOR)(withdraw_request)
    table.act("dist.free_do", roles=DISTRIBUTOR)(end_contract)

    @table.act("dist.branch_end", roles=DISTRIBUTOR)
    def close_branch(turn: Turn, press: Press) -> Reply:
        return branch_list.close(turn, press, branch_list.MANAGERS)

    @table.act("dist.find_branch", roles=DISTRIBUTOR)
    def find_branch(turn: Turn, press: Press) -> Reply:
        _own_distributor(turn)
        return engine.start(turn, "find_branch")

    @table.act("dist.new_branch", roles=DISTRIBUTOR)
    def new_branch(turn: Turn, press: Press) -> Reply:
        _own_distributor(turn)
        return engine.start(turn, "new_branch")

    @table.act("dist.edit_branch", roles=DISTRIBUTOR)
    def edit_branch(turn: Turn, press: Press) -> Reply:
        """Name and address at any time, the region only while nothing is open on the branch.

        See docs/specification.md 2.4.
        """
        line = _own_branch(turn, press.id)
        if press.version != line.branch.version:
            raise Stale
        locked = line.request is not None or bool(line.officers)
        answers = branch_dialogues.first_answers(line.branch, locked=locked)
        reply = engine.start(turn, "edit_branch", subject_id=press.id, answers=answers)
        return Reply((Screen(t("error.branch_region_locked")), *reply.screens)) if locked else reply

    @table.act("dist.pick", roles=DISTRIBUTOR)
    def pick(turn: Turn, press: Press) -> Reply:
        """Choose the officer of a branch, or the branch first where none is named."""
        if not press.id:
            return Reply(goto=Press("dist.choose"))
        if _own_branch(turn, press.id).request is not None:
            return Reply(goto=Press("dist.branch", press.id), notice=t("error.branch_busy"))
        return engine.start(turn, "pick_officer", subject_id=press.id)

    @table.act("dist.edit_own", roles=DISTRIBUTOR)
    def edit_own(turn: Turn, press: Press) -> Reply:
        distributor = _own_distributor(turn)
        return engine.start(
            turn, "edit_own", subject_id=distributor.id or 0, answers=first_answers(turn, distributor)
        )

    return table


def _own_distributor(turn: Turn) -> Distributor:
    """The distributor that this manager speaks for."""
    return registry.of_actor(turn.db, actor=turn.actor)


def _own_branch(turn: Turn, branch_id: int) -> branches.BranchLine:
    """One of the own branches. Raises NotAllowed."""
    return branches.view_branch(turn.db, actor=turn.actor, branch_id=branch_id)


def show_branches(turn: Turn, press: Press) -> Screen:
    """All branches, the central one first, each with its officer."""
    title = "dist.branches_title"
    return _branches_screen(
        turn, press, title, "dist.branch", (button(t("dist.new_branch"), "dist.new_branch"), home_button())
    )


def show_branches_to_choose(turn: Turn, press: Press) -> Screen:
    """For which branch an officer is chosen."""
    return _branches_screen(turn, press, "dist.choose", "dist.pick", (home_button(),))


def _branches_screen(turn: Turn, press: Press, title: str, opens: str, last_row: ButtonRow) -> Screen:
    return branch_list.list_screen(
        turn,
        press,
        title=title,
        distributor=_own_distributor(turn),
        actions=branch_list.MANAGERS,
        opens=opens,
        last_row=last_row,
    )


def show_branch(turn: Turn, press: Press) -> Screen:
    """One branch: its officer, the open request, and what may be done."""
    line = _own_branch(turn, press.id)
    branch, request = line.branch, line.request
    lines = branch_list.card_lines(line)
    if branch.closed_at is not None:
        return Screen("\n".join(lines), (navigation_row("dist.branches"),))
    rows: list[ButtonRow] = []
    if request is not None and line.candidate is not None:
        if line.unreachable:
            lines.append(t("coop.officer_absent"))
        rows.append((button(t("dist.see_request"), "dist.request", request.id or 0),))
    else:
        if not line.officers:
            lines.append(t("dist.add_officer_hint"))
        rows.append((button(t("dist.replace" if line.officers else "dist.pick"), "dist.pick", press.id),))
    rows += [
        (button(t("dist.free"), "dist.free_ask", served.contract.id or 0, served.contract.version),)
        for served in line.officers
    ]
    rows.append((button(t("dist.edit_branch"), "dist.edit_branch", press.id, branch.version),))
    rows += branch_list.close_row(line, branch_list.MANAGERS)
    return Screen("\n".join(lines), (*rows, navigation_row("dist.branches")))


def show_requests(turn: Turn, press: Press) -> Screen:
    """All requests of this distributor, newest first."""

    def line_text(i: str, line: cooperation.CooperationLine) -> str:
        return t(
            "dist.request_line",
            i=i,
            officer=line.officer.name,
            branch=line.branch.name,
            state=cooperation_card.state_label(line.request.state, Role.DISTRIBUTOR),
            date=formats.jalali_day(line.request.created_at),
        )

    return cooperation_card.list_screen(
        press,
        title=t("dist.requests_title", distributor=_own_distributor(turn).name),
        fetch=lambda offset, limit: cooperation.for_distributor(
            turn.db, actor=turn.actor, offset=offset, limit=limit
        ),
        line_text=line_text,
        name=lambda line: line.officer.name,
        opens="dist.request",
        last_row=(home_button(),),
    )


def _own_request(turn: Turn, press: Press) -> DistributorCard:
    """One of the own requests. Raises NotAllowed."""
    return cooperation.distributor_card(turn.db, actor=turn.actor, request_id=press.id)


def show_request(turn: Turn, press: Press) -> Screen:
    """Where a request stands. Of the officer the name alone (Q44)."""
    card = _own_request(turn, press)
    cooperation = card.request
    lines = [
        *cooperation_card.heading_lines(cooperation, Role.DISTRIBUTOR),
        t("dist.request_officer", officer=card.officer_name),
        t("coop.branch", branch=card.branch.name, province=card.branch.province, city=card.branch.city),
        t("coop.date", date=formats.jalali_day(cooperation.created_at)),
    ]
    if cooperation.university_code:
        lines.append(t("coop.university", university=card.university))
        lines += cooperation_card.contact_of_reviewer(turn.db, cooperation)
    if card.unreachable:
        lines.append(t("coop.officer_absent"))
    lines += cooperation_card.outcome_lines(cooperation, Role.DISTRIBUTOR)
    rows: list[ButtonRow] = [
        (
            button(t("coop.timeline"), "dist.timeline", press.id),
            button(t("dist.branch_button"), "dist.branch", card.branch.id or 0),
        )
    ]
    if CooperationAction.WITHDRAW in card.actions:
        rows.insert(0, (button(t("dist.withdraw"), "dist.withdraw", press.id, cooperation.version),))
    return Screen("\n".join(lines), (*rows, navigation_row("dist.requests")))


def show_timeline(turn: Turn, press: Press) -> Screen:
    request = _own_request(turn, press).request
    return cooperation_card.timeline_screen(
        turn.db, request, turn.actor, navigation_row("dist.request", press.id)
    )


def ask_withdraw(turn: Turn, press: Press) -> Screen:
    """The question before taking a request back."""
    card = _own_request(turn, press)
    if CooperationAction.WITHDRAW not in card.actions or press.version != card.request.version:
        return show_request(turn, press)
    text = t("dist.withdraw_confirm", officer=card.officer_name, branch=card.branch.name)
    yes = button(t("dist.withdraw_do"), "dist.withdraw_do", press.id, press.version)
    return Screen(text, ((yes,), (back_button("dist.request", press.id, label="nav.no"),)))


def withdraw_request(turn: Turn, press: Press) -> Reply:
    cooperation.withdraw(turn.db, actor=turn.actor, request_id=press.id, version=press.version, now=turn.now)
    return Reply((Screen(t("dist.withdrawn")),), goto=Press("dist.request", press.id))


def show_contracts_to_end(turn: Turn, press: Press) -> Screen:
    """Whose national code is to be freed (R31)."""
    page = page_of(press)
    listing = contracts.of_distributor(turn.db, actor=turn.actor, offset=page * PAGE, limit=PAGE)
    if not listing.lines and page:
        return show_contracts_to_end(turn, first_page(press))
    if not listing.total:
        return Screen(t("dist.free_none"), ((home_button(),),))
    lines, rows = [t("dist.free_title")], list[ButtonRow]()
    for number, details in enumerate(listing.lines, page * PAGE + 1):
        i = formats.digits(number)
        lines.append(t("dist.free_line", i=i, officer=details.officer.name, branch=details.branch.name))
        label = shortened(t("coop.button_line", i=i, name=details.officer.name), 20)
        rows.append((button(label, "dist.free_ask", details.contract.id or 0, details.contract.version),))
    turns = pager_rows(press, page=page, pages=-(-listing.total // PAGE))
    return Screen("\n".join(lines), (*rows, *turns, (home_button(),)))


def ask_end_contract(turn: Turn, press: Press) -> Screen:
    """The question before a cooperation ends."""
    details = contracts.view_contract(turn.db, actor=turn.actor, contract_id=press.id)
    yes = button(t("dist.free_do"), "dist.free_do", press.id, press.version)
    return Screen(
        t("dist.free_confirm", officer=details.officer.name, branch=details.branch.name),
        ((yes,), (back_button("dist.branch", details.branch.id or 0, label="nav.no"),)),
    )


def end_contract(turn: Turn, press: Press) -> Reply:
    details = contracts.view_contract(turn.db, actor=turn.actor, contract_id=press.id)
    contracts.free(turn.db, actor=turn.actor, contract_id=press.id, version=press.version, now=turn.now)
    said = Screen(t("dist.freed", officer=details.officer.name))
    return Reply((said,), goto=Press("dist.branch", details.branch.id or 0))


def show_own_distributor(turn: Turn, press: Press) -> Screen:
    """The centre's own data, and the way to mend what a manager may."""
    distributor = _own_distributor(turn)
    lines = [t("dist.own_title"), *cooperation_card.distributor_lines(distributor)]
    if distributor.manager_mobile:
        lines.append(t("dist.mobile", mobile=formats.local_mobile(distributor.manager_mobile)))
    lines.append(t("dist.own_note"))
    return Screen("\n".join(lines), ((button(t("dist.edit"), "dist.edit_own"),), (home_button(),)))
