"""The officer's contracted centres: requests to answer, the contract in force, ending it, both archives
(R30–R42)."""

from __future__ import annotations

from collections.abc import Callable

from bot.application.routes import READS_SUSPENDED, Routes
from bot.core.context import Turn
from bot.core.refusals import Refusal
from bot.core.screens import Press, Reply, Screen, button
from bot.rules.cooperation import CooperationAction
from bot.services import cooperation
from bot.services.cooperation import OfficerCard, contracts, termination
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.review.worklists import WorklistPage
from bot.services.shared import reference_data
from bot.texts import formats, quoted, t
from bot.texts.answers import with_persian_digits
from conversations.common.labels import shortened
from conversations.engine.engine import Engine
from conversations.officer.cooperation import ABOUT, VERSION
from handlers.common import cooperation_card
from handlers.common.navigation import (
    ButtonRow,
    back_button,
    button_grid,
    first_page,
    home_button,
    navigation_row,
    page_of,
    pager_rows,
)
from handlers.officer.qualification import is_active
from storage.enums import OPEN_COOPERATION, CooperationState, Role, TerminationState

OFFICER = (Role.OFFICER,)
PAGE = 8
#: Requests that stand in the archive alone.
OVER = frozenset(CooperationState) - OPEN_COOPERATION - {CooperationState.APPROVED}


def routes(engine: Engine) -> Routes:
    """centers, coop.* and term.*."""
    table = Routes()
    for action, decide in (
        ("centers", show_centers),
        ("coop.new", show_new_requests),
        ("coop.view", show_request),
        ("coop.center", show_distributor),
        ("coop.timeline", show_timeline),
        ("coop.archive", show_request_archive),
        ("term.confirm", ask_terminate),
        ("term.archive", show_termination_archive),
    ):
        listed = action in ("coop.archive", "term.archive")
        table.show(action, roles=OFFICER, suspended=READS_SUSPENDED, listed=listed)(decide)
    table.show("coop.accept", roles=OFFICER)(ask_accept)
    table.show("coop.give_up", roles=OFFICER)(ask_give_up)
    table.act("coop.accept_do", roles=OFFICER)(accept_request)
    table.act("coop.give_up_do", roles=OFFICER)(give_up_request)
    table.act("term.finalise", roles=OFFICER)(terminate_cooperation)
    table.act("term.cancel", roles=OFFICER)(cancel_termination)

    @table.act("coop.reject", roles=OFFICER)
    def reject(turn: Turn, press: Press) -> Reply:
        """Refuse a request, with or without a reason (R41)."""
        _require_action(turn, press, CooperationAction.REJECT)
        return engine.start(turn, "coop_refuse", subject_id=press.id, answers={VERSION: press.version})

    @table.act("term.new", roles=OFFICER)
    def terminate(turn: Turn, press: Press) -> Reply:
        """End the contract (R31): there is at most one, so nothing is to be chosen."""
        sides = contracts.own(turn.db, actor=turn.actor)
        if sides is None:
            raise Refusal("error.no_contract")
        about = t("term.about", distributor=sides.distributor.name, branch=sides.branch.name)
        return engine.start(turn, "terminate", subject_id=sides.contract.id or 0, answers={ABOUT: about})

    return table


def _own_request(turn: Turn, press: Press) -> OfficerCard:
    """The request that a button names. Raises NotAllowed for another officer's."""
    return cooperation.officer_card(turn.db, actor=turn.actor, request_id=press.id)


def _require_action(turn: Turn, press: Press, action: CooperationAction) -> None:
    """Refuse what the service would refuse, before the question is asked."""
    request = COOPERATION_WORKFLOW.load(turn.db, press.id)
    COOPERATION_WORKFLOW.check(turn.db, request, actor=turn.actor, action=action, version=press.version)


def show_centers(turn: Turn, press: Press) -> Screen:
    """What is in force, and every way on (R30)."""
    lines, rows = [t("centers.intro")], list[ButtonRow]()
    sides = contracts.own(turn.db, actor=turn.actor)
    if sides is not None:
        lines.append(
            t(
                "centers.contract",
                status=t(f"contract_status.{sides.contract.state}"),
                distributor=sides.distributor.name,
                branch=sides.branch.name,
                date=formats.jalali_day(sides.contract.started_at),
            )
        )
    reserved = cooperation.reserved(turn.db, actor=turn.actor)
    if reserved is not None:
        card = _own_request(turn, Press("coop.view", reserved.id or 0))
        names = {"distributor": card.distributor.name, "branch": card.branch.name}
        lines.append(t("centers.reserved", **names))
        rows.append((button(t("centers.reserved_button"), "coop.view", reserved.id or 0),))
    if sides is None and reserved is None:
        lines.append(t("centers.none"))
    newest = termination.archive(turn.db, actor=turn.actor, offset=0, limit=1).lines
    if newest and newest[0].termination.state is TerminationState.DRAFT:
        lines.append(t("centers.draft"))
        rows.append((button(t("term.continue"), "term.confirm", newest[0].termination.id or 0),))
    waiting = cooperation.count_new(turn.db, actor=turn.actor)
    rows += [
        (button(t("centers.new", n=formats.digits(waiting)), "coop.new"),),
        (button(t("centers.archive"), "coop.archive"),),
        *([(button(t("centers.terminate"), "term.new"),)] if sides is not None and is_active(turn) else []),
        (button(t("centers.term_archive"), "term.archive"),),
        (home_button(),),
    ]
    return Screen("\n".join(lines), tuple(rows))


def show_new_requests(turn: Turn, press: Press) -> Screen:
    """Those that wait for this officer's answer, newest first."""
    return _list_screen(turn, press, "coop.new_title", "coop.line", cooperation.new_for_officer)


def show_request_archive(turn: Turn, press: Press) -> Screen:
    """All requests there ever were (R42), newest first."""
    return _list_screen(turn, press, "coop.archive_title", "coop.line_state", cooperation.archive_for_officer)


def _list_screen(
    turn: Turn,
    press: Press,
    title: str,
    line: str,
    fetch: Callable[..., WorklistPage[cooperation.CooperationLine]],
) -> Screen:
    def line_text(i: str, listed_line: cooperation.CooperationLine) -> str:
        return t(
            line,
            i=i,
            distributor=listed_line.distributor.name,
            branch=listed_line.branch.name,
            state=cooperation_card.state_label(listed_line.request.state, Role.OFFICER),
            date=formats.jalali_day(listed_line.request.created_at),
        )

    return cooperation_card.list_screen(
        press,
        title=t(title),
        fetch=lambda offset, limit: fetch(turn.db, actor=turn.actor, offset=offset, limit=limit),
        line_text=line_text,
        name=lambda line: line.distributor.name,
        opens="coop.view",
        last_row=navigation_row("centers"),
    )


def show_request(turn: Turn, press: Press) -> Screen:
    """One request with the distributor's data (R39), and what may be answered."""
    card = _own_request(turn, press)
    request = card.request
    assert request.id is not None
    lines = [*cooperation_card.heading_lines(request, Role.OFFICER), ""]
    lines += cooperation_card.detail_lines(request, card.distributor, card.branch)
    if request.university_code:
        lines.append(t("coop.university", university=card.university))
        lines += cooperation_card.contact_of_reviewer(turn.db, request)
    lines += cooperation_card.outcome_lines(request, Role.OFFICER)
    # An officer who may answer is offered both answers: why an acceptance is not possible now is said when it
    # is asked for.
    offered = {
        CooperationAction.REJECT: ("coop.accept", "coop.reject"),
        CooperationAction.GIVE_UP: ("coop.give_up",),
    }
    action_buttons = [
        button(t(name), name, request.id, request.version)
        for action, names in offered.items()
        if action in card.actions
        for name in names
    ]
    views = (
        button(t("coop.center"), "coop.center", request.id),
        button(t("coop.timeline"), "coop.timeline", request.id),
    )
    back = navigation_row("coop.archive" if request.state in OVER else "centers")
    return Screen("\n".join(lines), (*button_grid(action_buttons, columns=2), views, back))


def show_distributor(turn: Turn, press: Press) -> Screen:
    """Everything that is known of the distributor that asks (R39)."""
    card = _own_request(turn, press)
    lines = [t("dist.own_title"), *cooperation_card.distributor_lines(card.distributor)]
    if card.distributor.manager_mobile:
        lines.append(t("dist.mobile", mobile=formats.local_mobile(card.distributor.manager_mobile)))
    lines.append(
        t("coop.branch", branch=card.branch.name, province=card.branch.province, city=card.branch.city)
    )
    lines.append(t("coop.branch_address", address=formats.digits(card.branch.address)))
    return Screen("\n".join(lines), (navigation_row("coop.view", press.id),))


def show_timeline(turn: Turn, press: Press) -> Screen:
    request = _own_request(turn, press).request
    return cooperation_card.timeline_screen(
        turn.db, request, turn.actor, navigation_row("coop.view", press.id)
    )


def ask_accept(turn: Turn, press: Press) -> Screen:
    """The question before accepting (R40)."""
    return _confirmation_screen(turn, press, CooperationAction.ACCEPT, "accept")


def ask_give_up(turn: Turn, press: Press) -> Screen:
    """The question before taking an acceptance back (Q21)."""
    return _confirmation_screen(turn, press, CooperationAction.GIVE_UP, "give_up")


def _confirmation_screen(turn: Turn, press: Press, action: CooperationAction, action_name: str) -> Screen:
    card = _own_request(turn, press)
    _require_action(turn, press, action)
    about = t("coop.line_short", distributor=card.distributor.name, branch=card.branch.name)
    yes = button(t(f"coop.{action_name}_do"), f"coop.{action_name}_do", press.id, press.version)
    no = back_button("coop.view", press.id, label="nav.no")
    return Screen(f"{about}\n{t(f'coop.{action_name}_confirm')}", ((yes,), (no,)))


def accept_request(turn: Turn, press: Press) -> Reply:
    request = cooperation.accept(
        turn.db, actor=turn.actor, request_id=press.id, version=press.version, now=turn.now
    )
    university = reference_data.university_name(turn.db, request.university_code)
    said = Screen(t("coop.accepted", university=university))
    return Reply((said,), goto=Press("coop.view", press.id))


def give_up_request(turn: Turn, press: Press) -> Reply:
    cooperation.give_up(turn.db, actor=turn.actor, request_id=press.id, version=press.version, now=turn.now)
    return Reply((Screen(t("coop.gave_up")),), goto=Press("coop.view", press.id))


# ── the end of a cooperation ─────────────────────────────────────────────────────────────────────────────────────


def ask_terminate(turn: Turn, press: Press) -> Screen:
    """The legal notice (R35) and the second confirmation; a termination that is over as it stands in the
    archive."""
    line = termination.view_termination(turn.db, actor=turn.actor, termination_id=press.id)
    stored = line.termination
    about = t("term.about", distributor=line.distributor.name, branch=line.branch.name)
    reason = t("term.reason", reason=quoted(with_persian_digits(stored.reason), t("who.you")))
    if stored.state is not TerminationState.DRAFT:
        lines = [about, t("term.detail", state=t(f"term_status.{stored.state}"))]
        lines.append(t("term.created", date=formats.jalali_day(stored.created_at)))
        if stored.closed_at is not None:
            lines.append(t("term.closed", date=formats.jalali_day(stored.closed_at)))
        if stored.state is TerminationState.FINALIZED:
            lines.append(t("term.name_removed"))
        return Screen("\n".join([*lines, reason]), (navigation_row("term.archive"),))
    legal = t("term.legal", distributor=line.distributor.name).strip()
    lines = [about, reason, "", legal]
    if not is_active(turn):
        return Screen("\n".join(lines), (navigation_row("term.archive"),))
    yes = button(t("term.finalise"), "term.finalise", press.id, stored.version)
    no = button(t("term.cancel"), "term.cancel", press.id, stored.version)
    return Screen("\n".join(lines), ((yes,), (no,)))


def terminate_cooperation(turn: Turn, press: Press) -> Reply:
    """Ended at once (R32). The receipt (N19) is a message of its own."""
    termination.finalise(
        turn.db, actor=turn.actor, termination_id=press.id, version=press.version, now=turn.now
    )
    return Reply(goto=Press("term.confirm", press.id))


def cancel_termination(turn: Turn, press: Press) -> Reply:
    termination.cancel(
        turn.db, actor=turn.actor, termination_id=press.id, version=press.version, now=turn.now
    )
    return Reply((Screen(t("term.cancelled")),), goto=Press("centers"))


def show_termination_archive(turn: Turn, press: Press) -> Screen:
    """All terminations that this officer registered (R36), newest first."""
    page = page_of(press)
    listing = termination.archive(turn.db, actor=turn.actor, offset=page * PAGE, limit=PAGE)
    if not listing.lines and page:
        return show_termination_archive(turn, first_page(press))
    if not listing.total:
        return Screen(t("error.empty"), (navigation_row("centers"),))
    pages = -(-listing.total // PAGE)
    lines, buttons = [t("term.archive_title")], []
    for number, line in enumerate(listing.lines, page * PAGE + 1):
        i, name = formats.digits(number), line.distributor.name
        lines.append(
            t(
                "term.line",
                i=i,
                distributor=name,
                branch=line.branch.name,
                state=t(f"term_status.{line.termination.state}"),
                date=formats.jalali_day(line.termination.created_at),
            )
        )
        label = shortened(t("coop.button_line", i=i, name=name), 20)
        buttons.append(button(label, "term.confirm", line.termination.id or 0))
    turns = pager_rows(press, page=page, pages=pages)
    return Screen("\n".join(lines), (*button_grid(buttons, columns=2), *turns, navigation_row("centers")))
