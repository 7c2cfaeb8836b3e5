"""`bot.py move --files-url`: documents to another store, while people go on sending them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from bot.config.settings import Settings
from bot.doctor.documents import check_stored_documents
from bot.documents.blob_store import FileStore, FolderStore, NoSuchFile, new_key
from bot.documents.encryption import DocumentCipher
from bot.documents.factory import StoreWithFormer, open_store
from bot.operations.errors import UpkeepError
from bot.operations.moving.documents import copy_documents
from bot.operations.stored_documents import keys_in
from storage.database.database import open_database
from storage.tables import StoredFile
from tests.support.backups import SECRET, Installation, store_documents
from tests.support.commands import Ended, all_settings, run_beside
from tests.support.s3 import Bucket

DOCUMENTS = [f"document {number}".encode() * 50 for number in range(25)]
S3_KEYS = ("S3_ENDPOINT", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")


class Operator:
    """At the command line, with `.env` in hand."""

    def __init__(self, installation: Installation, bucket: Bucket) -> None:
        self.installation = installation
        self.folder, self.s3 = str(installation.folder / "files"), f"s3://{bucket.name}/papers"
        self.env = (
            all_settings(installation.folder)
            | {
                "DATABASE_URL": installation.database_url,
                "FILES_URL": self.folder,
                "SECRET_KEY": SECRET,
                "BACKUP_RECIPIENT": installation.recipient,
            }
            | {name: value for name, value in bucket.env("").items() if name in S3_KEYS}
        )

    async def types(self, *arguments: str) -> Ended:
        return await run_beside(self.installation.folder, *arguments, **self.env)

    def settings(self) -> Settings:
        values: dict[str, Any] = {name.lower(): value for name, value in self.env.items()}
        return Settings(_env_file=None, **values)

    async def upload(self, content: bytes) -> str:
        """As the running bot takes one, under these settings."""
        async with open_store(self.settings()) as store:
            (key,) = await store_documents(store, [content])
        database = await open_database(self.installation.database_url)

        def unit(db: Session) -> None:
            file = {"account_id": 1, "sha256": "0" * 64, "media_type": "application/pdf", "size": 1}
            db.add(StoredFile(**file, original_key=key, shown_key=key))

        await database.run(unit)
        await database.close()
        return key

    async def doctor(self) -> str:
        """What `doctor` says of documents."""
        database = await open_database(self.env["DATABASE_URL"])
        try:
            return "\n".join([str(one) async for one in check_stored_documents(database, self.settings())])
        finally:
            await database.close()

    async def reads(self, key: str) -> bytes:
        async with open_store(self.settings()) as store:
            return DocumentCipher(SECRET).open(await store.get(key), key)


@pytest.fixture
def operator(on_sqlite: Installation, bucket: Bucket) -> Operator:
    return Operator(on_sqlite, bucket)


@pytest.mark.campaign
async def test_documents_move_while_people_send_them(operator: Operator) -> None:
    """Before the first copy, after it, after the switch, and on another process that is switched last: each one is there at
    the end, and whoever asks in between can open it."""
    contents = await operator.installation.fill(DOCUMENTS)
    everything = dict(contents)

    async def sent(content: bytes) -> None:
        everything[await operator.upload(content)] = content

    first = await operator.types("move", "--files-url", operator.s3)
    assert first.status == 0, first
    assert f"25 documents are in {operator.s3}, 25 of them are new there" in first.out
    assert f"now set FILES_URL={operator.s3} and FORMER_FILES_URL={operator.folder}" in first.out
    await sent(b"after the first copy")

    former = dict(operator.env)
    operator.env |= {"FILES_URL": operator.s3, "FORMER_FILES_URL": operator.folder}
    await sent(b"after the switch")
    old_process, new = former, operator.env
    operator.env = old_process
    await sent(b"by a process that was restarted last")
    operator.env = new
    for key, content in everything.items():
        assert await operator.reads(key) == content
    doctor = await operator.doctor()
    assert "✓ stored documents: all 28 of the database are there" in doctor
    assert "2 documents are only in FORMER_FILES_URL; `bot.py move --files-url" in doctor
    backup = await operator.types("backup", str(operator.installation.folder / "during.age"))
    assert backup.status == 0, backup
    assert "28 documents" in backup.out

    second = await operator.types("move", "--files-url", operator.s3)
    assert second.status == 0, second
    assert "2 of them are new there" in second.out
    assert "remove FORMER_FILES_URL and restart" in second.out
    assert "nothing is left in FORMER_FILES_URL: remove it" in await operator.doctor()

    del operator.env["FORMER_FILES_URL"]
    for key, content in everything.items():
        assert await operator.reads(key) == content
    assert "✓ stored documents: all 28 of the database are there" in await operator.doctor()
    # The old store is as it was.
    assert len(await keys_in(operator.installation.store)) == 27


async def test_back_from_s3_to_a_folder(operator: Operator) -> None:
    await operator.installation.fill(DOCUMENTS)
    assert (await operator.types("move", "--files-url", operator.s3)).status == 0
    operator.env["FILES_URL"] = operator.s3
    home = str(operator.installation.folder / "home again")
    assert (await operator.types("move", "--files-url", home)).status == 0
    again = FolderStore(Path(home))
    for key in await keys_in(operator.installation.store):
        assert await again.get(key.hex()) == await operator.installation.store.get(key.hex())


def folder_with(tmp_path: Path) -> tuple[FolderStore, FolderStore]:
    return FolderStore(tmp_path / "old"), FolderStore(tmp_path / "new")


copy = partial(copy_documents, cipher=DocumentCipher(SECRET))


async def test_a_damaged_copy_is_written_anew_and_the_rest_goes_on(tmp_path: Path) -> None:
    old, new = folder_with(tmp_path)
    contents = await store_documents(old, DOCUMENTS)
    damaged, whole, *_ = contents
    await new.put(damaged, b"half of i")
    await new.put(whole, await old.get(whole))
    copied = await copy(old, new, replace=True)
    assert (copied.documents, copied.new) == (25, 24)
    for key in contents:
        assert await new.get(key) == await old.get(key)


async def test_once_the_bot_writes_to_the_new_store_nothing_there_is_replaced(tmp_path: Path) -> None:
    """A key was rotated there since: the old store's copy is under the former key."""
    old, new = folder_with(tmp_path)
    contents = await store_documents(old, DOCUMENTS[:3])
    rotated = next(iter(contents))
    anew = DocumentCipher(SECRET).seal(contents[rotated], rotated)
    await new.put(rotated, anew)
    copied = await copy(old, new, replace=False)
    assert (copied.documents, copied.new) == (3, 2)
    assert await new.get(rotated) == anew


async def test_another_bots_store_is_refused(tmp_path: Path) -> None:
    old, new = folder_with(tmp_path)
    await store_documents(old, DOCUMENTS[:2])
    await store_documents(new, [b"theirs"], secret="another-secret-key-that-is-long-enough")
    with pytest.raises(UpkeepError, match="holds documents of another bot"):
        await copy(old, new, replace=True)
    assert len(await keys_in(new)) == 1


class Forgetful(FolderStore):
    """Says that it took what it did not keep."""

    async def put(self, key: str, data: bytes) -> None:
        await super().put(key, data[:-1] + b"?")


async def test_a_store_that_changes_what_it_takes_is_found_out(tmp_path: Path) -> None:
    old, _ = folder_with(tmp_path)
    await store_documents(old, DOCUMENTS[:2])
    with pytest.raises(UpkeepError, match="does not come back as it was written"):
        await copy(old, Forgetful(tmp_path / "new"), replace=True)


class Emptied(FolderStore):
    """Lists some documents that are removed before anybody reads them."""

    def __init__(self, root: Path, removed: set[str]) -> None:
        super().__init__(root)
        self.removed = removed

    async def get(self, key: str) -> bytes:
        return await super().get(new_key() if key in self.removed else key)

    async def head(self, key: str, size: int) -> bytes:
        return await super().head(new_key() if key in self.removed else key, size)


async def test_what_is_removed_from_the_new_store_meanwhile_does_not_hide_another_bots(
    tmp_path: Path,
) -> None:
    old, new = folder_with(tmp_path)
    await store_documents(old, DOCUMENTS[:2])
    ours = await store_documents(new, [b"ours", b"removed"])
    theirs = await store_documents(new, [b"theirs"], secret="another-secret-key-that-is-long-enough")
    emptied = Emptied(tmp_path / "new", {*ours, *theirs})
    assert (await copy(old, emptied, replace=True)).new == 2
    emptied.removed = {min(ours)}
    with pytest.raises(UpkeepError, match="holds documents of another bot"):
        await copy(old, emptied, replace=True)


async def test_a_document_that_is_removed_meanwhile_is_no_error(tmp_path: Path) -> None:
    old, new = folder_with(tmp_path)
    contents = list(await store_documents(old, DOCUMENTS))

    def progress(done: int, total: int) -> None:
        for path in (tmp_path / "old").glob(f"*/{contents[-1]}"):
            path.unlink()

    copied = await copy(old, new, replace=True, progress=progress)
    assert copied.documents in (24, 25)


# -- two stores as one ------------------------------------------------------------------------------


async def test_what_is_deleted_is_gone_from_both(tmp_path: Path) -> None:
    old, new = folder_with(tmp_path)
    both: FileStore = StoreWithFormer(new, old)
    key = new_key()
    await old.put(key, b"x")
    await both.put(key, b"y")
    assert await both.get(key) == b"y"
    assert await keys_in(both) == {bytes.fromhex(key)}
    await both.delete(key)
    assert not await both.exists(key)
    for store in (old, new, both):
        with pytest.raises(NoSuchFile):
            await store.get(key)


async def test_what_only_the_former_store_has_is_there_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = folder_with(tmp_path)
    both: FileStore = StoreWithFormer(new, old)
    former, copied, fresh = (new_key() for _ in range(3))
    for key in (former, copied):
        await old.put(key, b"old")
    for key in (copied, fresh):
        await both.put(key, b"new")
    assert [await both.head(key, 2) for key in (former, copied, fresh)] == [b"ol", b"ne", b"ne"]
    assert [await both.get(key) for key in (former, copied, fresh)] == [b"old", b"new", b"new"]
    assert [await both.exists(key) for key in (former, copied, fresh, new_key())] == [True] * 3 + [False]
    later = datetime.now(UTC) + timedelta(hours=1)
    assert sorted([key async for key in both.keys(before=later)]) == sorted([former, copied, fresh])
    assert [key async for key in both.keys(before=later - timedelta(days=1))] == []
    assert not await old.exists(fresh)
    closed: list[FileStore] = []

    async def aclose(store: FolderStore) -> None:
        closed.append(store)

    monkeypatch.setattr(FolderStore, "aclose", aclose)
    await both.aclose()
    assert closed == [new, old]


async def test_the_doctor_says_how_far_the_move_is(operator: Operator, tmp_path: Path) -> None:
    contents = await operator.installation.fill(DOCUMENTS[:2])
    operator.env |= {"FILES_URL": str(tmp_path / "new"), "FORMER_FILES_URL": operator.folder}
    first, second = contents
    for key in (first, second):
        left = 2 if key == first else 1
        assert f"✓ moved documents: {left} documents are only in FORMER_FILES_URL; `bot.py move" in (
            await operator.doctor()
        )
        await FolderStore(tmp_path / "new").put(key, await operator.installation.store.get(key))
    assert "✓ moved documents: nothing is left in FORMER_FILES_URL: remove it" in await operator.doctor()


# -- refusals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (lambda operator: operator.folder, "--files-url: is FILES_URL already"),
        (lambda operator: f"file://{operator.folder}/", "--files-url: is FILES_URL already"),
        (lambda operator: "ftp://x/y", "--files-url: must be a folder, or s3://bucket/prefix"),
        (lambda operator: "s3://no-such-bucket-at-all/x", "the store of documents does not answer"),
    ],
)
async def test_a_wrong_target_is_told_in_one_line(
    operator: Operator, target: Callable[[Operator], str], words: str
) -> None:
    await operator.installation.fill(DOCUMENTS[:1])
    ended = await operator.types("move", "--files-url", target(operator))
    assert ended.status == 2, ended
    assert words in ended.err
    assert ended.err.count("\n") == 1


async def test_documents_that_were_lost_before_are_told(operator: Operator) -> None:
    contents = await operator.installation.fill(DOCUMENTS)
    await operator.installation.store.delete(next(iter(contents)))
    ended = await operator.types("move", "--files-url", operator.s3)
    assert ended.status == 1
    assert "INCOMPLETE: 1 of 25 documents" in ended.err


@pytest.mark.campaign
async def test_database_and_documents_together(
    operator: Operator, empty_postgres_url: str, tmp_path: Path
) -> None:
    contents = await operator.installation.fill(DOCUMENTS)
    ended = await operator.types("move", "--database-url", empty_postgres_url, "--files-url", operator.s3)
    assert ended.status == 0, ended
    assert f"FILES_URL={operator.s3}" in ended.out
    operator.env |= {"DATABASE_URL": empty_postgres_url, "FILES_URL": operator.s3}
    for key, content in contents.items():
        assert await operator.reads(key) == content
    doctor = await operator.doctor()
    assert "✓ stored documents: all 25 of the database are there" in doctor
