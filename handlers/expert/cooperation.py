"""The expert's card of a cooperation request, its history and its outcome. No documents: they are not for it.

See docs/specification.md 2.4.
"""

from __future__ import annotations

from bot.application.routes import Routes
from bot.core.context import Turn
from bot.core.screens import Press, Screen, button
from bot.services import cooperation
from bot.services.cooperation import ExpertCard
from bot.services.review.held_decisions import held
from bot.texts import formats, quoted, t
from conversations.engine.engine import Engine
from handlers.common import cooperation_card
from handlers.common.navigation import (
    ButtonRow,
    back_button,
    button_grid,
    home_button,
    navigation_row,
    truncate_lines,
)
from handlers.expert import decisions
from handlers.expert.banner import caution_lines, held_line, undo_button
from handlers.expert.next_file import left_lines, next_file, note_place
from handlers.expert.worklists import COOPERATION_LISTS, EXPERTS, REVIEWERS, list_back_rows
from handlers.team import notes
from storage.enums import CooperationState, Role
from storage.tables import CooperationRequest

_PENDING = frozenset({CooperationState.PENDING_OFFICER, CooperationState.PENDING_UNIVERSITY})


def routes(engine: Engine) -> Routes:
    """Routes that begin with "desk.coop_" and show one request."""
    table = Routes()
    for action, decide in (
        ("desk.coop_file", show_request),
        ("desk.coop_timeline", show_timeline),
        ("desk.coop_outcome", show_outcome),
        ("desk.coop_officer", show_officer),
    ):
        table.show(action, roles=REVIEWERS)(decide)
    return table


def _open_request(turn: Turn, press: Press) -> ExpertCard:
    return cooperation.expert_card(turn.db, actor=turn.actor, request_id=press.id)


def show_request(turn: Turn, press: Press) -> Screen:
    """Both sides and the branch, what is to be decided, and who decides."""
    card = _open_request(turn, press)
    note_place(COOPERATION_LISTS, turn, press.id)
    request = card.request
    banner = [*held_line(turn.db, request, "desk.coop_held"), *caution_lines(card.cautions)]
    lines = [*banner, *([""] if banner else []), *cooperation_card.heading_lines(request, turn.role)]
    if request.state is CooperationState.PENDING_UNIVERSITY:
        waited = turn.now - (request.accepted_at or request.state_since)
        lines.append(t("desk.waiting", age=formats.age(waited)))
    if card.reviewer is not None:
        lines.append(t("desk.reviewer", name=card.reviewer.name))
    lines += [
        "",
        *_officer_lines(card),
        "",
        *cooperation_card.detail_lines(request, card.distributor, card.branch),
        *_manager_mobile_lines(card),
    ]
    if card.replaces:
        lines += ["", t("desk.coop_replaces", name="، ".join(card.replaces))]
    if ended := cooperation_card.outcome_lines(request, turn.role):
        lines += ["", *ended]
    action_buttons = decisions.action_rows(decisions.COOPERATION_VIEW, request, card.actions)
    said, to_notes = notes.on_card(turn, notes.COOPERATION, press.id)
    views = [
        button(t("coop.timeline"), "desk.coop_timeline", press.id),
        button(t("card.button"), "desk.coop_officer", press.id),
        to_notes,
    ]
    lines += said
    return Screen(
        truncate_lines(lines),
        (*action_buttons, *button_grid(views, columns=2), *_other_screens_rows(turn, press.id)),
    )


def _officer_lines(card: ExpertCard) -> list[str]:
    """What the branch's university may know of the officer (docs/specification.md 2.4)."""
    lines = [
        t("desk.coop_officer", name=card.officer_name),
        t("desk.coop_code", code=card.masked_code),
        t("desk.coop_studies", level=card.level, field=card.field),
    ]
    if card.may_decide and card.mobile:
        key = "desk.coop_mobile" if card.mobile_verified else "desk.coop_mobile_unverified"
        lines.append(t(key, mobile=formats.local_mobile(card.mobile)))
    if not card.qualified:
        return [*lines, t("desk.coop_unqualified")]
    if card.qualified_at is None:
        return [*lines, t("desk.coop_qualified_legacy")]
    day = formats.jalali_day(card.qualified_at)
    return [*lines, t("desk.coop_qualified", university=card.qualified_by, date=day)]


def _manager_mobile_lines(card: ExpertCard) -> list[str]:
    """The centre's mobile, for who decides: to ask before a rejection."""
    mobile = card.distributor.manager_mobile
    return [t("dist.mobile", mobile=formats.local_mobile(mobile))] if card.may_decide and mobile else []


def _card_state(card: ExpertCard) -> str:
    """The text key of what the check of the officer's card says."""
    if not card.qualified:
        return "card.revoked"
    return "card.valid" if card.active else "card.suspended"


def show_officer(turn: Turn, press: Press) -> Screen:
    """The officer's card as it is at this moment, and the former cooperations."""
    card = _open_request(turn, press)
    lines = [
        t("card.button"),
        "",
        *_officer_lines(card),
        t("desk.coop_former", n=formats.number(card.former_contracts)),
        t("desk.coop_card_state", state=t(_card_state(card))),
        t("desk.coop_card_time", time=formats.jalali_time(turn.now)),
    ]
    rows: list[ButtonRow] = []
    if turn.role is Role.STAFF:
        rows.append((button(t("desk.coop_account"), "staff.account", card.request.account_id),))
    return Screen("\n".join(lines), (*rows, navigation_row("desk.coop_file", press.id)))


def _other_screens_rows(turn: Turn, request_id: int) -> list[ButtonRow]:
    if turn.role not in EXPERTS:
        return [*list_back_rows(turn), (home_button(),)]
    onward = (
        button(t("desk.coop_next"), "desk.coop_next", request_id),
        button(t("desk.coop_queue"), "desk.coop"),
    )
    return [
        onward,
        *list_back_rows(turn),
        (button(t("desk.coop_mine"), "desk.coop_mine"), home_button()),
    ]


def show_timeline(turn: Turn, press: Press) -> Screen:
    """Who did what and when, with colleagues' names."""
    card = _open_request(turn, press)
    return cooperation_card.timeline_screen(
        turn.db, card.request, turn.actor, navigation_row("desk.coop_file", press.id)
    )


def show_outcome(turn: Turn, press: Press) -> Screen:
    """What was decided, by whom and when, and the way to the next request."""
    just_decided = turn.memo.get(decisions.DECIDED)
    if isinstance(just_decided, CooperationRequest) and just_decided.id == press.id:
        card = cooperation.expert_card_of(turn.db, just_decided)
    else:
        card = _open_request(turn, press)
    request = card.request
    decision = held(request)
    if decision is None and request.state in _PENDING:
        return show_request(turn, press)
    what = request.state if decision is None else decision.action
    lines = [t(f"desk.coop_outcome_{what}", code=request.tracking_code)]
    lines += [
        t("desk.coop_officer", name=card.officer_name),
        t("coop.branch", branch=card.branch.name, province=card.branch.province, city=card.branch.city),
        *cooperation_card.outcome_lines(request, turn.role),
    ]
    decided = request.state in (CooperationState.APPROVED, CooperationState.REJECTED_BY_UNIVERSITY)
    if decided and card.reviewer is not None:
        when = formats.jalali_time(request.closed_at or request.state_since)
        lines.append(t("desk.outcome_by", by=card.reviewer.name, time=when))
    rows: list[ButtonRow] = []
    if decision is not None:
        if reason := decision.given.get("reason"):
            lines.append(t("desk.outcome_reason", reason=quoted(reason, t("role.expert"))))
        lines += held_line(turn.db, request, "desk.coop_held")
        if turn.actor.account_id == decision.actor.account_id:
            lines.append(t("desk.coop_undo_until", until=formats.clock(decision.until)))
            rows.append((undo_button(request, "desk.coop_"),))
    if turn.role in EXPERTS:
        following = next_file(COOPERATION_LISTS, turn, press.id)
        if following is not None:
            lines += left_lines(turn, COOPERATION_LISTS, following)
            rows.append((button(t("desk.coop_next"), "desk.coop_next", press.id),))
        rows.append(
            (button(t("desk.coop_queue"), "desk.coop"), button(t("desk.coop_mine"), "desk.coop_mine"))
        )
    rows.append((back_button("desk.coop_file", press.id, label="desk.coop_file"), home_button()))
    return Screen("\n".join(lines), tuple(rows))
