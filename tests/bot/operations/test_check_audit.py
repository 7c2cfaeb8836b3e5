"""The audit chain as an operator meets it: the running bot makes it, a backup keeps it, `check-audit` reads it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

from demo.bot_process import BotProcess
from demo.emulators import Emulators
from tests.bot.doctor.test_file_modes import command
from tests.support.bot_process import SECRET_KEY, free_port


def rows(file: Path, statement: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        found = connection.execute(statement).fetchall()
        connection.commit()
    return found


async def until(file: Path, statement: str, *, within: float = 60) -> None:
    async with asyncio.timeout(within):
        while not rows(file, statement)[0][0]:
            await asyncio.sleep(0.2)


@pytest.mark.campaign
async def test_lines_are_linked_kept_and_checked(tmp_path: Path) -> None:
    (folder := tmp_path / "home").mkdir()
    key = {"SECRET_KEY": SECRET_KEY}

    def bot(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return command(folder, *arguments, **(key | more))

    def prepare() -> None:
        assert bot("migrate").returncode == 0
        for number in (1, 2, 3):
            assert bot("set-tariff", "--kind", "new", "--rial", str(number * 1_000_000)).returncode == 0

    await asyncio.to_thread(prepare)
    database = folder / "data" / "bot.db"
    count = int(str(rows(database, "SELECT count(*) FROM audit_event")[0][0]))
    assert count
    async with await Emulators.start() as town:
        settings = (
            town.env() | key | {"LISTEN": f"127.0.0.1:{free_port()}", "PUBLIC_URL": "http://127.0.0.1:1"}
        )
        process = BotProcess(folder, settings)
        await process.start()
        try:
            await until(database, f"SELECT count(*) = {count} FROM audit_link")
        finally:
            await process.stop()

    def play() -> None:
        said = bot("check-audit")
        assert said.returncode == 0, said.stdout + said.stderr
        assert said.stdout.startswith(f"{count} links are whole; the last is {count}, ")

        recipient = bot("backup-key", "identity").stdout.strip().partition("=")[2]
        assert bot("backup", "b.age", "--recipient", recipient).returncode == 0
        assert bot("restore", "b.age", "--identity", "identity", "--into", "drill").returncode == 0
        restored = bot("check-audit", DATABASE_URL=f"sqlite:///{folder}/drill/database.sqlite3")
        assert (restored.returncode, restored.stdout) == (0, said.stdout)

        rows(database, "DROP TRIGGER audit_event_no_update")
        rows(database, "UPDATE audit_event SET actor_role = 'no such role' WHERE id = 2")
        found = bot("check-audit")
        assert found.returncode == 1
        assert "Traceback" not in found.stderr
        assert "trigger audit_event_no_update: gone or changed" in found.stdout
        assert "audit line 2 (link 2, of 2" in found.stdout
        doctor = bot("doctor", ZARINPAL_URL="http://127.0.0.1:9").stdout
        assert "✗ audit triggers: audit_event_no_update" in doctor
        assert "✗ audit chain: audit line 2 " in doctor

    await asyncio.to_thread(play)
    assert os.stat(database).st_mode & 0o077 == 0
