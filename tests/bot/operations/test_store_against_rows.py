"""Living rows against a store: which are missing, in what pages they are read, and under which keys the documents are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from bot.documents.blob_store import FolderStore
from bot.documents.encryption import DocumentCipher
from bot.operations import stored_documents
from bot.operations.errors import UpkeepError
from bot.operations.stored_documents import (
    Comparison,
    KeyCheck,
    check_key,
    compare,
    has_rows,
    keys_in,
    reading,
)
from storage.tables import StoredFile
from storage.tables.column_types import utcnow

SECRET, OTHER = "k" * 32, "l" * 32


@pytest.fixture
def db(sqlite_session: Session) -> Session:
    return sqlite_session


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "files")


def key(number: int) -> str:
    return f"{number:032x}"


def reads(db: Session) -> Any:
    async def read(work: Callable[[Any], Any]) -> Any:
        return work(db.connection())

    return read


def row(db: Session, number: int, *, removed: bool = False, **keys: str | None) -> None:
    given = {"original_key": key(3 * number), "shown_key": key(3 * number + 1)} | keys
    what = {"account_id": 1, "sha256": "0" * 64, "media_type": "image/jpeg", "size": 1}
    db.add(StoredFile(id=number, removed_at=utcnow() if removed else None, **what, **given))
    db.flush()


async def fill(store: FolderStore, *numbers: int, secret: str = SECRET) -> None:
    for number in numbers:
        await store.put(key(number), DocumentCipher(secret).seal(b"x", key(number)))


async def compared(db: Session, store: FolderStore) -> Comparison:
    return await compare(reads(db), await keys_in(store), store)


async def test_each_copy_of_a_document_is_there(db: Session, store: FolderStore) -> None:
    assert await compared(db, store) == Comparison(0, 0, None)
    assert not has_rows(db.connection())
    await fill(store, 3, 4, 6, 7, 8)
    row(db, 1)
    row(db, 2, preview_key=key(8))
    row(db, 3, removed=True)
    assert has_rows(db.connection())
    assert await compared(db, store) == Comparison(2, 0, None)
    for number in (3, 4):
        await store.delete(key(number))
        assert await compared(db, store) == Comparison(2, 1, 1)
        await fill(store, number)
    await store.delete(key(8))
    assert await compared(db, store) == Comparison(2, 1, 2)
    await fill(store, 8)
    row(db, 4, original_key="../../etc/passwd")
    assert await compared(db, store) == Comparison(3, 1, 4)


async def test_many_rows_are_read_page_by_page(
    db: Session, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_documents, "PAGE", 2)
    for number in range(1, 6):
        row(db, number)
        if number not in (2, 5):
            await fill(store, 3 * number, 3 * number + 1)
    found = await compared(db, store)
    assert found == Comparison(5, 2, 2)
    words = "2 of 5 documents of the database are not in the store (the first is stored_file 2)"
    assert str(found) == words
    assert str(Comparison(5_000, 1_200, 7)).startswith("1,200 of 5,000 documents ")


async def test_what_comes_or_goes_meanwhile_is_not_missing(db: Session, store: FolderStore) -> None:
    await fill(store, 3, 4)
    row(db, 1)
    row(db, 2)
    # Sent after the store was listed.
    assert await compare(reads(db), set(), store) == Comparison(2, 1, 2)
    # Removed after its row was read.
    read = reads(db)
    asked: list[Any] = []

    async def removing(work: Callable[[Any], Any]) -> Any:
        asked.append(work)
        if len(asked) == 3:
            db.connection().execute(text("UPDATE stored_file SET removed_at = '2026-01-01' WHERE id = 2"))
        return await read(work)

    assert await compare(removing, await keys_in(store), store) == Comparison(2, 0, None)


async def test_a_copy_of_an_earlier_release(db: Session, store: FolderStore) -> None:
    await fill(store, 3, 4)
    row(db, 1, preview_key=key(9))
    db.connection().execute(text("DROP INDEX ix_stored_file_preview_key"))
    db.connection().execute(text("ALTER TABLE stored_file DROP COLUMN preview_key"))
    assert await compare(reads(db), await keys_in(store), store) == Comparison(1, 0, None)
    db.connection().execute(text("PRAGMA foreign_keys = OFF"))
    db.connection().execute(text("ALTER TABLE stored_file RENAME TO other"))
    assert await compare(reads(db), await keys_in(store), store) == Comparison()
    assert await check_key(reads(db), store, DocumentCipher(SECRET)) == KeyCheck()


async def test_under_which_keys_documents_are(db: Session, store: FolderStore) -> None:
    for number in range(1, 8):
        row(db, number)
    row(db, 8, removed=True)
    row(db, 9, original_key="no key")
    await fill(store, 3, 6, 24)
    await fill(store, 18, 21, secret=OTHER)
    cipher = DocumentCipher(SECRET)
    assert await check_key(reads(db), store, cipher) == KeyCheck(2, 2, 4)
    # Of the two oldest and the two newest alone.
    assert await check_key(reads(db), store, cipher, sample=2) == KeyCheck(2, 1, 1)
    assert await check_key(reads(db), store, DocumentCipher(OTHER, [SECRET])) == KeyCheck(4, 0, 4)
    assert str(KeyCheck(1, 2, 3)) == (
        "2 of the 3 documents that were looked at are under a key that is neither SECRET_KEY nor among FORMER_SECRET_KEYS; set "
        "the key that they were stored under (no backup holds it)"
    )


async def test_a_database_that_is_not_there(tmp_path: Path, sqlite_url: str) -> None:
    with pytest.raises(UpkeepError) as caught:
        async with reading(f"sqlite:///{tmp_path}/nothing.db"):
            pass
    assert str(caught.value) == f"DATABASE_URL: there is no file {tmp_path}/nothing.db"
    async with reading(sqlite_url) as read:
        assert await read(has_rows) is False
