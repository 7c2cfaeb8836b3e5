"""The form of a qualification request (SPEC 3): what registration did not ask, the papers, the summary, the submission."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from bot.screens import Press, Reply, Screen
from bot.services import qualification, reference
from bot.texts import t
from bot.turn import Turn
from conversations.dialogue import Answers, Ask, Dialogue
from conversations.request_steps import (
    EXTRAS,
    FIELD_STEPS,
    after,
    document_step,
    extras_of,
    extras_step,
    kinds_of,
    rule,
    ticked,
)
from storage.states import RequestState
from storage.tables import QualificationRequest


def steps(turn: Turn, answers: Answers) -> list[Ask]:
    """The fields, the documents that this person must send, and those they say they have."""
    kinds = kinds_of(turn)
    extras = [kind for kind in kinds if kind.required == "no"]
    must = [document_step(kind) for kind in kinds if rule(kind).must(answers)]
    chosen = [document_step(kind, optional=True) for kind in extras if kind.code in ticked(answers)]
    return [*FIELD_STEPS, *must, *([extras_step(extras)] if extras else []), *chosen]


def first_answers(db: Session, prefill: Mapping[str, Any]) -> dict[str, Any]:
    """What a draft's form begins with: `prefill`, and what it says without words. Whoever filled a form before is not
    asked again for what they left out."""
    answers = dict(prefill)
    extras = [kind for kind in reference.document_types(db) if kind.required == "no"]
    if "postal_address" in answers:
        answers.setdefault("email", None)
        answers[EXTRAS] = extras_of(answers, extras)
    return answers


def finish(turn: Turn, answers: dict[str, Any]) -> Reply:
    """Final submission (R15)."""
    assert turn.draft is not None
    request = turn.db.get(QualificationRequest, turn.draft.subject_id)
    if request is None or request.state is not RequestState.DRAFT:
        return Reply(screens=(Screen(t("error.stale")),), goto=Press("qual"))
    qualification.submit(
        turn.db, actor=turn.actor, request_id=turn.draft.subject_id, answers=answers, now=turn.now
    )
    return Reply(goto=Press("qual.track", turn.draft.subject_id))


def discard(turn: Turn) -> None:
    assert turn.draft is not None
    qualification.discard(turn.db, actor=turn.actor, request_id=turn.draft.subject_id, now=turn.now)


form = Dialogue(
    "qualification",
    steps,
    finish,
    summary="review.summary",
    confirm="submit.button",
    really="submit.confirm",
    keeps_draft=True,
    discard=discard,
    exit=Press("qual"),
    after=after,
)
