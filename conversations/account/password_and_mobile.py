"""Changing the password from a logged-in chat, and the mobile number that proves who one is."""

from __future__ import annotations

from typing import Any

from bot.application.resources import Resources
from bot.application.routes import LOGGED_IN
from bot.core.context import Turn
from bot.core.incoming import Incoming
from bot.core.refusals import InvalidInput
from bot.core.screens import Press, Reply, Screen
from bot.security.passwords import CHOSEN_MAX, CHOSEN_MIN, GeneratedPassword, normal
from bot.services import accounts
from bot.texts import t
from conversations.account.credentials import credentials_screen
from conversations.engine.declaration import Answers, Dialogue, Step, UserInput
from conversations.questions import Choice, Mobile, Secret

MADE, CHOSEN = "made", "chosen"
#: Of the mobile's dialogue: the show that it was opened from.
ASKED_FROM = "_from"


def checked_password(text: str) -> str:
    """A password as it will be kept. Raises InvalidInput for fewer than 8 characters and for far too many."""
    password = normal(text)
    if len(password) < CHOSEN_MIN:
        raise InvalidInput("error.password_short")
    if len(password) > CHOSEN_MAX:
        raise InvalidInput("error.password_long")
    return password


class NewPassword(Secret):
    """A password of one's own choice; its value is the hash."""

    async def prepare(self, resources: Resources, incoming: Incoming, answers: Answers) -> str | None:
        if incoming.text is None:
            return None
        return await resources.passwords.hash(checked_password(incoming.text))

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> str:
        password = checked_password(super().accept(turn, step, answers, given))
        account = turn.account
        known = (account.user_code, account.national_code) if account is not None else ()
        if password in (*known, *answers.values()):
            raise InvalidInput("error.password_code")
        assert isinstance(turn.prepared, str)
        return turn.prepared


def _password_sources(turn: Turn, answers: Answers) -> tuple[tuple[str, str], ...]:
    return ((MADE, t("password.made")), (CHOSEN, t("password.chosen")))


def _is_chosen(turn: Turn, answers: Answers) -> bool:
    return answers.get("password_kind") == CHOSEN


async def _prepare(resources: Resources, incoming: Incoming, answers: Answers) -> GeneratedPassword | None:
    return None if answers.get("password_kind") == CHOSEN else await resources.passwords.make_new()


def _change(turn: Turn, answers: dict[str, Any]) -> Reply:
    system_made = answers["password_kind"] == MADE
    made = turn.prepared
    account = accounts.change_password(
        turn.db,
        actor=turn.actor,
        chat=turn.chat,
        password_hash=made.hash if system_made else answers["new_password"],
        system_made=system_made,
        now=turn.now,
    )
    if not system_made:
        return Reply((Screen(t("password.changed")),), goto=Press("home"))
    return Reply((credentials_screen(account, made.password),), goto=Press("home"), credentials_of=account.id)


CHANGE_PASSWORD = Dialogue(
    "password",
    (
        Step("password_kind", Choice(_password_sources)),
        Step("new_password", NewPassword(), when=_is_chosen, hidden=True),
    ),
    _change,
    prepare_finish=_prepare,
    roles=LOGGED_IN,
)


def _change_mobile(turn: Turn, answers: dict[str, Any]) -> Reply:
    accounts.change_mobile(
        turn.db,
        actor=turn.actor,
        chat=turn.chat,
        mobile=answers["new_mobile"]["number"],
        verified=answers["new_mobile"]["verified"],
        now=turn.now,
    )
    return Reply((Screen(t("mobile.saved")),), goto=_asked_from(turn))


def _asked_from(turn: Turn) -> Press:
    """Where the change was asked for: «اطلاعات من», or the list of general data."""
    assert turn.draft is not None
    return Press(str(turn.draft.answers.get(ASKED_FROM) or "me"))


CHANGE_MOBILE = Dialogue(
    "mobile",
    (Step("new_mobile", Mobile()),),
    _change_mobile,
    exit=_asked_from,
    roles=LOGGED_IN,
)
