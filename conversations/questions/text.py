"""Questions answered by one line of text."""

from __future__ import annotations

from abc import abstractmethod
from datetime import date
from typing import Any, ClassVar

from bot.core.context import Turn
from bot.core.refusals import InvalidInput
from bot.rules import validators
from bot.texts import checked, formats, t
from bot.texts.answers import with_persian_digits
from bot.texts.written_text import written
from conversations.engine.declaration import Answers, Incomplete, OfferedAnswer, Prompt, Step, UserInput
from conversations.engine.steps import Question, prompt_of, question_state_of


class TextQuestion(Question):
    """One line, checked by `read`; at most one offered answer besides (`offers`)."""

    free_text: ClassVar[bool] = True

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        choices = tuple((choice,) for choice in self.offered_answers(turn, answers))
        return Prompt(prompt_of(step), choices)

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any:
        if given.choice is not None:
            return self.offered_value(turn, answers, given.choice)
        return self.parse(turn, given.text or "")

    def offered_answers(self, turn: Turn, answers: Answers) -> tuple[OfferedAnswer, ...]:
        return ()

    def offered_value(self, turn: Turn, answers: Answers, key: str) -> Any:
        return key

    @abstractmethod
    def parse(self, turn: Turn, text: str) -> Any:
        """The value of what was typed. Raises InvalidInput."""

    def is_compatible(self, turn: Turn, step: Step, answers: Answers, value: Any) -> bool:
        return isinstance(value, str) and (not value or self.parse(turn, value) == value)


class PersianName(TextQuestion):
    def parse(self, turn: Turn, text: str) -> str:
        return validators.persian_name(text)


class NationalCode(TextQuestion):
    """10 digits. Shown whole: only its owner and the reviewing expert see an answer."""

    def parse(self, turn: Turn, text: str) -> validators.NationalCode:
        return validators.national_code(text)

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return formats.digits(value)


class LegalId(TextQuestion):
    """A company's national identifier."""

    def parse(self, turn: Turn, text: str) -> str:
        return validators.legal_id(text)

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return formats.digits(value)


class GuildId(TextQuestion):
    """The number of a guild's business licence."""

    def parse(self, turn: Turn, text: str) -> str:
        return validators.guild_id(text)

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return formats.digits(value)


class JalaliDate(TextQuestion):
    """A birthday, typed in the Jalali calendar; the value is the Gregorian day in ISO form. A day that may be read in
    two ways, or is a Gregorian one, is asked about with what it may be as buttons."""

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        days = question_state_of(turn, step).get("days") or ()
        choices = tuple((OfferedAnswer(day, self.format_answer(turn, step, day)),) for day in days)
        return Prompt(prompt_of(step), choices)

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        if given.choice is not None:
            if given.choice not in (question_state_of(turn, step).get("days") or ()):
                raise InvalidInput("error.bad_date")
            return given.choice
        text, today = given.text or "", self._today(turn)
        if (day := validators.gregorian_birth_date(text, today)) is not None:
            notice = t("error.gregorian_date_is", day=formats.jalali_day(day))
            return Incomplete(question_state={"days": [day.isoformat()]}, notice=notice)
        possible = validators.birth_dates(text, today)
        if len(possible) > 1:
            days = [day.isoformat() for day in possible]
            return Incomplete(question_state={"days": days}, notice=t("error.which_date"))
        return possible[0].isoformat()

    def parse(self, turn: Turn, text: str) -> str:
        return validators.birth_date(text, self._today(turn)).isoformat()

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return formats.jalali_day(date.fromisoformat(value))

    def is_compatible(self, turn: Turn, step: Step, answers: Answers, value: Any) -> bool:
        return bool(self.format_answer(turn, step, value))

    @staticmethod
    def _today(turn: Turn) -> date:
        return turn.now.astimezone(formats.TEHRAN).date()


class MobileNumber(TextQuestion):
    """Another person's mobile number, typed; the value is +989…"""

    def parse(self, turn: Turn, text: str) -> validators.Mobile:
        return validators.mobile(text)

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return formats.local_mobile(value)


class BirthCertNo(TextQuestion):
    """1–10 digits; «برابر با کد ملی» takes the account's national code, or the one answered before."""

    def offered_answers(self, turn: Turn, answers: Answers) -> tuple[OfferedAnswer, ...]:
        if self._national_code(turn, answers) is None:
            return ()
        return (OfferedAnswer("same", t("form.same_as_national_code")),)

    def offered_value(self, turn: Turn, answers: Answers, key: str) -> str | None:
        return self._national_code(turn, answers)

    def _national_code(self, turn: Turn, answers: Answers) -> str | None:
        code = turn.account.national_code if turn.account is not None else answers.get("national_code")
        return code if isinstance(code, str) else None

    def parse(self, turn: Turn, text: str) -> str:
        return validators.birth_cert_no(text)

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return formats.digits(value)


class Phone(TextQuestion):
    """A landline; "" is «تلفن ثابت ندارم»."""

    def offered_answers(self, turn: Turn, answers: Answers) -> tuple[OfferedAnswer, ...]:
        return (OfferedAnswer("none", t("form.no_phone")),)

    def offered_value(self, turn: Turn, answers: Answers, key: str) -> str:
        return ""

    def parse(self, turn: Turn, text: str) -> str:
        return validators.phone(text)

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return formats.digits(value) if value else t("form.none")


class Email(TextQuestion):
    def parse(self, turn: Turn, text: str) -> str:
        return validators.email(text)

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return checked(str(value))


class Address(TextQuestion):
    def parse(self, turn: Turn, text: str) -> str:
        return validators.address(text)

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return with_persian_digits(value)


class Text(TextQuestion):
    """Free text of `min`–`max` characters; `lines` keeps line breaks. `short` is the sentence for too few."""

    def __init__(self, min: int, max: int, *, lines: bool = False, short: str = "error.short_text") -> None:
        self.min, self.max, self.lines, self.short = min, max, lines, short
        self.in_sentences = lines

    def parse(self, turn: Turn, text: str) -> str:
        if len(text) > 4 * self.max + 16:
            raise validators.too_long(self.max)
        text = written(text, lines=self.lines)
        if len(text) < self.min:
            raise InvalidInput(self.short, min=formats.digits(self.min))
        if len(text) > self.max:
            raise validators.too_long(self.max)
        return text

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return with_persian_digits(value)
