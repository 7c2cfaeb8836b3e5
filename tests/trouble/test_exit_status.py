"""Every command that opens the store of papers ends with the status that it means, however soon: with the store there, and
away. A thread of the former client's runtime ended one in ten with SIGABRT. S3_EXITS=50 for the whole of it."""

import asyncio
import os
import re
from pathlib import Path

import pytest

from bot.documents.blob_store import new_key
from bot.documents.encryption import DocumentCipher
from bot.legacy_import.columns import OFFICER
from tests.support.bot_process import PROJECT, SECRET_KEY, bot_process, run_command
from tests.support.ports import free_port
from tests.support.s3 import Bucket

EXITS = int(os.environ.get("S3_EXITS", "2"))
#: Under a former key; a rotation has something to do.
FORMER = "1" * 64
AWAY = "http://127.0.0.1:9"


#: Command → its status where the store is there, and where it is away. {n} is another number each time, {backup} an archive,
#: {identity} its key. doctor says what a new service lacks (tariffs), and so ends with 1.
COMMANDS = {
    "rotate-key --count": (1, 2),
    "rotate-key": (0, 2),
    "doctor": (1, 1),
    "retention": (0, 0),
    "retention --dry-run": (0, 0),
    "backup {folder}/backup-{n}.age": (0, 2),
    "restore {backup} --identity {identity} --into {folder}/into-{n} --files-url {files}-{n}": (0, 2),
    "import {folder}/officers.csv": (0, 0),
}


class Runs:
    def __init__(self, folder: Path, bucket: Bucket, database_url: str) -> None:
        self.folder, self.bucket = folder, bucket
        self.env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(PROJECT),
            "PYTHONFAULTHANDLER": "1",
            "DATABASE_URL": database_url,
            "SECRET_KEY": SECRET_KEY,
            "FORMER_SECRET_KEYS": FORMER,
            **bucket.env(folder.name),
        }
        self.names = {
            "folder": str(folder),
            "backup": str(folder / "first.age"),
            "identity": str(folder / "identity"),
            "files": self.env["FILES_URL"],
        }

    async def run(self, words: str, **env: str) -> tuple[int, str]:
        arguments = words.format_map(self.names).split()
        status, out, err = await run_command(*arguments, env=self.env | env, folder=self.folder)
        return status, out + err

    async def keep(self, key: str, number: int) -> None:
        store = self.bucket.store(self.folder.name)
        for _ in range(number):
            name = new_key()
            await store.put(name, DocumentCipher(key).seal(os.urandom(20_000), name))
        await store.aclose()


@pytest.fixture
async def runs(tmp_path: Path, bucket: Bucket, sqlite_url: str) -> Runs:
    """With some papers in the store, and a backup."""
    runs = Runs(tmp_path, bucket, sqlite_url)
    (tmp_path / "officers.csv").write_text(f"{','.join(OFFICER)}\n", encoding="utf-8")
    await runs.keep(SECRET_KEY, 3)
    status, said = await runs.run("backup-key {identity}")
    assert status == 0, said
    found = re.search(r"BACKUP_RECIPIENT=(\S+)", said)
    assert found is not None
    runs.env["BACKUP_RECIPIENT"] = found[1]
    status, said = await runs.run("backup {backup}")
    assert status == 0, said
    return runs


@pytest.mark.parametrize(
    ("command", "statuses"), COMMANDS.items(), ids=[one.split(" {")[0] for one in COMMANDS]
)
async def test_a_command_ends_with_the_status_it_means(
    command: str, statuses: tuple[int, int], runs: Runs
) -> None:
    for expected, env in zip(statuses, ({}, {"S3_ENDPOINT": AWAY}), strict=True):
        for number in range(EXITS):
            if command.startswith("rotate-key") and not env:
                await runs.keep(FORMER, 1)
            words = command.replace("{n}", f"{len(env)}-{number}")
            status, said = await runs.run(words, **env)
            assert status == expected, f"{words} {env}: {status}\n{said}"
            assert "Traceback" not in said, said


async def test_run_ends_with_0_on_sigterm(bucket: Bucket, sqlite_url: str, tmp_path: Path) -> None:
    env = bucket.env("papers") | {"PYTHONFAULTHANDLER": "1", "METRICS_LISTEN": f"127.0.0.1:{free_port()}"}
    async with bot_process(tmp_path, sqlite_url, env, start=False) as bot:
        for number in range(EXITS):
            # Its daily sweep has just asked the store, or is in the middle of asking one that is away.
            bot.extra_env["S3_ENDPOINT"] = AWAY if number % 2 else bucket.endpoint
            await bot.start()
            await asyncio.sleep(number % 4)
            assert await bot.stop() == 0, bot.logs[-8000:]
