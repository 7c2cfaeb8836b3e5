"""`bot.py doctor` and `check-audit`: what they print, and with which status they end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot import doctor
from bot.doctor.finding import Finding
from bot.operations import audit_check
from bot.operations.audit_check import Checked
from storage.migrations import schema
from tests.support.commands import Ended, run

KEY = {"SECRET_KEY": "k" * 32}


@pytest.mark.parametrize(
    ("good", "status"), [([], 0), ([True], 0), ([False], 1), ([True, False, True], 1), ([True, True], 0)]
)
def test_a_report_and_its_status(
    good: list[bool], status: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def examine(settings: Any) -> AsyncIterator[Finding]:
        for number, one in enumerate(good):
            yield Finding(f"n{number}", one, "words")

    monkeypatch.setattr(doctor, "examine", examine)
    lines = [f"{'✓' if one else '✗'} n{number}: words\n" for number, one in enumerate(good)]
    assert run(tmp_path, "doctor", **KEY) == Ended(status, "".join(lines), "")


def test_settings_that_cannot_be_read(tmp_path: Path) -> None:
    words = "✗ settings: LISTEN: must be host:port, for example 127.0.0.1:8080\n"
    assert run(tmp_path, "doctor", LISTEN="x") == Ended(1, words, "")


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    state: dict[str, Any] = {"checked": Checked(links=3, total=3, end=(3, "abc")), "gone": []}

    async def check_chain(database: Any, keys: Any, *, progress: Any) -> Checked:
        for done in (1, 3):
            progress(done, 3)
        return state["checked"]  # type: ignore[no-any-return]

    monkeypatch.setattr(audit_check, "check_chain", check_chain)
    monkeypatch.setattr(schema, "missing_guards", lambda connection: state["gone"])
    return state


def check(folder: Path, url: str) -> tuple[int, str]:
    told = run(folder, "check-audit", DATABASE_URL=url, **KEY)
    return told.status, told.out


def test_the_chain_of_the_audit_record(found: dict[str, Any], sqlite_url: str, tmp_path: Path) -> None:
    assert check(tmp_path, sqlite_url) == (0, "3 links are whole; the last is 3, abc\n")
    found["gone"] = ["t1", "t2"]
    gone = "trigger t1: gone or changed\ntrigger t2: gone or changed\n"
    assert check(tmp_path, sqlite_url) == (1, gone)
    found["checked"] = Checked(links=3, total=3, faults=["one", "two"], end=(3, "abc"))
    assert check(tmp_path, sqlite_url) == (1, f"{gone}one\ntwo\n")
    found["gone"] = []
    assert check(tmp_path, sqlite_url) == (1, "one\ntwo\n")


def test_an_old_schema(found: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from storage.migrations import migrate

    async def not_head(url: str) -> bool:
        return False

    monkeypatch.setattr(migrate, "current_is_head", not_head)
    told = run(tmp_path, "check-audit", DATABASE_URL=f"sqlite:///{tmp_path}/a.db", **KEY)
    assert told == Ended(2, "", "DATABASE_URL: the schema is old; run `python bot.py migrate` first\n")
