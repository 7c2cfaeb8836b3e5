"""The distributor's dialogues about branches: defining and editing one, choosing its officer.

See docs/specification.md 2.4, R37.
"""

from __future__ import annotations

from typing import Any

from bot.application.routes import MANAGERS, STAFF_ONLY
from bot.core.context import Turn
from bot.core.screens import Press, Reply, Screen
from bot.rules import validators
from bot.services import accounts, cooperation
from bot.services.distributors import branches
from bot.texts import formats, t
from conversations.common.request_steps import clear_dependent_answers, other_city_sentence, region_steps
from conversations.engine.declaration import Answers, Dialogue, Step, UserInput
from conversations.questions import Address, Named, NationalCode, Search
from conversations.questions.choice import Option
from storage.tables import Branch

#: Context: the version of the branch that was seen, whether its region may not change now, and that region.
VERSION, LOCKED, REGION = "_version", "_locked", "_region"

_NAME_STEP = Step("branch_name", Named(branches.checked_name))
_ADDRESS_STEP = Step("branch_address", Address())


class OfficerToAsk(NationalCode):
    """The national code of an eligible officer, whose name is shown before the request is sent."""

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any:
        code = super().accept(turn, step, answers, given)
        cooperation.look_up(turn.db, actor=turn.actor, national_code=code, now=turn.now)
        return code

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        account = accounts.by_national_code(turn.db, value)
        name = account.name if account is not None else t("form.none")
        return t("dist.officer_with_code", officer=name, code=formats.masked(value))


def _subject(turn: Turn) -> int:
    assert turn.draft is not None
    return turn.draft.subject_id


def _region_values(answers: Answers) -> dict[str, Any]:
    """The answers about a branch as the services take them."""
    return {
        "name": answers["branch_name"],
        "province": answers.get("province"),
        "city": answers.get("city"),
        "university": answers.get("university"),
        "address": answers["branch_address"],
    }


def _define(turn: Turn, answers: dict[str, Any]) -> Reply:
    branch = branches.define_branch(turn.db, actor=turn.actor, now=turn.now, **_region_values(answers))
    assert branch.id is not None
    said = [t("dist.branch_made", branch=branch.name)]
    if code := answers["branch_officer"]:
        said.append(_pick(turn, branch.id, code))
    return Reply((Screen("\n".join(said)),), goto=Press("dist.branch", branch.id))


def _caution(turn: Turn, answers: Answers) -> str | None:
    """That the address names another city than the branch's."""
    return other_city_sentence(
        "dist.other_city", answers.get("branch_address"), answers.get(REGION) or answers
    )


def _pick(turn: Turn, branch_id: int, code: validators.NationalCode) -> str:
    """Ask the officer with this national code; the sentence that says so."""
    request = cooperation.pick(
        turn.db, actor=turn.actor, branch_id=branch_id, national_code=code, counted=True, now=turn.now
    )
    card = cooperation.distributor_card(turn.db, actor=turn.actor, request_id=request.id or 0)
    said = [t("dist.picked", officer=card.officer_name)]
    if card.unreachable:
        said.append(t("coop.officer_absent"))
    return "\n".join(said)


NEW_BRANCH = Dialogue(
    "new_branch",
    (
        _NAME_STEP,
        *region_steps("branch"),
        _ADDRESS_STEP,
        Step("branch_officer", OfficerToAsk(), optional=True),
    ),
    _define,
    summary="dist.new_branch_summary",
    caution=_caution,
    after=clear_dependent_answers,
    roles=MANAGERS,
)


def _branch(turn: Turn) -> Press:
    return Press("dist.branch", _subject(turn))


def _guard(turn: Turn) -> None:
    """Raises NotAllowed once the branch is another company's than the manager's."""
    branches.view_branch(turn.db, actor=turn.actor, branch_id=_subject(turn))


def first_answers(branch: Branch, *, locked: bool) -> dict[str, Any]:
    """What is stored, as the answers of `EDIT_BRANCH`."""
    region = {"province": branch.province, "city": branch.city, "university": branch.university_code}
    return {
        "branch_name": branch.name,
        "branch_address": branch.address,
        VERSION: branch.version,
        LOCKED: locked,
    } | ({REGION: region} if locked else region)


def _edit_steps(turn: Turn, answers: Answers) -> list[Step]:
    region = () if answers.get(LOCKED) else region_steps("branch")
    return [_NAME_STEP, *region, _ADDRESS_STEP]


def _edit(turn: Turn, answers: dict[str, Any]) -> Reply:
    branch = branches.edit_branch(
        turn.db,
        actor=turn.actor,
        branch_id=_subject(turn),
        version=answers[VERSION],
        now=turn.now,
        **_region_values(answers),
    )
    return Reply((Screen(t("dist.branch_saved", branch=branch.name)),), goto=_branch(turn))


EDIT_BRANCH = Dialogue(
    "edit_branch",
    _edit_steps,
    _edit,
    summary="dist.edit_summary",
    caution=_caution,
    after=clear_dependent_answers,
    exit=_branch,
    roles=MANAGERS,
    guard=_guard,
)


def _pick_steps(turn: Turn, answers: Answers) -> list[Step]:
    line = branches.view_branch(turn.db, actor=turn.actor, branch_id=_subject(turn))
    lines = [t("dist.pick_for", branch=line.branch.name)]
    if line.officers:
        names = "، ".join(officer.account.name for officer in line.officers)
        lines.append(t("dist.pick_occupied", officer=names))
    return [Step("officer_code", OfficerToAsk(), prompt="\n".join([*lines, t("ask.officer_code")]))]


def _sure(turn: Turn, answers: Answers) -> str:
    """Whom the code belongs to, before that person is asked."""
    line = branches.view_branch(turn.db, actor=turn.actor, branch_id=_subject(turn))
    account = accounts.by_national_code(turn.db, answers["officer_code"])
    name = account.name if account is not None else t("form.none")
    return t(
        "dist.pick_sure", officer=name, code=formats.masked(answers["officer_code"]), branch=line.branch.name
    )


def _finish_pick(turn: Turn, answers: dict[str, Any]) -> Reply:
    said = _pick(turn, _subject(turn), answers["officer_code"])
    return Reply((Screen(said),), goto=_branch(turn))


PICK_OFFICER = Dialogue(
    "pick_officer",
    _pick_steps,
    _finish_pick,
    second_question=_sure,
    second_buttons="dist.pick_sure",
    exit=_branch,
    roles=MANAGERS,
    guard=_guard,
)


def _branch_options(turn: Turn, answers: Answers) -> list[Option]:
    """Name and city of each branch, so that either may be typed."""
    of = turn.draft.subject_id if turn.draft is not None else 0
    listed = branches.names_of_branches(turn.db, actor=turn.actor, distributor_id=of or None)
    return [(str(branch.id), t("branch.option", branch=branch.name, city=branch.city)) for branch in listed]


_FIND_STEP = Step("branch_query", Search(_branch_options, missing="error.branch_not_found"))

FIND_BRANCH = Dialogue(
    "find_branch",
    (_FIND_STEP,),
    lambda turn, answers: Reply(goto=Press("dist.branch", int(answers["branch_query"]))),
    exit=Press("dist.branches"),
    roles=MANAGERS,
)
FIND_STAFF_BRANCH = Dialogue(
    "find_staff_branch",
    (_FIND_STEP,),
    lambda turn, answers: Reply(goto=Press("staff.branch", int(answers["branch_query"]))),
    exit=lambda turn: Press("staff.branches", _subject(turn)),
    roles=STAFF_ONLY,
)
