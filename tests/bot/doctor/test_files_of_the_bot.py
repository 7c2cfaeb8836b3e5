"""Who may read the bot's files and to whom they belong; a store that is tried; a messenger that is asked."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from telegram.error import InvalidToken, TimedOut

from bot.config.settings import MessengerSettings, Settings
from bot.doctor import disk, external_services, file_modes, machine
from bot.doctor.finding import Because
from storage.enums import Messenger


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir(mode=0o700)
    for name in ("secret_key", "former_secret_keys", "bot.db", "bot.db-wal"):
        (tmp_path / "data" / name).touch(0o600)
    (folder := tmp_path / "data" / "files" / "ab").mkdir(parents=True, mode=0o700)
    folder.parent.chmod(0o700)
    (folder / "document").touch(0o600)
    (tmp_path / ".env").touch(0o600)
    return tmp_path


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)


GOOD = "only the bot's own user reads them"


@pytest.mark.parametrize(
    ("name", "mode", "mend"),
    [
        (".env", 0o640, None),
        (".env", 0o604, "chmod o-rwx .env"),
        ("data/secret_key", 0o640, "chmod go-rwx data/secret_key"),
        ("data/former_secret_keys", 0o604, "chmod go-rwx data/former_secret_keys"),
        ("data/bot.db", 0o640, "chmod go-rwx data/bot.db*"),
        ("data/bot.db-wal", 0o601, "chmod go-rwx data/bot.db*"),
        ("data/files", 0o750, "chmod -R go-rwx data/files"),
        ("data/files/ab", 0o701, "chmod -R go-rwx data/files"),
        ("data/files/ab/document", 0o620, "chmod -R go-rwx data/files"),
        ("data", 0o755, None),
    ],
)
def test_what_others_can_read(name: str, mode: int, mend: str | None, home: Path) -> None:
    (home / name).chmod(mode)
    found = file_modes.check_file_modes(settings())
    words = GOOD if mend is None else f"other users of this machine can read {name}; run `{mend}`"
    assert (found.name, found.good, found.words) == ("file modes", mend is None, words)


def test_both_keys_are_closed_by_one_command(home: Path) -> None:
    for name in ("secret_key", "former_secret_keys"):
        (home / "data" / name).chmod(0o644)
    words = "other users of this machine can read data/secret_key; run `chmod go-rwx data/secret_key data/former_secret_keys`"
    assert file_modes.check_file_modes(settings()).words == words


def test_documents_in_a_bucket_and_a_database_of_a_server(home: Path) -> None:
    """Then what lies there is none of the bot's."""
    (home / "data" / "files" / "ab" / "document").chmod(0o644)
    (home / "data" / "bot.db").chmod(0o644)
    away = settings(files_url="s3://b/p", database_url="postgresql://h/b")
    assert file_modes.check_file_modes(away).words == GOOD
    assert file_modes._database_files(away) == []
    assert not file_modes.check_file_modes(settings(files_url="file://data/files")).good


@pytest.mark.parametrize(("looked_at", "some"), [(3, " (the first 3 of the documents)"), (4, "")])
def test_how_many_are_looked_at(
    looked_at: int, some: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder, the one in it and the document."""
    monkeypatch.setattr(file_modes, "LOOKED_AT", looked_at)
    assert file_modes.check_file_modes(settings()).words == f"{GOOD}{some}"


def test_links_are_not_followed_and_what_vanishes_is_passed_over(home: Path) -> None:
    (home / "elsewhere").mkdir()
    (home / "elsewhere" / "x").touch(0o644)
    (home / "data" / "files" / "link").symlink_to(home / "elsewhere")
    assert {path.name for path in file_modes._below(Path("data/files"))} == {"ab", "document", "link"}
    assert list(file_modes._below(home / "nowhere")) == []
    assert not file_modes._is_open_to_others(home / "nowhere")


def owned(monkeypatch: pytest.MonkeyPatch, owners: dict[str, int]) -> None:
    real = Path.stat

    def told(path: Path, **how: Any) -> os.stat_result:
        found = real(path, **how)
        return os.stat_result((*found[:4], owners.get(path.name, 7), *found[5:]))

    monkeypatch.setattr(file_modes.Path, "stat", told)


def test_whose_the_files_are(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def getpwuid(number: int) -> Any:
        if number > 100:
            raise KeyError(number)
        return SimpleNamespace(pw_name=f"user{number}")

    monkeypatch.setattr(file_modes, "pwd", SimpleNamespace(getpwuid=getpwuid))
    owned(monkeypatch, {})
    found = file_modes.check_owners(settings())
    assert (found.name, found.good, found.words) == ("owners", True, "all belongs to one user")
    for owners, words in (
        ({"document": 5}, "data/bot.db to user7 and data/files/ab/document to user5"),
        ({"secret_key": 500, "document": 6}, "data/bot.db to user7 and data/secret_key to 500"),
    ):
        owned(monkeypatch, owners)
        found = file_modes.check_owners(settings())
        mend = ": who runs the bot cannot use both; stop it and give all to its user (chown -R)"
        assert (found.good, found.words) == (False, f"{words}{mend}")
    assert not file_modes.check_owners(settings(files_url="file://data/files")).good
    owned(monkeypatch, {"document": 5})
    assert file_modes.check_owners(settings(files_url="s3://b/p")).good


# -- stores --------------------------------------------------------------------------------------------------------


class Store:
    def __init__(self, given: Any = b"x") -> None:
        self.given = given
        self.kept: list[str] = []
        self.deleted: list[str] = []

    async def put(self, key: str, data: bytes) -> None:
        assert data == b"x"
        self.kept.append(key)

    async def get(self, key: str) -> bytes:
        if isinstance(self.given, Exception):
            raise self.given
        return self.given  # type: ignore[no-any-return]

    async def delete(self, key: str) -> None:
        self.deleted.append(key)

    async def aclose(self) -> None:
        self.deleted.append("closed")


@pytest.mark.parametrize(
    ("given", "good", "words"),
    [
        (b"x", True, "s3://b/p"),
        (b"y", False, "the store gives back other bytes"),
        (OSError("denied\nmore"), False, "s3://b/p cannot be used; check FILES_URL and S3_… (denied)"),
    ],
)
async def test_a_bucket_is_written_read_and_cleaned(
    given: Any, good: bool, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(given)
    monkeypatch.setattr("bot.documents.s3_store.S3Store", lambda url, **s3: store)
    found = await disk.check_store(settings(files_url="s3://b/p"))
    assert (found.name, found.good, found.words) == ("documents", good, words)
    assert store.deleted == [*store.kept, "closed"]


async def test_a_folder_of_documents(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await disk.check_store(settings())
    assert (found.good, found.words) == (True, "data/files")
    new = await disk.check_store(settings(files_url=str(home / "a" / "b")))
    assert (new.good, new.words) == (True, f"{home}/a/b is not there yet; `bot.py run` makes it")
    assert not (home / "a").exists()
    (home / "data" / "files" / "cd").mkdir()
    monkeypatch.setattr(disk.os, "access", lambda path, how: Path(path).name != "cd")
    closed = await disk.check_store(settings())
    words = "FILES_URL: data/files/cd cannot be written by this user, so some documents can neither be stored nor read; give it to the bot's user (chown -R)"
    assert (closed.good, closed.words) == (False, words)
    (home / "taken").touch()
    taken = await disk.check_store(settings(files_url=str(home / "taken")))
    assert not taken.good
    assert stat.S_ISREG((home / "taken").stat().st_mode)


# -- messengers and processes ---------------------------------------------------------------------------------------


class Bot:
    def __init__(self, answer: Any) -> None:
        self.answer, self.ended = answer, False

    async def initialize(self) -> None:
        if isinstance(self.answer, Exception):
            raise self.answer

    async def get_webhook_info(self) -> Any:
        return self.answer

    async def shutdown(self) -> None:
        self.ended = True


INFO = SimpleNamespace(url="", last_error_message=None, pending_update_count=0)
HOOKED = SimpleNamespace(url="https://other.ir", last_error_message=None, pending_update_count=0)
POLLED = "https://t.me/x, but another process polls with this token (409), so some people get no answer; stop it, or take a new token from BotFather"


@pytest.mark.parametrize(
    ("answer", "second", "line", "because"),
    [
        (INFO, False, "✓ telegram: https://t.me/x", Because.WRONG),
        (INFO, True, f"✗ telegram: {POLLED}", Because.ATTENTION),
        (
            HOOKED,
            True,
            "✗ telegram: https://t.me/x, but its webhook leads to other.ir; another program has this token, or restart the bot with "
            "UPDATES=polling",
            Because.ATTENTION,
        ),
        (InvalidToken(), False, "✗ telegram: refuses the token; take TELEGRAM_TOKEN from BotFather again", Because.WRONG),
        (TimedOut(), False, "✗ telegram: silence", Because.SILENT),
        (TimeoutError(), False, "✗ telegram: silence", Because.SILENT),
        (
            KeyError("x"),
            False,
            "✗ telegram: what answers at https://api is no messenger; check TELEGRAM_API_URL and the proxy (KeyError)",
            Because.WRONG,
        ),
    ],
)  # fmt: skip
async def test_a_messenger_is_asked(
    answer: Any, second: bool, line: str, because: Because, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = Bot(answer)
    channel = SimpleNamespace(
        application=bot, bot=bot, request=bot, link="https://t.me/x", bot_id=1, messenger=Messenger.TELEGRAM
    )

    async def silence(*others: Any) -> str:
        return "silence"

    monkeypatch.setattr(external_services, "make_channel", lambda kind, **given: channel)
    monkeypatch.setattr(external_services, "_silence", silence)
    given = MessengerSettings("1:x", "https://api", None, "https://t.me")
    found = await external_services.messenger(Messenger.TELEGRAM, given, settings(), second_poller=second)
    assert (str(found), found.because, bot.ended) == (line, because, True)


async def test_processes_that_check_files(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    class Pool:
        def __init__(self, *, workers: int) -> None:
            self.isolation = {"limits": True, "files": False}
            self.workers, self.closed, self.inspected = workers, False, 0
            made.append(self)

        def reserve_worker(self, *, account_id: int) -> Any:
            pool = self

            class Worker:
                async def __aenter__(self) -> Worker:
                    return self

                async def __aexit__(self, *error: Any) -> None:
                    pass

                async def inspect(self, data: bytes) -> None:
                    assert data.startswith(b"\x89PNG")
                    pool.inspected += 1

            return Worker()

        async def close(self) -> None:
            self.closed = True

    monkeypatch.setattr(machine, "InspectionPool", Pool)
    words = (
        "works; this kernel does not hold: its own files only (Landlock), no network and processes (seccomp)"
    )
    found = await machine.check_file_inspection()
    assert (found.name, found.good, found.words) == ("file inspection", True, words)
    assert (made[0].workers, made[0].closed, made[0].inspected) == (1, True, 1)
