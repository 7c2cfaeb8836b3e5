"""What an expert does with a file: claim, release, assign, approve, and the dialogues that reject or declare
deficiencies. Every decision has a confirm step (SPEC Q15)."""

from __future__ import annotations

from bot.routes import Routes
from bot.rules.qualification import Action
from bot.screens import Press, Reply, Screen, button
from bot.services import cases, review
from bot.texts import formats, t
from bot.turn import Turn
from conversations.engine import Engine
from conversations.wording import shortened
from handlers.desk_lists import EXPERTS, REVIEWERS
from handlers.nav import Row, back, number_in, page_of, pager, ways
from storage.states import Role
from storage.tables import Account

#: Experts a page.
PAGE = 8
HEADS = (Role.IN_CHARGE, Role.STAFF)


def routes(engine: Engine) -> Routes:
    """desk.claim, release, approve, reject, defects, assign."""
    table = Routes()
    table.act("desk.claim", roles=EXPERTS)(claim)
    table.act("desk.release", roles=REVIEWERS)(release)
    table.show("desk.approve", roles=EXPERTS)(approve)
    table.act("desk.approve_do", roles=EXPERTS)(approve_do)
    table.show("desk.assign", roles=HEADS)(assign)
    table.act("desk.assign_do", roles=HEADS)(assign_do)

    @table.act("desk.reject", roles=EXPERTS)
    def reject(turn: Turn, press: Press) -> Reply:
        return _begin(turn, press, Action.REJECT, "reject")

    @table.act("desk.defects", roles=EXPERTS)
    def defects(turn: Turn, press: Press) -> Reply:
        return _begin(turn, press, Action.DECLARE_DEFICIENCIES, "deficiencies")

    def _begin(turn: Turn, press: Press, action: Action, name: str) -> Reply:
        """Open a dialogue bound to the version that the expert saw."""
        request = cases.load(turn.db, press.id)
        case = cases.case_of(turn.db, request)
        cases.check(turn.db, request, case, actor=turn.actor, action=action, version=press.version)
        return engine.start(turn, name, subject_id=press.id, answers={"_version": press.version})

    return table


def claim(turn: Turn, press: Press) -> Reply:
    review.claim(turn.db, actor=turn.actor, request_id=press.id, version=press.version, now=turn.now)
    return Reply(goto=Press("desk.file", press.id), notice=t("desk.claimed"))


def release(turn: Turn, press: Press) -> Reply:
    review.release(turn.db, actor=turn.actor, request_id=press.id, version=press.version, now=turn.now)
    return Reply(goto=Press("desk.file", press.id), notice=t("desk.released"))


def approve(turn: Turn, press: Press) -> Screen:
    """The question before approving."""
    found = review.open_file(turn.db, actor=turn.actor, request_id=press.id)
    request = found.request
    if Action.APPROVE not in found.actions or press.version != request.version:
        return stale(press.id)
    lines = [
        t("desk.approve_confirm", code=request.tracking_code or ""),
        t("desk.applicant", name=found.applicant.name),
    ]
    yes = button(t("desk.approve_do"), "desk.approve_do", press.id, press.version)
    return Screen("\n".join(lines), ((yes,), (back("desk.file", press.id, label="nav.no"),)))


def stale(request_id: int) -> Screen:
    """A question about a file that is no longer as it was."""
    return Screen(t("error.stale"), ((back("desk.file", request_id, label="desk.file"),),))


def approve_do(turn: Turn, press: Press) -> Reply:
    review.approve(
        turn.db,
        actor=turn.actor,
        request_id=press.id,
        public_url=turn.world.public_url,
        version=press.version,
        now=turn.now,
    )
    return Reply(goto=Press("desk.outcome", press.id))


def assign(turn: Turn, press: Press) -> Screen:
    """Choose an expert of the file's university, the least burdened first."""
    found = review.open_file(turn.db, actor=turn.actor, request_id=press.id)
    request = found.request
    if Action.ASSIGN not in found.actions or press.version != request.version:
        return stale(press.id)
    others = [
        one
        for one in review.experts_of(turn.db, request.university_code)
        if one.account.id not in (request.reviewer_id, request.account_id)
    ]
    if not others:
        return Screen(t("desk.assign_none"), (ways("desk.file", press.id),))
    pages = -(-len(others) // PAGE)
    page = min(page_of(press), pages - 1)
    rows: list[Row] = []
    for one in others[page * PAGE : (page + 1) * PAGE]:
        load = t("desk.expert_load", n=formats.digits(one.load))
        label = f"{shortened(one.account.name, 19 - len(load))} {load}"
        rows.append((button(label, "desk.assign_do", press.id, press.version, str(one.account.id)),))
    text = t("desk.assign_title", code=request.tracking_code or "")
    turns = pager(press, page=page, pages=pages)
    return Screen(text, (*rows, *turns, ways("desk.file", press.id)))


def assign_do(turn: Turn, press: Press) -> Reply:
    expert_id = number_in(press)
    review.assign(
        turn.db,
        actor=turn.actor,
        request_id=press.id,
        expert_id=expert_id,
        version=press.version,
        now=turn.now,
    )
    expert = turn.db.get_one(Account, expert_id)
    return Reply(goto=Press("desk.file", press.id), notice=t("desk.assigned", name=expert.name))
