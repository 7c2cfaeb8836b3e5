"""Any number of items, ticked in place, with a note."""

from __future__ import annotations

from typing import Any, ClassVar

from bot.core.context import Turn
from bot.core.refusals import InvalidInput
from bot.rules.validators import too_long
from bot.texts import formats, quoted, t
from bot.texts.written_text import written
from conversations.engine import declaration
from conversations.engine.declaration import Answers, Incomplete, Prompt, Step, UserInput
from conversations.engine.steps import Question, prompt_of, question_state_of
from conversations.questions.choice import Options, offered

DONE, DROP_NOTE = "@done", "@drop"


class Ticks(Question):
    """Value {"items": [keys], "note": text or None}. Tapping toggles; a typed text that is no label is the note (where
    `note` allows one); `send` is the text key of the closing button. `empty` is the sentence where neither an item nor
    a note of `note_min` characters is given (None: nothing at all is an answer too)."""

    numbered: ClassVar[bool] = True
    own_next: ClassVar[bool] = True
    free_text: ClassVar[bool] = True
    in_sentences = True

    def __init__(
        self,
        options: Options,
        *,
        send: str = "form.done",
        columns: int = 2,
        note: bool = True,
        note_min: int = 5,
        note_max: int = 1000,
        empty: str | None = "error.choose",
    ) -> None:
        self.options, self.send, self.columns, self.note = options, send, columns, note
        self.note_min, self.note_max, self.empty = note_min, note_max, empty

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        ticked, note = self._held(turn, step, answers)
        options = offered(self.options, turn, answers)
        marked = [
            declaration.OfferedAnswer(key, f"☑️ {label}" if key in ticked else f"▫️ {label}")
            for key, label in options
        ]
        rows = [tuple(marked[at : at + self.columns]) for at in range(0, len(marked), self.columns)]
        if note:
            rows.append((declaration.OfferedAnswer(DROP_NOTE, t("form.drop_note")),))
        rows.append((declaration.OfferedAnswer(DONE, t(self.send)),))
        below = []
        if ticked:
            below.append(t("form.ticked", n=formats.digits(len(ticked))))
        if note:
            below.append(t("form.note", note=quoted(note, t("who.you"))))
        return Prompt(prompt_of(step), tuple(rows), tuple(below), current=False)

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        ticked, note = self._held(turn, step, answers)
        keys = [key for key, _ in offered(self.options, turn, answers)]
        match given.choice:
            case None:
                return Incomplete(question_state=self._place(ticked, self._written(given.text or "")))
            case choice if choice == DROP_NOTE:
                return Incomplete(question_state=self._place(ticked, None))
            case choice if choice == DONE:
                if not ticked and not note and self.empty is not None:
                    raise InvalidInput(self.empty)
                return {"items": ticked, "note": note}
            case choice if choice in keys:
                left = [key for key in ticked if key != choice]
                chosen = left if choice in ticked else [*ticked, choice]
                return Incomplete(question_state=self._place([key for key in keys if key in chosen], note))
        raise InvalidInput("error.choose")

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        answers = turn.draft.answers if turn.draft is not None else {}
        labels = dict(offered(self.options, turn, answers))
        named = [labels.get(key, key) for key in value["items"]]
        return "؛ ".join([*named, *([value["note"]] if value["note"] else [])]) or t("form.none")

    def _written(self, text: str) -> str:
        if not self.note:
            raise InvalidInput("error.choose")
        if len(text) > 4 * self.note_max:
            raise too_long(self.note_max)
        note = written(text, lines=True)
        if len(note) < self.note_min:
            raise InvalidInput("error.short_text", min=formats.digits(self.note_min))
        if len(note) > self.note_max:
            raise too_long(self.note_max)
        return note

    def _held(self, turn: Turn, step: Step, answers: Answers) -> tuple[list[str], str | None]:
        """What is ticked on this screen; before the first touch, the earlier answer."""
        question_state = question_state_of(turn, step)
        ticked = question_state if "ticked" in question_state else None
        if ticked is None and isinstance(answers.get(step.key), dict):
            earlier = answers[step.key]
            return list(earlier.get("items") or ()), earlier.get("note")
        return (list(ticked["ticked"]), ticked.get("note")) if ticked else ([], None)

    def _place(self, ticked: list[str], note: str | None) -> dict[str, Any]:
        return {"ticked": ticked, "note": note}
