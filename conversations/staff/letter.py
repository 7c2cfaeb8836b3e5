"""Staff write a letter: to whom, number, title, text, attachments, and the letter as its readers will see it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.application.routes import STAFF_ONLY
from bot.core.context import Turn
from bot.core.refusals import InvalidInput
from bot.core.screens import Press, Reply, Screen
from bot.messengers.transport.channel import utf16_units
from bot.rules import validators
from bot.services import accounts
from bot.services.letters import audience, letters
from bot.services.letters.audience import Audience, Group, Kind
from bot.texts import formats, t
from bot.texts.answers import with_persian_digits
from bot.texts.written_text import written
from conversations.engine.declaration import Answers, Dialogue, Prompt, Step, UserInput
from conversations.questions import Attachments, Choice, Confirm, Text
from conversations.questions.choice import Option
from conversations.questions.text import TextQuestion
from storage.tables import Account, Officer


def letter_text(*, number: str | None, title: str, text: str, files: int, date: datetime) -> str:
    """A letter as an officer reads it: plain text, whatever is in it."""
    lines = [t("letter.head", title=title)]
    if number:
        lines.append(t("letter.number", number=with_persian_digits(number)))
    lines += [t("letter.date", date=formats.jalali_day(date)), t("letter.from"), "", text]
    if files:
        lines += ["", t("letter.files", n=formats.digits(files))]
    return "\n".join(lines)


class LetterLine(Text):
    """A line of the letter, kept as its readers see it."""

    def __init__(self, min: int, max: int) -> None:
        super().__init__(min, max)
        self.in_sentences = True

    def parse(self, turn: Turn, text: str) -> str:
        return with_persian_digits(super().parse(turn, text))

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return str(value)


class Body(TextQuestion):
    """The letter's text: it fits into one message together with its head."""

    in_sentences = True

    def parse(self, turn: Turn, text: str) -> str:
        text = with_persian_digits(written(text, lines=True))
        if not text:
            raise InvalidInput("error.letter_incomplete")
        over = utf16_units(text) - letters.TEXT_MAX
        if over > 0:
            most = formats.number(letters.TEXT_MAX)
            raise InvalidInput("error.letter_too_long", over=formats.number(over), max=most)
        return text


class OfficerCode(TextQuestion):
    """One officer, by national code or user code; the value is account.id."""

    def parse(self, turn: Turn, text: str) -> int:
        code = "".join(validators.normalise(text).split())
        for account in (accounts.by_national_code(turn.db, code), accounts.by_user_code(turn.db, code)):
            if account is not None and turn.db.get(Officer, account.id) is not None:
                assert account.id is not None
                return account.id
        raise InvalidInput("error.no_such_officer")

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        account = _account(turn, value)
        return account.name if account is not None else t("form.none")

    def is_compatible(self, turn: Turn, step: Step, answers: Answers, value: Any) -> bool:
        return _account(turn, value) is not None


class ThisOfficer(Confirm):
    """Shows whom the code belongs to."""

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        account = _account(turn, answers.get("letter_officer"))
        name = account.name if account is not None else t("form.none")
        code = formats.masked(account.national_code) if account and account.national_code else "–"
        return Prompt(
            t("ask.letter_officer_sure", name=name, code=code),
            super().make_prompt(turn, step, answers).choices,
            current=False,
        )


class NonEmptyGroup(Choice):
    """A group of officers that is not empty now."""

    def __init__(self, kind: Kind, options: Any, *, columns: int = 2) -> None:
        super().__init__(options, columns=columns)
        self.kind = kind

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any:
        accepted = super().accept(turn, step, answers, given)
        if isinstance(accepted, str) and not audience.size(
            turn.db, actor=turn.actor, audience=Audience(self.kind, accepted)
        ):
            raise InvalidInput("error.no_recipients")
        return accepted


def _account(turn: Turn, value: Any) -> Account | None:
    return turn.db.get(Account, value) if isinstance(value, int) else None


def _audience_kinds(turn: Turn, answers: Answers) -> list[Option]:
    return [(kind.value, t(f"audience.kind.{kind}")) for kind in Kind]


def _provinces(turn: Turn, answers: Answers) -> list[Option]:
    return [(name, name) for name in audience.provinces(turn.db, actor=turn.actor)]


def _groups(turn: Turn, answers: Answers) -> list[Option]:
    return [(group.value, t(f"audience.short.{group}")) for group in Group]


def chosen_audience(answers: Answers) -> Audience:
    """Whom the answers mean."""
    kind = Kind(answers["letter_audience"])
    key = {Kind.ONE: "letter_officer", Kind.PROVINCE: "letter_province", Kind.STATE: "letter_state"}.get(kind)
    return Audience(kind, str(answers[key]) if key is not None else "")


def _is(kind: Kind) -> Any:
    return lambda turn, answers: answers.get("letter_audience") == kind


def _after(turn: Turn, key: str, answers: dict[str, Any]) -> dict[str, Any]:
    """Not the one that was meant, or another code: asked again."""
    dropped: set[str] = set()
    if key == "letter_officer":
        dropped = {"letter_officer_sure"}
    if key == "letter_officer_sure" and not answers[key]:
        dropped = {"letter_officer", "letter_officer_sure"}
    return {name: value for name, value in answers.items() if name not in dropped}


def letter_overview(turn: Turn, answers: Answers) -> str:
    """The letter as its readers will see it, and how many they are."""
    to = chosen_audience(answers)
    number = formats.number(audience.size(turn.db, actor=turn.actor, audience=to))
    return "\n".join(
        [
            t("letters.overview"),
            t(
                "letters.overview_to",
                audience=audience.describe(turn.db, actor=turn.actor, audience=to),
                n=number,
            ),
            t("letters.overview_line"),
            letter_text(
                number=answers["letter_number"],
                title=str(answers["letter_title"]),
                text=str(answers["letter_text"]),
                files=len(answers["letter_files"] or ()),
                date=turn.now,
            ),
        ]
    )


def _send_question(turn: Turn, answers: Answers) -> str:
    to = chosen_audience(answers)
    number = formats.number(audience.size(turn.db, actor=turn.actor, audience=to))
    words = audience.describe(turn.db, actor=turn.actor, audience=to)
    return t("letters.really", title=answers["letter_title"], audience=words, n=number)


def _need_readers(turn: Turn, answers: dict[str, Any]) -> None:
    """Raises InvalidInput where nobody would get it."""
    if not audience.size(turn.db, actor=turn.actor, audience=chosen_audience(answers)):
        raise InvalidInput("error.no_recipients")


def _send(turn: Turn, answers: dict[str, Any]) -> Reply:
    letter = letters.send_letter(
        turn.db,
        actor=turn.actor,
        to=chosen_audience(answers),
        number=answers["letter_number"],
        title=answers["letter_title"],
        text=answers["letter_text"],
        files=answers["letter_files"] or (),
        now=turn.now,
    )
    return Reply((Screen(t("letters.sent_off")),), goto=Press("staff.letter", letter.id or 0))


def _discard(turn: Turn) -> None:
    """Nothing besides the draft: the attachments go with it."""


WRITE_LETTER = Dialogue(
    "letter",
    (
        Step("letter_audience", Choice(_audience_kinds, columns=2)),
        Step("letter_officer", OfficerCode(), when=_is(Kind.ONE)),
        Step("letter_officer_sure", ThisOfficer("letters.this_officer"), when=_is(Kind.ONE)),
        Step("letter_province", NonEmptyGroup(Kind.PROVINCE, _provinces), when=_is(Kind.PROVINCE)),
        Step("letter_state", NonEmptyGroup(Kind.STATE, _groups), when=_is(Kind.STATE)),
        Step("letter_number", LetterLine(1, letters.NUMBER_MAX), optional=True),
        Step("letter_title", LetterLine(3, letters.TITLE_MAX)),
        Step("letter_text", Body()),
        Step(
            "letter_files",
            Attachments(t("field.letter_files"), letters.MAX_FILES, done="letters.files_done"),
            optional=True,
        ),
    ),
    _send,
    summary="letters.overview",
    overview=letter_overview,
    confirm="letters.send",
    second_question=_send_question,
    second_buttons="letters.really",
    obstacle=_need_readers,
    keeps_draft=True,
    discard=_discard,
    exit=Press("staff.letters"),
    after=_after,
    roles=STAFF_ONLY,
)
