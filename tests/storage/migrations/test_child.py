"""A migration in a process of its own does the same, and its failure is told as from here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage.database.unusable import DatabaseUnusable
from storage.migrations import child
from storage.migrations.migrate import BrokenReferences, current_is_head

PROJECT = Path(__file__).resolve().parents[3]
_SERVICE = """
import asyncio, sys
from storage.migrations.child import upgrade_in_child
asyncio.run(upgrade_in_child(sys.argv[1]))
print([name for name in ("alembic", "mako") if name in sys.modules])
"""


async def test_the_service_keeps_nothing_of_its_migration(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    done = subprocess.run(
        [sys.executable, "-c", _SERVICE, url], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
    assert await current_is_head(url)


@pytest.mark.parametrize(
    "error", [BrokenReferences("2 rows point to rows that are gone"), DatabaseUnusable("is full")]
)
async def test_what_an_operator_can_mend_is_told_in_the_same_words(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(url: str) -> None:
        raise error

    monkeypatch.setattr(child, "upgrade", fail)
    with pytest.raises(type(error)) as told:
        await child.upgrade_in_child(f"sqlite:///{tmp_path}/new.db")
    assert str(told.value) == str(error)


class _OfTwoWords(Exception):
    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} {other}")


async def test_a_fault_that_cannot_be_sent_is_told_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(url: str) -> None:
        raise _OfTwoWords("no", "column")

    monkeypatch.setattr(child, "upgrade", fail)
    with pytest.raises(RuntimeError, match="no column"):
        await child.upgrade_in_child(f"sqlite:///{tmp_path}/new.db")


async def test_a_migration_that_dies_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def die(url: str) -> None:
        os._exit(7)

    monkeypatch.setattr(child, "upgrade", die)
    with pytest.raises(RuntimeError, match="ended with status 7"):
        await child.upgrade_in_child(f"sqlite:///{tmp_path}/new.db")


async def test_nothing_is_started_where_the_schema_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    await child.upgrade_in_child(url)

    async def fail(url: str) -> None:
        raise AssertionError("migrated again")

    monkeypatch.setattr(child, "upgrade", fail)
    await child.upgrade_in_child(url)
