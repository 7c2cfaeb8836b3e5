"""How long documents are kept (Q44): those of rejected and withdrawn requests 24 months, unused ones a month.

The job looks at what is due for a look (`check_at`), a batch a unit; the command looks at everything. A document that
anything living uses stays: another request, the approved file, a letter, a draft. Its row
stays for ever, with the time of removal; its bytes go once that is committed, and by the sweep of orphans
where a crash came between.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bot.application.resources import Resources
from bot.core.context import SYSTEM
from bot.services.cooperation.requests import SUBJECT as COOPERATION
from bot.services.invitations import lists as invitations
from bot.services.qualification.documents_in_use import CLOSED_LIFETIME, ENDED, in_use, is_over
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
#: Documents that one unit of the command looks at, and of the job.
BATCH, LOOKS = 200, 15
#: A document that was sent in no request, and one of a request that has not ended, are looked at again after so long.
#: The second is shorter than the time for which the documents of an ended request are kept.
UNSENT_LOOK, LIVING_LOOK = timedelta(days=7), timedelta(days=365)
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
    """Remove every document whose time is over, by looking at all there are: for the command."""
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


async def remove_ended_invitations(resources: Resources, *, now: datetime) -> int:
    """Remove invitations that ended long enough ago; say how many."""
    removed = 0
    while True:
        gone = await resources.database.run(partial(invitations.delete_ended, now=now, limit=LOOKS))
        removed += gone
        if gone < LOOKS:
            return removed


async def preview_expired(database: Database, *, now: datetime) -> Total:
    """What `remove_expired` would remove now."""
    total, after = Total(), 0
    while True:
        page = await database.read(partial(expired_batch, now=now, after=after, lock=False))
        total.documents += len(page.documents)
        total.size += sum(document.size for document in page.documents)
        if page.after is None:
            return total
        after = page.after


def remove_batch(db: Session, *, now: datetime, after: int) -> RetentionBatch:
    """Mark a page of documents as removed and forget the messengers' copies; their bytes are for the
    caller."""
    page = expired_batch(db, now=now, after=after, lock=True)
    _mark_removed(db, page.documents, now)
    return page


def _mark_removed(db: Session, documents: Sequence[StoredFile], now: datetime) -> None:
    ids = [document.id for document in documents]
    if ids:
        db.exec(
            delete(FileHandle)
            .where(col(FileHandle.file_id).in_(ids))
            .execution_options(synchronize_session=False)
        )
    for document in documents:
        document.removed_at = now
        audit.record(
            db, now=now, actor=SYSTEM, event="document_removed", subject=SUBJECT, subject_id=document.id or 0
        )
    db.flush()
    for document in documents:
        db.expunge(document)


def expired_batch(db: Session, *, now: datetime, after: int, lock: bool) -> RetentionBatch:
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


# -- the job: what is due for a look ---------------------------------------------------------------


async def remove_due(resources: Resources, *, now: datetime) -> Total:
    """Look at every document that is due for it; remove those whose time is over."""
    total = Total()
    while True:
        looked, documents = await resources.database.run(partial(look_at_documents, now=now))
        for document in documents:
            await resources.documents.delete_bytes(document)
            total.documents += 1
            total.size += document.size
        if not looked:
            return total


def look_at_documents(db: Session, *, now: datetime) -> tuple[int, list[StoredFile]]:
    """Look at a batch of documents: how many, and those that were marked as removed, whose bytes are for the caller. The
    others are looked at again when their time may be over."""
    living = col(StoredFile.removed_at).is_(None)
    new = col(StoredFile.check_at).is_(None) & (col(StoredFile.created_at) < now - UNREFERENCED_LIFETIME)
    again = col(StoredFile.check_at) <= now
    files = list[StoredFile]()
    for due, order in ((again, StoredFile.check_at), (new, StoredFile.created_at)):
        query = select(StoredFile).where(living, due).order_by(col(order)).limit(LOOKS - len(files))
        files += db.exec(query.with_for_update(skip_locked=True)).all()
    ends = _ends(db, files, now)
    over = {file.id for file in files if (end := ends[file.id or 0]) is not None and end < now}
    over -= in_use(db, {file.account_id for file in files if file.id in over}, now)
    for file in files:
        end = ends[file.id or 0]
        again_at = now + (UNSENT_LOOK if end is not None else LIVING_LOOK)
        file.check_at = max(again_at, end + timedelta(seconds=1)) if end is not None else again_at
    going = [file for file in files if file.id in over]
    _mark_removed(db, going, now)
    return len(files), going


def _ends(db: Session, files: Sequence[StoredFile], now: datetime) -> dict[int, datetime | None]:
    """When the time of each of these documents is over, as far as letters and requests go; None: not while these live."""
    ids = [file.id for file in files if file.id is not None]
    ends: dict[int, datetime | None] = {
        file.id or 0: file.created_at + UNREFERENCED_LIFETIME for file in files
    }
    of_request = (
        select(
            RequestFile.file_id,
            QualificationRequest.state,
            func.coalesce(QualificationRequest.closed_at, QualificationRequest.state_since),
        )
        .join(QualificationRequest, col(QualificationRequest.id) == col(RequestFile.request_id))
        .where(col(RequestFile.file_id).in_(ids))
    )
    sent: dict[int, datetime | None] = {}
    for file_id, state, since in db.exec(of_request) if ids else ():
        known = sent.get(file_id, since)
        over = state in ENDED and known is not None
        sent[file_id] = max(known, since) if over and known is not None else None
    ends |= {file_id: since and since + CLOSED_LIFETIME for file_id, since in sent.items()}
    letters = select(LetterFile.file_id).where(col(LetterFile.file_id).in_(ids))
    return ends | dict.fromkeys(db.exec(letters) if ids else ())


def look_at_notes(db: Session, *, now: datetime) -> int:
    """Look at a batch of notes on files that are due for it: those whose file's documents are over (and, of cooperation,
    requests that led to nothing as long ago) go. Say how many were looked at; a job repeats it."""
    notes = list[FileNote]()
    due = (
        col(FileNote.check_at) <= now,
        col(FileNote.check_at).is_(None) & (col(FileNote.created_at) < now - UNSENT_LOOK),
    )
    for condition in due:
        query = select(FileNote).where(condition).limit(LOOKS - len(notes))
        notes += db.exec(query.with_for_update(skip_locked=True)).all()
    for note in notes:
        over_at = _over_at(db, note)
        if over_at is not None and over_at < now:
            db.delete(note)
        else:
            note.check_at = over_at or now + LIVING_LOOK
    db.flush()
    return len(notes)


def _over_at(db: Session, note: FileNote) -> datetime | None:
    """When the file of a note is over; None where that is not known yet."""
    if note.subject == QUALIFICATION:
        request = db.get(QualificationRequest, note.subject_id)
        ended = request is not None and request.state in ENDED
        since = (request.closed_at or request.state_since) if request is not None and ended else None
    elif note.subject == COOPERATION:
        wish = db.get(CooperationRequest, note.subject_id)
        led_to_nothing = wish is not None and wish.state is not CooperationState.APPROVED
        since = wish.closed_at if wish is not None and led_to_nothing else None
    else:
        return None
    return since + CLOSED_LIFETIME if since is not None else None
