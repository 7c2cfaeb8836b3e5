"""The mobile number: by the contact button first, or typed and then unverified (docs/specification.md 3)."""

from __future__ import annotations

from typing import Any, ClassVar

from bot.core.context import Turn
from bot.core.refusals import InvalidInput
from bot.rules import validators
from bot.texts import formats, t
from conversations.engine.declaration import Answers, InputKind, Prompt, Step, UserInput
from conversations.engine.steps import Question, prompt_of


class Mobile(Question):
    """Value {"number": "+989…", "verified": bool}. `typed=False` takes only the sender's own shared contact."""

    wants: ClassVar[InputKind] = InputKind.CONTACT
    echoes_text: ClassVar[bool] = True

    def __init__(self, *, typed: bool = True) -> None:
        self.typed = typed

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        return Prompt(prompt_of(step), ask_contact=t("mobile.share"))

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any:
        if given.contact is not None:
            if not given.contact.own:
                raise InvalidInput("error.foreign_contact")
            number = given.contact.phone.strip()
            return {"number": validators.mobile(number), "verified": True}
        if not self.typed:
            raise InvalidInput("error.foreign_contact")
        return {"number": validators.mobile(given.text or ""), "verified": False}

    def consequence(self, value: Any) -> str | None:
        return None if value["verified"] else t("mobile.not_for_recovery")

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        number = formats.local_mobile(value["number"])
        return number if value["verified"] else t("form.unverified", mobile=number)
