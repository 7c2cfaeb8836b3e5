"""What happens to an operator in the first week: a newer schema, a second process, a file that may only be read, a command as root.
One line each, with the real bot.py."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.backups import SECRET, Installation
from tests.support.commands import all_settings, command_line, run, run_process

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
NEWER = "the schema is newer than this code (9999; this code knows "


def migrated(folder: Path) -> dict[str, str]:
    settings = all_settings(folder)
    assert run(folder, "migrate", **settings).status == 0
    return settings


def sql(folder: Path, statement: str) -> None:
    connection = sqlite3.connect(folder / "data" / "bot.db")
    connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "command",
    [
        ("run",),
        ("migrate",),
        ("set-tariff", "--kind", "new", "--rial", "1500000"),
        ("create-user", "--role", "staff"),
        ("retention", "--dry-run"),
        ("check-audit",),
        ("payment", "140509050001"),
        ("person", "140509050001"),
        ("move", "--database-url", "postgresql://bot@127.0.0.1:9/bot"),
        ("rebuild-search-index",),
    ],
    ids=lambda command: command[0],
)
def test_a_newer_schema_is_one_line_of_every_command(command: tuple[str, ...], tmp_path: Path) -> None:
    settings = migrated(tmp_path)
    sql(tmp_path, "UPDATE alembic_version SET version_num = '9999'")
    told = run(tmp_path, *command, **settings)
    assert (told.status, told.out) == (2, "")
    assert told.err.startswith(f"DATABASE_URL: {NEWER}")
    assert told.err.count("\n") == 1
    assert "restore the backup from before the upgrade" in told.err


def serving(folder: Path, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    """A bot that waits for its messenger."""
    process = subprocess.Popen(
        command_line("run"), cwd=folder, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    mark = folder / "data" / "bot.db-serving"
    until = time.monotonic() + 180
    while not (mark.exists() and mark.read_text().strip() == str(process.pid)):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    return process


@pytest.fixture
def first(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    settings = migrated(tmp_path)
    process = serving(tmp_path, settings)
    yield process, settings
    process.kill()
    process.wait()


@pytest.mark.campaign
def test_a_second_process_on_one_file_is_refused_and_commands_are_not(
    first: tuple[subprocess.Popen[bytes], dict[str, str]], tmp_path: Path
) -> None:
    process, settings = first
    other = settings | {"LISTEN": all_settings(tmp_path)["LISTEN"]}
    told = run_process(tmp_path, "run", env=other)
    assert (told.status, told.out) == (2, "")
    assert f"is served by another process already (its number is {process.pid})" in told.err
    assert "PostgreSQL" in told.err
    beside = run(tmp_path, "set-tariff", "--kind", "new", "--rial", "1500000", **settings)
    assert beside.status == 0, beside
    # The lock dies with its process, however that ends.
    process.send_signal(signal.SIGKILL)
    process.wait()
    again = serving(tmp_path, other)
    again.kill()
    again.wait()


@pytest.mark.campaign
@ROOT
def test_a_database_that_may_only_be_read_is_one_line(tmp_path: Path) -> None:
    settings = migrated(tmp_path)
    (tmp_path / "data" / "bot.db").chmod(0o400)
    without = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]

    def call(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*without, *command_line(*command)],
            cwd=tmp_path,
            env=settings,
            capture_output=True,
            text=True,
            check=False,
        )

    for command in (("run",), ("set-tariff", "--kind", "new", "--rial", "1500000")):
        told = call(*command)
        assert told.returncode == 2
        assert told.stderr.count("\n") == 1, told.stderr
        assert "may not be written; check its owner" in told.stderr
    looked = call("doctor")
    assert looked.returncode == 1
    assert looked.stdout.count("may not be written; check its owner") == 1
    assert "database is unavailable" not in looked.stderr


@ROOT
async def test_what_root_does_leaves_the_bots_user_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    os.chown(data, 4711, 4711)
    settings = all_settings(tmp_path, files_url=str(data / "files"))
    del settings["SECRET_KEY"]

    async def call(*command: str) -> None:
        told = await asyncio.to_thread(run, tmp_path, *command, **settings)
        assert told.status == 0, told

    await call("migrate")
    installation = Installation(data, settings["DATABASE_URL"])
    (data / "secret_key").write_text(SECRET)
    os.chown(data / "secret_key", 4711, 4711)
    await installation.fill([b"one", b"two"])
    for path in data.rglob("*"):
        os.chown(path, 4711, 4711)
    await call("rotate-key", "--new")
    await call("rotate-key")
    strangers = [str(path) for path in data.rglob("*") if path.stat().st_uid != 4711]
    assert strangers == []
    assert (data / "former_secret_keys").exists()


def test_an_empty_variable_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LOG_LEVEL=nonsense\n")
    (tmp_path / ".env").chmod(0o600)
    settings = all_settings(tmp_path)
    assert "LOG_LEVEL" in run(tmp_path, "migrate", **settings).err
    assert run(tmp_path, "migrate", **settings, LOG_LEVEL="").status == 0


@pytest.mark.parametrize("typed", ["1405/10/01", "۱۴۰۵/۱۰/۰۱", "2026-12-22", "1 دی 1405"])
def test_the_day_of_a_tariff_may_be_jalali(typed: str, tmp_path: Path) -> None:
    settings = migrated(tmp_path)
    told = run(tmp_path, "set-tariff", "--kind", "new", "--rial", "1500000", "--from", typed, **settings)
    assert (told.status, told.out) == (0, "new: 1,500,000 rial from 2026-12-22 (۱۴۰۵/۱۰/۰۱)\n")


@pytest.mark.parametrize("typed", ["05/10/01", "1405/13/01", "tomorrow"])
def test_a_day_that_is_none_or_may_be_two_is_refused(typed: str, tmp_path: Path) -> None:
    settings = migrated(tmp_path)
    told = run(tmp_path, "set-tariff", "--kind", "new", "--rial", "1", "--from", typed, **settings)
    assert told.status == 2
    assert "1405/10/01 (Jalali)" in told.err


def test_run_does_not_begin_anew_where_documents_are(tmp_path: Path) -> None:
    settings = all_settings(tmp_path)
    (tmp_path / "files" / "ab").mkdir(parents=True)
    (tmp_path / "files" / "ab" / ("ab" * 16)).write_bytes(b"x")
    for command in (("run",), ("create-user", "--role", "staff")):
        told = run(tmp_path, *command, **settings)
        assert told.status == 2
        assert "would be made anew, though" in told.err
    assert not (tmp_path / "data").exists()


def test_every_line_of_a_json_log_is_json_ready_too(tmp_path: Path) -> None:
    """As under systemd, where both streams are the journal."""
    from bot.cli.serve import _tell_ready
    from bot.config import logging_config

    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(write, 1)
        os.dup2(write, 2)
        import sys

        sys.stderr = sys.__stderr__ = os.fdopen(2, "w", closefd=False)
        sys.stdout = sys.__stdout__ = os.fdopen(1, "w", closefd=False)
        logging_config.set_up(form="json")
        _tell_ready()
        os._exit(0)
    os.close(write)
    os.waitpid(pid, 0)
    with os.fdopen(read) as lines:
        told = [json.loads(line) for line in lines]
    assert [line["event"] for line in told] == ["ready"]
