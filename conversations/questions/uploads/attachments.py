"""Any files that belong together: one by one or as an album, until the person goes on."""

from __future__ import annotations

from typing import Any, ClassVar

from bot.core.context import Turn
from bot.core.refusals import InvalidInput
from bot.texts import formats, t
from conversations.engine.declaration import Answers, Incomplete, OfferedAnswer, Prompt, Step, UserInput
from conversations.engine.steps import question_state_of
from conversations.questions.uploads.files import DEBOUNCE_SECONDS, REMOVE, Files

NEXT, NONE = "next", "none"


class Attachments(Files):
    """Files without an order or a name of their own; `done` is the text key of the way on."""

    own_next: ClassVar[bool] = True

    def __init__(self, name: str, max_files: int, *, done: str) -> None:
        super().__init__(name, max_files)
        self.done = done

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        files = self.files_of(turn, answers.get(step.key))
        if not files:
            return Prompt(t("doc.ask", doc=self.document), current=False)
        if question_state_of(turn, step).get("removing"):
            none = (OfferedAnswer(NONE, t("doc.none_of_them")),)
            return Prompt(t("doc.which"), (*self.removal_rows(files), none), current=False)
        choices = ((OfferedAnswer(NEXT, t(self.done)),), (OfferedAnswer(REMOVE, t("doc.remove")),))
        below = self.listed(files)
        if len(files) < self.max_files:
            below.append(t("doc.send_more"))
        return Prompt(t("doc.attached"), choices, tuple(below), current=False)

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        ids = [file.id for file in self.files_of(turn, answers.get(step.key))]
        if given.taken is not None:
            quiet = DEBOUNCE_SECONDS if given.album else None
            if self.twin(turn, answers, given.taken.file.sha256) in ids:
                return Incomplete(notice=t("doc.twice_same"), quiet=quiet)
            if len(ids) >= self.max_files:
                raise InvalidInput("error.too_many_attachments", max=formats.digits(self.max_files))
            return Incomplete(value=[*ids, self.store(turn, given.taken).id], keep_value=True, quiet=quiet)
        choice = given.choice or ""
        if choice == NEXT and ids:
            return ids
        if choice == NONE:
            return Incomplete()
        return self.take_out(turn, answers, ids, choice)
