"""Accepting an invitation of the directorate: the one-time code, for a newcomer the national code and an own password;
and setting a new password after staff locked the account.

See docs/specification.md 2.1.
"""

from __future__ import annotations

from typing import Any

from bot.application.routes import GUESTS, LOGGED_IN
from bot.core.context import Turn
from bot.core.refusals import InvalidInput, NotAllowed
from bot.core.screens import Press, Reply, Screen
from bot.rules.validators import normalise
from bot.services.invitations import acceptance
from bot.services.invitations.sending import CODE_DIGITS, WRONG_CODES, place_of
from bot.texts import formats, t
from conversations.account.credentials import enter
from conversations.account.password_and_mobile import NewPassword
from conversations.account.registration import UnusedNationalCode
from conversations.engine.declaration import Answers, Dialogue, Incomplete, Step, UserInput
from conversations.questions.text import TextQuestion
from storage.tables import Invitation

#: Context: the token of the link, and the national code that is known already, or "".
TOKEN, BOUND = "_token", "_bound"


def _token(turn: Turn) -> str:
    return str(turn.draft.answers.get(TOKEN, "")) if turn.draft is not None else ""


def _invitation(turn: Turn) -> Invitation:
    """Raises NotAllowed once it is over."""
    return acceptance.behind(turn.db, token=_token(turn), now=turn.now)


class OneTimeCode(TextQuestion):
    """The six digits of the invitation; a wrong one is counted."""

    def parse(self, turn: Turn, text: str) -> str:
        code = "".join(normalise(text[:40]).split())
        if len(code) != CODE_DIGITS or not (code.isascii() and code.isdigit()):
            raise InvalidInput("error.invitation_code_form")
        return code

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        code = super().accept(turn, step, answers, given)
        if acceptance.try_code(turn.db, token=_token(turn), code=code, now=turn.now):
            return code
        # No Refusal: it would take back the counted try.
        left = WRONG_CODES - _wrong(turn)
        return Incomplete(
            notice=t("error.invitation_code", left=formats.digits(left))
            if left
            else t("error.invitation_over")
        )

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return "••••••"


def _wrong(turn: Turn) -> int:
    try:
        return _invitation(turn).wrong_codes
    except NotAllowed:
        return WRONG_CODES


class OwnNationalCode(UnusedNationalCode):
    """Of a newcomer. Who has an account logs in first, and opens the link again."""

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        taken = super().accept(turn, step, answers, given)
        if isinstance(taken, Incomplete):
            return Incomplete(notice=t("invite.has_account"), next_buttons=taken.next_buttons)
        return taken


def _needs_national_code(turn: Turn, answers: Answers) -> bool:
    return not answers.get(BOUND)


def _guard(turn: Turn) -> None:
    """Raises NotAllowed once the invitation is over, and where it is another person's."""
    acceptance.need_addressee(_invitation(turn), turn.account)


def _accept(turn: Turn, answers: dict[str, Any]) -> Reply:
    account, invitation = acceptance.accept(
        turn.db,
        chat=turn.chat,
        account_id=turn.account.id if turn.account is not None else None,
        token=answers[TOKEN],
        code=answers["invitation_code"],
        national_code=answers.get("invitation_national_code"),
        password_hash=answers.get("invitation_password"),
        now=turn.now,
    )
    newcomer = turn.account is None
    enter(turn, account)
    said = t("invite.access_renewed", name=account.name)
    if invitation.account_id is None:
        role, place = t(f"role.{invitation.role}"), place_of(turn.db, invitation)
        said = t("invite.accepted", name=account.name, role=role, place=place)
    if newcomer:
        said += "\n" + t("invite.user_code", user_code=account.user_code)
    return Reply((Screen(said, once=newcomer),), goto=Press("home"))


_CODE_STEP = Step("invitation_code", OneTimeCode(), hidden=True)

ACCEPT_INVITATION = Dialogue(
    "accept_invitation",
    (
        _CODE_STEP,
        Step("invitation_national_code", OwnNationalCode(), when=_needs_national_code),
        Step("invitation_password", NewPassword(), hidden=True),
    ),
    _accept,
    roles=GUESTS,
    guard=_guard,
)
#: For who is logged in: the role is added to the account.
ADD_INVITED_ROLE = Dialogue("add_invited_role", (_CODE_STEP,), _accept, roles=LOGGED_IN, guard=_guard)
