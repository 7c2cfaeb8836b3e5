"""How long documents are kept (Q44): those of rejected and withdrawn requests 24 months, unused ones a month.

A document that anything living uses stays: another request, the approved file, a letter, a draft. Its row
stays for ever, with the time of removal; its bytes go once that is committed, and by the sweep of orphans
where a crash came between.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, and_, delete, exists, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bot.application.resources import Resources
from bot.core.context import SYSTEM
from bot.services.cooperation.requests import SUBJECT as COOPERATION
from bot.services.invitations import lists as invitations
from bot.services.qualification.documents_in_use import CLOSED_LIFETIME, in_use, is_over
from bot.services.qualification.requests import SUBJECT as QUALIFICATION
from bot.services.shared import audit
from storage.database.database import Database
from storage.enums import CooperationState
from storage.tables import (
    CooperationRequest,
    FileHandle,
    FileNote,
    LetterFile,
    QualificationRequest,
    RequestFile,
    StoredFile,
)

#: Uploaded and used by nothing: its draft was discarded, or expired after 12 months.
UNREFERENCED_LIFETIME = timedelta(days=30)
#: Documents that one unit looks at.
BATCH = 200
#: Of audit events; lines that are written are never changed.
SUBJECT = "paper"


@dataclass(slots=True)
class RetentionBatch:
    """What one unit found."""

    #: Documents that go.
    documents: list[StoredFile] = field(default_factory=list)
    #: Where the next page begins; None: there is none.
    after: int | None = None


@dataclass(slots=True)
class Total:
    documents: int = 0
    size: int = 0


async def remove_expired(resources: Resources, *, now: datetime) -> Total:
    """Remove every document whose time is over."""
    total, after = Total(), 0
    while True:
        page = await resources.database.run(partial(remove_batch, now=now, after=after))
        for document in page.documents:
            await resources.documents.delete_bytes(document)
            total.documents += 1
            total.size += document.size
        if page.after is None:
            return total
        after = page.after


async def remove_expired_notes(resources: Resources, *, now: datetime) -> int:
    """Remove the notes on files whose documents are over (and, of cooperation, requests that led to nothing as long ago);
    say how many."""
    removed, after = 0, 0
    while True:
        page = await resources.database.run(partial(remove_notes, now=now, after=after))
        removed += page.removed
        if page.after is None:
            return removed
        after = page.after


async def remove_ended_invitations(resources: Resources, *, now: datetime) -> int:
    """Remove invitations that ended long enough ago; say how many."""
    removed = 0
    while True:
        gone = await resources.database.run(partial(invitations.delete_ended, now=now, limit=BATCH))
        removed += gone
        if gone < BATCH:
            return removed


@dataclass(frozen=True, slots=True)
class NotesPage:
    removed: int
    #: Where the next page begins; None: there is none.
    after: int | None


def remove_notes(db: Session, *, now: datetime, after: int = 0) -> NotesPage:
    """Of the next page of notes behind `after`, those whose file is over."""
    ids = db.exec(
        select(FileNote.id).where(col(FileNote.id) > after).order_by(col(FileNote.id)).limit(BATCH)
    ).all()
    over = or_(
        and_(
            col(FileNote.subject) == QUALIFICATION,
            exists().where(
                col(QualificationRequest.id) == col(FileNote.subject_id), is_over(QualificationRequest, now)
            ),
        ),
        and_(
            col(FileNote.subject) == COOPERATION,
            exists().where(
                col(CooperationRequest.id) == col(FileNote.subject_id),
                col(CooperationRequest.state) != CooperationState.APPROVED,
                col(CooperationRequest.closed_at) < now - CLOSED_LIFETIME,
            ),
        ),
    )
    gone = db.exec(
        delete(FileNote).where(col(FileNote.id).in_(ids), over).execution_options(synchronize_session=False)
    )
    return NotesPage(gone.rowcount, ids[-1] if len(ids) == BATCH else None)


async def preview_expired(database: Database, *, now: datetime) -> Total:
    """What `remove_expired` would remove now."""
    total, after = Total(), 0
    while True:
        page = await database.read(partial(expired_batch, now=now, after=after))
        total.documents += len(page.documents)
        total.size += sum(document.size for document in page.documents)
        if page.after is None:
            return total
        after = page.after


def remove_batch(db: Session, *, now: datetime, after: int = 0) -> RetentionBatch:
    """Mark a page of documents as removed and forget the messengers' copies; their bytes are for the
    caller."""
    page = expired_batch(db, now=now, after=after, lock=True)
    ids = [document.id for document in page.documents]
    if ids:
        db.exec(
            delete(FileHandle)
            .where(col(FileHandle.file_id).in_(ids))
            .execution_options(synchronize_session=False)
        )
    for document in page.documents:
        document.removed_at = now
        audit.record(
            db, now=now, actor=SYSTEM, event="document_removed", subject=SUBJECT, subject_id=document.id or 0
        )
    db.flush()
    for document in page.documents:
        db.expunge(document)
    return page


def expired_batch(db: Session, *, now: datetime, after: int = 0, lock: bool = False) -> RetentionBatch:
    """Documents behind `after` whose time is over, out of one batch of candidates."""
    query = (
        select(StoredFile)
        .where(col(StoredFile.id) > after, col(StoredFile.removed_at).is_(None), _candidate(now))
        .order_by(col(StoredFile.id))
        .limit(BATCH)
    )
    candidates = db.exec(query.with_for_update(skip_locked=True) if lock else query).all()
    used = in_use(db, {document.account_id for document in candidates}, now)
    documents = [document for document in candidates if document.id not in used]
    return RetentionBatch(documents, candidates[-1].id if len(candidates) == BATCH else None)


def _candidate(now: datetime) -> ColumnElement[bool]:
    """Neither in a letter nor in a request that counts; in an ended one, or in nothing for a month."""
    request = aliased(QualificationRequest)
    submitted = exists().where(col(RequestFile.file_id) == col(StoredFile.id))
    in_living = exists().where(
        col(RequestFile.file_id) == col(StoredFile.id),
        col(RequestFile.request_id) == request.id,
        ~is_over(request, now),
    )
    in_letter = exists().where(col(LetterFile.file_id) == col(StoredFile.id))
    loose = and_(~submitted, col(StoredFile.created_at) < now - UNREFERENCED_LIFETIME)
    return and_(~in_letter, or_(loose, and_(submitted, ~in_living)))
