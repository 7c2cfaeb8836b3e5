"""Amounts of money, and days to come."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from bot.core.context import Turn
from bot.core.refusals import InvalidInput
from bot.rules import validators
from bot.texts import formats, t
from conversations.engine.declaration import Answers, OfferedAnswer, Step
from conversations.questions.text import TextQuestion

_GROUPED = re.compile(r"\d{1,3}(?:[,،٬'. ]\d{3})+|\d+")


class Rial(TextQuestion):
    """A whole number of rial between `least` and `most`, typed with any digits and thousands separators; the
    button says 0. The value is an int, shown in toman too."""

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def offered_answers(self, turn: Turn, answers: Answers) -> tuple[OfferedAnswer, ...]:
        return (OfferedAnswer("0", t("tariffs.free")),)

    def offered_value(self, turn: Turn, answers: Answers, key: str) -> int:
        return 0

    def parse(self, turn: Turn, text: str) -> int:
        line = validators.normalise(text[:100]).removesuffix("ریال").strip()
        if "تومان" in line:
            raise InvalidInput("error.want_rial")
        if not _GROUPED.fullmatch(line):
            raise InvalidInput("error.bad_amount")
        digits = re.sub(r"\D", "", line)
        amount = int(digits) if len(digits) <= 15 else self.most + 1
        if amount and not self.least <= amount <= self.most:
            raise InvalidInput(
                "error.amount_range", least=formats.number(self.least), most=formats.number(self.most)
            )
        return amount

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return t("tariffs.amount", amount=formats.number(value), toman=formats.toman(value))

    def is_compatible(self, turn: Turn, step: Step, answers: Answers, value: Any) -> bool:
        return isinstance(value, int) and self.parse(turn, str(value)) == value


class DayToCome(TextQuestion):
    """Today in Tehran or a Jalali date after it, at most `ahead` away; the value is the day in ISO form."""

    def __init__(self, ahead: timedelta = timedelta(days=730)) -> None:
        self.ahead = ahead

    def offered_answers(self, turn: Turn, answers: Answers) -> tuple[OfferedAnswer, ...]:
        return (OfferedAnswer("today", t("tariffs.today")),)

    def offered_value(self, turn: Turn, answers: Answers, key: str) -> str:
        return self._today(turn).isoformat()

    def parse(self, turn: Turn, text: str) -> str:
        day = validators.jalali_date(text)
        if not self._today(turn) <= day <= self._today(turn) + self.ahead:
            raise InvalidInput("error.day_to_come")
        return day.isoformat()

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return formats.jalali_day(date.fromisoformat(value))

    def is_compatible(self, turn: Turn, step: Step, answers: Answers, value: Any) -> bool:
        return date.fromisoformat(value) >= self._today(turn)

    @staticmethod
    def _today(turn: Turn) -> date:
        return turn.now.astimezone(formats.TEHRAN).date()
