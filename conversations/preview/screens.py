"""What a dialogue shows, place by place, collected from its routes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.core.context import Turn
from bot.core.refusals import InvalidInput, Refusal
from bot.texts import t
from conversations.engine.declaration import Dialogue, InputKind, Step, UserInput
from conversations.engine.rendering import RenderedStep, rendered_step, shown
from conversations.engine.steps import (
    DISCARD,
    SECOND_QUESTION,
    SUMMARY,
    Position,
    before_end,
    end_of,
    first_open,
    has_label,
    label_of,
    skip_label_of,
)
from conversations.preview.routes import walk
from conversations.questions.choice import Choice
from storage.tables import Draft

FINISH = "@finish"
#: Texts that hardly any question takes: nothing to read, then far too much.
WRONG = ("؟", "x", "آ" * 5000)


@dataclass(slots=True)
class PreviewNode:
    """One place in a dialogue: what it shows, and where each answer leads. `key` is a step's, or begins with "@"."""

    key: str
    title: str
    rendered: RenderedStep
    #: Open only after some answers.
    conditional: bool = False
    hidden: bool = False
    optional: bool = False
    error: str | None = None
    #: target → the answers that lead there
    arrows: dict[str, list[str]] = field(default_factory=dict)


def preview_nodes(turn: Turn, dialogue: Dialogue) -> list[PreviewNode]:
    """Every place that sample answers lead to, in the order of the longest route."""
    nodes_by_key: dict[str, PreviewNode] = {}
    order: list[str] = []
    open_in: list[frozenset[str]] = []
    finished: tuple[tuple[Step, ...], dict[str, Any]] | None = None
    for taken in walk(turn, dialogue, {}):
        turn.draft = _draft_with(turn, taken.answers)
        keys = [step.key for step in taken.route]
        open_in.append(frozenset(keys))
        order = _merged(order, keys)
        step = first_open(taken.route, taken.answers)
        for route_step in taken.route:
            if route_step.key not in nodes_by_key and (
                step is None or keys.index(route_step.key) <= keys.index(step.key)
            ):
                nodes_by_key[route_step.key] = _node(turn, dialogue, taken.route, taken.answers, route_step)
        target = step.key if step is not None else end_of(dialogue) or FINISH
        if taken.answered is not None and taken.answered.key in nodes_by_key:
            _add_arrow(turn, nodes_by_key[taken.answered.key], taken.answered, taken.value, target)
        if step is None and (finished is None or len(taken.route) > len(finished[0])):
            finished = taken.route, taken.answers
    for key, node in nodes_by_key.items():
        node.conditional = any(key not in keys for keys in open_in)
    nodes = [nodes_by_key[key] for key in order if key in nodes_by_key]
    return nodes + (_endings(turn, dialogue, *finished) if finished is not None else [])


def _node(
    turn: Turn, dialogue: Dialogue, route: tuple[Step, ...], answers: dict[str, Any], step: Step
) -> PreviewNode:
    # As it is first asked: without an answer of its own.
    before = {key: value for key, value in answers.items() if key != step.key}
    title = label_of(step) if has_label(step) else step.key
    node = PreviewNode(step.key, title, _rendered(turn, dialogue, route, before, step.key))
    node.hidden, node.optional = step.hidden, step.optional
    node.error = error_example(turn, step, before)
    return node


def _endings(
    turn: Turn, dialogue: Dialogue, route: tuple[Step, ...], answers: dict[str, Any]
) -> list[PreviewNode]:
    """The summary, the second question, and the question before a draft is deleted."""
    turn.draft = _draft_with(turn, answers)
    endings = []
    if dialogue.summary:
        summary = PreviewNode(
            SUMMARY, t("preview.summary"), _rendered(turn, dialogue, route, answers, SUMMARY)
        )
        summary.arrows[SECOND_QUESTION if dialogue.second_question else FINISH] = [t(dialogue.confirm)]
        endings.append(summary)
    if dialogue.second_question:
        second = PreviewNode(
            SECOND_QUESTION,
            t("preview.second_question"),
            _rendered(turn, dialogue, route, answers, SECOND_QUESTION),
        )
        second.arrows[FINISH] = [t("nav.yes")]
        second.arrows[before_end(dialogue, route) or FINISH] = [t("nav.no")]
        endings.append(second)
    if dialogue.keeps_draft and dialogue.discard is not None:
        endings.append(
            PreviewNode(DISCARD, t("preview.discard"), _rendered(turn, dialogue, route, answers, DISCARD))
        )
    return endings


def error_example(turn: Turn, step: Step, answers: dict[str, Any]) -> str | None:
    """What a person reads who answers wrongly; None where the question takes any text."""
    if step.question.wants is InputKind.FILE:
        return t("error.want_file")
    for text in WRONG:
        try:
            step.question.accept(turn, step, answers, UserInput(text=text))
        except InvalidInput as refusal:
            return t(refusal.key, **refusal.args_of_text)
        except (Refusal, AssertionError, AttributeError, KeyError):
            continue
    return None


def _rendered(
    turn: Turn, dialogue: Dialogue, route: tuple[Step, ...], answers: dict[str, Any], key: str
) -> RenderedStep:
    turn.chat.dialogue_state = {"step": key}
    draft = turn.draft or _draft_with(turn, answers)
    return rendered_step(turn, Position(dialogue, draft, answers, route, key, False))


def _draft_with(turn: Turn, answers: dict[str, Any]) -> Draft:
    """The turn's draft holding these answers; never written."""
    assert turn.draft is not None
    turn.draft.answers = answers
    return turn.draft


def _add_arrow(turn: Turn, node: PreviewNode, step: Step, value: Any, target: str) -> None:
    if value is None or value == step.question.skipped:
        label = skip_label_of(step) if step.optional else shown(turn, step, value)
    elif not isinstance(step.question, Choice):
        label = t("preview.right")
    else:
        label = shown(turn, step, value).split("\n")[0]
    labels = node.arrows.setdefault(target, [])
    if label not in labels:
        labels.append(label)


def _merged(order: list[str], keys: list[str]) -> list[str]:
    """`order` with new keys put behind the ones that they follow."""
    merged = list(order)
    at = 0
    for key in keys:
        if key in merged:
            at = merged.index(key) + 1
        else:
            merged.insert(at, key)
            at += 1
    return merged
