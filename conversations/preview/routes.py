"""The routes of a dialogue, walked with sample answers: which steps there are, and which answer leads where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.core.context import Turn
from bot.core.incoming import Contact
from bot.core.refusals import Refusal
from conversations.engine.declaration import Dialogue, Finish, Incomplete, Step, UserInput
from conversations.engine.rendering import rendered_step
from conversations.engine.steps import Position, first_open, steps_of
from conversations.expert.deficiencies import Deficiencies, tickable_items
from conversations.questions import Documents, Ticks
from conversations.questions.choice import Choice
from storage.tables import Draft

#: Something for every question of one line.
SAMPLES = (
    "سارا", "9991234561", "1365/04/12", "09123456789", "07132123456", "a@b.ir", "14009999995",
    "شیراز، خیابان زند، پلاک ۱۲",
)  # fmt: skip
#: A dialogue that has more routes than this has no end.
MOST_ROUTES = 3000


@dataclass(frozen=True, slots=True)
class RouteTaken:
    """The open steps after some answers; `answered` and `value` are the last of them (None at the start)."""

    route: tuple[Step, ...]
    answers: dict[str, Any]
    answered: Step | None = None
    value: Any = None


def walk(turn: Turn, dialogue: Dialogue, answers: dict[str, Any]) -> Iterator[RouteTaken]:
    """Every route that some answers open, and every sample answer on the way. Raises ValueError where there is no end."""
    seen: set[tuple[tuple[str, ...], str]] = set()
    yield RouteTaken(steps_of(dialogue, turn, answers), answers)
    waiting = [answers]
    while waiting:
        answers = waiting.pop()
        step = first_open(steps_of(dialogue, turn, answers), answers)
        if step is None:
            continue
        for value in sample_values(turn, dialogue, step, answers):
            further = answers | {step.key: value}
            if dialogue.after is not None:
                further = dialogue.after(turn, step.key, further)
            route = steps_of(dialogue, turn, further)
            yield RouteTaken(route, further, step, value)
            keys = (tuple(step.key for step in route), step.key)
            if keys not in seen:
                seen.add(keys)
                waiting.append(further)
        if len(seen) > MOST_ROUTES:
            raise ValueError(f"dialogue {dialogue.name!r} has no end")


def sample_values(turn: Turn, dialogue: Dialogue, step: Step, answers: dict[str, Any]) -> list[Any]:
    """Values that a question takes: every choice, or one good line."""
    question = step.question
    if isinstance(question, Documents):
        return [[1], question.skipped] if step.optional else [[1]]
    if isinstance(question, Ticks):
        keys = [key for key, _ in question.options(turn, answers)] if callable(question.options) else []
        return [{"items": keys, "note": "ناقص" if question.note else None}, {"items": keys[:1], "note": None}]
    if isinstance(question, Deficiencies):
        keys = [key for key, _ in tickable_items(turn)]
        reasons = dict.fromkeys(keys[:1], "ناقص")
        return [{"items": keys, "reasons": reasons, "note": "ناقص"}, {"items": keys[:1], "note": None}]
    position = Position(dialogue, turn.draft or Draft(dialogue=""), answers, (step,), step.key, False)
    turn.chat.dialogue_state = {"step": step.key}
    rendered = rendered_step(turn, position)
    offered = [button.arg for button in rendered.choices()]
    sends = [
        button.arg for button in rendered.buttons() if button.action == "choose" and button.arg == "@done"
    ]
    if isinstance(question, Choice):
        options = question.options(turn, answers) if callable(question.options) else question.options
        offered = list(dict.fromkeys([*offered, *(key for key, _ in options)]))
    given = [UserInput(choice=key) for key in [*offered, *sends]]
    given += [UserInput(contact=Contact("+989123456789", True)), *(UserInput(text=line) for line in SAMPLES)]
    values: list[Any] = []
    for user_input in given:
        if user_input.text is not None and values:
            break
        try:
            value = question.accept(turn, step, answers, user_input)
        except (Refusal, AssertionError, AttributeError, KeyError):
            continue
        if not isinstance(value, (Incomplete, Finish)) and value not in values:
            values.append(value)
    if step.optional:
        values.append(question.skipped)
    return values or ["x"]
