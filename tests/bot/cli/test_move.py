"""`bot.py move`: what it says at each end, and how far it is on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.cli import move
from bot.operations.moving import database as moving
from bot.operations.moving.database import Moved
from bot.operations.moving.documents import Copied
from bot.operations.stored_documents import Comparison
from tests.support.commands import Ended, run

WHOLE, LACKING = Comparison(3), Comparison(3, 1, 2)
INCOMPLETE = (
    "INCOMPLETE: 1 of 3 documents of the database are not in the store (the first is stored_file 2); they were missing before: "
    "put them back from a backup\n"
)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    found: dict[str, Any] = {
        "moved": Moved(tables=40, rows=1_200, audit_faults=[]),
        "compared": WHOLE,
        "copied": Copied(1_200, 2),
        "asked": [],
    }

    async def move_database(**given: Any) -> Moved:
        found["secrets"] = given["secrets"]
        found["urls"] = (given["source_url"], given["target_url"])
        await given["before_end"]()
        given["progress"]("copied", 1, 2)
        return found["moved"]  # type: ignore[no-any-return]

    async def copy(settings: Any, files_url: str) -> Copied:
        found["asked"].append(("copy", files_url))
        return found["copied"]  # type: ignore[no-any-return]

    async def compare(settings: Any, files_url: str | None) -> Comparison:
        found["asked"].append(("compare", files_url))
        return found["compared"]  # type: ignore[no-any-return]

    monkeypatch.setattr(moving, "move_database", move_database)
    monkeypatch.setattr(move, "_copy", copy)
    monkeypatch.setattr(move, "_compare", compare)
    return found


KEYS = {
    "SECRET_KEY": "k" * 32,
    "FORMER_SECRET_KEYS": "l" * 32,
    "DATABASE_URL": "sqlite:///a.db",
    "FILES_URL": "files",
}


def moved(folder: Path, *arguments: str, **settings: str) -> Ended:
    return run(folder, "move", *arguments, **KEYS | settings)


NEXT = ", and start the bot; the SQLite file was not changed: keep it, and never serve on it again\n"
COUNTED = "1,200 rows of 40 tables were copied; counts and hashes are the same on both sides\n"
PROGRESS = "copied: 1 of 2 rows (50%)\n"


def test_a_database_alone(world: dict[str, Any], tmp_path: Path) -> None:
    told = moved(tmp_path, "--database-url", "postgresql://x/y")
    assert told == Ended(0, f"{COUNTED}now set DATABASE_URL to the new database{NEXT}", PROGRESS)
    assert world["secrets"] == ["k" * 32, "l" * 32]
    assert world["urls"] == ("sqlite:///a.db", "postgresql://x/y")
    assert world["asked"] == [("compare", None)]


def test_a_database_and_documents(world: dict[str, Any], tmp_path: Path) -> None:
    world["moved"] = Moved(tables=40, rows=1_200, resumed=True, audit_faults=["one", "two"])
    world["compared"] = LACKING
    told = moved(tmp_path, "--database-url", "postgresql://x/y", "--files-url", "s3://b/p")
    assert told.status == 1
    assert told.out == (
        "1,200 documents are in s3://b/p, 2 of them are new there\n"
        f"the copy that was begun before was gone on with\n{COUNTED}"
        f"now set DATABASE_URL to the new database and FILES_URL=s3://b/p (without FORMER_FILES_URL){NEXT}"
    )
    before = "the audit chain was not in order before: "
    assert told.err == f"{PROGRESS}{before}one\n{before}two\n{INCOMPLETE}"
    assert world["asked"] == [("copy", "s3://b/p"), ("compare", "s3://b/p")]


def test_a_copy_that_was_begun_anew(world: dict[str, Any], tmp_path: Path) -> None:
    world["moved"] = Moved(tables=40, rows=1_200, resumed=True, restarted=True)
    told = moved(tmp_path, "--database-url", "postgresql://x/y")
    assert told.out.startswith(
        f"the database was changed since the copy was begun: it was begun anew\n{COUNTED}"
    )


def test_documents_alone(world: dict[str, Any], tmp_path: Path) -> None:
    told = moved(tmp_path, "--files-url", "s3://b/p")
    assert told == Ended(
        0,
        "1,200 documents are in s3://b/p, 2 of them are new there\n"
        "now set FILES_URL=s3://b/p and FORMER_FILES_URL=files, restart every process of the bot, and run this command once "
        "more: it brings over what was sent meanwhile\n",
        "",
    )
    world["compared"] = LACKING
    told = moved(tmp_path, "--files-url", "./files/")
    assert told == Ended(
        1,
        "1,200 documents are in ./files/, 2 of them are new there\n"
        "nothing is left to bring over: remove FORMER_FILES_URL and restart; the old store was not changed, delete it once a "
        "backup was made\n",
        INCOMPLETE,
    )
    assert world["asked"] == [
        ("copy", "s3://b/p"),
        ("compare", None),
        ("copy", "./files/"),
        ("compare", None),
    ]


def test_what_cannot_be_moved(world: dict[str, Any], tmp_path: Path) -> None:
    assert moved(tmp_path) == Ended(2, "", "move: name --database-url, --files-url, or both\n")
    wrong = "--files-url: must be a folder, or s3://bucket/prefix\n"
    assert moved(tmp_path, "--files-url", "ftp://x") == Ended(2, "", wrong)
    assert world["asked"] == []


def test_two_addresses_of_one_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for one, other, same in (
        ("files", f"file://{tmp_path}/files/", True),
        ("files", "other", False),
        ("s3://b/p", "s3://b/p/", True),
        ("s3://b/p", "s3://b/q", False),
        ("s3://b/p", "files", False),
    ):
        assert move._same(one, other) is same


def test_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    steps = move._Steps("rows")
    for what, done, total in (
        ("copied", 4, 100),
        ("copied", 5, 100),
        ("copied", 9, 100),
        ("copied", 11, 100),
        ("copied", 15, 100),
        ("copied", 1_000, 1_000),
        ("compared", 5, 100),
        ("audit chain", 0, 0),
    ):
        steps.tell(what, done, total)
    assert capsys.readouterr().err == (
        "copied: 5 of 100 rows (5%)\ncopied: 11 of 100 rows (11%)\ncopied: 1,000 of 1,000 rows (100%)\n"
        "compared: 5 of 100 rows (5%)\naudit chain: 0 of 0 rows (100%)\n"
    )
