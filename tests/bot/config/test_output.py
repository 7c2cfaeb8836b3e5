"""Nobody's work depends on a printed line: no room, a closed pipe and a reader that stalls stop nothing, and the exit
status says what became of the work."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config.output import MAX_BUFFERED, SteadyRaw
from bot.operations.archive import make_identity
from tests.bot.startup.test_errors import environment
from tests.support.bot_process import PROJECT
from tests.support.import_files import officer, write_csv

#: Every command that needs nothing from outside, the status that it means, in an order in which each can do its work.
COMMANDS = (
    ("--help", 0),
    ("run --help", 0),
    ("migrate", 0),
    ("check-migrations", 0),
    ("create-user --role staff --name X", 0),
    ("create-user --role staff --name X --json", 0),
    ("set-tariff --kind new --rial 1500000", 0),
    ("import people.csv", 0),
    ("backup-key identity", 0),
    ("backup copies --recipient {recipient}", 0),
    ("rotate-key --count", 0),
    ("retention --dry-run", 0),
    ("doctor", 1),
    ("set-tariff --kind nonsense --rial 1500000", 2),
    ("no-such-command", 2),
)


def test_what_has_no_room_is_written_later_and_in_order() -> None:
    reader, writer = os.pipe()
    raw = SteadyRaw(writer)
    lines = [f"line {number:06}\n".encode() for number in range(20_000)]
    for line in lines:
        raw.write(line)  # nobody reads: 64 KB fit, the rest waits here
    assert raw.take_lost() == 0
    told = b""
    while len(told) < len(b"".join(lines)):
        raw.write(b"")
        told += os.read(reader, 65536)
    assert told == b"".join(lines)
    os.close(reader)
    raw.write(b"nobody is there\n")
    assert raw.failed
    os.close(writer)


def test_what_is_kept_has_a_bound_and_what_is_lost_is_counted() -> None:
    reader, writer = os.pipe()
    raw = SteadyRaw(writer)
    for _ in range(3 * MAX_BUFFERED // 1000):
        raw.write(b"x" * 999 + b"\n")
    kept = 0
    lost = 0
    while not lost:
        kept += len(os.read(reader, 65536))
        raw.write(b"")
        lost = raw.take_lost()
    kept += len(os.read(reader, 65536))
    assert MAX_BUFFERED <= kept <= MAX_BUFFERED + 2 * 65536
    assert kept // 1000 + lost == 3 * MAX_BUFFERED // 1000
    assert raw.take_lost() == 0
    os.close(reader)
    os.close(writer)


@pytest.mark.campaign
@pytest.mark.parametrize("kind", ["full", "closed pipe", "closed", "latin-1"])
def test_every_command_does_its_work_without_room_for_its_words(kind: str, tmp_path: Path) -> None:
    write_csv(tmp_path / "people.csv", [officer(1)])
    (tmp_path / "copies").mkdir()
    env = environment(tmp_path, recipient=make_identity(tmp_path / "other-identity"))
    for words, status in COMMANDS:
        done = silenced(kind, words.format(recipient=env["RECIPIENT"]).split(), tmp_path, env)
        assert done == status, words
    with sqlite3.connect(tmp_path / "data" / "bot.db") as database:
        assert database.execute("SELECT count(*) FROM role_grant WHERE role = 'staff'").fetchone() == (2,)
        assert database.execute("SELECT count(*) FROM tariff").fetchone() == (1,)
    assert list((tmp_path / "copies").iterdir())
    assert (tmp_path / "identity").exists()


def silenced(kind: str, arguments: list[str], folder: Path, env: dict[str, str]) -> int:
    command = [sys.executable, str(PROJECT / "bot.py"), *arguments]
    if kind == "full":
        with open("/dev/full", "w") as full:
            return subprocess.run(
                command, cwd=folder, env=env, stdout=full, stderr=full, check=False
            ).returncode
    if kind == "latin-1":
        env = env | {"PYTHONIOENCODING": "latin-1"}
        return subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False).returncode
    if kind == "closed":
        shell = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command]
        return subprocess.run(shell, cwd=folder, env=env, check=False).returncode
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(
            command, cwd=folder, env=env, stdout=writer, stderr=writer, check=False
        ).returncode
    finally:
        os.close(writer)


def test_a_password_goes_where_there_is_room(tmp_path: Path) -> None:
    env = environment(tmp_path)
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, PROJECT / "bot.py", "create-user", "--role", "staff"],
            cwd=tmp_path,
            env=env,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 0
    assert "password: " in done.stderr
