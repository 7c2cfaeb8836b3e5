"""Resolving deficiencies (R8, R21): only the ticked items are asked again; each takes a new value or an explanation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.application.routes import OFFICERS
from bot.core.context import Turn
from bot.core.refusals import InvalidInput
from bot.core.screens import Press, Reply, Screen
from bot.rules import request_items
from bot.rules.qualification import QualificationAction, allowed_actions
from bot.services import qualification
from bot.services.qualification import requests
from bot.services.shared import reference_data
from bot.texts import quoted, t
from bot.texts.answers import with_persian_digits
from conversations.common.labels import Wording, is_document
from conversations.common.request_steps import (
    EXTRAS,
    FIELD_STEPS,
    document_rule_of,
    document_step,
    extras_of,
    extras_step,
    given,
    kinds_of,
    other_city_sentence,
    summary_part,
    ticked_codes,
)
from conversations.common.turn_cache import cached_in_turn
from conversations.engine import declaration
from conversations.engine.declaration import (
    Answered,
    Answers,
    Dialogue,
    Incomplete,
    Prompt,
    Receipt,
    Step,
    UserInput,
)
from conversations.engine.steps import Question
from conversations.officer import amendment
from conversations.questions import Text
from storage.tables import DeficiencyRound, QualificationRequest

if TYPE_CHECKING:
    from sqlmodel import Session

#: The answer to an item that its officer explains instead of changing it; the words are the next answer.
EXPLAINED: dict[str, Any] = {"explained": True}
_REPLY = "reply."
_EXPLAIN = "@explain"
NOTE = "officer_note"
LONGEST = 800
#: How a question is asked and what it takes.
_TRAITS = (
    *("wants", "numbered", "own_next", "free_text", "in_sentences", "keep_label"),
    *("skipped", "name", "short_name"),
)


class OrExplain(Question):
    """Another question, answered by a new value or by «توضیح می‌دهم»."""

    def __init__(self, inner: Question, head: str, old: Any) -> None:
        self.inner, self.head, self.old = inner, head, old
        for trait in _TRAITS:
            setattr(self, trait, getattr(inner, trait))

    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        prompt = self.inner.make_prompt(turn, step, answers)
        there = answers.get(step.key)
        # Files that were sent are not thrown away by one tap.
        sent = isinstance(there, list) and bool(there)
        explain = () if sent else ((declaration.OfferedAnswer(_EXPLAIN, t("fix.explain")),),)
        text = f"{self.head}\n\n{prompt.text}"
        return replace(prompt, text=text, choices=(*prompt.choices, *explain))

    def accept(
        self, turn: Turn, step: Step, answers: Answers, given: UserInput
    ) -> Any | Answered | Incomplete:
        if given.choice == _EXPLAIN:
            return EXPLAINED
        value = self.inner.accept(turn, step, answers, given)
        new = value.value if isinstance(value, Answered) else value
        if not isinstance(value, Incomplete) and (new or None) == (self.old or None):
            raise InvalidInput("fix.same_value")
        return value

    def receipt(self, value: Any) -> Receipt | None:
        return None if value == EXPLAINED else self.inner.receipt(value)

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        return t("fix.explained") if value == EXPLAINED else self.inner.format_answer(turn, step, value)

    def answered(self, value: Any) -> bool:
        return value == EXPLAINED or self.inner.answered(value)


def _round(turn: Turn) -> tuple[QualificationRequest, DeficiencyRound | None]:
    assert turn.draft is not None
    request = turn.db.get_one(QualificationRequest, turn.draft.subject_id)
    return request, qualification.open_round(turn.db, request)


def steps(turn: Turn, answers: Answers) -> list[Step]:
    """The ticked items, each with its explanation where one is given; the note; behind them what else may be edited."""
    request, deficiency_round = _round(turn)
    marked = list(deficiency_round.items) if deficiency_round is not None else []
    old = request.snapshot
    values = {key: value for key, value in answers.items() if value != EXPLAINED}
    kinds = {request_items.document(kind.code): kind for kind in kinds_of(turn)}
    fields = {step.key: step for step in FIELD_STEPS if step.key not in request_items.REGION}
    words = cached_in_turn(turn, "words", lambda: Wording.load(turn.db))

    papers = [kind for key, kind in kinds.items() if key in marked]
    first: list[Step] = []
    for key in (key for key in (*fields, *kinds) if key in marked):
        head = _head(words, key, old, deficiency_round, first=not first)
        plain = fields[key] if key in fields else document_step(kinds[key], among=papers)
        first.append(replace(plain, question=OrExplain(plain.question, head, old.get(key)), part=None))
        if answers.get(key) == EXPLAINED:
            first.append(_reply_step(words, key))

    effective = {**old, **values}
    extras = [kind for key, kind in kinds.items() if kind.required == "no" and key not in marked]
    document_rules = [
        document_step(kind, optional=kind.required == "no")
        for key, kind in kinds.items()
        if key not in marked
        and (
            document_rule_of(kind).must(effective) or (kind in extras and kind.code in ticked_codes(answers))
        )
    ]
    others = [step for key, step in fields.items() if key not in marked]
    return [
        *first,
        _note_step(deficiency_round),
        *amendment.with_optional_steps(turn, [*others, *document_rules], old, values),
        *([extras_step(extras)] if extras else []),
    ]


def _head(
    words: Wording,
    key: str,
    old: Mapping[str, Any],
    deficiency_round: DeficiencyRound | None,
    *,
    first: bool,
) -> str:
    """Which item is deficient and why, above its question; the general note with the first item, and with each one that
    has no reason of its own."""
    lines = [t("fix.item", item=words.label(key))]
    reason = deficiency_round.reasons.get(key) if deficiency_round is not None else None
    note = deficiency_round.note if deficiency_round is not None else None
    if reason:
        lines.append(t("fix.item_reason", reason=quoted(reason, t("role.expert"))))
    if note and (first or not reason):
        lines.append(t("fix.item_note", note=quoted(note, t("role.expert"))))
    if is_document(key):
        lines += [t("fix.document_replaces")] if old.get(key) else []
    else:
        lines.append(t("fix.now", value=words.value(key, old.get(key))))
    return "\n".join(lines)


def _reply_step(words: Wording, key: str) -> Step:
    label = words.label(key)
    return Step(
        f"{_REPLY}{key}",
        Text(request_items.SHORTEST_REPLY, LONGEST, lines=True, short="error.short_text"),
        prompt=t("fix.reply", item=label),
        label=t("fix.reply_label", item=words.label(key, short=True)),
    )


def _note_step(deficiency_round: DeficiencyRound | None) -> Step:
    """A word to the expert; the answer itself where the expert ticked nothing and only wrote."""
    question = Text(request_items.SHORTEST_REPLY, LONGEST, lines=True, short="error.short_text")
    if deficiency_round is None or deficiency_round.items or not deficiency_round.note:
        return Step(NOTE, question, optional=True)
    prompt = "\n".join(
        [t("fix.note_round", note=quoted(deficiency_round.note, t("role.expert"))), t("fix.note_answer")]
    )
    return Step(NOTE, question, optional=True, skip=t("skip.edit_later"), prompt=prompt)


def first_answers(db: Session, request: QualificationRequest) -> dict[str, Any]:
    """The form as it was sent, without the ticked items."""
    deficiency_round = qualification.open_round(db, request)
    marked = set(deficiency_round.items) if deficiency_round is not None else set()
    kinds = [
        kind for kind in reference_data.document_types(db) if request_items.document(kind.code) not in marked
    ]
    extras = [kind for kind in kinds if kind.required == "no"]
    must = [request_items.document(kind.code) for kind in kinds if kind.required != "no"]
    answers = {
        key: value
        for key, value in request.snapshot.items()
        if key not in marked and key not in request_items.REGION and (value is not None or key == "email")
    }
    answers = amendment.with_gaps(answers, request.snapshot, must)
    answers = {key: value for key, value in answers.items() if key not in marked}
    return given({**answers, EXTRAS: extras_of(request.snapshot, extras)})


def finish(turn: Turn, answers: dict[str, Any]) -> Reply:
    """Back to the same expert (R22)."""
    request, deficiency_round = _round(turn)
    assert request.id is not None
    track = Press("qual.track", request.id)
    if deficiency_round is None or QualificationAction.RESOLVE not in allowed_actions(
        requests.case_of(turn.db, request), turn.actor
    ):
        return Reply(screens=(Screen(t("error.stale")),), goto=track)
    qualification.resolve(
        turn.db,
        actor=turn.actor,
        request_id=request.id,
        now=turn.now,
        **_sent(request, deficiency_round, answers),
    )
    return Reply(goto=track)


def _sent(
    request: QualificationRequest, deficiency_round: DeficiencyRound, answers: Answers
) -> dict[str, Any]:
    """The answers as the service takes them."""
    values = {
        key: value
        for key, value in answers.items()
        if (key in request_items.FIELDS or is_document(key)) and value != EXPLAINED
    }
    dropped: dict[str, Any] = {
        key: []
        for key in request.snapshot
        if is_document(key) and key not in answers and key not in deficiency_round.items
    }
    replies = {
        key.removeprefix(_REPLY): with_persian_digits(text)
        for key, text in answers.items()
        if key.startswith(_REPLY) and text
    }
    note = with_persian_digits(answers.get(NOTE) or "") or None
    return {"answers": values | dropped, "replies": replies, "note": note}


def obstacle(turn: Turn, answers: dict[str, Any]) -> None:
    """What cannot be sent as it stands is told before anybody is asked whether they are sure. Raises as `resolve`."""
    request, deficiency_round = _round(turn)
    if deficiency_round is not None:
        sent = _sent(request, deficiency_round, answers)
        qualification.check_resolution(turn.db, actor=turn.actor, request_id=request.id or 0, **sent)


def caution(turn: Turn, answers: Answers) -> str | None:
    """That the new address names another city than the region, which stays as it was submitted."""
    request, _ = _round(turn)
    address = answers.get("postal_address")
    if address == EXPLAINED:
        return None
    return other_city_sentence("fix.other_city", address, request.snapshot)


def track(turn: Turn) -> Press:
    assert turn.draft is not None
    return Press("qual.track", turn.draft.subject_id)


RESOLVE_DEFICIENCIES = Dialogue(
    "fix",
    steps,
    finish,
    summary="fix.summary",
    confirm="fix.send",
    second_question="fix.confirm",
    obstacle=obstacle,
    caution=caution,
    part_of=summary_part,
    keeps_draft=True,
    exit=track,
    after=amendment.complete_studies,
    roles=OFFICERS,
)
