"""The audit chain as an operator meets it: the running bot makes it, a backup keeps it, `check-audit` reads it."""

import asyncio
import contextlib
import os
import sqlite3
from functools import partial
from pathlib import Path

import pytest

from tests.support.bot_process import SECRET_KEY, bot_process
from tests.support.commands import run_beside


def rows(file: Path, statement: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        found = connection.execute(statement).fetchall()
        connection.commit()
    return found


@pytest.mark.campaign
async def test_lines_are_linked_kept_and_checked(tmp_path: Path) -> None:
    (folder := tmp_path / "home").mkdir()
    command = partial(run_beside, folder, SECRET_KEY=SECRET_KEY)

    assert (await command("migrate")).status == 0
    for number in (1, 2, 3):
        made = await command("set-tariff", "--kind", "new", "--rial", str(number * 1_000_000))
        assert made.status == 0
    database = folder / "data" / "bot.db"
    count = int(str(rows(database, "SELECT count(*) FROM audit_event")[0][0]))
    assert count
    async with bot_process(folder, f"sqlite:///{database}"), asyncio.timeout(180):
        while not rows(database, f"SELECT count(*) = {count} FROM audit_link")[0][0]:
            await asyncio.sleep(0.2)

    said = await command("check-audit")
    assert said.status == 0, said
    assert said.out.startswith(f"{count} links are whole; the last is {count}, ")

    recipient = (await command("backup-key", "identity")).out.strip().partition("=")[2]
    assert (await command("backup", "b.age", "--recipient", recipient)).status == 0
    assert (await command("restore", "b.age", "--identity", "identity", "--into", "drill")).status == 0
    restored = await command("check-audit", DATABASE_URL=f"sqlite:///{folder}/drill/database.sqlite3")
    assert (restored.status, restored.out) == (0, said.out)

    rows(database, "DROP TRIGGER audit_event_no_update")
    rows(database, "UPDATE audit_event SET actor_role = 'no such role' WHERE id = 2")
    found = await command("check-audit")
    assert found.status == 1
    assert "Traceback" not in found.err
    assert "trigger audit_event_no_update: gone or changed" in found.out
    assert "audit line 2 (link 2, of 2" in found.out
    doctor = (await command("doctor", ZARINPAL_URL="http://127.0.0.1:9")).out
    assert "✗ audit triggers: audit_event_no_update" in doctor
    assert "✗ audit chain: audit line 2 " in doctor
    assert os.stat(database).st_mode & 0o077 == 0
