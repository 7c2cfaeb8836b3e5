"""Which documents go, and when (Q44): never one that anything living uses."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.documents.blob_store import FolderStore, new_key
from bot.documents.library import DocumentLibrary
from bot.jobs import retention
from bot.services import qualification
from bot.services.qualification import decisions, review
from bot.services.qualification.requests import QUALIFICATION_WORKFLOW
from storage.database.database import Database, open_database
from storage.enums import Messenger, RejectReason
from storage.tables import (
    AuditEvent,
    Draft,
    FileHandle,
    Letter,
    LetterFile,
    Officer,
    QualificationRequest,
    RequestFile,
    StoredFile,
)
from tests.support.commands import run_beside
from tests.support.factories.people import Participants, participants
from tests.support.factories.qualification import stored_file, submitted_request
from tests.support.factories.reference_data import NOW
from tests.support.services import as_unit

LATER = NOW + timedelta(days=732)


def rejected(db: Session, people: Participants, now: datetime = NOW, **answers: Any) -> QualificationRequest:
    request = submitted_request(db, people.sara, now, **answers)
    common: dict[str, Any] = {"actor": people.ali, "request_id": request.id, "now": now}
    QUALIFICATION_WORKFLOW.claim(db, **common)
    return decisions.reject(db, **common, reason=RejectReason.OTHER, text="مدارک خوانا نیست.")


def documents_of(db: Session, request: QualificationRequest) -> set[int]:
    query = select(RequestFile.file_id).where(RequestFile.request_id == request.id)
    return set(db.exec(query))


def due(db: Session, now: datetime) -> set[int]:
    return {one.id or 0 for one in retention.expired_batch(db, now=now, after=0, lock=False).documents}


@as_unit
def test_documents_of_a_rejected_request_go_after_24_months(db: Session, people: Participants) -> None:
    documents = documents_of(db, rejected(db, people))
    assert documents
    assert due(db, NOW + timedelta(days=730)) == set()
    assert due(db, LATER) == documents


@as_unit
def test_documents_of_a_withdrawn_request_go_and_of_one_in_circulation_never(
    db: Session, people: Participants
) -> None:
    request = submitted_request(db, people.sara)
    assert due(db, LATER) == set()
    qualification.withdraw(db, actor=people.sara, request_id=request.id or 0, now=NOW)
    assert due(db, LATER) == documents_of(db, request)


@as_unit
def test_what_is_used_elsewhere_stays(db: Session, people: Participants) -> None:
    ids = [stored_file(db, people.sara) for _ in range(6)]
    first = rejected(db, people, **{"doc.retraining": ids[:3]})
    again = submitted_request(db, people.sara, **{"doc.retraining": ids[:1]})  # another living request
    officer = db.get_one(Officer, people.sara.account_id)
    officer.documents = {"retraining": [ids[1]]}  # the approved file
    letter = Letter(title="ت", text="م", created_by=people.staff.account_id or 0)
    db.add(letter)
    db.flush()
    db.add(LetterFile(letter_id=letter.id or 0, file_id=ids[2], position=0))
    db.add(Draft(account_id=people.sara.account_id, dialogue="x", answers={"doc.retraining": [ids[3]]}))
    db.flush()

    going = due(db, LATER)

    assert going & {*ids[:4], *documents_of(db, again)} == set()
    assert going == (documents_of(db, first) - set(ids)) | {ids[4], ids[5]}


@as_unit
def test_uploads_of_a_discarded_draft_go_after_a_month(db: Session, people: Participants) -> None:
    loose = stored_file(db, people.sara)
    created = db.get_one(StoredFile, loose).created_at
    assert due(db, created + timedelta(days=29)) == set()
    assert due(db, created + timedelta(days=31)) == {loose}


async def test_the_bytes_go_and_the_messengers_copies_are_forgotten(
    database: Database,
    people: Participants,
    library: DocumentLibrary,
    store: FolderStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)

    def unit(db: Session) -> tuple[set[int], int]:
        going = documents_of(db, rejected(db, people))
        kept = documents_of(db, submitted_request(db, people.sara))
        for file in db.exec(select(StoredFile)):
            file.original_key, file.shown_key = new_key(), new_key()
            db.add(FileHandle(file_id=file.id or 0, messenger=Messenger.BALE, handle="h"))
        db.flush()
        return going, len(kept)

    going, kept = await database.run(unit)
    for file in await database.read(lambda db: list(db.exec(select(StoredFile)))):
        for key in (file.original_key, file.shown_key):
            await store.put(key, b"sealed")
    resources: Any = SimpleNamespace(database=database, documents=library)
    assert (await retention.preview_expired(database, now=LATER)).documents == len(going)

    # Two processes at once: each paper goes once.
    totals = await asyncio.gather(*(retention.remove_expired(resources, now=LATER) for _ in range(2)))

    assert sum(one.documents for one in totals) == len(going)
    assert (await retention.preview_expired(database, now=LATER)).documents == 0

    def look(db: Session) -> None:
        removed = select(StoredFile.id).where(col(StoredFile.removed_at).is_not(None))
        assert set(db.exec(removed)) == going
        assert set(db.exec(select(FileHandle.file_id))) & going == set()
        events = select(AuditEvent.subject_id).where(AuditEvent.event == "document_removed")
        assert sorted(db.exec(events)) == sorted(going)

    await database.read(look)
    left = [key async for key in store.keys(before=datetime.now(NOW.tzinfo) + timedelta(days=1))]
    assert len(left) == 2 * kept


async def test_a_crash_before_the_bytes_went_is_made_up_for(
    database: Database, people: Participants, library: DocumentLibrary, store: FolderStore
) -> None:
    def unit(db: Session) -> tuple[str, str]:
        keys = new_key(), new_key()
        for key in keys:
            db.get_one(StoredFile, stored_file(db, people.sara)).original_key = key
        gone = db.exec(select(StoredFile).where(StoredFile.original_key == keys[0])).one()
        gone.removed_at = NOW
        return keys

    gone, kept = await database.run(unit)
    for key in (gone, kept):
        await store.put(key, b"sealed")

    await library.remove_orphans(database, datetime.now(NOW.tzinfo) + timedelta(days=2))

    assert not await store.exists(gone)
    assert await store.exists(kept)


@as_unit
def test_the_expert_may_still_open_the_file_of_a_removed_paper(db: Session, people: Participants) -> None:
    request = rejected(db, people)
    retention.remove_batch(db, now=LATER, after=0)
    (first, *_) = documents_of(db, request)
    common: dict[str, Any] = {"actor": people.ali, "request_id": request.id, "now": LATER}
    assert review.view_document(db, **common, file_id=first).removed_at == LATER
    events = db.exec(select(AuditEvent).where(AuditEvent.event == "document_viewed")).all()
    assert events == []  # nothing was seen


async def test_the_command_says_what_would_go(sqlite_url: str, tmp_path: Path) -> None:
    database = await open_database(sqlite_url)

    def unit(db: Session) -> None:
        people = participants(db)
        db.get_one(StoredFile, stored_file(db, people.sara)).created_at = NOW - timedelta(days=900)

    await database.run(unit)
    await database.close()

    for _ in range(2):
        said = await run_beside(tmp_path, "retention", "--dry-run", DATABASE_URL=sqlite_url)
        assert "1 documents, 20,000 bytes would be removed" in said.out
