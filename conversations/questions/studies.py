"""Degree level and field of study as questions: what staff allow today (R20)."""

from __future__ import annotations

from typing import Any

from bot.core.context import Turn
from bot.core.refusals import InvalidInput
from bot.rules import request_items
from bot.rules.validators import search_key
from bot.services.shared import reference_data
from conversations.engine.declaration import Answers, Incomplete, Step, UserInput
from conversations.questions import Choice, Search
from conversations.questions.choice import Option, offered
from storage.tables import DegreeLevel, FieldOfStudy

#: Code of the field «سایر (با توضیح)».
OTHER = "other"


def levels(turn: Turn, answers: Answers) -> list[Option]:
    """The levels that are open."""
    return [(level.code, level.name) for level in reference_data.open_levels(turn.db)]


def fields(turn: Turn, answers: Answers) -> list[Option]:
    """The fields that are open at the level that was answered."""
    level_code = str(answers.get("degree_level"))
    return [(field.code, field.name) for field in reference_data.open_fields(turn.db, level_code)]


class Level(Choice):
    """A degree level; an answer keeps its name after staff close it."""

    def __init__(self) -> None:
        super().__init__(levels)

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        """Also by what people call it, «لیسانس»."""
        code = request_items.level_named(given.text) if given.text else None
        if code is not None and any(code == key for key, _ in offered(self.options, turn, answers)):
            return code
        return super().accept(turn, step, answers, given)

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        level = turn.db.get(DegreeLevel, value)
        return level.name if level is not None else str(value)


class Field(Search):
    """A field of study, found by part of its name."""

    def __init__(self) -> None:
        super().__init__(fields, not_listed="form.field_not_listed")

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        """A person who names a closed field is told that it is closed, not that there is no such field."""
        try:
            return super().accept(turn, step, answers, given)
        except InvalidInput:
            names = reference_data.names_of_fields(turn.db).values()
            if given.text and search_key(given.text) in {search_key(name) for name in names}:
                raise InvalidInput("error.field_closed") from None
            raise

    def unlisted(self, turn: Turn, step: Step, answers: Answers) -> Any | Incomplete:
        """«سایر», with a note of the person's own; the whole list where staff closed that."""
        described = [
            field
            for field in reference_data.open_fields(turn.db, str(answers.get("degree_level")))
            if field.needs_note
        ]
        if described:
            return next((field.code for field in described if field.code == OTHER), described[-1].code)
        return super().unlisted(turn, step, answers)

    def is_open(self, turn: Turn, answers: Answers, code: str) -> bool:
        """Whether this field may be chosen at the level that was answered."""
        return any(code == field_code for field_code, _ in fields(turn, answers))

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        field = turn.db.get(FieldOfStudy, value)
        return field.name if field is not None else str(value)
