"""A password: taken as typed, handed on in the same unit, never written down."""

from __future__ import annotations

from typing import Any, ClassVar

from bot.core.context import Turn
from bot.core.refusals import InvalidInput
from conversations.engine.declaration import Answers, Prompt, Step, UserInput
from conversations.engine.steps import Question, prompt_of


class Secret(Question):
    """The typed text itself, not normalised, at most `max` characters. Check it in the dialogue's `prepare_finish`
    (argon2 outside the transaction), or in `prepare` and `accept` of a subclass."""

    secret: ClassVar[bool] = True

    def __init__(self, max: int = 200) -> None:
        self.max = max

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        return Prompt(prompt_of(step))

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any:
        if not given.text:
            raise InvalidInput("error.want_text")
        return given.text[: self.max]

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return "••••••"
