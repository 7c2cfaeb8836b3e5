"""What an expert does with a request of either kind: claim, release, assign, approve, and the dialogues that
reject or declare deficiencies. Every decision has a confirm step (Q15)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.application.routes import STAFF_ONLY, Routes
from bot.core.context import Turn
from bot.core.refusals import Refusal
from bot.core.screens import Button, Press, Reply, Screen, button
from bot.rules.cooperation import CooperationAction
from bot.rules.qualification import QualificationAction
from bot.services import cooperation
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.qualification import decisions, review
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from bot.services.review import held_decisions
from bot.services.review.review_workflow import ReviewWorkflow
from bot.services.review.routing import ReviewableRow
from bot.texts import formats, t
from conversations.common.labels import shortened
from conversations.engine.engine import Engine
from conversations.expert.team import EXPERT, VERSION
from handlers.common.navigation import (
    ButtonRow,
    back_button,
    button_grid,
    navigation_row,
    number_in,
    page_of,
    pager_rows,
)
from handlers.expert.banner import caution_lines
from handlers.expert.worklists import EXPERTS, REVIEWERS
from storage.enums import RequestState, Role
from storage.tables import Account

#: Experts a page.
PAGE = 8
HEADS = (Role.IN_CHARGE, Role.STAFF)
#: In a turn's memo: the request that was decided in this unit. Its outcome needs no second look at rights and
#: row.
DECIDED = "desk.decided"


@dataclass(frozen=True, slots=True)
class RequestKindView:
    """One kind of request: what it is, where its routes begin ("desk." or "desk.coop_"), how its card is
    read."""

    kind: ReviewWorkflow[Any, Any, Any, Any, Any]
    prefix: str
    open_request: Callable[[Turn, int], tuple[ReviewableRow, frozenset[Any]]]
    #: Action of the rules → the route's name and its label.
    decisions: Mapping[Any, str]


def _open_qualification(turn: Turn, request_id: int) -> tuple[ReviewableRow, frozenset[Any]]:
    details = review.open_file(turn.db, actor=turn.actor, request_id=request_id)
    return details.request, details.actions


def _open_cooperation(turn: Turn, request_id: int) -> tuple[ReviewableRow, frozenset[Any]]:
    card = cooperation.expert_card(turn.db, actor=turn.actor, request_id=request_id)
    return card.request, card.actions


QUALIFICATION_VIEW = RequestKindView(
    QUALIFICATION_WORKFLOW,
    "desk.",
    _open_qualification,
    {
        QualificationAction.APPROVE: "approve",
        QualificationAction.REJECT: "reject",
        QualificationAction.DECLARE_DEFICIENCIES: "defects",
    },
)
COOPERATION_VIEW = RequestKindView(
    COOPERATION_WORKFLOW,
    "desk.coop_",
    _open_cooperation,
    {CooperationAction.APPROVE: "approve", CooperationAction.UNIVERSITY_REJECT: "reject"},
)
#: Who holds a file; the same names in both machines.
HOLDING = {
    QualificationAction.CLAIM: "claim",
    QualificationAction.RELEASE: "release",
    QualificationAction.ASSIGN: "assign",
    QualificationAction.HAND_OVER: "hand_over",
}


#: While a decision may be undone: that, and for heads another expert.
UNDOING = {QualificationAction.UNDO: "undo", QualificationAction.ASSIGN: "assign"}


def action_rows(view: RequestKindView, request: ReviewableRow, actions: frozenset[Any]) -> list[ButtonRow]:
    """Decisions first, then who holds the file. Only what the rules allow now; of a qualification request that may be
    taken, the decisions come once it is."""
    claims_first = view is QUALIFICATION_VIEW and QualificationAction.CLAIM in actions
    decisions = {} if claims_first else view.decisions

    def row(names: Mapping[Any, str]) -> list[Button]:
        return [
            button(t(f"desk.{action_name}"), f"{view.prefix}{action_name}", request.id or 0, request.version)
            for action, action_name in names.items()
            if action in actions
        ]

    names = HOLDING if request.held_until is None else UNDOING
    return [*button_grid(row(decisions), columns=2), *button_grid(row(names), columns=2)]


def revoke_row(details: review.RequestDetails) -> list[ButtonRow]:
    """For staff: what they may take back of this file now."""
    request = details.request
    if QualificationAction.REVOKE not in details.actions:
        return []
    unpaid = request.state is RequestState.AWAITING_PAYMENT
    label = "desk.revoke_approval" if unpaid else f"desk.revoke_{request.kind}"
    return [(button(t(label), "desk.revoke", request.id or 0, request.version),)]


def routes(engine: Engine) -> Routes:
    """release, approve, reject, assign of both sorts; desk.coop_claim, desk.defects."""
    table = Routes()
    for view in (QUALIFICATION_VIEW, COOPERATION_VIEW):
        table.act(f"{view.prefix}release", roles=REVIEWERS)(partial(release_request, view))
        table.act(f"{view.prefix}undo", roles=EXPERTS)(partial(undo_decision, view))
        table.show(f"{view.prefix}assign", roles=HEADS)(partial(show_experts_to_assign, view))
        table.act(f"{view.prefix}assign_do", roles=HEADS)(partial(assign_expert, view))
        table.show(f"{view.prefix}hand_over", roles=EXPERTS)(partial(show_colleagues, view))
    table.act("desk.coop_claim", roles=EXPERTS)(claim_cooperation)
    table.show("desk.approve", roles=EXPERTS)(ask_approve)
    table.act("desk.approve_do", roles=EXPERTS)(approve_request)
    table.show("desk.coop_approve", roles=EXPERTS)(ask_approve_cooperation)
    table.act("desk.coop_approve_do", roles=EXPERTS)(approve_cooperation)

    for view, dialogue in ((QUALIFICATION_VIEW, "hand_over"), (COOPERATION_VIEW, "coop_hand_over")):
        table.act(f"{view.prefix}hand_over_to", roles=EXPERTS)(
            partial(begin_hand_over, engine, view, dialogue)
        )

    def begin(
        view: RequestKindView,
        action: QualificationAction | CooperationAction,
        name: str,
        turn: Turn,
        press: Press,
    ) -> Reply:
        """Open a dialogue bound to the version that the expert saw."""
        request = view.kind.load(turn.db, press.id)
        view.kind.check(turn.db, request, actor=turn.actor, action=action, version=press.version)
        return engine.start(turn, name, subject_id=press.id, answers={"_version": press.version})

    table.act("desk.reject", roles=EXPERTS)(
        partial(begin, QUALIFICATION_VIEW, QualificationAction.REJECT, "reject")
    )
    table.act("desk.defects", roles=EXPERTS)(
        partial(begin, QUALIFICATION_VIEW, QualificationAction.DECLARE_DEFICIENCIES, "deficiencies")
    )
    table.act("desk.revoke", roles=STAFF_ONLY)(
        partial(begin, QUALIFICATION_VIEW, QualificationAction.REVOKE, "revoke")
    )
    table.act("desk.coop_reject", roles=EXPERTS)(
        partial(begin, COOPERATION_VIEW, CooperationAction.UNIVERSITY_REJECT, "coop_reject")
    )
    return table


def claim_cooperation(turn: Turn, press: Press) -> Reply:
    COOPERATION_WORKFLOW.claim(
        turn.db, actor=turn.actor, request_id=press.id, version=press.version, now=turn.now
    )
    return Reply(goto=Press(COOPERATION_WORKFLOW.open_action, press.id), notice=t("desk.claimed"))


def begin_hand_over(engine: Engine, view: RequestKindView, dialogue: str, turn: Turn, press: Press) -> Reply:
    """Ask for a sentence to the colleague whom `press.arg` names."""
    request = view.kind.load(turn.db, press.id)
    action = view.kind.actions("HAND_OVER")
    view.kind.check(turn.db, request, actor=turn.actor, action=action, version=press.version)
    answers = {VERSION: press.version, EXPERT: number_in(press)}
    return engine.start(turn, dialogue, subject_id=press.id, answers=answers)


def release_request(view: RequestKindView, turn: Turn, press: Press) -> Reply:
    view.kind.release(turn.db, actor=turn.actor, request_id=press.id, version=press.version, now=turn.now)
    return Reply(goto=Press(view.kind.open_action, press.id), notice=t("desk.released"))


def undo_decision(view: RequestKindView, turn: Turn, press: Press) -> Reply:
    held_decisions.undo(
        turn.db, view.kind, actor=turn.actor, request_id=press.id, version=press.version, now=turn.now
    )
    return Reply(goto=Press(view.kind.open_action, press.id), notice=t("desk.undone"))


def ask_approve(turn: Turn, press: Press) -> Screen:
    """The question before approving."""
    details = review.open_file(turn.db, actor=turn.actor, request_id=press.id)
    request = details.request
    if QualificationAction.APPROVE not in details.actions or press.version != request.version:
        return stale_screen(turn, QUALIFICATION_VIEW, press, QualificationAction.APPROVE)
    code = details.applicant.national_code or ""
    lines = [
        t("desk.approve_confirm", code=request.tracking_code or ""),
        t("desk.applicant_code", name=details.applicant.name, code=formats.digits(code)),
        *caution_lines(details.cautions),
    ]
    return _confirmation_screen(QUALIFICATION_VIEW, press, "\n".join(lines))


def ask_approve_cooperation(turn: Turn, press: Press) -> Screen:
    """The question before a cooperation begins."""
    card = cooperation.expert_card(turn.db, actor=turn.actor, request_id=press.id)
    if press.version != card.request.version or not card.actions & set(COOPERATION_VIEW.decisions):
        return stale_screen(turn, COOPERATION_VIEW, press, CooperationAction.APPROVE)
    text = t("desk.coop_approve_confirm", officer=card.officer_name, branch=card.branch.name)
    if card.replaces:
        text = f"{text}\n{t('desk.coop_replaces', name='، '.join(card.replaces))}"
    return _confirmation_screen(COOPERATION_VIEW, press, text)


def _confirmation_screen(view: RequestKindView, press: Press, text: str) -> Screen:
    yes = button(t("desk.approve_do"), f"{view.prefix}approve_do", press.id, press.version)
    return Screen(text, ((yes,), (back_button(view.kind.open_action, press.id, label="nav.no"),)))


def stale_screen(turn: Turn, view: RequestKindView, press: Press, action: Any) -> Screen:
    """A question about a file that is no longer as it was: what happened to it, where somebody decided."""
    said = t("error.stale")
    try:
        request = view.kind.load(turn.db, press.id)
        view.kind.check(turn.db, request, actor=turn.actor, action=action, version=press.version)
    except Refusal as refusal:
        said = t(refusal.key, **refusal.args_of_text)
    return Screen(said, ((back_button(view.kind.open_action, press.id, label="desk.file"),),))


def approve_request(turn: Turn, press: Press) -> Reply:
    turn.memo[DECIDED] = decisions.approve(
        turn.db,
        actor=turn.actor,
        request_id=press.id,
        public_url=turn.public_info.public_url,
        version=press.version,
        now=turn.now,
        undo=turn.public_info.decision_undo,
    )
    return Reply(goto=Press("desk.outcome", press.id))


def approve_cooperation(turn: Turn, press: Press) -> Reply:
    turn.memo[DECIDED] = cooperation.approve(
        turn.db,
        actor=turn.actor,
        request_id=press.id,
        version=press.version,
        now=turn.now,
        undo=turn.public_info.decision_undo,
    )
    return Reply(goto=Press("desk.coop_outcome", press.id))


def show_experts_to_assign(view: RequestKindView, turn: Turn, press: Press) -> Screen:
    """Choose an expert of the file's university, the least burdened first."""
    return _experts_screen(view, turn, press, QualificationAction.ASSIGN, "assign_do")


def show_colleagues(view: RequestKindView, turn: Turn, press: Press) -> Screen:
    """Choose the colleague who gets a file of one's own; a sentence for them is asked next."""
    return _experts_screen(view, turn, press, QualificationAction.HAND_OVER, "hand_over_to")


def _experts_screen(
    view: RequestKindView, turn: Turn, press: Press, action_needed: QualificationAction, chosen: str
) -> Screen:
    request, actions = view.open_request(turn, press.id)
    if action_needed not in actions or press.version != request.version:
        return stale_screen(turn, view, press, view.kind.actions(str(action_needed)))
    texts = "desk.assign" if action_needed is QualificationAction.ASSIGN else "desk.hand_over"
    excluded = view.kind.case_of(turn.db, request).interested_parties | {request.reviewer_id}
    others = [
        expert
        for expert in review.experts_of(
            turn.db, actor=turn.actor, university_code=request.university_code, now=turn.now
        )
        if expert.account.id not in excluded
    ]
    if not others:
        return Screen(t(f"{texts}_none"), (navigation_row(view.kind.open_action, press.id),))
    pages = -(-len(others) // PAGE)
    page = min(page_of(press), pages - 1)
    rows: list[ButtonRow] = []
    for expert in others[page * PAGE : (page + 1) * PAGE]:
        load = t("desk.expert_load", n=formats.digits(expert.load))
        if expert.away:
            load = f"{t('desk.away')} {load}"
        label = f"{shortened(expert.account.name, 19 - len(load))} {load}"
        action = f"{view.prefix}{chosen}"
        rows.append((button(label, action, press.id, press.version, str(expert.account.id)),))
    applicant = turn.db.get_one(Account, request.account_id)
    text = t(f"{texts}_title", code=request.tracking_code or "", name=applicant.name)
    turns = pager_rows(press, page=page, pages=pages)
    return Screen(text, (*rows, *turns, navigation_row(view.kind.open_action, press.id)))


def assign_expert(view: RequestKindView, turn: Turn, press: Press) -> Reply:
    expert_id = number_in(press)
    request = view.kind.assign(
        turn.db,
        actor=turn.actor,
        request_id=press.id,
        expert_id=expert_id,
        version=press.version,
        now=turn.now,
    )
    expert = turn.db.get_one(Account, expert_id)
    notice = t("desk.assigned", name=expert.name)
    if request.deputy_for_id is not None:
        deputy = turn.db.get_one(Account, request.reviewer_id)
        notice = t("desk.handed_to_deputy", name=expert.name, deputy=deputy.name)
    return Reply(goto=Press(view.kind.open_action, press.id), notice=notice)
