"""Papers that their owner takes out again: gone at once, and never one that anything else holds."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.documents.blob_store import FolderStore, new_key
from bot.documents.library import DocumentLibrary
from bot.services.qualification import unused_files
from storage.database.database import Database
from storage.database.unit_of_work import deferred
from storage.enums import Messenger
from storage.tables import Draft, FileHandle, Letter, LetterFile, Officer, RequestFile, StoredFile
from tests.support.factories.people import Participants
from tests.support.factories.qualification import stored_file, submitted_request
from tests.support.factories.reference_data import NOW


def living(db: Session) -> set[int]:
    return {one or 0 for one in db.exec(select(StoredFile.id).where(col(StoredFile.removed_at).is_(None)))}


def remove(db: Session, people: Participants, ids: list[int], **options: Any) -> None:
    unused_files.remove_unused(db, account_id=people.sara.account_id, values=[ids], now=NOW, **options)
    db.flush()


def test_what_nothing_holds_goes_and_all_else_stays(db: Session, people: Participants) -> None:
    sara = people.sara
    request = submitted_request(db, sara)
    in_submission = set(db.exec(select(RequestFile.file_id).where(RequestFile.request_id == request.id)))
    assert in_submission
    loose_one, approved, attached, drafted, strangers = (
        *(stored_file(db, sara) for _ in range(4)),
        stored_file(db, people.ali),
    )
    db.get_one(Officer, sara.account_id).documents = {"retraining": [approved]}
    letter = Letter(title="ت", text="م", created_by=people.staff.account_id)
    db.add(letter)
    db.flush()
    db.add(LetterFile(letter_id=letter.id, file_id=attached, position=0))
    draft = Draft(account_id=sara.account_id, dialogue="x", answers={"doc.retraining": [drafted]})
    db.add(draft)
    db.add(FileHandle(file_id=loose_one, messenger=Messenger.BALE, handle="h"))
    db.flush()
    before = living(db)
    every = [*in_submission, loose_one, approved, attached, drafted, strangers, 10**9]

    remove(db, people, every)

    assert before - living(db) == {loose_one}
    assert db.exec(select(FileHandle)).all() == []
    # Out of the very draft that names it.
    remove(db, people, every, apart_from=draft.id)
    assert before - living(db) == {loose_one, drafted}


async def test_the_bytes_go_after_the_commit(
    database: Database, people: Participants, library: DocumentLibrary, tmp_path: Path
) -> None:
    store = FolderStore(tmp_path / "files")
    names = ("removed", "kept", "rolled back", "without a row")
    keys = {name: new_key() for name in names}
    for key in keys.values():
        await store.put(key, b"sealed")

    def upload(db: Session) -> dict[str, int]:
        ids = {}
        for name in names[:3]:
            ids[name] = stored_file(db, people.sara)
            file = db.get_one(StoredFile, ids[name])
            file.original_key = file.shown_key = keys[name]
        return ids

    ids = await database.run(upload)

    def removes(db: Session) -> frozenset[str]:
        remove(db, people, [ids["removed"]])
        return deferred(db, unused_files.REMOVED)

    def breaks(db: Session) -> None:
        remove(db, people, [ids["rolled back"]])
        raise ZeroDivisionError

    assert await database.run(removes) == {keys["removed"]}
    with pytest.raises(ZeroDivisionError):
        await database.run(breaks)
    # Whatever is asked for: what a living row has stays.
    await library.drop_unused(database, keys.values())
    left = {key async for key in store.keys(before=datetime.now(UTC) + timedelta(days=1))}
    assert left == {keys["kept"], keys["rolled back"]}
