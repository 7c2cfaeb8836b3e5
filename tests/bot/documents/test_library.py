"""An uploaded document: taken, stored encrypted, shown, found again or swept."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.core.refusals import FileRejected, Unavailable
from bot.documents import library as library_module
from bot.documents.disk_space import BLOCK, DiskSpace
from bot.documents.encryption import DecryptionFailed
from bot.documents.library import DocumentLibrary, shown_media_type
from storage.database.database import Database
from storage.tables import StoredFile
from tests.support import files, pdf_files
from tests.support.documents import document_library, given
from tests.support.factories.people import account

NOW = datetime.now(UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


def kept(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_photo_is_shown_clean_and_kept_as_it_was(library: DocumentLibrary, folder: Path) -> None:
    """Nothing on the disk can be read without the secret."""
    data = files.photo_from_a_phone()
    file = await library.store_upload(7, given(data), "national card.jpg")
    assert (file.id, file.account_id, file.media_type, file.size) == (None, 7, "image/jpeg", len(data))
    assert file.original_name == "national card.jpg"
    assert await library.original(file) == data
    shown = await library.open(file)
    assert shown.startswith(b"\xff\xd8\xff")
    assert files.SECRET.encode() not in shown
    assert shown_media_type(file) == "image/jpeg"
    for path in kept(folder):
        for mark in (b"\xff\xd8\xff", b"JFIF", files.SECRET.encode()):
            assert mark not in path.read_bytes()
        assert "national" not in str(path)
    with pytest.raises(DecryptionFailed):
        await document_library(folder, "another secret").open(file)


async def test_a_document_is_kept_once_for_each_upload(library: DocumentLibrary, folder: Path) -> None:
    data = files.pdf(2)
    first, second = [await library.store_upload(account, given(data), None) for account in (7, 8)]
    assert first.shown_key == first.original_key != second.original_key
    assert first.sha256 == second.sha256
    assert (first.pages, first.original_name, shown_media_type(first)) == (2, None, "application/pdf")
    assert await library.open(first) == data
    assert len(kept(folder)) == 4  # each with a picture of its first page


async def test_a_refused_file_leaves_nothing(library: DocumentLibrary, folder: Path) -> None:
    with pytest.raises(FileRejected):
        await library.store_upload(7, given(files.locked_pdf()), "x.pdf")

    assert kept(folder) == []


async def test_old_files_without_a_row_are_swept(
    library: DocumentLibrary, folder: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "_BATCH", 3)  # there will be four
    committed = await library.store_upload(1, given(files.jpeg()), None)
    lost = await library.store_upload(1, given(files.jpeg()), None)
    fresh = await library.store_upload(1, given(files.pdf()), None)

    assert await library.remove_orphans(database, NOW + timedelta(days=9)) == 0, "the database of another bot"

    def unit(db: Session) -> None:
        owner = account(db, chat=False)
        db.add(StoredFile(**committed.model_dump() | {"account_id": owner.id}))

    await database.run(unit)
    long_ago = (NOW - timedelta(days=3)).timestamp()
    for path in kept(folder):
        if path.name not in fresh.store_keys:
            os.utime(path, (long_ago, long_ago))

    found = [key async for key in library.orphans(database, before=NOW - timedelta(days=1))]
    assert sorted(found) == sorted(lost.store_keys)
    assert await library.remove_orphans(database, NOW) == 2

    assert await library.open(committed)
    assert await library.open(fresh)
    assert len(kept(folder)) == 4


@pytest.mark.parametrize("kind", ["picture", "pdf", "cleaned pdf"])
@pytest.mark.parametrize("missing", [0, 1])
async def test_a_file_is_taken_where_the_disk_has_room_for_all_of_its_copies(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str, missing: int
) -> None:
    """To the block: the original, the copy that is shown, the picture of the first page."""
    make = {"picture": files.photo_from_a_phone, "pdf": files.pdf, "cleaned pdf": pdf_files.number_format}[
        kind
    ]
    library = document_library(folder)
    await library.store_upload(1, given(make()), None)
    files_now = kept(folder)
    assert len(files_now) == (3 if kind == "cleaned pdf" else 2)
    lies_there = sum(-(-path.stat().st_size // BLOCK) * BLOCK for path in files_now)
    disk_space = DiskSpace({"documents": folder}, reserve=10**9)
    monkeypatch.setattr(DiskSpace, "free", lambda _: {"documents": 10**9 + lies_there - missing})
    bounded = DocumentLibrary(library._store, library._sealer, library._inspection, disk_space)
    if missing:
        with pytest.raises(Unavailable) as refused:
            await bounded.store_upload(1, given(make()), None)
        assert refused.value.key == "error.disk_reserve"
        assert kept(folder) == files_now
    else:
        await bounded.store_upload(1, given(make()), None)
        assert len(kept(folder)) == 2 * len(files_now)
    await bounded.close()


def test_files_that_are_being_written_count_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk_space = DiskSpace({"documents": tmp_path}, reserve=100)
    monkeypatch.setattr(DiskSpace, "free", lambda _: {"documents": 100 + 2 * BLOCK})
    with disk_space.room_for(b"x", None), disk_space.room_for(b"x"):
        assert not disk_space.takes(1)
    with disk_space.room_for(b"x", b"x"):
        pass
