"""What the officer sends to the university: the final submission, and the answer to deficiencies.

See docs/specification.md 2.2, R15, R21.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed
from bot.core.screens import button
from bot.rules import request_items
from bot.rules.qualification import QualificationAction, QualificationCase
from bot.services.qualification import requests
from bot.services.qualification.completion import approved_of
from bot.services.qualification.drafts import living_files
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW, SUBJECT
from bot.services.review import leaves, queue_notices, routing
from bot.services.review.review_workflow import AuthorizedAction, held_by
from bot.services.search import index as search_index
from bot.services.shared import notify, reference_data
from bot.services.shared.tracking_code import next_code
from bot.texts import formats, t
from storage.enums import RequestKind
from storage.tables import (
    Account,
    DeficiencyRound,
    QualificationRequest,
    RequestFile,
)

_ADD_FILE = insert(RequestFile.metadata.tables["request_file"])


def submit(
    db: Session,
    *,
    actor: Actor,
    request_id: int,
    answers: Mapping[str, Any],
    note: str | None = None,
    now: datetime,
) -> QualificationRequest:
    """Final submission (R15): freeze the answers, number and route the file, tell officer (N3) and experts
    (N10).

    Raises InvalidInput("error.missing_items"), InvalidInput("error.field_closed"),
    NotAllowed("error.no_change").
    """
    checked = check_submission(db, actor=actor, request_id=request_id, answers=answers)
    request, frozen, university = checked.request, checked.answers, checked.answers["university"]
    request = QUALIFICATION_WORKFLOW.change(
        db,
        checked.authorized,
        now=now,
        values={
            "snapshot": frozen,
            "before": checked.before,
            "officer_note": note or None,
            "university_code": university,
            "tracking_code": next_code(db, now),
            "submitted_at": now,
            "received_at": now,
        },
        university=university,
    )
    # The expert of an amendment compares: the documents that it replaces belong to the file as well.
    replaced = request_items.files(checked.before, checked.document_rules)
    _attach(db, request, [*checked.named.items(), *replaced.items()])
    name = reference_data.university_name(db, university)
    notify.push(
        db,
        kind="N3",
        event_key=f"{SUBJECT}:{request.id}:submitted",
        account_id=request.account_id,
        text=t("push.N3", university=name, code=request.tracking_code),
        rows=[[button(t("qual.track"), "qual.track", request.id or 0)]],
        now=now,
        except_chat=actor.chat_row_id,
    )
    assert university is not None
    search_index.open_to(db, university_code=university, account_id=request.account_id)
    queue_notices.notify_waiting(db, university_code=university, now=now)
    return request


@dataclass(frozen=True, slots=True)
class CheckedAnswers:
    """Answers that may be sent to the university as they are."""

    request: QualificationRequest
    authorized: AuthorizedAction[QualificationRequest, QualificationAction, QualificationCase]
    #: As they will be frozen.
    answers: dict[str, Any]
    #: Of an amendment: the approved file that it changes.
    before: dict[str, Any]
    #: document code → files
    named: dict[str, list[int]]
    document_rules: list[request_items.DocumentRule]


def check_submission(
    db: Session, *, actor: Actor, request_id: int, answers: Mapping[str, Any]
) -> CheckedAnswers:
    """What `submit` would send; nothing is changed. Raises as `submit`."""
    request = QUALIFICATION_WORKFLOW.load(db, request_id)
    document_rules = reference_data.document_rules(db)
    answers = request_items.frozen(answers, document_rules)
    case = requests.case_of(db, request)
    answers["university"] = routing.resolve_university(
        db, province=answers.get("province"), city=answers.get("city"), chosen=answers.get("university")
    )
    before: dict[str, Any] = {}
    if request.kind is RequestKind.AMENDMENT:
        before = request_items.frozen(approved_of(db, request.account_id), document_rules)
        case = replace(case, changed=_changes(db, before, answers))
    submission = QUALIFICATION_WORKFLOW.check(
        db, request, case, actor=actor, action=QualificationAction.SUBMIT
    )
    _need_complete(db, request, before, answers, document_rules)
    if not before or set(request_items.changed(before, answers)) & set(request_items.STUDIES):
        _need_open_studies(db, answers)
    named = _need_own_files(db, request.account_id, answers, document_rules)
    return CheckedAnswers(request, submission, answers, before, named, document_rules)


def _changes(db: Session, before: Mapping[str, Any], answers: Mapping[str, Any]) -> bool:
    """Whether the officer changed anything. Another university is a change only where it is theirs to choose,
    not where staff changed the coverage of their region meanwhile."""
    changed = request_items.changed(before, answers)
    if changed != ["university"]:
        return bool(changed)
    return routing.university_for(db, str(answers["province"]), answers["city"]) is None


def _need_complete(
    db: Session,
    request: QualificationRequest,
    before: Mapping[str, Any],
    answers: Mapping[str, Any],
    document_rules: list[request_items.DocumentRule],
) -> None:
    """Every mandatory item. Of a migrated officer's amendment, only those that it touches (Q27)."""
    note_needed = reference_data.needs_note(db, answers.get("field_of_study"))
    lacking = request_items.missing(answers, document_rules, note_needed=note_needed)
    account = db.get(Account, request.account_id)
    if before and account is not None and account.migrated:
        excused = request_items.excused(before, answers, document_rules, note_needed=note_needed)
        lacking = [key for key in lacking if key not in excused]
    if lacking:
        raise InvalidInput("error.missing_items", items="، ".join(reference_data.labels(db, lacking)))


def _need_open_studies(db: Session, answers: Mapping[str, Any]) -> None:
    if not reference_data.studies_allowed(db, answers):
        raise InvalidInput("error.field_closed")


def _need_own_files(
    db: Session, account_id: int, answers: Mapping[str, Any], document_rules: list[request_items.DocumentRule]
) -> dict[str, list[int]]:
    """document code → files, all of them the officer's own and at most as many as the document takes."""
    named = request_items.files(answers, document_rules)
    living = living_files(db, account_id, answers)
    most = {document_rule.code: document_rule.max_files for document_rule in document_rules}
    for code, ids in named.items():
        if not set(ids) <= living:
            raise NotAllowed("error.file_gone")
        if len(ids) > most[code]:
            label = reference_data.labels(db, [request_items.document(code)])[0]
            raise InvalidInput("error.too_many_document_files", doc=label, max=formats.digits(most[code]))
    return named


def _attach(db: Session, request: QualificationRequest, named: Iterable[tuple[str, list[int]]]) -> None:
    """Record the files of this round, each once: what the experts of the university may open."""
    codes = {file_id: code for code, ids in reversed(list(named)) for file_id in ids}
    for file_id, code in codes.items():
        row = {"request_id": request.id, "file_id": file_id, "round": request.round, "document_code": code}
        db.exec(_ADD_FILE, params=row)


def open_round(db: Session, request: QualificationRequest) -> DeficiencyRound | None:
    """The declaration that waits for the officer, if there is one."""
    query = select(DeficiencyRound).where(
        DeficiencyRound.request_id == request.id, col(DeficiencyRound.resolved_at).is_(None)
    )
    return db.exec(query.order_by(col(DeficiencyRound.round).desc()).limit(1)).first()


def resolve(
    db: Session,
    *,
    actor: Actor,
    request_id: int,
    answers: Mapping[str, Any],
    replies: Mapping[str, str] | None = None,
    note: str | None = None,
    now: datetime,
    version: int | None = None,
) -> QualificationRequest:
    """The officer fixed the deficiencies (R21): back to the same expert (R22, N11), or to the queue where
    that expert is gone (N10).

    `answers` are the new values, alone or over the whole snapshot. Every ticked item needs a new value or a
    reply; with a note only, any change, a reply under "note", or a note to the expert. Raises
    InvalidInput("error.missing_fixes"), InvalidInput("error.region_locked"), and as `submit`.
    """
    checked, deficiency_round = check_resolution(
        db,
        actor=actor,
        request_id=request_id,
        answers=answers,
        replies=replies,
        note=note,
        version=version,
    )
    request, resolution = checked.request, checked.authorized
    new, named = checked.answers, checked.named
    values: dict[str, Any] = {
        "snapshot": new,
        "officer_note": note or None,
        "round": request.round + 1,
        "received_at": now,
    }
    if not resolution.case.reviewer_active:
        values |= held_by(None)
    elif request.reviewer_id is not None and request.deputy_for_id is None:
        expert, parties = request.reviewer_id, resolution.case.interested_parties
        deputy = leaves.stand_in(db, expert, request.university_code, now=now, excluded=parties)
        values |= held_by(deputy, instead_of=expert if deputy != expert else None)
    request = QUALIFICATION_WORKFLOW.change(
        db,
        resolution,
        now=now,
        values=values,
        round=deficiency_round.round,
        to_queue=not resolution.case.reviewer_active,
    )
    deficiency_round.replies, deficiency_round.resolved_at = _written(replies), now
    db.flush()
    _attach(db, request, named.items())
    _tell_resolved(db, request, now)
    return request


def check_resolution(
    db: Session,
    *,
    actor: Actor,
    request_id: int,
    answers: Mapping[str, Any],
    replies: Mapping[str, str] | None = None,
    note: str | None = None,
    version: int | None = None,
) -> tuple[CheckedAnswers, DeficiencyRound]:
    """What `resolve` would send, and the declaration that it answers; nothing is changed. Raises as `resolve`."""
    request = QUALIFICATION_WORKFLOW.load(db, request_id)
    resolution = QUALIFICATION_WORKFLOW.check(
        db, request, actor=actor, action=QualificationAction.RESOLVE, version=version
    )
    deficiency_round = open_round(db, request)
    assert deficiency_round is not None
    document_rules = reference_data.document_rules(db)
    old = request.snapshot
    if any(
        key in answers and (answers[key] or None) != (old.get(key) or None) for key in request_items.REGION
    ):
        raise InvalidInput("error.region_locked")
    new = request_items.frozen({**old, **answers}, document_rules)
    _need_fixes(db, deficiency_round, old, new, _written(replies), note)
    note_needed = reference_data.needs_note(db, new.get("field_of_study"))
    excused = request_items.excused(old, new, document_rules, note_needed=note_needed)
    gaps = request_items.missing(new, document_rules, note_needed=note_needed)
    if lacking := [key for key in gaps if key not in excused]:
        raise InvalidInput("error.missing_items", items="، ".join(reference_data.labels(db, lacking)))
    if set(request_items.changed(old, new)) & set(request_items.STUDIES):
        _need_open_studies(db, new)
    named = _need_own_files(db, request.account_id, new, document_rules)
    checked = CheckedAnswers(request, resolution, new, old, named, document_rules)
    return checked, deficiency_round


def _written(replies: Mapping[str, str] | None) -> dict[str, str]:
    return {key: text.strip() for key, text in (replies or {}).items() if text and text.strip()}


def _need_fixes(
    db: Session,
    deficiency_round: DeficiencyRound,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    replies: Mapping[str, str],
    note: str | None,
) -> None:
    changes = set(request_items.changed(old, new))
    left = [
        key
        for key in deficiency_round.items
        if key not in changes and not request_items.long_enough(replies.get(key))
    ]
    if left:
        raise InvalidInput("error.missing_fixes", items="، ".join(reference_data.labels(db, left)))
    answered = (
        changes or request_items.long_enough(note) or any(map(request_items.long_enough, replies.values()))
    )
    if not deficiency_round.items and not answered:
        raise InvalidInput("error.no_answer_to_note")


def _tell_resolved(db: Session, request: QualificationRequest, now: datetime) -> None:
    if request.reviewer_id is None:
        assert request.university_code is not None
        queue_notices.notify_waiting(db, university_code=request.university_code, now=now)
        return
    notify.push(
        db,
        kind="N11",
        event_key=f"{SUBJECT}:{request.id}:resolved:{request.round}",
        account_id=request.reviewer_id,
        grant_id=routing.grant_of(db, request.reviewer_id, request.university_code),
        text=_resolved_text(db, request),
        rows=[[button(t("nav.see"), "desk.file", request.id or 0)]],
        now=now,
    )


def _resolved_text(db: Session, request: QualificationRequest) -> str:
    text = t("push.N11", code=request.tracking_code)
    if request.deputy_for_id is None:
        return text
    away = db.get_one(Account, request.deputy_for_id).name
    return f"{text}\n{t('push.N22_instead', name=away)}"
