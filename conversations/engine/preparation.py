"""What an update of a dialogue needs before its unit, outside any transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.application.resources import Resources
from bot.core.context import Turn
from bot.messengers.processing.protocols import Preparation
from conversations.engine.declaration import InputKind, Question
from conversations.engine.progress import (
    SECOND_QUESTION,
    SUMMARY,
    Position,
    end_of,
    finish_answers,
    is_answered,
)
from conversations.engine.rendering import StepButton, step_button_of


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was worked out before the unit, for the question and for `finish`."""

    question: Any
    finish: Any


def preparation_of(turn: Turn, position: Position) -> Preparation | None:
    """None: nothing. Only reads."""
    incoming, step = turn.incoming, position.open_step
    if incoming.command is not None:
        return None
    if step is not None and step.question.wants is InputKind.FILE and incoming.file is not None:
        return Preparation(file=True)
    work, secret = work_for(turn, position), hides(turn, position)
    return Preparation(work=work, secret=secret) if work is not None or secret else None


def work_for(turn: Turn, position: Position) -> Callable[[Resources], Awaitable[Any]] | None:
    """The question's and the ending's work before the unit, where this update may need them."""
    step, dialogue, incoming = position.open_step, position.dialogue, turn.incoming
    prepares = step is not None and type(step.question).prepare is not Question.prepare
    if not prepares and dialogue.prepare_finish is None:
        return None
    key = step_button_of(turn, position)
    if incoming.pressed and key is None:
        return None
    asks_question = prepares and (key is None or key.action == "choose")
    ends = dialogue.prepare_finish is not None and _may_finish(position, key)
    if not asks_question and not ends:
        return None
    answers = finish_answers(position.route, position.answers)

    async def work(resources: Resources) -> Prepared:
        question = (
            await step.question.prepare(resources, incoming, answers) if step and asks_question else None
        )
        finish = None
        if ends and dialogue.prepare_finish is not None:
            finish = await dialogue.prepare_finish(resources, incoming, answers)
        return Prepared(question, finish)

    return work


def _may_finish(position: Position, key: StepButton | None) -> bool:
    """Whether this update may be the last of the dialogue. In doubt, yes: the work is then done for nothing."""
    open_step, dialogue = position.open_step, position.dialogue
    if open_step is None:
        last = "yes" if dialogue.second_question else "confirm"
        return key is not None and key.action == last and position.step in (SUMMARY, SECOND_QUESTION)
    if end_of(dialogue) is not None or (key is not None and key.action not in ("choose", "skip", "next")):
        return False
    missing = [
        step
        for step in position.route
        if not is_answered(step, position.answers) and step.key != open_step.key
    ]
    return callable(dialogue.steps) or all(step.when is not None for step in missing)


def hides(turn: Turn, position: Position) -> bool:
    """Whether the message holds something that must not stay in chat and inbox."""
    incoming, step = turn.incoming, position.open_step
    if step is None or incoming.text is None or incoming.command is not None:
        return False
    return step.hidden or step.question.hides(incoming.text)
