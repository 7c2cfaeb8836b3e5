"""Logging in by user code and password (R2), and «فراموشی کد یا رمز» (docs/specification.md 2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.application.resources import Resources
from bot.application.routes import GUESTS
from bot.core.context import Turn
from bot.core.incoming import Contact, Incoming
from bot.core.refusals import InvalidInput
from bot.core.screens import Press, Reply, Screen
from bot.rules import credentials, validators
from bot.rules.validators import normalise
from bot.security.passwords import GeneratedPassword
from bot.services import accounts
from bot.texts import t
from conversations.account.credentials import credentials_screen, enter, home_button
from conversations.engine.declaration import (
    Answers,
    Dialogue,
    Finish,
    FinishRejected,
    Incomplete,
    InputKind,
    OfferedAnswer,
    Prompt,
    Step,
    UserInput,
)
from conversations.engine.steps import prompt_of
from conversations.questions import Mobile, NationalCode, Secret
from conversations.questions.text import TextQuestion

if TYPE_CHECKING:
    from sqlmodel import Session

FORGOT = "@forgot"
CODE_LENGTH = 64


@dataclass(frozen=True, slots=True)
class LoginCheck:
    """A typed password as found right or wrong against `password_hash`, outside the transaction."""

    account_id: int | None
    right: bool
    password_hash: str | None
    new_hash: str | None


@dataclass(frozen=True, slots=True)
class Whole:
    """User code and password as they came in one message."""

    user_code: str
    checked: LoginCheck


async def _check(resources: Resources, incoming: Incoming, user_code: str, *readings: str) -> LoginCheck:
    """Compare each reading of a password with the one of `user_code`. Raises Throttled."""

    def look(db: Session) -> tuple[int | None, str | None]:
        account = accounts.by_user_code(db, user_code)
        account_id = account.id if account is not None else None
        chat = accounts.chat_of(db, messenger=incoming.messenger, chat_id=incoming.chat_id)
        if chat is not None:
            accounts.refuse_if_locked(
                db, chat=chat, account_id=account_id, user_code=user_code, now=resources.clock()
            )
        return account_id, account.password_hash if account is not None else None

    account_id, stored = await resources.database.read(look)
    checked = LoginCheck(account_id, False, stored, None)
    for reading in readings:
        verdict = await resources.passwords.verify(stored, reading)
        checked = LoginCheck(account_id, verdict.right, stored, verdict.new_hash)
        if verdict.right:
            break
    return checked


class UserCode(TextQuestion):
    """A user code as typed, or the way out for a person who has forgotten it. A person who sends the password along
    is logged in at once; such a message is hidden, right or wrong."""

    def offered_answers(self, turn: Turn, answers: Answers) -> tuple[OfferedAnswer, ...]:
        return (OfferedAnswer(FORGOT, t("guest.forgot")),)

    def hides(self, text: str) -> bool:
        return bool(credentials.pairs(text)) or len(text) > credentials.LONGEST

    async def prepare(self, resources: Resources, incoming: Incoming, answers: Answers) -> Whole | None:
        wholes = []
        for user_code, password in credentials.pairs(incoming.text or ""):
            wholes.append(Whole(user_code, await _check(resources, incoming, user_code, password)))
            if wholes[-1].checked.right:
                return wholes[-1]
        known = (whole_code for whole_code in wholes if whole_code.checked.account_id is not None)
        return next(known, wholes[0] if wholes else None)

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any:
        whole = turn.prepared
        if given.choice is None and isinstance(whole, Whole):
            return Finish({"login_code": whole.user_code, "login_password": whole.checked})
        return super().accept(turn, step, answers, given)

    def parse(self, turn: Turn, text: str) -> str:
        text = text[: credentials.LONGEST]
        code = normalise(credentials.code_alone(text) or text)
        if not code or len(code) > CODE_LENGTH:
            raise InvalidInput("error.login_wrong")
        return code


class LoginPassword(Secret):
    """The password of the code answered before; its value is a Checked, or FORGOT. While guesses from elsewhere lock the
    account, a person who shares its verified mobile may go on guessing with the budget of an own chat."""

    wants = InputKind.CONTACT

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        choices = ((OfferedAnswer(FORGOT, t("guest.forgot")),),)
        if not self._is_locked(turn, answers):
            return Prompt(prompt_of(step), choices)
        return Prompt(prompt_of(step), choices, (t("login.prove"),), ask_contact=t("mobile.share"))

    @staticmethod
    def _is_locked(turn: Turn, answers: Answers) -> bool:
        user_code = str(answers.get("login_code", ""))
        account = accounts.by_user_code(turn.db, user_code)
        account_id = account.id if account is not None else None
        lock = accounts.account_lock(
            turn.db, chat=turn.chat, account_id=account_id, user_code=user_code, now=turn.now
        )
        return lock is not None

    async def prepare(self, resources: Resources, incoming: Incoming, answers: Answers) -> LoginCheck | None:
        if incoming.text is None:
            return None
        user_code = str(answers.get("login_code", ""))
        alone = credentials.without_code(incoming.text, user_code)
        return await _check(resources, incoming, user_code, incoming.text, *([alone] if alone else []))

    def accept(
        self, turn: Turn, step: Step, answers: Answers, given: UserInput
    ) -> LoginCheck | str | Incomplete:
        if given.choice == FORGOT:
            return FORGOT
        if given.contact is not None:
            return self._prove(turn, answers, given.contact)
        if not isinstance(turn.prepared, LoginCheck):
            raise InvalidInput("error.want_text")
        return turn.prepared

    @staticmethod
    def _prove(turn: Turn, answers: Answers, contact: Contact) -> Incomplete:
        """One answer to a wrong number and to a code that nobody has."""
        if not contact.own:
            raise InvalidInput("error.foreign_contact")
        mobile = validators.mobile(contact.phone.strip())
        accounts.count_recovery(turn.db, chat=turn.chat, now=turn.now)
        account = accounts.by_user_code(turn.db, str(answers.get("login_code", "")))
        proven = accounts.prove(turn.db, chat=turn.chat, account=account, mobile=mobile, now=turn.now)
        return Incomplete(notice=t("login.proven" if proven else "login.not_proven"))


def _knows_code(turn: Turn, answers: Answers) -> bool:
    return answers.get("login_code") != FORGOT


def _login(turn: Turn, answers: dict[str, Any]) -> Reply | FinishRejected:
    checked = answers.get("login_password", FORGOT)
    if not isinstance(checked, LoginCheck):
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
        stored = turn.draft.answers if turn.draft is not None else {}
        return FinishRejected(
            t("error.login_wrong"), at="login_password" if stored.get("login_code") else "login_code"
        )
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


LOG_IN = Dialogue(
    "login",
    (
        Step("login_code", UserCode()),
        Step("login_password", LoginPassword(), when=_knows_code, hidden=True),
    ),
    _login,
    roles=GUESTS,
)


async def _prepare_recovery(
    resources: Resources, incoming: Incoming, answers: Answers
) -> GeneratedPassword | None:
    if incoming.contact is None:
        return None

    def look(db: Session) -> None:
        chat = accounts.chat_of(db, messenger=incoming.messenger, chat_id=incoming.chat_id)
        if chat is not None:
            accounts.refuse_recovery_if_throttled(db, chat=chat, now=resources.clock())

    await resources.database.read(look)
    return await resources.passwords.make_new()


def _recover(turn: Turn, answers: dict[str, Any]) -> Reply:
    made = turn.prepared
    assert isinstance(made, GeneratedPassword)
    account = accounts.recover(
        turn.db,
        chat=turn.chat,
        national_code=answers["recovery_code"],
        mobile=answers["recovery_mobile"]["number"],
        password_hash=made.hash,
        now=turn.now,
    )
    if account is None:
        refused = t("recovery.refused", contact=turn.public_info.support_contact)
        return Reply((Screen(refused, ((home_button(),),)),))
    enter(turn, account)
    return Reply(
        (credentials_screen(account, made.password),),
        goto=Press("home"),
        credentials_of=account.id,
    )


RECOVER_ACCESS = Dialogue(
    "forgot",
    (
        Step("recovery_code", NationalCode()),
        Step("recovery_mobile", Mobile(typed=False)),
    ),
    _recover,
    prepare_finish=_prepare_recovery,
    roles=GUESTS,
)
