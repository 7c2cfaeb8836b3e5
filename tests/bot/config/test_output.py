"""No command depends on a printed line: no room, a closed pipe and a reader that stalls stop nothing, and the exit
status says what became of the work."""

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.config.output import MAX_BUFFERED, SteadyRaw
from bot.operations.archive import make_identity
from tests.support.bot_process import PROJECT
from tests.support.commands import all_settings, command_line
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
        raw.write(line)  # without a reader 64 KB fit; the rest waits here
    assert raw.take_lost() == 0
    told = b""
    while len(told) < len(b"".join(lines)):
        raw.write(b"")
        told += os.read(reader, 65536)
    assert told == b"".join(lines)
    os.close(reader)
    raw.write(b"no reader is left\n")
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


#: Runs every command in one process, whose own start with such streams is what differs; their statuses go to a file.
RUN_ALL = """
import sys
from bot.cli.main import main
for words in sys.argv[1:]:
    sys.argv = ["bot.py", *words.split()]
    try:
        main()
    except SystemExit as ended:
        with open("statuses", "a") as statuses:
            print(ended.code or 0, words, file=statuses)
"""


@pytest.mark.campaign
@pytest.mark.parametrize("kind", ["full", "closed pipe", "closed", "latin-1"])
def test_every_command_does_its_work_without_room_for_its_words(kind: str, tmp_path: Path) -> None:
    write_csv(tmp_path / "people.csv", [officer(1)])
    (tmp_path / "copies").mkdir()
    env = all_settings(
        tmp_path, pythonpath=str(PROJECT), recipient=make_identity(tmp_path / "other-identity")
    )
    commands = {words.format(recipient=env["RECIPIENT"]): status for words, status in COMMANDS}
    assert silenced(kind, [sys.executable, "-c", RUN_ALL, *commands], tmp_path, env) == 0
    told = (tmp_path / "statuses").read_text().splitlines()
    assert told == [f"{status} {words}" for words, status in commands.items()]
    with sqlite3.connect(tmp_path / "data" / "bot.db") as database:
        assert database.execute("SELECT count(*) FROM role_grant WHERE role = 'staff'").fetchone() == (2,)
        assert database.execute("SELECT count(*) FROM tariff").fetchone() == (1,)
    assert list((tmp_path / "copies").iterdir())
    assert (tmp_path / "identity").exists()
    for words, status in (("--help", 0), ("retention --dry-run", 0), ("no-such-command", 2)):
        assert silenced(kind, command_line(*words.split()), tmp_path, env) == status, "as the process's own"


def silenced(kind: str, command: list[str], folder: Path, env: dict[str, str]) -> int:
    def status(command: list[str] = command, env: dict[str, str] = env, **streams: Any) -> int:
        return subprocess.run(command, cwd=folder, env=env, check=False, **streams).returncode

    match kind:
        case "full":
            with open("/dev/full", "w") as full:
                return status(stdout=full, stderr=full)
        case "latin-1":
            return status(env=env | {"PYTHONIOENCODING": "latin-1"}, capture_output=True)
        case "closed":
            return status(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command])
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return status(stdout=writer, stderr=writer)
    finally:
        os.close(writer)


@pytest.mark.parametrize(("form", "room"), [("", False), ("--json", True)])
def test_a_password_goes_where_there_is_room(tmp_path: Path, form: str, room: bool) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command_line("create-user", "--role", "staff", *form.split()),
            cwd=tmp_path,
            env=all_settings(tmp_path),
            stdout=subprocess.PIPE if room else full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 0
    told = done.stdout if room else done.stderr
    assert re.search(r'"password": "\S{8,}"' if form else r"password: \S{8,}", told), told


def test_the_end_of_a_process_waits_for_a_slow_reader() -> None:
    """What did not fit into the pipe yet is not lost with the process."""
    says = "import os; from bot.config import output; output.install(); "
    says += "[output.say(f'line {n:06}') for n in range(20_000)]; os.write(2, b'said')"
    with subprocess.Popen(
        [sys.executable, "-c", says], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        assert process.stderr.read(4) == b"said"
        told = process.stdout.read()
    assert told.split(b"\n")[-2:] == [b"line 019999", b""]
    assert len(told) == 20_000 * 12
