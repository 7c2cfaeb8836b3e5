"""Each error that an operator can cause, in its line; what is checked before anything is served."""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from bot.config.settings import BadSettingError, Settings
from bot.documents.blob_store import StoreDown
from bot.startup import checks, errors
from bot.startup.errors import DATABASE, explain
from storage.database.database import asynchronous
from storage.database.unusable import DatabaseUnusable


def system(number: int, name: str | None = None) -> OSError:
    return OSError(number, os.strerror(number), name) if name else OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (BadSettingError("LISTEN: a\n b"), "LISTEN: a b"),
        (BadSettingError("X: postgresql://u:geheim@h"), "X: postgresql://u:‹secret›@h"),
        (DatabaseUnusable("is away"), "DATABASE_URL: is away"),
        (
            StoreDown("timeout"),
            "FILES_URL: the store of documents does not answer (timeout); see `bot.py doctor`",
        ),
        (
            ZoneInfoNotFoundError("x"),
            "time zones: there are no data for Asia/Tehran; install what requirements.lock names (tzdata)",
        ),
        (system(errno.ENOSPC), "disk: no space left; free some space"),
        (system(errno.EDQUOT), "disk: no space left; free some space"),
        (system(errno.EFBIG, "a"), "disk: no space left for a; free some space"),
        (system(errno.EACCES, "a/b"), "a/b: Permission denied"),
        (system(errno.EIO, "a"), "a: Input/output error"),
        *(
            (system(number), f"system: {os.strerror(number)}; look at the system's log")
            for number in (errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
        ),
        (system(errno.EPIPE), None),
        (OSError("x"), None),
        (ZeroDivisionError(), None),
        (ExceptionGroup("x", [BadSettingError("A: b"), ZeroDivisionError()]), "A: b"),
        (ExceptionGroup("x", [ZeroDivisionError(), BadSettingError("A: b")]), None),
    ],
)
def test_an_error_in_one_line(error: BaseException, line: str | None) -> None:
    assert explain(error) == line


def test_errors_of_a_database_in_the_middle_of_a_command() -> None:
    cause = sqlite3.OperationalError("database or disk is full")
    cause.sqlite_errorcode = sqlite3.SQLITE_FULL
    error = OperationalError("SELECT 1", {}, cause)
    token = DATABASE.set(None)
    try:
        assert explain(error) is None, "of no database that is known"
        DATABASE.set(asynchronous("sqlite:///data/bot.db"))
        full = "DATABASE_URL: data/bot.db cannot grow: the disk is full; free some space"
        assert explain(error) == full
        away = explain(NoConnection("QueuePool limit reached"))
        assert away is not None
        assert away.startswith("DATABASE_URL: the database is unavailable: ")
        assert explain(ZeroDivisionError()) is None
    finally:
        DATABASE.reset(token)


def test_how_a_command_ends(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit) as ended:
        errors.end_with_setting_error("A: b")
    assert (ended.value.code, capsys.readouterr().err) == (2, "A: b\n")
    set_up: list[int] = []
    monkeypatch.setattr("bot.config.logging_config.set_up", lambda: set_up.append(1))
    root, told = logging.getLogger(), []
    monkeypatch.setattr(
        errors, "log", SimpleNamespace(critical=lambda words, exc_info: told.append((words, exc_info)))
    )
    error = ZeroDivisionError()
    for handlers, number in (([logging.NullHandler()], 0), ([], 1)):
        monkeypatch.setattr(root, "handlers", handlers)
        with pytest.raises(SystemExit) as ended:
            errors.end_with_internal_error(error)
        assert (ended.value.code, len(set_up)) == (1, number)
    assert told == [("a fault of the program; please report it", error)] * 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadSettingError("A: b"), 2),
        (system(errno.ENOSPC), 2),
        (system(errno.EPIPE), 1),
        (ZeroDivisionError(), None),
        (SystemExit(7), 7),
    ],
)
def test_every_command_goes_through_the_list(
    error: BaseException, code: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Any, ctx: Any) -> None:
        raise error

    def ends(error: BaseException) -> None:
        raise SystemExit(1)

    monkeypatch.setattr(errors.TyperGroup, "invoke", fails)
    monkeypatch.setattr(errors, "end_with_internal_error", ends)
    with pytest.raises(SystemExit if code is not None else ZeroDivisionError) as ended:
        errors.ReportingGroup(name="x").invoke(None)
    assert getattr(ended.value, "code", None) == code


# -- before anything is served --------------------------------------------------------------------------------------


def settings(tmp_path: Path, **given: Any) -> Settings:
    known = {"database_url": f"sqlite:///{tmp_path}/bot.db", "files_url": str(tmp_path / "files")}
    return Settings(_env_file=None, **known | given)


@pytest.mark.parametrize("number", checks._WRONG_FOLDER)
def test_a_folder_that_is_set_wrong(number: int) -> None:
    why = "a file is in its place" if number in (errno.EEXIST, errno.ENOTDIR) else os.strerror(number)
    told = checks.folder_error(Path("files"), system(number))
    words = f"FILES_URL: files cannot be written ({why}); name a folder that can, or change its owner"
    assert (type(told), str(told)) == (BadSettingError, words)


def test_a_disk_that_is_full_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    error = system(errno.ENOSPC)
    assert checks.folder_error(Path("files"), error) is error

    def full(folder: Path) -> None:
        raise error

    given = settings(tmp_path)
    checks.check_documents_folder(given)
    assert list((tmp_path / "files").iterdir()) == []
    monkeypatch.setattr(checks, "write_probe", full)
    checks.check_documents_folder(given)
    assert caplog.messages == ["the documents cannot be written: No space left on device"]
    with pytest.raises(OSError, match="No space"):
        checks.check_documents_folder_folder(given)
    checks.check_documents_folder_folder(settings(tmp_path, files_url="s3://b/p"))
    assert checks.papers_folder(settings(tmp_path, files_url="s3://b/p")) is None
    assert checks.papers_folder(settings(tmp_path, files_url="file://x")) == Path("x")


def test_a_probe_is_on_the_disk_and_gone_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []

    def fsync(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").read_bytes())

    monkeypatch.setattr(checks.os, "fsync", fsync)
    checks.write_probe(tmp_path)
    assert synced == [b"x"]
    assert list(tmp_path.iterdir()) == []


async def test_a_new_file_is_not_made_where_a_bot_has_lived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = settings(tmp_path)
    assert await checks.documents_without_database(given) is None
    (folder := tmp_path / "files" / "00").mkdir(parents=True)
    (folder / ("0" * 32)).touch()
    words = (
        f"{tmp_path}/bot.db is not there and would be made anew, though {tmp_path}/files holds documents of a bot; correct the path, "
        "or restore the backup (to begin anew, name an empty FILES_URL)"
    )
    assert await checks.documents_without_database(given) == words
    with pytest.raises(BadSettingError) as caught:
        await checks.check_database_file(given)
    assert str(caught.value) == f"DATABASE_URL: {words}"
    assert (
        await checks.documents_without_database(settings(tmp_path, database_url="postgresql://h/b")) is None
    )
    (tmp_path / "bot.db").symlink_to("elsewhere")
    assert await checks.documents_without_database(given) is None
    (tmp_path / "bot.db").unlink()

    def away(given: Settings) -> Any:
        raise StoreDown("timeout")

    monkeypatch.setattr(checks, "open_store", away)
    assert await checks.documents_without_database(given) is None


async def test_which_databases_are_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgraded: list[str] = []
    head = [True]

    async def upgrade(url: str) -> None:
        upgraded.append(url)

    async def checked(given: Settings) -> None:
        upgraded.append("checked")

    async def is_head(url: str) -> bool:
        return head[0]

    monkeypatch.setattr(checks, "check_database_file", checked)
    monkeypatch.setattr(checks, "current_is_head", is_head)
    here = settings(tmp_path)
    await checks.prepare_database(here, upgrade=upgrade)
    assert upgraded == ["checked", here.database_url]
    server = settings(tmp_path, database_url="postgresql://h/b")
    await checks.prepare_database(server, upgrade=upgrade)
    head[0] = False
    with pytest.raises(BadSettingError) as caught:
        await checks.prepare_database(server, upgrade=upgrade)
    assert str(caught.value) == "DATABASE_URL: the schema is old; run `python bot.py migrate` first"
    assert len(upgraded) == 4


def test_parameters_without_a_meaning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "bot"):
        for value, words in (
            (
                "require",
                "DATABASE_URL: channel_binding=require is not possible with this driver; sslmode holds",
            ),
            ("prefer", "DATABASE_URL: the parameter channel_binding has no meaning here and is ignored"),
        ):
            caplog.clear()
            checks.tell_ignored(settings(tmp_path, database_url=f"postgresql://h/b?channel_binding={value}"))
            assert caplog.messages == [words]
            level = logging.WARNING if value == "require" else logging.INFO
            assert [one.levelno for one in caplog.records] == [level]


def test_what_run_needs_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for name in ("require_to_run", "key", "former_keys"):
        monkeypatch.setattr(Settings, name, lambda self, name=name: asked.append(name))
    checks.check_settings(settings(tmp_path))
    assert asked == ["require_to_run", "key", "former_keys"]


def test_what_is_loaded_later_is_missed_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not by the first payer, or by whoever sends the first file."""
    checks.check_installation()
    certificates = tmp_path / "cacert.pem"
    specs = {name: SimpleNamespace(origin=str(tmp_path / "__init__.py")) for name in checks.LOADED_LATER}
    monkeypatch.setattr(checks, "find_spec", specs.get)
    again = "cannot be read; install requirements.lock again"
    with pytest.raises(
        BadSettingError, match=f"^the installation is not whole: cacert.pem of certifi {again}$"
    ):
        checks.check_installation()
    certificates.touch()
    checks.check_installation()
    del specs["bcrypt"], specs["aiohttp"]
    with pytest.raises(BadSettingError, match=f"^the installation is not whole: aiohttp, bcrypt {again}$"):
        checks.check_settings(settings(tmp_path))
    del specs["certifi"]
    with pytest.raises(BadSettingError, match=f"aiohttp, bcrypt, certifi {again}$"):
        checks.check_installation()
