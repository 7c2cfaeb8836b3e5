"""The form of a qualification request: what registration did not ask, documents, summary, submission.

See docs/specification.md 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.application.routes import OFFICERS
from bot.core.context import Turn
from bot.core.screens import Press, Reply, Screen
from bot.services import qualification
from bot.services.shared import reference_data
from bot.texts import t
from conversations.common.labels import is_document
from conversations.common.request_steps import (
    EXTRAS,
    FIELD_STEPS,
    address_caution,
    document_rule_of,
    document_step,
    extras_of,
    extras_step,
    given,
    kinds_of,
    required_since,
    summary_part,
    ticked_codes,
)
from conversations.engine.declaration import Answers, Dialogue, Step
from conversations.officer import amendment
from storage.enums import RequestKind, RequestState
from storage.tables import QualificationRequest

if TYPE_CHECKING:
    from sqlmodel import Session


def steps(turn: Turn, answers: Answers) -> list[Step]:
    """The fields, the documents that this person must send, and those they say they have."""
    kinds = kinds_of(turn)
    extras = [kind for kind in kinds if kind.required == "no"]
    owed = [kind for kind in kinds if document_rule_of(kind).must(answers)]
    ticked = [kind for kind in extras if kind.code in ticked_codes(answers)]
    must = [document_step(kind, among=[*owed, *ticked], why=required_since(turn, kind)) for kind in owed]
    chosen = [document_step(kind, optional=True, among=[*owed, *ticked]) for kind in ticked]
    form_steps = [*FIELD_STEPS, *must, *([extras_step(extras)] if extras else []), *chosen]
    return amendment.steps(turn, form_steps, answers) if amendment.is_amendment(answers) else form_steps


def first_answers(db: Session, request: QualificationRequest) -> dict[str, Any]:
    """What a draft's form begins with: what is known, and what that says without words. An officer who filled
    a form before is not asked again for what they left out."""
    prefill = qualification.prefill(db, request)
    if request.kind is RequestKind.AMENDMENT:
        return given(amendment.first_answers(db, prefill))
    # Hardly anybody has a use for it: it is not asked, and stands in the summary for who wants to give it.
    answers = {"email": None, **prefill}
    extras = [kind for kind in reference_data.document_types(db) if kind.required == "no"]
    if any(is_document(key) for key in answers):
        answers[EXTRAS] = extras_of(answers, extras)
    return given(answers)


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


def obstacle(turn: Turn, answers: dict[str, Any]) -> None:
    """What cannot be submitted (an amendment that changes nothing …) is told before anybody is asked whether they are
    sure. Raises as `submit`."""
    assert turn.draft is not None
    qualification.check_submission(
        turn.db, actor=turn.actor, request_id=turn.draft.subject_id, answers=answers
    )


def discard(turn: Turn) -> None:
    assert turn.draft is not None
    qualification.discard(turn.db, actor=turn.actor, request_id=turn.draft.subject_id, now=turn.now)


QUALIFICATION_REQUEST = Dialogue(
    "qualification",
    steps,
    finish,
    summary="review.summary",
    confirm="submit.button",
    second_question="submit.confirm",
    obstacle=obstacle,
    caution=address_caution,
    part_of=summary_part,
    keeps_draft=True,
    discard=discard,
    exit=Press("qual"),
    after=amendment.complete_studies,
    line=amendment.summary_line,
    roles=OFFICERS,
)
