"""Staff invite an expert of a university, or give a known person the role, and give an account new access."""

from __future__ import annotations

from typing import Any

from bot.application.resources import Resources
from bot.application.routes import STAFF_ONLY
from bot.core.context import Turn
from bot.core.incoming import Incoming
from bot.core.screens import Press, Reply, Screen
from bot.rules.account import REASON_MAX, REASON_MIN
from bot.services import accounts
from bot.services.invitations import sending
from bot.services.invitations.sending import Invited
from bot.texts import formats, t
from conversations.engine.declaration import Answers, Dialogue, Step
from conversations.questions import Choice, MobileNumber, NationalCode, PersianName, Text
from storage.enums import Role

UNIVERSITY, ACCOUNT, VERSION, GRANT = "_university", "_account", "_version", "_grant"


def _roles(turn: Turn, answers: Answers) -> tuple[tuple[str, str], ...]:
    return tuple((role.value, t(f"role.{role}")) for role in (Role.EXPERT, Role.IN_CHARGE))


def _is_new(turn: Turn, answers: Answers) -> bool:
    """Nobody is registered with the national code: the name is asked."""
    code = answers.get("expert_national_code")
    return not code or accounts.by_national_code(turn.db, code) is None


def _back_to_university(turn: Turn) -> Press:
    answers = turn.draft.answers if turn.draft is not None else {}
    return Press("staff.university", arg=str(answers.get(UNIVERSITY, "")))


def _hire(turn: Turn, answers: dict[str, Any]) -> Reply:
    """A known person gets the role and is told; a new one is invited."""
    code, national_code = answers[UNIVERSITY], answers.get("expert_national_code")
    goto = Press("staff.university", arg=code)
    if national_code and not _is_new(turn, answers):
        hired = accounts.appoint_expert(
            turn.db,
            actor=turn.actor,
            role=Role(answers["expert_role"]),
            university_code=code,
            national_code=national_code,
            now=turn.now,
        )
        return Reply((Screen(t("staff.role_added", name=hired.name)),), goto=goto)
    invited = sending.invite_expert(
        turn.db,
        actor=turn.actor,
        role=Role(answers["expert_role"]),
        university_code=code,
        first_name=answers["expert_first_name"],
        last_name=answers["expert_last_name"],
        mobile=answers["expert_mobile"],
        national_code=national_code,
        public_info=turn.public_info,
        now=turn.now,
    )
    return Reply(invited_screens(invited), goto=goto)


def invited_screens(invited: Invited) -> tuple[Screen, Screen]:
    """What was sent, and the message to be forwarded, which no later press edits."""
    to = formats.local_mobile(invited.invitation.mobile)
    said = t("invite.sent", name=invited.invitation.name, mobile=to)
    return Screen(said), Screen(invited.message, once=True)


def access_screens(invited: Invited) -> tuple[Screen, Screen]:
    """That the account is locked until its owner opened the link, and the message to be forwarded."""
    name, mobile = invited.invitation.name, invited.invitation.mobile
    said = (
        t("staff.reset_done", name=name, mobile=formats.masked(mobile[1:]))
        if mobile
        else t("staff.reset_done_no_mobile", name=name)
    )
    return Screen(said), Screen(invited.message, once=True)


async def void_password(resources: Resources, incoming: Incoming, answers: Answers) -> str:
    """The hash of a password that is shown to nobody."""
    return (await resources.passwords.make_new()).hash


NEW_EXPERT = Dialogue(
    "new_expert",
    (
        Step("expert_role", Choice(_roles, columns=2)),
        Step("expert_national_code", NationalCode(), optional=True),
        Step("expert_first_name", PersianName(), when=_is_new),
        Step("expert_last_name", PersianName(), when=_is_new),
        Step("expert_mobile", MobileNumber(), when=_is_new),
    ),
    _hire,
    summary="staff.expert_summary",
    exit=_back_to_university,
    roles=STAFF_ONLY,
)


def _back_to_expert(turn: Turn) -> Press:
    answers = turn.draft.answers if turn.draft is not None else {}
    return Press("staff.expert", int(answers.get(GRANT, 0)))


def _reset(turn: Turn, answers: dict[str, Any]) -> Reply:
    invited = sending.reset_access(
        turn.db,
        actor=turn.actor,
        account_id=answers[ACCOUNT],
        reason=answers["reset_reason"],
        password_hash=str(turn.prepared),
        public_info=turn.public_info,
        now=turn.now,
        version=answers[VERSION],
    )
    return Reply(access_screens(invited), goto=Press("staff.expert", answers[GRANT]))


RESET_ACCESS = Dialogue(
    "reset_access",
    (Step("reset_reason", Text(REASON_MIN, REASON_MAX, short="error.short_reason")),),
    _reset,
    exit=_back_to_expert,
    prepare_finish=void_password,
    roles=STAFF_ONLY,
)
