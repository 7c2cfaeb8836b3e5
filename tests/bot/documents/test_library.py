"""A paper's whole way: taken, kept sealed, shown, found again or swept."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.core.refusals import FileRejected
from bot.documents.blob_store import FolderStore
from bot.documents.encryption import DecryptionFailed, DocumentCipher
from bot.documents.file_names import label, names_document
from bot.documents.inspection_pool import InspectionPool
from bot.documents.library import DocumentLibrary, shown_media_type
from storage.database.database import Database
from storage.tables import Account, StoredFile
from tests.support import files, hostile_pdfs
from tests.support.inspection import given

NOW = datetime.now(UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
async def papers(folder: Path) -> AsyncIterator[DocumentLibrary]:
    opened = DocumentLibrary(FolderStore(folder), DocumentCipher("secret"), InspectionPool(workers=1))
    yield opened
    await opened.close()


def kept(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_photo_is_shown_clean_and_kept_as_it_was(papers: DocumentLibrary) -> None:
    data = files.photo_from_a_phone()

    file = await papers.store_upload(7, given(data), "کارت ملی.jpg")

    assert (file.id, file.account_id, file.media_type, file.size) == (None, 7, "image/jpeg", len(data))
    assert file.original_name == "کارت ملی.jpg"
    assert await papers.original(file) == data
    shown = await papers.open(file)
    assert shown.startswith(b"\xff\xd8\xff")
    assert files.SECRET.encode() not in shown
    assert shown_media_type(file) == "image/jpeg"


async def test_a_paper_is_kept_once(papers: DocumentLibrary, folder: Path) -> None:
    data = files.pdf(2)

    file = await papers.store_upload(7, given(data), None)

    assert file.shown_key == file.original_key
    assert (file.pages, file.original_name, shown_media_type(file)) == (2, None, "application/pdf")
    assert await papers.open(file) == data
    assert len(kept(folder)) == 1


async def test_nothing_on_the_disk_can_be_read_without_the_secret(
    papers: DocumentLibrary, folder: Path
) -> None:
    file = await papers.store_upload(7, given(files.photo_from_a_phone()), "national card.jpg")

    for path in kept(folder):
        assert not any(
            mark in path.read_bytes() for mark in (b"\xff\xd8\xff", b"JFIF", files.SECRET.encode())
        )
        assert "national" not in str(path)
    stranger = DocumentLibrary(FolderStore(folder), DocumentCipher("another secret"), InspectionPool())
    with pytest.raises(DecryptionFailed):
        await stranger.open(file)


async def test_a_refused_file_leaves_nothing(papers: DocumentLibrary, folder: Path) -> None:
    with pytest.raises(FileRejected):
        await papers.store_upload(7, given(hostile_pdfs.with_script()), "x.pdf")

    assert kept(folder) == []


async def test_the_same_bytes_have_the_same_sum_but_no_common_file(papers: DocumentLibrary) -> None:
    data = files.pdf()

    first, second = [await papers.store_upload(account, given(data), None) for account in (7, 8)]

    assert first.sha256 == second.sha256
    assert first.original_key != second.original_key


async def test_only_old_files_without_a_row_are_swept(
    papers: DocumentLibrary, folder: Path, database: Database
) -> None:
    committed = await papers.store_upload(1, given(files.jpeg()), None)
    lost = await papers.store_upload(1, given(files.jpeg()), None)
    fresh = await papers.store_upload(1, given(files.pdf()), None)

    def unit(db: Session) -> None:
        db.add(Account(id=1, user_code="1", password_hash="x", first_name="سارا", last_name="کریمی"))
        db.flush()
        db.add(StoredFile(**committed.model_dump()))

    await database.run(unit)
    long_ago = (NOW - timedelta(days=3)).timestamp()
    for path in kept(folder):
        if path.name != fresh.original_key:
            os.utime(path, (long_ago, long_ago))

    found = {key async for key in papers.orphans(database, before=NOW - timedelta(days=1))}
    assert found == {lost.original_key, lost.shown_key}
    assert await papers.remove_orphans(database, NOW) == 2

    assert await papers.open(committed)
    assert await papers.open(fresh)
    assert len(kept(folder)) == 3


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("کارت ملی.jpg", "کارت ملی.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\sara\\كارت.pdf", "کارت.pdf"),
        ("\u202egpj.exe", "gpj.exe"),
        ("a\x00b\n.pdf", "ab .pdf"),
        ("..", None),
        ("", None),
        (None, None),
    ],
)
def test_a_name_is_a_label(name: str | None, expected: str | None) -> None:
    assert label(name) == expected


def test_a_long_name_keeps_its_ending() -> None:
    shortened = label("م" * 300 + ".pdf")

    assert shortened is not None
    assert shortened.endswith("م.pdf")
    assert len(shortened) == 120


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("شناسنامه.jpg", True),
        ("شناسنامه-صفحه۱.pdf", True),
        ("شناس نامه.pdf", True),
        ("IMG_2031.jpg", False),
        ("کارت ملی.jpg", False),
        (None, True),
        (".jpg", True),
    ],
)
def test_a_name_resembles_its_document_or_gets_a_hint(name: str | None, fits: bool) -> None:
    assert names_document(name, "تصویر شناسنامه", "شناسنامه") is fits


def test_words_common_to_all_documents_say_nothing() -> None:
    assert not names_document("تصویر.jpg", "تصویر کارت ملی (رو و پشت)", "کارت ملی")
    assert not names_document("گواهی عدم اعتیاد.pdf", "گواهی عدم سوءپیشینه", "عدم سوءپیشینه")
    assert names_document("كارت-ملي.JPG", "تصویر کارت ملی (رو و پشت)", "کارت ملی")
