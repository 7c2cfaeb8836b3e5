"""`bot.py backup`, `restore` and `backup-key`: every word that they end with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.cli import backups
from bot.documents import factory
from bot.operations import archive, backup, restore
from bot.operations.errors import UpkeepError
from bot.operations.restore import Restored
from tests.support.commands import Ended, run

KEY = {"SECRET_KEY": "k" * 32, "BACKUP_RECIPIENT": "age1a,age1b"}
MANIFEST = {
    "papers": 3,
    "bytes": 12_345,
    "key_id": "abc",
    "made_at": "2026-11-26",
    "missing": 0,
    "documents": 3,
    "first_missing": None,
}
MADE = "b.age: 3 documents, 12,345 bytes; keep SECRET_KEY elsewhere\nit opens and restores with the SECRET_KEY whose id is abc\n"


@pytest.fixture
def backed_up(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    state: dict[str, Any] = {"manifest": MANIFEST, "noted": [], "trouble": None}

    async def back_up(**given: Any) -> tuple[Path, dict[str, Any]]:
        state["given"] = given
        return given["target"], state["manifest"]

    async def note(url: str, manifest: dict[str, Any]) -> str | None:
        state["noted"].append(manifest)
        return state["trouble"]  # type: ignore[no-any-return]

    monkeypatch.setattr(backup, "back_up", back_up)
    monkeypatch.setattr(backups, "_note", note)
    return state


def test_a_whole_backup(backed_up: dict[str, Any], tmp_path: Path) -> None:
    assert run(tmp_path, "backup", "b.age", **KEY) == Ended(0, MADE, "")
    assert backed_up["noted"] == [MANIFEST]
    given = backed_up["given"]
    assert (given["recipients"], given["secret"], given["target"]) == (
        ["age1a", "age1b"],
        "k" * 32,
        Path("b.age"),
    )
    run(tmp_path, "backup", "b.age", "--recipient", "age1x", "--recipient", "age1y", **KEY)
    assert backed_up["given"]["recipients"] == ["age1x", "age1y"]


def test_a_backup_that_the_database_does_not_know_of(backed_up: dict[str, Any], tmp_path: Path) -> None:
    backed_up["trouble"] = "no room"
    words = "WARNING: the database does not know of this backup (no room); its age is told wrong\n"
    assert run(tmp_path, "backup", "b.age", **KEY) == Ended(0, MADE, words)


def test_a_backup_without_all_documents(backed_up: dict[str, Any], tmp_path: Path) -> None:
    lacking = {"missing": 1_200, "documents": 5_000, "first_missing": 7}
    backed_up["manifest"] = MANIFEST | lacking
    words = (
        "INCOMPLETE: 1,200 of 5,000 documents of the database are not in the store (the first is stored_file 7), so not in this "
        "backup; check FILES_URL, and keep older backups\n"
    )
    assert run(tmp_path, "backup", "b.age", **KEY) == Ended(1, MADE, words)
    assert backed_up["noted"] == [], "it is no whole one"


async def test_why_a_backup_is_not_noted(tmp_path: Path, sqlite_url: str) -> None:
    assert await backups._note(sqlite_url, MANIFEST) is None
    told = await backups._note(f"sqlite:///{tmp_path}/no/such/bot.db", MANIFEST)
    assert told
    (tmp_path / "no.db").write_text("x" * 5000)
    assert await backups._note(f"sqlite:///{tmp_path}/no.db", MANIFEST)


@pytest.fixture
def restored(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    state: dict[str, Any] = {"found": Restored(MANIFEST, "database.sqlite3", 0, True)}

    async def restoring(**given: Any) -> Restored:
        state["given"] = given
        return state["found"]  # type: ignore[no-any-return]

    monkeypatch.setattr(restore, "restore", restoring)
    return state


RESTORE = ("restore", "b.age", "--identity", "id", "--into", "new")
BACK = "new: database.sqlite3 of 2026-11-26, 3 documents\nthe documents open with the SECRET_KEY whose id is abc\n"


@pytest.mark.parametrize(
    ("missing", "signed", "status", "err"),
    [
        (0, True, 0, ""),
        (
            0,
            False,
            0,
            "WARNING: no key of ours signed b.age: anyone with the public key can have made it. Look at the data before you serve "
            "them\n",
        ),
        (
            None,
            True,
            0,
            "WARNING: whether all documents are in it is not known before it is loaded (--database-url)\n",
        ),
        (1_200, True, 1, "INCOMPLETE: 1,200 documents of the database are not in the backup\n"),
    ],
)
def test_what_was_restored(
    missing: int | None, signed: bool, status: int, err: str, restored: dict[str, Any], tmp_path: Path
) -> None:
    restored["found"] = Restored(MANIFEST, "database.sqlite3", missing, signed)
    assert run(tmp_path, *RESTORE, FORMER_SECRET_KEYS="l" * 32, **KEY) == Ended(status, BACK, err)
    given = restored["given"]
    assert given == {
        "file": Path("b.age"),
        "identity": Path("id"),
        "into": Path("new"),
        "secrets": ["k" * 32, "l" * 32],
        "unsigned": False,
        "database_url": None,
    }


def test_where_it_is_restored_to(
    restored: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = factory.open_store

    def open_store(settings: Any, url: str) -> Any:
        asked.append(url)
        return real(settings, url)

    monkeypatch.setattr(factory, "open_store", open_store)
    options = ("--unsigned", "--database-url", "postgresql://x/y", "--files-url", "elsewhere")
    assert run(tmp_path, *RESTORE, *options, **KEY).status == 0
    given = restored["given"]
    assert (given["unsigned"], given["database_url"], asked) == (True, "postgresql://x/y", ["elsewhere"])
    assert given["store"] is not None


def test_errors_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(**given: Any) -> Any:
        raise UpkeepError("what to do")

    monkeypatch.setattr(backup, "back_up", fails)
    monkeypatch.setattr(restore, "restore", fails)
    for arguments in (("backup", "b.age"), RESTORE):
        assert run(tmp_path, *arguments, **KEY) == Ended(2, "", "what to do\n")


def test_a_pair_of_keys(tmp_path: Path) -> None:
    made = run(tmp_path, "backup-key", "identity")
    identity = (tmp_path / "identity").read_text()
    public = made.out.removeprefix("BACKUP_RECIPIENT=").strip()
    assert made == Ended(0, f"BACKUP_RECIPIENT={public}\n", "")
    assert identity.startswith(f"# public key: {public}\nAGE-SECRET-KEY-1")
    assert (tmp_path / "identity").stat().st_mode & 0o777 == 0o600
    assert len(archive.read_identities(tmp_path / "identity")) == 1
    again = run(tmp_path, "backup-key", "identity")
    assert again == Ended(2, "", "identity cannot be made (File exists)\n")
    assert (tmp_path / "identity").read_text() == identity


def test_files_that_hold_no_secret_key(tmp_path: Path) -> None:
    for content, words in (
        (None, "cannot be read as a key file of age"),
        ("# a comment\n\n", "holds no key"),
        ("nonsense\n", "cannot be read as a key file of age"),
    ):
        file = tmp_path / "identity"
        if content is not None:
            file.write_text(content)
        with pytest.raises(UpkeepError) as caught:
            archive.read_identities(file)
        assert str(caught.value) == f"{file} {words}"
