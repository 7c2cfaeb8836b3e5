"""One of several offered answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from bot.core.context import Turn
from bot.core.refusals import InvalidInput
from bot.rules.validators import search_key
from bot.texts import t
from conversations.engine import declaration
from conversations.engine.declaration import Answers, Incomplete, Prompt, Step, UserInput
from conversations.engine.steps import Question, prompt_of, question_state_of

#: (key, label): the key is stored, the label is seen.
Option = tuple[str, str]
Options = Sequence[Option] | Callable[[Turn, Answers], Sequence[Option]]

PREVIOUS, NEXT = "@previous:", "@next:"


def offered(options: Options, turn: Turn, answers: Answers) -> Sequence[Option]:
    return options(turn, answers) if callable(options) else options


def rows(options: Sequence[Option], columns: int) -> tuple[tuple[declaration.OfferedAnswer, ...], ...]:
    choices = [declaration.OfferedAnswer(key, label) for key, label in options]
    return tuple(tuple(choices[at : at + columns]) for at in range(0, len(choices), columns))


def page_of(
    options: Sequence[Option], page: int, size: int, columns: int
) -> tuple[tuple[declaration.OfferedAnswer, ...], ...]:
    """One page of options, with the way to its neighbours."""
    last = (len(options) - 1) // size
    page = max(0, min(page, last))
    turns = []
    if page > 0:
        turns.append(declaration.OfferedAnswer(f"{PREVIOUS}{page - 1}", t("nav.previous")))
    if page < last:
        turns.append(declaration.OfferedAnswer(f"{NEXT}{page + 1}", t("nav.next")))
    shown = rows(options[page * size : (page + 1) * size], columns)
    return (*shown, tuple(turns)) if turns else shown


def turned_to(choice: str | None) -> int | None:
    """The page that a press on «بعدی» or «قبلی» asks for."""
    if choice is not None and choice.startswith((PREVIOUS, NEXT)):
        return int(choice.split(":")[1])
    return None


class Choice(Question):
    """One of `options`, static or from the answers so far; `columns` a row, paged past `page` of them. Any option can
    be typed by its label, wherever it is."""

    numbered: ClassVar[bool] = True
    echoes_text: ClassVar[bool] = True

    def __init__(self, options: Options, *, columns: int = 1, page: int = 16) -> None:
        self.options, self.columns, self.page = options, columns, page

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        page = int(question_state_of(turn, step).get("page") or 0)
        options = offered(self.options, turn, answers)
        return Prompt(prompt_of(step), page_of(options, page, self.page, self.columns))

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        page = turned_to(given.choice)
        if page is not None:
            return Incomplete(question_state={"page": page})
        options = offered(self.options, turn, answers)
        if given.choice is not None and any(key == given.choice for key, _ in options):
            return given.choice
        written = search_key(given.text or "")
        matching = [key for key, label in options if written and search_key(label) == written]
        if not matching:
            raise InvalidInput("error.choose")
        return matching[0]

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return next((label for key, label in self._all(turn) if key == value), str(value))

    def _all(self, turn: Turn) -> Sequence[Option]:
        answers = turn.draft.answers if turn.draft is not None else {}
        return offered(self.options, turn, answers)

    def is_compatible(self, turn: Turn, step: Step, answers: Answers, value: Any) -> bool:
        return any(key == value for key, _ in offered(self.options, turn, answers))


class Confirm(Choice):
    """Yes or no: True or False. `yes` and `no` are text keys of the labels."""

    def __init__(self, yes: str = "nav.yes", no: str = "nav.no") -> None:
        self.yes, self.no = yes, no
        #: A deed is confirmed: «خیر» is the way back and out, and the only one.
        self.decides = no == "nav.no"
        super().__init__(lambda turn, answers: (("yes", t(yes)), ("no", t(no))), columns=2)

    def accept(self, turn: Turn, step: Step, answers: Answers, given: UserInput) -> Any | Incomplete:
        return super().accept(turn, step, answers, given) == "yes"

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return t(self.yes if value else self.no)

    def is_compatible(self, turn: Turn, step: Step, answers: Answers, value: Any) -> bool:
        return isinstance(value, bool)
