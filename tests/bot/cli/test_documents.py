"""`bot.py rotate-key`, `retention` and `key-id`: every word that they end with."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.documents.blob_store import FolderStore
from bot.documents.encryption import DocumentCipher
from bot.jobs import retention
from bot.operations import key_rotation
from bot.operations.key_rotation import Count, count_by_key, rotate
from tests.support.backups import SECRET, Installation, store_documents
from tests.support.commands import Ended, run, run_beside

NEW, LOST = "n" * 40, "a key that nobody has any more, forgotten"


@pytest.fixture
def installation(sqlite_url: str, tmp_path: Path) -> Installation:
    return Installation(tmp_path, sqlite_url)


def command(installation: Installation, **settings: str) -> Any:
    known = {
        "DATABASE_URL": installation.database_url,
        "FILES_URL": str(installation.folder / "files"),
        "SECRET_KEY": NEW,
        "FORMER_SECRET_KEYS": SECRET,
    }
    return partial(run_beside, installation.folder, "rotate-key", **known | settings)


DONE = "no document needs a former key any more; backups made before still do\n"


async def test_documents_are_brought_under_the_present_key(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_rotation, "BATCH", 8)
    await installation.fill([b"x"] * 16)
    rotate_key = command(installation)
    counted = "0 documents are under the present key, 16 are left\n"
    assert await rotate_key("--count") == Ended(1, counted, "")
    assert await rotate_key() == Ended(0, f"{counted}left: 8\nleft: 0\n{DONE}", "")
    assert await rotate_key() == Ended(0, f"16 documents are under the present key, 0 are left\n{DONE}", "")


async def test_what_is_not_brought_over(installation: Installation) -> None:
    await installation.fill([b"x", b"y"])
    await store_documents(installation.store, [b"z"], LOST)
    unknown = "1 documents are under keys that are not in FORMER_SECRET_KEYS, or are damaged\n"
    told = await command(installation)()
    assert told == Ended(1, f"0 documents are under the present key, 2 are left\nleft: 0\n{unknown}", "")
    nobody = f"sqlite:///{installation.folder}/nothing.db"
    told = await command(installation, DATABASE_URL=nobody)()
    missing = (
        f"not compared with the database: DATABASE_URL: there is no file {installation.folder}/nothing.db\n"
    )
    assert told == Ended(1, f"2 documents are under the present key, 0 are left\n{unknown}", missing)


async def test_without_a_database(installation: Installation, tmp_path: Path) -> None:
    """Other documents than none are proof enough that it is the right store."""
    words = f"not compared with the database: DATABASE_URL: there is no file {tmp_path}/nothing.db\n"
    nobody = {"DATABASE_URL": f"sqlite:///{tmp_path}/nothing.db"}
    none = "0 documents are under the present key, 0 are left\n"
    assert await command(installation, **nobody)() == Ended(1, none, words)
    await store_documents(installation.store, [b"z"], NEW)
    one = "1 documents are under the present key, 0 are left\n"
    assert await command(installation, **nobody)() == Ended(0, f"{one}{DONE}", words)


async def test_documents_that_are_missing(installation: Installation) -> None:
    (key, *_) = await installation.fill([b"x", b"y"])
    await installation.store.delete(key)
    told = await command(installation, SECRET_KEY=SECRET, FORMER_SECRET_KEYS="")()
    assert told.status == 1
    assert told.out.splitlines()[0] == "1 documents are under the present key, 0 are left"
    assert told.out.splitlines()[1].endswith("); check FILES_URL")
    assert len(told.out.splitlines()) == 2


def test_a_new_key_where_it_is_set(tmp_path: Path) -> None:
    words = "--new: SECRET_KEY is set; change it there, and move the old one to FORMER_SECRET_KEYS\n"
    assert run(tmp_path, "rotate-key", "--new", SECRET_KEY=NEW) == Ended(2, "", words)
    made = run(tmp_path, "rotate-key", "--new")
    assert made == Ended(0, "a new key is in its place; restart the bot, then run `bot.py rotate-key`\n", "")


async def test_a_document_that_goes_meanwhile(tmp_path: Path) -> None:
    """Between the list and the look, and between the look and the reading: neither is counted nor comes back."""
    store = FolderStore(tmp_path)
    documents = list(await store_documents(store, [b"x", b"y", b"z"]))
    cipher = DocumentCipher(NEW, [SECRET])
    head, get = store.head, store.get

    async def goes(key: str, size: int) -> bytes:
        if key == documents[0]:
            await store.delete(key)
        return await head(key, size)

    async def gone(key: str) -> bytes:
        if key == documents[1]:
            await store.delete(key)
        return await get(key)

    store.head, store.get = goes, gone  # type: ignore[method-assign]
    assert [moved async for moved in rotate(store, cipher)] == [1]
    store.head, store.get = head, get  # type: ignore[method-assign]
    assert await count_by_key(store, cipher) == Count(current=1)


@pytest.mark.parametrize("number", [0, 7, 8, 9, 16])
async def test_every_document_is_counted(number: int, tmp_path: Path) -> None:
    """Also those of the last, smaller batch."""
    store = FolderStore(tmp_path)
    await store_documents(store, [b"x"] * number)
    assert await count_by_key(store, DocumentCipher(SECRET)) == Count(current=number)
    assert await count_by_key(store, DocumentCipher(NEW)) == Count(unknown=number)


def test_documents_whose_time_is_over(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def preview(database: Any, *, now: Any) -> Any:
        return SimpleNamespace(documents=2, size=1_500)

    async def remove(resources: Any, *, now: Any) -> Any:
        assert resources.database is not None
        return SimpleNamespace(documents=3, size=4_500)

    monkeypatch.setattr(retention, "preview_expired", preview)
    monkeypatch.setattr(retention, "remove_expired", remove)
    known = {"DATABASE_URL": sqlite_url, "SECRET_KEY": NEW, "ZARINPAL_MERCHANT_ID": "m"}
    dry = run(tmp_path, "retention", "--dry-run", **known)
    assert dry == Ended(0, "2 documents, 1,500 bytes would be removed\n", "")
    assert run(tmp_path, "retention", **known) == Ended(0, "3 documents, 4,500 bytes were removed\n", "")


def test_the_ids_of_keys(tmp_path: Path) -> None:
    none = run(tmp_path, "key-id")
    assert none == Ended(2, "", "SECRET_KEY: none is set, and none was made under data/ yet\n")
    former = run(tmp_path, "key-id", FORMER_SECRET_KEYS=SECRET)
    assert former == Ended(0, f"a former key: {DocumentCipher(SECRET).key_id}\n", "")
