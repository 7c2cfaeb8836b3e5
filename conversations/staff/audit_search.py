"""Staff ask for a part of the record: of a person, of a file, between two days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Any

from bot.application.routes import STAFF_ONLY
from bot.core.context import Turn
from bot.core.refusals import InvalidInput
from bot.core.screens import Press, Reply
from bot.rules import validators
from bot.services.cooperation import requests as cooperation_requests
from bot.services.directorate import account_lookup
from bot.services.qualification import requests
from bot.texts import formats
from conversations.engine.declaration import Answers, Dialogue, Step
from conversations.questions.text import TextQuestion

#: The first day that a button can name, and the bits of one day.
_FIRST, _BITS = date(2000, 1, 1), 15


class About(Enum):
    """What the lines are about: the letter in buttons, the subject of audit events."""

    EVERYTHING = ("e", None)
    ACCOUNT = ("a", None)
    QUALIFICATION = ("q", requests.SUBJECT)
    COOPERATION = ("c", cooperation_requests.SUBJECT)

    @property
    def letter(self) -> str:
        return str(self.value[0])

    @property
    def subject(self) -> str | None:
        subject: str | None = self.value[1]
        return subject

    @classmethod
    def of_letter(cls, letter: str) -> About:
        return next((about for about in cls if about.letter == letter), cls.EVERYTHING)


def packed(since: date | None, until: date | None) -> int:
    """Two days as the version of a button; none is 0."""
    days = [(day - _FIRST).days if day is not None and day >= _FIRST else 0 for day in (since, until)]
    return days[0] << _BITS | days[1]


def unpacked(version: int) -> tuple[datetime | None, datetime | None]:
    """The first instant, and the last one, of the days of `packed`, in Tehran."""
    first, last = version >> _BITS, version & (1 << _BITS) - 1

    def instant(days: int, at: time) -> datetime | None:
        if not days:
            return None
        day = _FIRST + timedelta(days=days)
        return datetime.combine(day, at, formats.TEHRAN).astimezone(UTC)

    return instant(first, time.min), instant(last, time.max)


class WhoOrWhich(TextQuestion):
    """A person or a file; the value is the letter of `About` and the id."""

    def parse(self, turn: Turn, text: str) -> str:
        code = "".join(validators.normalise(text[:60]).split())
        file = account_lookup.file_of_code(turn.db, actor=turn.actor, code=code, now=turn.now)
        if file is not None:
            about = About.QUALIFICATION if file[0] == requests.SUBJECT else About.COOPERATION
            return f"{about.letter}{file[1]}"
        accounts = account_lookup.look_up(turn.db, actor=turn.actor, typed=code, now=turn.now)
        if not accounts:
            raise InvalidInput("error.audit_not_found")
        return f"{About.ACCOUNT.letter}{accounts[0].id}"

    def is_compatible(self, turn: Turn, step: Step, answers: Answers, value: Any) -> bool:
        return isinstance(value, str)

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return str(value)


class PastDay(TextQuestion):
    """A Jalali day that is not to come; the value is the day in ISO form."""

    def parse(self, turn: Turn, text: str) -> str:
        day = validators.jalali_date(text)
        if not _FIRST < day <= turn.now.astimezone(formats.TEHRAN).date():
            raise InvalidInput("error.day_past")
        return day.isoformat()

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return formats.jalali_day(date.fromisoformat(value))

    def is_compatible(self, turn: Turn, step: Step, answers: Answers, value: Any) -> bool:
        return isinstance(value, str)


def _finish(turn: Turn, answers: dict[str, Any]) -> Reply:
    about = str(answers["audit_about"] or About.EVERYTHING.letter)
    since, until = (
        date.fromisoformat(answers[key]) if answers[key] else None for key in ("audit_from", "audit_to")
    )
    if since is not None and until is not None and until < since:
        since, until = until, since
    return Reply(goto=Press("staff.audit", int(about[1:] or 0), packed(since, until), f"{about[0]}0"))


AUDIT_SEARCH = Dialogue(
    "audit_search",
    (
        Step("audit_about", WhoOrWhich(), optional=True),
        Step("audit_from", PastDay(), optional=True),
        Step("audit_to", PastDay(), optional=True),
    ),
    _finish,
    exit=Press("staff.audit"),
    roles=STAFF_ONLY,
)
