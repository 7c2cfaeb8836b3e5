"""Staff register distributors and their managers; a manager edits the distributor's own data.

See docs/specification.md 3, Q25.
"""

from __future__ import annotations

from typing import Any

from bot.application.routes import MANAGERS, STAFF_ONLY
from bot.core.context import Turn
from bot.core.screens import Press, Reply, Screen
from bot.rules.validators import Mobile
from bot.services import accounts
from bot.services.distributors import branches, registry
from bot.services.invitations import sending
from bot.services.search.keys import TEXT_LENGTH
from bot.texts import t
from conversations.common import searching
from conversations.common.request_steps import clear_dependent_answers, other_city_sentence, region_steps
from conversations.engine.declaration import (
    Answers,
    Dialogue,
    FinishRejected,
    Step,
)
from conversations.questions import (
    Address,
    Choice,
    GuildId,
    LegalId,
    MobileNumber,
    Named,
    NationalCode,
    PersianName,
    Phone,
    Text,
)
from conversations.staff.experts import invited_screens
from storage.enums import DistributorKind, Role
from storage.tables import Distributor

#: Context: the version that was seen; where the central branch is, where that is not asked.
VERSION, REGION = "_version", "_region"
LIST = searching.COMPANIES


def _is(kind: DistributorKind, answers: Answers) -> bool:
    return bool(answers.get("dist_kind") == kind)


def _is_company(turn: Turn, answers: Answers) -> bool:
    return _is(DistributorKind.COMPANY, answers)


def _is_guild(turn: Turn, answers: Answers) -> bool:
    return _is(DistributorKind.GUILD, answers)


def _manager_is_new(turn: Turn, answers: Answers) -> bool:
    """Nobody is registered with the national code: the name is asked."""
    code = answers.get("manager_code")
    return not code or accounts.by_national_code(turn.db, code) is None


_IDENTITY_STEPS = (
    Step("dist_kind", Choice([(kind.value, t(f"coop.kind_{kind}")) for kind in DistributorKind], columns=2)),
    Step("dist_name", Named(registry.checked_name, "شرکت", "واحد صنفی", "صنف")),
    Step("dist_legal_id", LegalId(), when=_is_company),
    Step("dist_guild_id", GuildId(), when=_is_guild),
)
_MANAGER_STEPS = (
    Step("manager_code", NationalCode()),
    Step("manager_first_name", PersianName(), when=_manager_is_new),
    Step("manager_last_name", PersianName(), when=_manager_is_new),
)
_MANAGER_NAME_STEP = Step("dist_manager_name", PersianName())
_CONTACT_STEPS = (
    Step("dist_manager_mobile", MobileNumber()),
    Step("dist_phone", Phone()),
    Step("dist_address", Address()),
)


def _number(answers: Answers) -> str:
    company = answers["dist_kind"] == DistributorKind.COMPANY
    return str(answers["dist_legal_id" if company else "dist_guild_id"])


def _contact_values(answers: Answers) -> dict[str, Any]:
    """How the centre is reached, as the services take it; "" is no phone."""
    return {
        "manager_mobile": answers["dist_manager_mobile"],
        "phone": answers["dist_phone"],
        "address": answers["dist_address"],
    }


def _caution(turn: Turn, answers: Answers) -> str | None:
    """That the address names another city than the central branch's."""
    return other_city_sentence(
        "dist.central_other_city", answers.get("dist_address"), answers.get(REGION) or answers
    )


def _appoint(
    turn: Turn, answers: dict[str, Any], distributor: Distributor, mobile: str | None, key: str
) -> Reply:
    """A known person manages with the account they have, and is told; who is new is invited."""
    distributor_id, code = distributor.id or 0, answers["manager_code"]
    goto = Press("staff.dist", distributor_id)
    if not _manager_is_new(turn, answers):
        known = registry.appoint_manager(
            turn.db, actor=turn.actor, distributor_id=distributor_id, national_code=code, now=turn.now
        )
        said = t(f"staff.{key}_known", distributor=distributor.name, name=known.name)
        return Reply((Screen(said),), goto=goto)
    invited = sending.invite_manager(
        turn.db,
        actor=turn.actor,
        distributor_id=distributor_id,
        first_name=answers["manager_first_name"],
        last_name=answers["manager_last_name"],
        mobile=Mobile(mobile or answers["manager_mobile"]),
        national_code=code,
        public_info=turn.public_info,
        now=turn.now,
    )
    return Reply(invited_screens(invited), goto=goto)


def _manager_name(turn: Turn, answers: dict[str, Any]) -> str:
    known = accounts.by_national_code(turn.db, answers["manager_code"])
    if known is not None:
        return known.name
    return f"{answers['manager_first_name']} {answers['manager_last_name']}"


def _create(turn: Turn, answers: dict[str, Any]) -> Reply:
    made = registry.create_distributor(
        turn.db,
        actor=turn.actor,
        details=registry.DistributorDetails(
            kind=DistributorKind(answers["dist_kind"]),
            name=answers["dist_name"],
            number=_number(answers),
            manager_name=_manager_name(turn, answers),
            province=answers["province"],
            city=answers["city"],
            university=answers.get("university"),
            **_contact_values(answers),
        ),
        now=turn.now,
    )
    return _appoint(turn, answers, made.distributor, answers["dist_manager_mobile"], "dist_made")


NEW_DISTRIBUTOR = Dialogue(
    "new_distributor",
    (*_IDENTITY_STEPS, *_MANAGER_STEPS, *_CONTACT_STEPS, *region_steps("central")),
    _create,
    summary="staff.dist_summary",
    caution=_caution,
    after=clear_dependent_answers,
    exit=LIST,
    roles=STAFF_ONLY,
)


def _card(turn: Turn) -> Press:
    assert turn.draft is not None
    return Press("staff.dist", turn.draft.subject_id)


def _add_manager(turn: Turn, answers: dict[str, Any]) -> Reply:
    distributor = turn.db.get_one(Distributor, _card(turn).id)
    return _appoint(turn, answers, distributor, None, "dist_manager")


ADD_MANAGER = Dialogue(
    "add_manager",
    (*_MANAGER_STEPS, Step("manager_mobile", MobileNumber(), when=_manager_is_new)),
    _add_manager,
    summary="staff.dist_manager_summary",
    exit=_card,
    roles=STAFF_ONLY,
)


def first_answers(turn: Turn, distributor: Distributor) -> dict[str, Any]:
    """What is stored, as the answers of the dialogues that edit it. Raises NotAllowed."""
    page = branches.list_branches(turn.db, actor=turn.actor, distributor_id=distributor.id, offset=0, limit=1)
    central = page.lines[0].branch
    return {
        "dist_kind": distributor.kind,
        "dist_name": distributor.name,
        "dist_legal_id": distributor.legal_id,
        "dist_guild_id": distributor.guild_id,
        "dist_manager_name": distributor.manager_name,
        "dist_manager_mobile": distributor.manager_mobile,
        "dist_phone": distributor.phone or "",
        "dist_address": distributor.address or "",
        VERSION: distributor.version,
        REGION: {"province": central.province, "city": central.city},
    }


def _guard(turn: Turn) -> None:
    """Raises NotAllowed once the manager speaks for another company."""
    assert turn.draft is not None
    registry.view_distributor(turn.db, actor=turn.actor, distributor_id=turn.draft.subject_id)


def _home_of(turn: Turn) -> Press:
    """Staff come from the card, a manager from the own page."""
    return _card(turn) if turn.role is Role.STAFF else Press("dist.own")


def _edit(turn: Turn, answers: dict[str, Any]) -> Reply:
    """Staff change everything, a manager the centre's contact data (docs/specification.md 3)."""
    assert turn.draft is not None
    values = _contact_values(answers)
    if "dist_kind" in answers:
        values |= {
            "kind": DistributorKind(answers["dist_kind"]),
            "name": answers["dist_name"],
            "number": _number(answers),
        }
    distributor = registry.edit_distributor(
        turn.db,
        actor=turn.actor,
        distributor_id=turn.draft.subject_id,
        version=answers[VERSION],
        manager_name=answers["dist_manager_name"],
        now=turn.now,
        **values,
    )
    return Reply((Screen(t("staff.dist_saved", distributor=distributor.name)),), goto=_home_of(turn))


EDIT_DISTRIBUTOR = Dialogue(
    "edit_distributor",
    (*_IDENTITY_STEPS, _MANAGER_NAME_STEP, *_CONTACT_STEPS),
    _edit,
    summary="dist.edit_summary",
    caution=_caution,
    exit=_home_of,
    roles=STAFF_ONLY,
)
EDIT_OWN = Dialogue(
    "edit_own",
    (_MANAGER_NAME_STEP, *_CONTACT_STEPS),
    _edit,
    summary="dist.edit_summary",
    caution=_caution,
    exit=_home_of,
    roles=MANAGERS,
    guard=_guard,
)


def _find(turn: Turn, answers: dict[str, Any]) -> Reply | FinishRejected:
    found = searching.companies_reply(turn, answers["dist_query"])
    return found or FinishRejected(t("error.not_in_list"), forget=("dist_query",))


FIND_DISTRIBUTOR = Dialogue(
    "find_distributor",
    (Step("dist_query", Text(1, TEXT_LENGTH)),),
    _find,
    exit=LIST,
    roles=STAFF_ONLY,
)
