"""`bot.py person`: every word that a look, a copy and an erasure end with, and what they leave behind."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.documents import factory
from bot.operations.errors import UpkeepError
from bot.operations.person import course, erasure, export, finding
from bot.operations.person.erasure import Plan
from tests.support.commands import Ended, run

KEY = {"SECRET_KEY": "k" * 32}


class Store:
    def __init__(self) -> None:
        self.deleted: list[str] = []

    async def __aenter__(self) -> Store:
        return self

    async def __aexit__(self, *error: Any) -> None:
        pass

    async def delete(self, key: str) -> None:
        self.deleted.append(key)


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    known: dict[str, Any] = {"store": Store(), "plan": Plan(), "asked": [], "written": 3}

    def find_person(db: Any, code: str) -> Any:
        if code == "0":
            raise UpkeepError("CODE: nobody")
        return SimpleNamespace(id=7)

    def erase(db: Any, account: Any, *, now: Any) -> Plan:
        known["asked"].append("erase")
        return known["plan"]  # type: ignore[no-any-return]

    def plan(db: Any, account: Any, *, now: Any) -> Plan:
        known["asked"].append("plan")
        return known["plan"]  # type: ignore[no-any-return]

    async def write_copy(data: Any, files: Any, *, store: Any, cipher: Any, copy: Any, tell: Any) -> int:
        known["asked"].append((data, files, copy.folder.is_dir()))
        tell("document 5 cannot be opened")
        return known["written"]  # type: ignore[no-any-return]

    monkeypatch.setattr(finding, "find_person", find_person)
    monkeypatch.setattr(course, "describe", lambda db, account: iter(["one", "two"]))
    monkeypatch.setattr(erasure, "erase", erase)
    monkeypatch.setattr(erasure, "plan", plan)
    monkeypatch.setattr(export, "collect", lambda db, account: {"account": account.id})
    monkeypatch.setattr(export, "living_files", lambda db, account: ["file"])
    monkeypatch.setattr(export, "write_copy", write_copy)
    monkeypatch.setattr(factory, "open_store", lambda settings: known["store"])
    return known


@pytest.fixture
def person(sqlite_url: str, tmp_path: Path) -> Any:
    return lambda *arguments: run(tmp_path, "person", *arguments, DATABASE_URL=sqlite_url, **KEY)


def looks(url: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        return connection.execute("SELECT event, subject, subject_id, actor_role FROM audit_event").fetchall()


def test_a_look_is_in_the_audit_record(state: dict[str, Any], person: Any, sqlite_url: str) -> None:
    assert person("1") == Ended(0, "one\ntwo\n", "")
    assert looks(sqlite_url) == [("person_read", "account", 7, "system")]
    assert person("0") == Ended(2, "", "CODE: nobody\n")
    assert len(looks(sqlite_url)) == 1


def test_a_copy(state: dict[str, Any], person: Any, sqlite_url: str, tmp_path: Path) -> None:
    told = person("1", "--export", "copy")
    handed = "copy: person.json and 3 documents, readable; hand them over safely, then delete the folder\n"
    assert told == Ended(0, f"document 5 cannot be opened\n{handed}", "")
    assert state["asked"] == [({"account": 7}, ["file"], True)]
    assert looks(sqlite_url) == [("person_exported", "account", 7, "system")]
    again = person("1", "--export", "copy")
    assert again == Ended(2, "", "copy is there already; name a new folder\n")
    assert person("0", "--export", "other") == Ended(2, "", "CODE: nobody\n")
    assert not (tmp_path / "other").exists()
    assert len(looks(sqlite_url)) == 1


def document(*keys: str) -> Any:
    return SimpleNamespace(store_keys=keys)


def test_what_an_erasure_would_do(state: dict[str, Any], person: Any, sqlite_url: str) -> None:
    state["plan"] = Plan(goes=["a", "b"], stays=["c"], documents=[document("x")])
    words = "nothing was changed; with --yes it is done, and cannot be undone\n"
    assert person("1", "--erase") == Ended(0, f"goes: a\ngoes: b\nstays: c\n{words}", "")
    assert (state["asked"], state["store"].deleted, looks(sqlite_url)) == (["plan"], [], [])


def test_an_erasure(state: dict[str, Any], person: Any) -> None:
    state["plan"] = Plan(goes=["a"], stays=["c"], documents=[document("x", "y"), document("z")])
    assert person("1", "--erase", "--yes") == Ended(0, "gone: a\nstays: c\ndone\n", "")
    assert (state["asked"], state["store"].deleted) == (["erase"], ["x", "y", "z"])


@pytest.mark.parametrize("options", [["--erase"], ["--erase", "--yes"]])
def test_an_erasure_that_is_refused(options: list[str], state: dict[str, Any], person: Any) -> None:
    state["plan"] = Plan(["one", "two"], goes=["a"], stays=["c"], documents=[document("x")])
    assert person("1", *options) == Ended(1, "refused: one\nrefused: two\n", "")
    assert state["store"].deleted == []


def test_what_does_not_go_together(state: dict[str, Any], person: Any) -> None:
    both = "person: --export or --erase, one after the other\n"
    assert person("1", "--erase", "--export", "x") == Ended(2, "", both)
    for options in (["--yes"], ["--yes", "--export", "x"]):
        assert person("1", *options) == Ended(2, "", "--yes: only with --erase\n")
    assert state["asked"] == []
