"""What the bot writes, nobody else on the machine reads, whatever umask it was started under."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config.settings import Settings
from bot.doctor import Finding, file_modes
from demo.bot_process import BotProcess
from demo.emulators import Emulators
from tests.bot.operations.test_backup import ROOT
from tests.support.bot_process import free_port
from tests.support.import_files import officer, write_csv


def command(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """As an operator starts it whose shell lets everybody read."""
    return subprocess.run(
        [sys.executable, str(ROOT / "bot.py"), *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1", "CHEAP_PASSWORD_HASHES": "1"} | settings,
        capture_output=True,
        text=True,
        umask=0o022,
        timeout=60,
    )


def open_to_others(folder: Path) -> list[str]:
    """Files and folders below `folder` that group or others may do anything with."""
    return sorted(
        f"{path.relative_to(folder)} {stat.S_IMODE(path.lstat().st_mode):o}"
        for path in folder.rglob("*")
        if path.lstat().st_mode & 0o077
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (folder := tmp_path / "home").mkdir()
    return folder


def test_commands_leave_nothing_that_others_can_read(folder: Path) -> None:
    assert command(folder, "migrate").returncode == 0
    file = write_csv(folder / "a.csv", [officer(1), officer(2, mobile="x")])
    file.chmod(0o600)
    done = command(folder, "import", "a.csv")
    assert done.returncode == 0, done.stderr
    recipient = command(folder, "backup-key", "identity").stdout.strip().partition("=")[2]
    assert command(folder, "backup", "b.age", "--recipient", recipient).returncode == 0
    done = command(folder, "restore", "b.age", "--identity", "identity", "--into", "deep/new")
    assert done.returncode == 0, done.stderr
    assert command(folder, "rotate-key", "--new").returncode == 0
    found = {path.name for path in folder.rglob("*")}
    assert {"bot.db", "secret_key", "former_secret_keys", "a.csv.report.csv", "b.age", "deep"} <= found
    assert open_to_others(folder) == []


async def test_a_running_bot_too(folder: Path) -> None:
    before = os.umask(0o022)
    try:
        async with await Emulators.start() as town:
            bot = BotProcess(
                folder,
                town.env()
                | {
                    "LISTEN": f"127.0.0.1:{free_port()}",
                    "PUBLIC_URL": "http://127.0.0.1:1",
                    "CHEAP_PASSWORD_HASHES": "1",
                },
            )
            await bot.start()
            try:
                sara = town.telegram.person("سارا")
                await sara.send("/start")
                await sara.sees("ثبت‌نام")
                assert {"bot.db", "bot.db-wal", "bot.db-shm"} <= {
                    one.name for one in (folder / "data").iterdir()
                }
                assert [one for one in open_to_others(folder) if not one.startswith("bot.log")] == []
            finally:
                await bot.stop()
    finally:
        os.umask(before)


def doctor(folder: Path) -> Finding:
    before = Path.cwd()
    os.chdir(folder)
    try:
        return file_modes.check_file_modes(Settings.load(_env_file=None))
    finally:
        os.chdir(before)


@pytest.mark.parametrize(
    "name", ["bot.db", "bot.db-wal", "files", "files/ab", "files/ab/paper", "secret_key"]
)
def test_the_doctor_names_what_an_older_version_left_open(folder: Path, name: str) -> None:
    assert command(folder, "migrate").returncode == 0
    data = folder / "data"
    for one in (data / "files", data / "files" / "ab"):
        one.mkdir(mode=0o700)
    for one in ("files/ab/paper", "secret_key", "bot.db-wal"):
        (data / one).touch(mode=0o600)
    assert doctor(folder).good
    (data / "bot.db-wal").touch(mode=0o600)  # it goes with the last connection
    (data / name).chmod(0o755 if (data / name).is_dir() else 0o644)
    found = doctor(folder)
    assert not found.good
    assert f"data/{name}" in found.words
    mend = found.words[found.words.index("`") + 1 : found.words.rindex("`")]
    assert subprocess.run(mend, shell=True, cwd=folder, check=False).returncode == 0
    assert doctor(folder).good


def test_a_folder_of_very_many_papers_is_looked_at_in_part(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (papers := folder / "data" / "files").mkdir(parents=True, mode=0o700)
    for number in range(50):
        (papers / str(number)).touch(mode=0o600)
    monkeypatch.setattr(file_modes, "LOOKED_AT", 10)
    found = doctor(folder)
    assert found.good
    assert "first 10" in found.words


def test_the_command_names_a_settings_file_with_tokens_that_everybody_reads(folder: Path) -> None:
    (folder / ".env").write_text("LOG_LEVEL=INFO\n")
    (folder / ".env").chmod(0o644)
    said = command(folder, "doctor", ZARINPAL_URL="http://127.0.0.1:9")
    assert said.returncode == 1
    assert "✗ file modes: other users of this machine can read .env; run `chmod o-rwx .env`" in said.stdout
    (folder / ".env").chmod(0o640)  # root's, read by the bot's own group
    assert doctor(folder).good
