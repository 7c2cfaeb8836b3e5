"""A store that lacks what the database names: no command calls that good. In the words of an operator whose bucket was emptied,
or who mistyped FILES_URL."""

import asyncio
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.application.backup_record import last_backup
from bot.documents.blob_store import new_key
from storage.database.database import open_database
from tests.support.backups import SECRET, Installation
from tests.support.commands import all_settings, run_beside, run_process
from tests.support.s3 import Bucket

DOCUMENTS = [f"document {number}".encode() for number in range(29)]


@pytest.fixture
async def lived_in(installation: Installation) -> Installation:
    """29 documents of the database, each with its row."""
    await installation.fill(DOCUMENTS)
    return installation


def commands(installation: Installation) -> Any:
    settings = {
        "DATABASE_URL": installation.database_url,
        "FILES_URL": str(installation.folder / "files"),
        "SECRET_KEY": SECRET,
        "BACKUP_RECIPIENT": installation.recipient,
    }
    return partial(run_beside, installation.folder, **settings)


def lose(installation: Installation, how: str) -> dict[str, str]:
    """The settings of an operator after it happened."""
    files = installation.folder / "files"
    match how:
        case "emptied":
            shutil.rmtree(files)
            files.mkdir()
        case "mistyped":
            return {"FILES_URL": str(installation.folder / "flies")}
        case "one":
            next(path for path in files.rglob("*") if path.is_file()).unlink()
    return {}


async def test_a_document_that_is_removed_while_a_backup_is_made_hides_no_other(
    on_sqlite: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    await on_sqlite.fill(DOCUMENTS[:4])
    store, removed = on_sqlite.store, f"00{'0' * 30}"  # in the folder that is listed first
    get = store.get

    async def reads(key: str) -> bytes:
        return await get(new_key() if key == removed else key)

    monkeypatch.setattr(store, "get", reads)
    await store.put(removed, b"of no row")
    _, manifest = await on_sqlite.back_up()
    assert (manifest["papers"], manifest["documents"], manifest["missing"]) == (4, 4, 0)


@pytest.mark.parametrize(("how", "missing"), [("emptied", 29), ("mistyped", 29), ("one", 1)])
async def test_a_backup_without_documents_is_told_and_the_status_says_so(
    lived_in: Installation, tmp_path: Path, how: str, missing: int
) -> None:
    settings = lose(lived_in, how)
    bot = commands(lived_in)

    made = await bot("backup", str(tmp_path / "b.age"), **settings)
    assert made.status == 1, made
    assert f"INCOMPLETE: {missing} of 29 documents" in made.err
    assert "FILES_URL" in made.err
    assert (tmp_path / "b.age").exists(), "the rows are worth keeping"

    counted = await bot("rotate-key", "--count", **settings)
    assert counted.status == 1, counted
    assert f"{missing} of 29 documents of the database are not in the store" in counted.out

    restore = ("restore", str(tmp_path / "b.age"), "--identity", str(tmp_path / "identity"))
    restored = await bot(*restore, "--into", str(tmp_path / "new"))
    assert restored.status == 1, restored
    assert f"INCOMPLETE: {missing} documents of the database are not in the backup" in restored.err
    assert (tmp_path / "new").is_dir()


async def test_a_whole_backup_is_none_of_this(lived_in: Installation, tmp_path: Path) -> None:
    bot = commands(lived_in)
    made = await bot("backup", str(tmp_path / "b.age"))
    assert (made.status, made.err) == (0, ""), made
    assert "29 documents" in made.out
    assert (await bot("rotate-key", "--count")).status == 0
    restore = ("restore", str(tmp_path / "b.age"), "--identity", str(tmp_path / "identity"))
    restored = await bot(*restore, "--into", str(tmp_path / "new"))
    assert (restored.status, restored.err) == (0, ""), restored


async def test_a_dump_that_is_loaded_is_compared(
    postgres_url: str, empty_postgres_url: str, tmp_path: Path
) -> None:
    installation = Installation(tmp_path, postgres_url)
    await installation.fill(DOCUMENTS)
    lose(installation, "one")
    file, manifest = await installation.back_up()
    assert manifest["missing"] == 1
    found = await installation.restore(file, database_url=empty_postgres_url)
    assert found.missing_documents == 1


async def test_an_emptied_bucket(on_sqlite: Installation, bucket: Bucket, tmp_path: Path) -> None:
    await on_sqlite.fill(DOCUMENTS)
    made = await commands(on_sqlite)("backup", str(tmp_path / "b.age"), **bucket.env("papers"))
    assert made.status == 1
    assert "29 of 29 documents" in made.err


async def test_a_folder_that_may_not_be_read_is_not_an_empty_one(
    on_sqlite: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await on_sqlite.fill(DOCUMENTS)

    def refuse(path: object) -> list[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.listdir", refuse)
    made = await commands(on_sqlite)("backup", str(tmp_path / "b.age"))
    assert made.status == 2
    assert "the documents cannot be read (Permission denied)" in made.err
    assert not list(tmp_path.glob("b.age*"))


async def test_the_age_of_the_newest_backup_counts_whole_ones_alone(
    lived_in: Installation, tmp_path: Path
) -> None:
    async def newest() -> Any:
        database = await open_database(lived_in.database_url)
        try:
            return await database.read(last_backup)
        finally:
            await database.close()

    bot = commands(lived_in)
    await bot("backup", str(tmp_path / "hollow.age"), FILES_URL=str(tmp_path / "flies"))
    assert await newest() is None
    await bot("backup", str(tmp_path / "whole.age"))
    assert await newest() is not None


async def test_run_and_doctor_refuse_another_key(on_sqlite: Installation, tmp_path: Path) -> None:
    await on_sqlite.fill(DOCUMENTS)
    settings = all_settings(
        tmp_path,
        database_url=on_sqlite.database_url,
        files_url=str(tmp_path / "files"),
        secret_key="another key, as long as it has to be, of another bot",
    )
    told = await asyncio.to_thread(run_process, tmp_path, "run", env=settings)
    assert told.status == 2, told
    assert told.err.startswith("SECRET_KEY: 20 of the 20 documents that were looked at are under a key")
    found = await run_beside(tmp_path, "doctor", **settings)
    assert "✗ SECRET_KEY: 29 of the 29 documents" in found.out
