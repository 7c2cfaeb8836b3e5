"""What the bot writes, no other user of the machine reads, whatever umask it was started under."""

import os
import shutil
import stat
import subprocess
from contextlib import chdir
from pathlib import Path

import pytest

from bot.config.settings import Settings
from bot.doctor import Finding, file_modes
from tests.support.bot_process import bot_process
from tests.support.commands import Ended, run, run_process
from tests.support.import_files import officer, write_csv


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


@pytest.mark.campaign
def test_commands_leave_nothing_that_others_can_read(folder: Path) -> None:
    def command(*arguments: str) -> Ended:
        """As an operator starts it whose shell lets everybody read."""
        done = run_process(folder, *arguments, umask=0o022)
        assert done.status == 0, done
        return done

    command("migrate")
    file = write_csv(folder / "a.csv", [officer(1), officer(2, mobile="x")])
    file.chmod(0o600)
    command("import", "a.csv")
    recipient = command("backup-key", "identity").out.strip().partition("=")[2]
    command("backup", "b.age", "--recipient", recipient)
    command("restore", "b.age", "--identity", "identity", "--into", "deep/new")
    command("rotate-key", "--new")
    found = {path.name for path in folder.rglob("*")}
    assert {"bot.db", "secret_key", "former_secret_keys", "a.csv.report.csv", "b.age", "deep"} <= found
    assert open_to_others(folder) == []


async def test_a_running_bot_too(folder: Path) -> None:
    before = os.umask(0o022)
    try:
        async with bot_process(folder, f"sqlite:///{folder}/data/bot.db") as bot:
            sara = bot.emulators.telegram.person("سارا")
            await sara.start()
            await sara.sees("ثبت‌نام")
            found = {path.name for path in (folder / "data").iterdir()}
            assert {"bot.db", "bot.db-wal", "bot.db-shm"} <= found
            assert [one for one in open_to_others(folder) if not one.startswith("bot.log")] == []
    finally:
        os.umask(before)


def look(folder: Path) -> Finding:
    with chdir(folder):
        return file_modes.check_file_modes(Settings.load(_env_file=None))


@pytest.mark.parametrize(
    "name", ["bot.db", "bot.db-wal", "files", "files/ab", "files/ab/paper", "secret_key"]
)
def test_the_doctor_names_what_an_older_version_left_open(
    folder: Path, name: str, sqlite_template: Path
) -> None:
    data = folder / "data"
    for one in (data, data / "files", data / "files" / "ab"):
        one.mkdir(mode=0o700)
    shutil.copy(sqlite_template, data / "bot.db")
    (data / "bot.db").chmod(0o600)
    for one in ("files/ab/paper", "secret_key", "bot.db-wal"):
        (data / one).touch(mode=0o600)
    assert look(folder).good
    (data / name).chmod(0o755 if (data / name).is_dir() else 0o644)
    found = look(folder)
    assert not found.good
    assert f"data/{name}" in found.words
    mend = found.words[found.words.index("`") + 1 : found.words.rindex("`")]
    assert subprocess.run(mend, shell=True, cwd=folder, check=False).returncode == 0
    assert look(folder).good


def test_a_folder_of_very_many_files_is_looked_at_in_part(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files := folder / "data" / "files").mkdir(parents=True, mode=0o700)
    for number in range(50):
        (files / str(number)).touch(mode=0o600)
    monkeypatch.setattr(file_modes, "LOOKED_AT", 10)
    found = look(folder)
    assert found.good
    assert "first 10" in found.words


def test_the_command_names_a_settings_file_with_tokens_that_everybody_reads(folder: Path) -> None:
    (folder / ".env").write_text("LOG_LEVEL=INFO\n")
    (folder / ".env").chmod(0o644)
    said = run(folder, "doctor", ZARINPAL_URL="http://127.0.0.1:9")
    assert said.status == 1
    assert "✗ file modes: other users of this machine can read .env; run `chmod o-rwx .env`" in said.out
    (folder / ".env").chmod(0o640)  # root's, read by the bot's own group
    assert look(folder).good
