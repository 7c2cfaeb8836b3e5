"""What an amendment's form has besides that of a new request (R5, Q27, W13): it begins with the whole approved file,
asks nothing that is there, and its summary says what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from bot.core.context import Turn
from bot.rules import request_items
from bot.services import qualification
from bot.services.shared import reference_data
from bot.texts import formats, t
from bot.texts.answers import in_sentence
from conversations.common import request_steps
from conversations.common.labels import is_document
from conversations.common.request_steps import EXTRAS, document_rule_of, extras_of, kinds_of
from conversations.common.turn_cache import cached_in_turn
from conversations.engine.declaration import Answers, Step
from conversations.engine.steps import label_of
from storage.enums import RequestKind

#: In a draft's answers: the kind of the request, so that a new request's form asks the database for nothing.
KIND = "_kind"
_LEVEL_AND_FIELD = {"degree_level": "field_of_study", "field_of_study": "degree_level"}


def is_amendment(answers: Answers) -> bool:
    return answers.get(KIND) == RequestKind.AMENDMENT


def approved_answers(turn: Turn) -> dict[str, Any]:
    """The approved file of the officer who fills the form, as the items that a submission would freeze."""
    assert turn.account is not None
    account_id = turn.account.id or 0

    def read() -> dict[str, Any]:
        return request_items.frozen(
            qualification.approved_of(turn.db, account_id), map(document_rule_of, kinds_of(turn))
        )

    return cached_in_turn(turn, "approved", read)


def with_optional_steps(
    turn: Turn, form_steps: Iterable[Step], old: Mapping[str, Any], answers: Answers
) -> list[Step]:
    """The steps, optional where their item was empty before and may stay so."""
    form_steps = list(form_steps)
    new = {**old, **{key: answers.get(key) for key in request_items.FIELDS if key in answers}}
    new |= {key: value for key, value in answers.items() if is_document(key)}
    needs_note = cached_in_turn(
        turn,
        ("note", new.get("field_of_study")),
        lambda: reference_data.needs_note(turn.db, new.get("field_of_study")),
    )
    excused = request_items.excused(old, new, map(document_rule_of, kinds_of(turn)), note_needed=needs_note)
    return [
        replace(step, optional=True, unasked=True) if step.key in excused else step for step in form_steps
    ]


def with_gaps(answers: dict[str, Any], old: Mapping[str, Any], documents: Iterable[str]) -> dict[str, Any]:
    """`answers` that say "none" where `old` has nothing, so that nobody is asked for it. The region stays open, and the
    words for a field that needs them."""
    open_keys = {*request_items.REGION, "field_note"}
    gaps: dict[str, Any] = {
        key: None for key in request_items.FIELDS if key not in open_keys and old.get(key) is None
    }
    gaps |= {key: [] for key in documents if not old.get(key)}
    return gaps | answers


def first_answers(db: Any, prefill: Mapping[str, Any]) -> dict[str, Any]:
    """What the form of an amendment begins with; it opens on the summary."""
    kinds = reference_data.document_types(db)
    answers = with_gaps(
        dict(prefill),
        prefill,
        [request_items.document(kind.code) for kind in kinds if kind.required != "no"],
    )
    extras = [kind for kind in kinds if kind.required == "no"]
    return answers | {KIND: RequestKind.AMENDMENT.value, EXTRAS: extras_of(prefill, extras)}


def steps(turn: Turn, form_steps: Iterable[Step], answers: Answers) -> list[Step]:
    """The form's steps; to a migrated officer, only what the amendment touches must be answered (Q27)."""
    assert turn.account is not None
    if not turn.account.migrated:
        return list(form_steps)
    return with_optional_steps(turn, form_steps, approved_answers(turn), answers)


def complete_studies(turn: Turn, key: str, answers: dict[str, Any]) -> dict[str, Any]:
    """Level and field go together: an officer who had neither and gives one is asked for the other."""
    answers = request_steps.clear_dependent_answers(turn, key, answers)
    partner = _LEVEL_AND_FIELD.get(key)
    if partner in answers and answers[key] is not None and answers[partner] is None:
        del answers[partner]
    return answers


def summary_line(turn: Turn, step: Step, answers: Answers, value: str) -> str:
    """One line of the summary: what changed is marked (amend.diff)."""
    label = label_of(step)
    if not is_amendment(answers):
        return t("me.line", field=label, value=in_sentence(value))
    old, new = _approved_value(turn, step), answers.get(step.key)
    if (old or None) == (new or None):
        return t("me.line", field=label, value=in_sentence(value))
    if is_document(step.key):
        return t("amend.diff_documents", field=label, n=formats.digits(len(new or ())))
    if old in (None, ""):
        shown = t("form.unset" if old is None else "form.none")
    else:
        shown = step.question.format_answer(turn, step, old)
    return t("amend.diff", field=label, old=shown, new=value)


def _approved_value(turn: Turn, step: Step) -> Any:
    if step.key == EXTRAS:
        return extras_of(approved_answers(turn), [kind for kind in kinds_of(turn) if kind.required == "no"])
    return approved_answers(turn).get(step.key)
