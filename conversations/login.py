"""Logging in by user code and password (R2), and «فراموشی کد یا رمز» (SPEC 2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from bot.desk import Desk
from bot.errors import InvalidInput
from bot.incoming import Incoming
from bot.passwords import Made
from bot.rules.identity import normalise
from bot.screens import Press, Reply, Screen
from bot.services import accounts
from bot.texts import t
from bot.turn import Turn
from conversations.credentials import credentials_screen, enter, home_button
from conversations.dialogue import Again, Answers, Ask, Choice, Dialogue, Given, Prompt, prompt_of
from conversations.questions import Mobile, NationalCode, Secret
from conversations.questions.simple import Line

FORGOT = "@forgot"
CODE_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Checked:
    """A typed password as found right or wrong against `password_hash`, outside the transaction."""

    account_id: int | None
    right: bool
    password_hash: str | None
    new_hash: str | None


class UserCode(Line):
    """A user code as typed, or the way out for whoever has forgotten it."""

    def offers(self, turn: Turn, answers: Answers) -> tuple[Choice, ...]:
        return (Choice(FORGOT, t("guest.forgot")),)

    def read(self, turn: Turn, text: str) -> str:
        code = normalise(text[: 4 * CODE_LENGTH])
        if not code or len(code) > CODE_LENGTH:
            raise InvalidInput("error.login_wrong")
        return code


class LoginPassword(Secret):
    """The password of the code answered before. Its value is a Checked, or FORGOT."""

    def ask(self, turn: Turn, ask: Ask, answers: Answers) -> Prompt:
        return Prompt(prompt_of(ask), ((Choice(FORGOT, t("guest.forgot")),),))

    async def prepare(self, desk: Desk, incoming: Incoming, answers: Answers) -> Checked | None:
        if incoming.text is None:
            return None
        user_code = str(answers.get("login_code", ""))

        def look(db: Session) -> tuple[int | None, str | None]:
            account = accounts.by_user_code(db, user_code)
            account_id = account.id if account is not None else None
            chat = accounts.chat_of(db, messenger=incoming.messenger, chat_id=incoming.chat_id)
            if chat is not None:
                accounts.refuse_if_locked(
                    db, chat=chat, account_id=account_id, user_code=user_code, now=desk.clock()
                )
            return account_id, account.password_hash if account is not None else None

        account_id, stored = await desk.database.read(look)
        verdict = await desk.passwords.verify(stored, incoming.text)
        return Checked(account_id, verdict.right, stored, verdict.new_hash)

    def accept(self, turn: Turn, ask: Ask, answers: Answers, given: Given) -> Checked | str:
        if given.choice == FORGOT:
            return FORGOT
        if not isinstance(turn.prepared, Checked):
            raise InvalidInput("error.want_text")
        return turn.prepared


def _knows_code(turn: Turn, answers: Answers) -> bool:
    return answers.get("login_code") != FORGOT


def _login(turn: Turn, answers: dict[str, Any]) -> Reply | Again:
    checked = answers.get("login_password", FORGOT)
    if not isinstance(checked, Checked):
        return Reply(goto=Press("forgot"))
    tried: dict[str, Any] = {
        "chat": turn.chat,
        "account_id": checked.account_id,
        "user_code": str(answers.get("login_code", "")),
        "now": turn.now,
    }
    accounts.refuse_if_locked(turn.db, **tried)
    if not checked.right or checked.account_id is None or checked.password_hash is None:
        accounts.count_wrong(turn.db, **tried)
        return Again(t("error.login_wrong"), at="login_password")
    account = accounts.login(
        turn.db,
        chat=turn.chat,
        account_id=checked.account_id,
        checked_hash=checked.password_hash,
        new_hash=checked.new_hash,
        now=turn.now,
    )
    enter(turn, account)
    several = len({grant.role for grant in turn.grants}) > 1
    return Reply((Screen(t("login.ok", name=account.name)),), goto=Press("role" if several else "home"))


LOGIN = Dialogue(
    "login",
    (
        Ask("login_code", UserCode()),
        Ask("login_password", LoginPassword(), when=_knows_code, hidden=True),
    ),
    _login,
)


async def _prepare_recovery(desk: Desk, incoming: Incoming, answers: Answers) -> Made | None:
    if incoming.contact is None:
        return None

    def look(db: Session) -> None:
        chat = accounts.chat_of(db, messenger=incoming.messenger, chat_id=incoming.chat_id)
        if chat is not None:
            accounts.refuse_recovery_if_throttled(db, chat=chat, now=desk.clock())

    await desk.database.read(look)
    return await desk.passwords.make_new()


def _recover(turn: Turn, answers: dict[str, Any]) -> Reply:
    made = turn.prepared
    assert isinstance(made, Made)
    account = accounts.recover(
        turn.db,
        chat=turn.chat,
        national_code=answers["recovery_code"],
        mobile=answers["recovery_mobile"]["number"],
        password_hash=made.hash,
        now=turn.now,
    )
    if account is None:
        refused = t("recovery.refused", contact=turn.world.support_contact)
        return Reply((Screen(refused, ((home_button(),),)),))
    enter(turn, account)
    return Reply(
        (credentials_screen(account, made.password),),
        goto=Press("home"),
        credentials_of=account.id,
    )


FORGOTTEN = Dialogue(
    "forgot",
    (
        Ask("recovery_code", NationalCode()),
        Ask("recovery_mobile", Mobile(typed=False)),
    ),
    _recover,
    prepare_finish=_prepare_recovery,
)
