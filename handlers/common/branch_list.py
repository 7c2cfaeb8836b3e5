"""Branches of a distributor as a list in pages, and closing one; the same for its managers and for staff.

See docs/specification.md 2.4; 4.1, dist.menu.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.application.routes import Typed
from bot.core.context import Turn
from bot.core.screens import Press, Reply, Screen, button
from bot.services.distributors import branch_closing, branches
from bot.texts import formats, t
from bot.texts.answers import with_persian_digits
from conversations.common.labels import shortened
from conversations.engine.engine import Engine
from conversations.questions.search import named
from handlers.common import cooperation_card
from handlers.common.navigation import (
    ButtonRow,
    back_button,
    button_grid,
    page_of,
    pager_rows,
    truncate_lines,
)
from storage.enums import Role
from storage.tables import Branch, Distributor

PAGE = 8
#: `Press.version` of a list: all branches, or those without an officer.
ALL, VACANT = 0, 1


@dataclass(frozen=True, slots=True)
class BranchActions:
    """The actions by which one role reaches branches."""

    list: str
    card: str
    search: str
    close: str
    close_do: str


MANAGERS = BranchActions(
    "dist.branches", "dist.branch", "dist.find_branch", "dist.branch_close", "dist.branch_end"
)
STAFF = BranchActions(
    "staff.branches", "staff.branch", "staff.find_branch", "staff.branch_close", "staff.branch_end"
)


def list_screen(
    turn: Turn,
    press: Press,
    *,
    title: str,
    distributor: Distributor,
    actions: BranchActions,
    opens: str,
    last_row: ButtonRow,
) -> Screen:
    """A page of branches under the text key `title`; the press's id names the distributor for staff, its version `ALL` or `VACANT`."""
    vacant = press.version == VACANT
    listing = branches.list_branches(
        turn.db,
        actor=turn.actor,
        offset=page_of(press) * PAGE,
        limit=PAGE,
        distributor_id=press.id or None,
        vacant=vacant,
    )
    page, pages = listing.offset // PAGE, max(-(-listing.total // PAGE), 1)
    lines = [t(title, distributor=distributor.name, n=formats.number(listing.all))]
    if vacant:
        lines.append(t("branch.vacant_title", n=formats.number(listing.total)))
    elif listing.vacant:
        lines.append(t("branch.vacant_number", n=formats.number(listing.vacant)))
    if pages > 1:
        lines.append(t("coop.page", page=formats.number(page + 1), pages=formats.number(pages)))
    buttons = []
    for number, line in enumerate(listing.lines, listing.offset + 1):
        i, branch = formats.digits(number), line.branch
        key = "dist.central_line" if needs_central_label(branch) else "dist.branch_line"
        officer = cooperation_card.officer_names(line)
        if line.request is not None:
            officer = f"{officer}، {cooperation_card.state_label(line.request.state, Role.DISTRIBUTOR)}"
        lines.append(t(key, i=i, branch=branch.name, city=branch.city, officer=officer))
        label = shortened(t("coop.button_line", i=i, name=branch.name), 20)
        buttons.append(button(label, opens, branch.id or 0))
    turns = pager_rows(press, page=page, pages=pages)
    ways: list[ButtonRow] = []
    if vacant:
        ways.append((button(t("branch.all"), press.action, press.id),))
    else:
        narrowed = [button(t("branch.search"), actions.search, press.id)] if pages > 1 else []
        if 0 < listing.vacant < listing.total:
            narrowed.append(button(t("branch.vacant"), press.action, press.id, VACANT))
        ways += [tuple(narrowed)] if narrowed else []
    return Screen(truncate_lines(lines), (*button_grid(buttons, columns=2), *turns, *ways, last_row))


def typed_search(engine: Engine, actions: BranchActions, dialogue: str) -> Typed:
    """What is typed on the list: a branch by its name or city. The dialogue is asked where there are several."""

    def find(turn: Turn, view: Press, text: str) -> Reply | None:
        of = view.id or None
        listed = branches.names_of_branches(turn.db, actor=turn.actor, distributor_id=of)
        options = [(str(one.id), t("branch.option", branch=one.name, city=one.city)) for one in listed]
        found = named(options, text)
        if len(found) == 1:
            return Reply(goto=Press(actions.card, int(found[0][0])))
        if not found:
            return None
        engine.start(turn, dialogue, subject_id=view.id)
        return engine.handle_input(turn)

    return find


def needs_central_label(branch: Branch) -> bool:
    """Whether it has to be said that this is the central branch: its name does not say so."""
    return branch.is_central and branch.name != t("branch.central_name")


def card_lines(line: branches.BranchLine) -> list[str]:
    """What a branch is, where, and who serves there since when."""
    branch = line.branch
    lines = [
        t("dist.central_title" if needs_central_label(branch) else "dist.branch_title", branch=branch.name),
        t("dist.place", province=branch.province, city=branch.city),
        t("coop.address", address=with_persian_digits(branch.address)),
    ]
    if branch.closed_at is not None:
        return [*lines, t("branch.was_closed", date=formats.jalali_day(branch.closed_at))]
    for served in line.officers:
        since = formats.jalali_day(served.contract.started_at)
        lines.append(t("dist.officer_since", officer=served.account.name, date=since))
    if not line.officers:
        lines.append(t("dist.officer", officer=t("form.none")))
    if line.request is not None and line.candidate is not None:
        state = cooperation_card.state_label(line.request.state, Role.DISTRIBUTOR)
        lines.append(t("dist.request_state", officer=line.candidate.name, state=state))
    return lines


def close_row(line: branches.BranchLine, actions: BranchActions) -> list[ButtonRow]:
    """«بستن شعبه», but for the central one."""
    branch = line.branch
    if branch.is_central or branch.closed_at is not None:
        return []
    return [(button(t("branch.close"), actions.close, branch.id or 0, branch.version),)]


def ask_close(turn: Turn, press: Press, actions: BranchActions) -> Screen:
    """The question before a branch is closed, or what has to be done first. Raises NotAllowed, Stale."""
    no = back_button(actions.card, press.id, label="nav.no")
    try:
        branch = branch_closing.may_close(
            turn.db, actor=turn.actor, branch_id=press.id, version=press.version
        )
    except branch_closing.NotYet as first:
        ways = tuple((way,) for way in first.next_buttons)
        back = back_button(actions.card, press.id)
        return Screen(t(first.key, **first.args_of_text), (*ways, (back,)))
    yes = button(t("branch.close_do"), actions.close_do, press.id, press.version)
    return Screen(t("branch.close_confirm", branch=branch.name), ((yes,), (no,)))


def close(turn: Turn, press: Press, actions: BranchActions) -> Reply:
    """Close it and show the list. Raises as `branch_closing.close_branch`."""
    branch = branch_closing.close_branch(
        turn.db, actor=turn.actor, branch_id=press.id, version=press.version, now=turn.now
    )
    shown = branch.distributor_id if actions is STAFF else 0
    return Reply((Screen(t("branch.closed", branch=branch.name)),), goto=Press(actions.list, shown))
