"""Staff register distributors and their managers; a manager edits the distributor's own data.

See docs/specification.md 3, Q25.
"""

from __future__ import annotations

from typing import Any

from bot.application.resources import Resources
from bot.application.routes import MANAGERS, STAFF_ONLY
from bot.core.context import Turn
from bot.core.incoming import Incoming
from bot.core.screens import Press, Reply, Screen
from bot.rules.validators import Mobile
from bot.security.passwords import GeneratedPassword
from bot.services import accounts
from bot.services.distributors import branches, registry
from bot.services.distributors.registry import NewManager
from bot.services.search.keys import TEXT_LENGTH
from bot.texts import t
from conversations.account.credentials import credentials_screen
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


async def _make_password(resources: Resources, incoming: Incoming, answers: Answers) -> GeneratedPassword:
    return await resources.passwords.make_new()


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


def _manager_of(turn: Turn, answers: Answers, mobile: Mobile | None = None) -> NewManager:
    made = turn.prepared
    assert isinstance(made, GeneratedPassword)
    known = accounts.by_national_code(turn.db, answers["manager_code"])
    typed = f"{answers.get('manager_first_name') or ''} {answers.get('manager_last_name') or ''}"
    name = known.name if known is not None else typed.strip()
    return NewManager(name, made.hash, answers["manager_code"], mobile)


def _caution(turn: Turn, answers: Answers) -> str | None:
    """That the address names another city than the central branch's."""
    return other_city_sentence(
        "dist.central_other_city", answers.get("dist_address"), answers.get(REGION) or answers
    )


def _shown(
    turn: Turn, hired: accounts.Appointment, said: str, said_known: str, name: str, goto: Press
) -> Reply:
    """The manager's code and password, once; a person who had an account keeps the password."""
    if not hired.created:
        return Reply((Screen(t(said_known, distributor=name, name=hired.account.name)),), goto=goto)
    made = turn.prepared
    assert isinstance(made, GeneratedPassword)
    done = Screen(t(said, distributor=name, name=hired.account.name))
    shown = credentials_screen(hired.account, made.password, "staff.credentials")
    return Reply((done, shown), goto=goto, credentials_of=hired.account.id)


def _create(turn: Turn, answers: dict[str, Any]) -> Reply:
    manager = _manager_of(turn, answers, answers["dist_manager_mobile"])
    made = registry.create_distributor(
        turn.db,
        actor=turn.actor,
        details=registry.DistributorDetails(
            kind=DistributorKind(answers["dist_kind"]),
            name=answers["dist_name"],
            number=_number(answers),
            manager_name=manager.name,
            province=answers["province"],
            city=answers["city"],
            university=answers.get("university"),
            **_contact_values(answers),
        ),
        manager=manager,
        now=turn.now,
    )
    assert made.manager is not None
    goto, name = Press("staff.dist", made.distributor.id or 0), made.distributor.name
    return _shown(turn, made.manager, "staff.dist_made", "staff.dist_made_known", name, goto)


NEW_DISTRIBUTOR = Dialogue(
    "new_distributor",
    (*_IDENTITY_STEPS, *_MANAGER_STEPS, *_CONTACT_STEPS, *region_steps("central")),
    _create,
    summary="staff.dist_summary",
    caution=_caution,
    after=clear_dependent_answers,
    exit=LIST,
    prepare_finish=_make_password,
    roles=STAFF_ONLY,
)


def _card(turn: Turn) -> Press:
    assert turn.draft is not None
    return Press("staff.dist", turn.draft.subject_id)


def _add_manager(turn: Turn, answers: dict[str, Any]) -> Reply:
    goto = _card(turn)
    hired = registry.add_manager(
        turn.db,
        actor=turn.actor,
        distributor_id=goto.id,
        manager=_manager_of(turn, answers),
        now=turn.now,
    )
    name = turn.db.get_one(Distributor, goto.id).name
    return _shown(turn, hired, "staff.dist_manager_made", "staff.dist_manager_known", name, goto)


ADD_MANAGER = Dialogue(
    "add_manager",
    _MANAGER_STEPS,
    _add_manager,
    summary="staff.dist_manager_summary",
    exit=_card,
    prepare_finish=_make_password,
    roles=STAFF_ONLY,
)


def first_answers(turn: Turn, distributor: Distributor) -> dict[str, Any]:
    """What is stored, as the answers of the dialogues that edit it. Raises NotAllowed."""
    page = branches.list_branches(turn.db, actor=turn.actor, distributor_id=distributor.id, limit=1)
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
