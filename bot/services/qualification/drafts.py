"""A request before it is submitted: start, what its form begins with, discard (docs/specification.md 2.2)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed, Refusal, Stale
from bot.core.screens import Button, button
from bot.rules import request_items
from bot.rules.qualification import TABLE, QualificationAction, QualificationCase, refusal
from bot.services.qualification import unused_files
from bot.services.qualification.completion import COLUMNS, approved_file
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW, SUBJECT, current_open
from bot.services.shared import audit
from bot.services.shared.eligibility import is_qualified
from bot.texts import t
from storage.enums import RejectReason, RequestKind, RequestState
from storage.tables import (
    Account,
    AuditEvent,
    Chat,
    Draft,
    Officer,
    QualificationRequest,
    StoredFile,
)

#: The dialogue whose answers become a request.
FORM = "qualification"
_CAME_TO_NOTHING = (RequestState.REJECTED, RequestState.WITHDRAWN, RequestState.REVOKED)
#: What an officer who asked for the wrong kind of request may do instead.
_OTHER_KIND: dict[str, Callable[[], tuple[Button, ...]]] = {
    "error.new_while_qualified": lambda: (button(t("qual.amend"), "qual.amend"),),
    "error.amend_while_unqualified": lambda: (button(t("menu.qual"), "qual"),),
}


def may_start(db: Session, *, actor: Actor, kind: RequestKind = RequestKind.NEW) -> bool:
    """Whether `start_draft` would succeed now."""
    if actor.account_id is None:
        return False
    return refusal(_before_start(db, actor.account_id, kind), actor, QualificationAction.START) is None


def start_draft(
    db: Session, *, actor: Actor, now: datetime, kind: RequestKind = RequestKind.NEW
) -> QualificationRequest:
    """A new DRAFT. Raises NotAllowed with buttons to the request that is open already."""
    if actor.account_id is None:
        raise NotAllowed
    case = _before_start(db, actor.account_id, kind)
    key = refusal(case, actor, QualificationAction.START)
    if key == "error.open_request":
        raise _open_request(db, actor.account_id)
    if key is not None:
        raise NotAllowed(key, next_buttons=_OTHER_KIND.get(key, lambda: ())())
    request = QualificationRequest(account_id=actor.account_id, kind=kind, created_at=now, state_since=now)
    try:
        with db.begin_nested():
            db.add(request)
            db.flush()
    except IntegrityError:  # the same officer, on the other messenger, a moment ago
        raise _open_request(db, actor.account_id) from None
    assert request.id is not None
    event = TABLE[None, QualificationAction.START].event
    audit.record(
        db,
        now=now,
        actor=actor,
        event=event,
        subject=SUBJECT,
        subject_id=request.id,
        to_state=request.state,
        kind=kind,
    )
    return request


def _before_start(db: Session, account_id: int, kind: RequestKind) -> QualificationCase:
    return QualificationCase(
        state=None,
        kind=kind,
        owner_id=account_id,
        qualified=is_qualified(db, account_id),
        other_open=current_open(db, account_id) is not None,
    )


def _open_request(db: Session, account_id: int) -> Refusal:
    request = current_open(db, account_id)
    if request is None:
        return Stale()
    assert request.id is not None
    if request.state is RequestState.DRAFT:
        next_buttons = (
            button(t("resume.qualification"), "qual.draft", request.id),
            button(t("form.discard"), "qual.discard", request.id, request.version),
        )
        return NotAllowed("error.open_draft", next_buttons=next_buttons)
    track = button(t("qual.track"), "qual.track", request.id)
    return NotAllowed("error.open_request", next_buttons=(track,), code=request.tracking_code)


def prefill(db: Session, request: QualificationRequest) -> dict[str, Any]:
    """What the form of a draft begins with; empty answers are left out.

    Registration data; after a rejection or withdrawal the last snapshot, overlaid by later general edits
    (audit events "general_edited" of subject "account" with `field`); after a wrong region without the region
    (Q10). An amendment begins with the whole approved file. Documents that were removed meanwhile are left
    out.
    """
    account = db.get(Account, request.account_id)
    officer = db.get(Officer, request.account_id)
    assert account is not None
    assert officer is not None
    answers = approved_file(account, officer)
    previous = _previous(db, request) if request.kind is RequestKind.NEW else None
    if previous is not None:
        ended = previous.closed_at or previous.state_since
        if previous.state is RequestState.REVOKED:  # it was in force, and its officer edited it
            ended = previous.submitted_at or ended
        edited = _edited_since(db, request.account_id, ended)
        free = {key: getattr(officer, COLUMNS[key]) for key in request_items.FREE if key in edited}
        answers |= previous.snapshot | free
        if previous.reject_reason is RejectReason.WRONG_REGION:
            answers |= dict.fromkeys(request_items.REGION)
    living = living_files(db, request.account_id, answers)
    for key in [key for key in answers if key.startswith(request_items.DOCUMENT)]:
        answers[key] = [file_id for file_id in answers[key] or () if file_id in living]
    return {key: value for key, value in answers.items() if value not in (None, [])}


def _previous(db: Session, request: QualificationRequest) -> QualificationRequest | None:
    """The request before this one, if it was submitted and came to nothing, or was revoked."""
    query = select(QualificationRequest).where(
        QualificationRequest.account_id == request.account_id,
        QualificationRequest.id != request.id,
        QualificationRequest.kind == RequestKind.NEW,
        col(QualificationRequest.state).in_(_CAME_TO_NOTHING),
    )
    return db.exec(query.order_by(col(QualificationRequest.id).desc()).limit(1)).first()


def _edited_since(db: Session, account_id: int, since: datetime) -> set[str]:
    query = select(AuditEvent).where(
        AuditEvent.subject == "account",
        AuditEvent.subject_id == account_id,
        AuditEvent.event == "general_edited",
        col(AuditEvent.at) > since,
    )
    return {event.data.get("field", "") for event in db.exec(query)}


def living_files(db: Session, account_id: int, answers: Mapping[str, Any]) -> set[int]:
    """Those of the files named in `answers` that belong to this account and still exist."""
    named = {
        file_id
        for key, ids in answers.items()
        if key.startswith(request_items.DOCUMENT)
        for file_id in ids or ()
        if isinstance(file_id, int)
    }
    if not named:
        return set()
    query = select(StoredFile.id).where(
        col(StoredFile.id).in_(named),
        StoredFile.account_id == account_id,
        col(StoredFile.removed_at).is_(None),
    )
    return {file_id for file_id in db.exec(query) if file_id is not None}


def discard(db: Session, *, actor: Actor, request_id: int, now: datetime, version: int | None = None) -> None:
    """Delete a draft and what was answered in it; chats that show its form leave it."""
    request = QUALIFICATION_WORKFLOW.load(db, request_id)
    QUALIFICATION_WORKFLOW.check(
        db, request, actor=actor, action=QualificationAction.DISCARD, version=version
    )
    drafts = dict(
        db.exec(
            select(Draft.id, Draft.answers).where(
                Draft.account_id == request.account_id,
                Draft.dialogue == FORM,
                Draft.subject_id == request.id,
            )
        ).all()
    )
    if drafts:
        for chat in db.exec(select(Chat).where(col(Chat.draft_id).in_(drafts))):
            chat.dialogue, chat.draft_id, chat.dialogue_state = None, None, {}
        db.flush()
        db.exec(delete(Draft).where(col(Draft.id).in_(drafts)).execution_options(synchronize_session=False))
        for answers in drafts.values():
            unused_files.remove_unused(db, account_id=request.account_id, values=answers.values(), now=now)
    gone = db.exec(
        delete(QualificationRequest)
        .where(
            col(QualificationRequest.id) == request.id,
            col(QualificationRequest.version) == request.version,
            col(QualificationRequest.state) == RequestState.DRAFT,
        )
        .execution_options(synchronize_session=False)
    )
    if not gone.rowcount:
        raise Stale
    db.expunge(request)
    event = TABLE[RequestState.DRAFT, QualificationAction.DISCARD].event
    audit.record(
        db,
        now=now,
        actor=actor,
        event=event,
        subject=SUBJECT,
        subject_id=request_id,
        from_state=RequestState.DRAFT,
    )
