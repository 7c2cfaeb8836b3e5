"""The officer's registration (R1, R12, R18; docs/specification.md 3, phase Reg)."""

from __future__ import annotations

from datetime import date
from typing import Any

from bot.application.resources import Resources
from bot.application.routes import GUESTS
from bot.core.context import Turn
from bot.core.incoming import Incoming
from bot.core.refusals import InvalidInput
from bot.core.screens import Reply, Screen, button
from bot.rules import request_items
from bot.security.passwords import GeneratedPassword
from bot.services import accounts
from bot.services.accounts import Registration
from bot.services.shared import reference_data
from bot.texts import t
from conversations.account.credentials import credentials_screen, enter, home_button
from conversations.engine.declaration import Answers, Dialogue, Incomplete, Step, UserInput
from conversations.questions import JalaliDate, Mobile, NationalCode, PersianName, Text
from conversations.questions.studies import Field, Level, levels

NO_DEGREE = "@none"
FIELD = Field()


class UnusedNationalCode(NationalCode):
    """A national code that nobody is registered with; five a day may be tried in one chat."""

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        code = super().accept(turn, step, answers, given)
        if answers.get(step.key) == code:
            return code
        if accounts.try_national_code(turn.db, chat=turn.chat, national_code=code, now=turn.now):
            return code
        # No Refusal: it would take back the counted try.
        refusal = accounts.duplicate()
        return Incomplete(notice=t(refusal.key), next_buttons=refusal.next_buttons)


class OwnLevel(Level):
    """An allowed degree level; «مدرک دانشگاهی ندارم» leads nowhere (R18, R19)."""

    def __init__(self) -> None:
        super().__init__()
        self.options = _levels

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        if given.text and request_items.says_no_degree(given.text):
            raise InvalidInput("error.no_degree")
        level = super().accept(turn, step, answers, given)
        if level == NO_DEGREE:
            raise InvalidInput("error.no_degree")
        return level


def _levels(turn: Turn, answers: Answers) -> list[tuple[str, str]]:
    return [*levels(turn, answers), (NO_DEGREE, t("reg.no_degree"))]


def _after(turn: Turn, key: str, answers: dict[str, Any]) -> dict[str, Any]:
    """Another level may close the field; another field has another description."""
    if key == "degree_level" and not FIELD.is_open(turn, answers, answers.get("field_of_study", "")):
        return {
            name: value for name, value in answers.items() if name not in ("field_of_study", "field_note")
        }
    if key == "field_of_study" and not reference_data.needs_note(turn.db, answers["field_of_study"]):
        return {name: value for name, value in answers.items() if name != "field_note"}
    return answers


def _needs_note(turn: Turn, answers: Answers) -> bool:
    code = answers.get("field_of_study")
    return code is not None and reference_data.needs_note(turn.db, code)


async def _make_password(resources: Resources, incoming: Incoming, answers: Answers) -> GeneratedPassword:
    return await resources.passwords.make_new()


def _finish(turn: Turn, answers: dict[str, Any]) -> Reply:
    made = turn.prepared
    assert isinstance(made, GeneratedPassword)
    given = Registration(
        national_code=answers["national_code"],
        birth_date=date.fromisoformat(answers["birth_date"]),
        first_name=answers["first_name"],
        last_name=answers["last_name"],
        level_code=answers["degree_level"],
        field_code=answers["field_of_study"],
        field_note=answers.get("field_note"),
        mobile=answers["mobile"]["number"],
        mobile_verified=answers["mobile"]["verified"],
    )
    account = accounts.register(turn.db, chat=turn.chat, given=given, password_hash=made.hash, now=turn.now)
    enter(turn, account)
    next_step = Screen(t("credentials.next"), ((button(t("qual.new"), "qual.new"),), (home_button(),)))
    return Reply(
        (credentials_screen(account, made.password, "credentials.registered"), next_step),
        credentials_of=account.id,
    )


REGISTER = Dialogue(
    "registration",
    (
        Step("national_code", UnusedNationalCode()),
        Step("birth_date", JalaliDate()),
        Step("first_name", PersianName()),
        Step("last_name", PersianName()),
        Step("degree_level", OwnLevel()),
        Step("field_of_study", FIELD),
        Step("field_note", Text(2, 100), when=_needs_note),
        Step("mobile", Mobile()),
    ),
    _finish,
    summary="reg.confirm",
    keeps_draft=True,
    prepare_finish=_make_password,
    after=_after,
    days_kept=30,
    roles=GUESTS,
)
