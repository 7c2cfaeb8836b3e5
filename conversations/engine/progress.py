"""Which steps of a dialogue are open, which are answered, and where a chat stands. Reads, changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.context import Turn
from bot.texts import t
from bot.texts.formats import digits
from conversations.engine.declaration import Answers, Dialogue, Step
from storage.tables import Draft

#: Places in a dialogue that are no question.
#: Steps that are no question of the dialogue. The words are stored in `chat.dialogue_state` and, as hashes,
#: in buttons: they stay.
SUMMARY, SECOND_QUESTION, DISCARD = "@summary", "@really", "@discard"
#: Keys of answers that nobody is asked for, handed to `finish` as they are.
CONTEXT = "_"


@dataclass(frozen=True, slots=True)
class Position:
    """One chat's place in one dialogue, as it is in force now."""

    dialogue: Dialogue
    draft: Draft
    answers: dict[str, Any]
    route: tuple[Step, ...]
    #: Key of a step of the route, or SUMMARY, SECOND_QUESTION, DISCARD.
    step: str
    #: Came here from the summary and goes back to it.
    editing: bool

    @property
    def open_step(self) -> Step | None:
        return next((step for step in self.route if step.key == self.step), None)

    @property
    def returns(self) -> bool:
        """Whether «بازگشت» leads to the summary: nothing is missing there."""
        return self.editing and first_open(self.route, self.answers) is None


def steps_of(dialogue: Dialogue, turn: Turn, answers: Answers) -> tuple[Step, ...]:
    """The open steps, given these answers."""
    steps = dialogue.steps(turn, answers) if callable(dialogue.steps) else dialogue.steps
    return tuple(step for step in steps if step.when is None or step.when(turn, answers))


def is_answered(step: Step, answers: Answers) -> bool:
    if step.key not in answers:
        return False
    return step.optional or step.question.answered(answers[step.key])


def first_open(route: Sequence[Step], answers: Answers) -> Step | None:
    """The first step without an answer."""
    return next((step for step in route if not is_answered(step, answers)), None)


def current_step_key(dialogue: Dialogue, route: Sequence[Step], answers: Answers, step: str | None) -> str:
    """The place in force for a person who was at `step`: that step while it is open, else the first without
    an answer, else the end of the dialogue."""
    if any(route_step.key == step for route_step in route):
        return str(step)
    if step == DISCARD:
        return DISCARD
    missing = first_open(route, answers)
    if missing is not None:
        return missing.key
    if step == SECOND_QUESTION and dialogue.second_question:
        return SECOND_QUESTION
    return end_of(dialogue) or route[-1].key


def end_of(dialogue: Dialogue) -> str | None:
    """Where an answered dialogue stands before it is finished; None: it finishes at once."""
    if dialogue.summary:
        return SUMMARY
    return SECOND_QUESTION if dialogue.second_question else None


def before_end(dialogue: Dialogue, route: Sequence[Step]) -> str | None:
    """Where a person stands before the second question: at the summary, else at the last open step; None:
    nowhere."""
    if dialogue.summary:
        return SUMMARY
    return route[-1].key if route else None


def compatible_answers(dialogue: Dialogue, turn: Turn, draft: Draft) -> dict[str, Any]:
    """The draft's answers; those given to another version of the dialogue only where they still hold."""
    answers = dict(draft.answers)
    if draft.dialogue_version == dialogue.version:
        return answers
    for step in steps_of(dialogue, turn, answers):
        if step.key in answers and not _holds(step, turn, answers):
            del answers[step.key]
    return answers


def _holds(step: Step, turn: Turn, answers: Answers) -> bool:
    value = answers[step.key]
    if value is None or value == step.question.skipped:
        return step.optional
    try:
        return step.question.is_compatible(turn, step, answers, value)
    except Exception:  # an answer of a forgotten form, whatever it was, is asked again
        return False


def finish_answers(route: Sequence[Step], answers: Answers) -> dict[str, Any]:
    """What `finish` gets: answers of open steps, and the context."""
    context = {key: value for key, value in answers.items() if key.startswith(CONTEXT)}
    return context | {step.key: answers[step.key] for step in route if step.key in answers}


def progress_text(route: Sequence[Step], present: Step) -> str:
    """«(۳ از ۹)» among the steps of the same chapter; nothing for a single step."""
    chapter = [step.key for step in route if step.question.chapter == present.question.chapter]
    if len(chapter) < 2:
        return ""
    return t("form.progress", i=digits(chapter.index(present.key) + 1), n=digits(len(chapter)))
