"""What holds for every command: whose files, which streams, what ends it; and what the running bot is put together of."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.cli import composition, main, run, setup
from bot.config import output
from bot.config.redaction import Masking
from bot.config.settings import Settings
from bot.config.version import __version__
from bot.setup import first_data, walk
from bot.setup.asking import AnswersFile
from storage.enums import Messenger
from tests.support.commands import Ended
from tests.support.commands import run as command


def test_every_command_is_for_the_bots_own_user(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Any] = []
    monkeypatch.setattr(main, "os", SimpleNamespace(umask=done.append))
    monkeypatch.setattr(output, "install", lambda: done.append("streams"))
    monkeypatch.setattr(main, "app", lambda: done.append("command"))
    main.main()
    assert done == [0o077, "streams", "command"]

    def fails() -> None:
        raise ZeroDivisionError

    told: list[BaseException] = []
    monkeypatch.setattr(main, "app", fails)
    monkeypatch.setattr(main, "end_with_internal_error", told.append)
    main.main()
    assert [type(one) for one in told] == [ZeroDivisionError]


def test_the_version_and_the_list_of_commands(tmp_path: Path) -> None:
    assert command(tmp_path, "--version") == Ended(0, f"{__version__}\n", "")
    shown = command(tmp_path, "--help").out
    places = [shown.index(f" {name} ") for name in main._COMMANDS]
    assert places == sorted(places)
    assert "load-test" not in shown
    assert command(tmp_path).out.split() == shown.split()
    assert __version__ not in shown


def test_serving_leaves_out_what_a_library_need_not_import(monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.cli import serve

    served: list[Any] = []

    async def serving(settings: Any) -> None:
        served.append(settings)

    monkeypatch.delitem(sys.modules, "httpx._main", raising=False)
    monkeypatch.setattr(serve, "serve", serving)
    monkeypatch.setattr(run, "load_settings", lambda: "settings")
    run.run()
    assert (served, sys.modules["httpx._main"]) == (["settings"], None)
    monkeypatch.delitem(sys.modules, "httpx._main")
    played: list[int] = []
    monkeypatch.setattr("demo.__main__.main", lambda: played.append(1))
    run.demo()
    assert played == [1]


# -- what the running bot is put together of -------------------------------------------------------------------------


def settings(**given: Any) -> Settings:
    known = {"secret_key": "k" * 32, "zarinpal_merchant_id": "m", "telegram_token": "1:telegram"}
    return Settings(_env_file=None, **known | given)


async def test_resources_are_of_the_settings_and_closed_at_the_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    closed: list[str] = []

    class Closing:
        def __init__(self, name: str) -> None:
            self.name = name

        async def aclose(self) -> None:
            closed.append(self.name)

        close = aclose

    monkeypatch.setattr(composition, "payment_gateway", lambda settings: Closing("gateway"))
    monkeypatch.setattr(composition, "sms_gateway", lambda settings: Closing("sms"))
    monkeypatch.setattr(composition, "DocumentLibrary", lambda *parts: Closing("documents"))
    given = settings(
        files_url=str(tmp_path / "files"),
        support_contact="021",
        decision_undo_minutes=2,
        sms_price=7,
        letter_delay_seconds=9,
        overdue_working_days=11,
        uploads_per_day=13,
        upload_size_per_day="20MiB",
        cheap_password_hashes=True,
    )

    async def works() -> None:
        async with composition.open_resources(given, cast(Any, "database"), "https://x") as resources:
            info = resources.public_info
            assert (info.decision_undo, info.letter_delay) == (timedelta(minutes=2), timedelta(seconds=9))
            assert (info.sms_price, info.overdue_days, info.public_url) == (7, 11, "https://x")
            assert resources.daily_uploads == composition.DailyLimit(13, 20 * 2**20)
            assert resources.disk_space.folders["documents"] == tmp_path / "files"
            assert (resources.settings, resources.database) == (given, "database")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await works()
    assert closed == ["documents", "gateway", "sms"]


def test_a_channel_for_each_messenger_with_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    monkeypatch.setattr(composition, "make_channel", lambda kind, **given: made.append((kind, given)) or kind)  # type: ignore[func-returns-value]
    given = settings(chat_rate=5, telegram_proxy="http://p:1")
    assert composition.make_channels(given) == {Messenger.TELEGRAM: Messenger.TELEGRAM}
    assert made == [
        (
            Messenger.TELEGRAM,
            {
                "token": "1:telegram",
                "api_url": "https://api.telegram.org",
                "proxy": "http://p:1",
                "link_url": "https://t.me",
                "chat_rate": 5.0,
            },
        )
    ]


@pytest.mark.parametrize(
    ("given", "shared", "webhook", "metrics"),
    [
        ({}, False, None, False),
        (
            {"updates": "webhook", "database_url": "postgresql://h/b", "metrics_listen": "127.0.0.1:9"},
            True,
            "https://x",
            True,
        ),
    ],
)
def test_the_parts_of_the_running_bot(
    given: dict[str, Any], shared: bool, webhook: str | None, metrics: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: dict[str, Any] = {}

    class Service:
        intake, states = "intake", "states"

        def __init__(self, *parts: Any, **options: Any) -> None:
            made["service"] = options

    def build_app(resources: Any, **options: Any) -> str:
        made["app"] = options
        return "app"

    def web(app: Any, **options: Any) -> Any:
        made.setdefault("web", []).append(options)
        return app

    async def sweep() -> None:
        pass

    monkeypatch.setattr(composition, "Service", Service)
    monkeypatch.setattr(composition, "build_app", build_app)
    monkeypatch.setattr(composition, "WebServer", web)
    monkeypatch.setattr(composition, "all_routes", lambda engine: "routes")
    monkeypatch.setattr(composition, "sweeps", lambda resources, drafts: [("payments", 30.0, sweep)])
    monkeypatch.setattr("bot.web.metrics.metrics_app", lambda resources, states, health: "metrics")
    database = SimpleNamespace(url="x")
    resources = composition.Resources(
        *(cast(Any, part) for part in (database, None, None, None, None)),
        public_info=cast(Any, SimpleNamespace(public_url="https://x")),
    )
    monkeypatch.setattr(composition, "JobDatabase", lambda database: SimpleNamespace(running=0))
    bot = composition.make_bot(settings(**given), resources, {}, alone=True)
    assert made["service"] == {
        "secret_key": "k" * 32,
        "shared": shared,
        "webhook_url": webhook,
        "alone": True,
    }
    assert made["app"]["webhooks"] == ("intake" if webhook else None)
    assert [(timer.name, timer.interval) for timer in bot.timers] == [
        ("payments", 30.0),
        ("audit-chain", 5.0),
    ]
    assert (bot.metrics == "metrics") is metrics
    assert [(one["host"], one["port"]) for one in made["web"]] == [
        ("127.0.0.1", 8080),
        *([("127.0.0.1", 9)] if metrics else []),
    ]
    if metrics:
        assert made["web"][1]["limits"] == composition.Limits(most=32, per_address=32)


# -- setup -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    state: dict[str, Any] = {
        "refused": [],
        "made": first_data.NewAccount("12345678", "secret"),
        "error": None,
    }

    class Walk:
        def __init__(self, file: Path, asker: Any, *, untried: bool) -> None:
            state.update(file=file, asker=asker, untried=untried)
            self.refused = state["refused"]

        async def run(self, others: Any) -> None:
            state["others"] = dict(others)
            if state["error"] is not None:
                raise state["error"]

    async def made(settings: Any, asker: Any) -> Any:
        state["settings"] = settings
        return state["made"]

    monkeypatch.setattr(walk, "SettingsWalk", Walk)
    monkeypatch.setattr(first_data, "first_data", made)
    return state


def answered(folder: Path, text: str = "LISTEN=127.0.0.1:1\nSTAFF_NAME=x\n", *options: str) -> Ended:
    (folder / "answers").touch(0o600)
    (folder / "answers").write_text(text, encoding="utf-8-sig")
    return command(folder, "setup", "--answers", "answers", *options, BOT_COMMAND="bot")


def test_an_account_is_told_once(walked: dict[str, Any], tmp_path: Path) -> None:
    told = answered(tmp_path)
    assert told == Ended(0, "user code: 12345678\npassword: secret\nnext: bot doctor, then bot run\n", "")
    assert (walked["file"], walked["untried"], walked["others"]) == (
        Path(".env"),
        False,
        {"LISTEN": "127.0.0.1:1"},
    )
    assert isinstance(walked["asker"], AnswersFile)
    assert (tmp_path / "data" / "secret_key").exists()
    walked["made"] = None
    assert answered(tmp_path, "", "--untried") == Ended(0, "next: bot doctor, then bot run\n", "")
    assert walked["untried"] is True


def test_what_is_refused_ends_it(walked: dict[str, Any], tmp_path: Path) -> None:
    walked["refused"] = ["A: b", "C: d"]
    assert answered(tmp_path) == Ended(2, "", "A: b\nC: d\n")
    assert "settings" not in walked
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), EOFError()])
def test_whoever_leaves_goes_on_later(error: BaseException, walked: dict[str, Any], tmp_path: Path) -> None:
    walked["error"] = error
    words = "\nended; what was accepted stands in .env, and `bot setup` goes on\n"
    assert answered(tmp_path) == Ended(1, words, "")


def test_how_it_was_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOT_COMMAND", raising=False)
    assert setup._command() == f"{os.path.relpath(sys.executable)} bot.py"
    monkeypatch.setenv("BOT_COMMAND", "officer-bot")
    assert setup._command() == "officer-bot"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("NO_SUCH=1\n", "NO_SUCH: no setting has this name; .env.example has them all\n"),
        ("TARIFF_NEW=5\n", "TARIFF_NEW: must be 0 (free of charge) or 1,000 to 1,000,000,000 rial\n"),
    ],
)
def test_answers_that_are_none(text: str, words: str, walked: dict[str, Any], tmp_path: Path) -> None:
    assert answered(tmp_path, text) == Ended(2, "", words)


@pytest.mark.parametrize(
    ("mode", "open_to_others"), [(0o600, False), (0o640, True), (0o604, True), (0o700, False)]
)
def test_a_file_of_answers_that_others_can_read(
    mode: int, open_to_others: bool, walked: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "answers").touch()
    (tmp_path / "answers").chmod(mode)
    told = answered(tmp_path)
    warned = told.out.startswith("! answers: others can read it; remove it afterwards, or chmod 600\n")
    assert warned is open_to_others


# -- what no log may hold --------------------------------------------------------------------------------------------


def test_secrets_of_the_program() -> None:
    masking = Masking(["abcdef", "abcdefgh", "short", "p@ss/word"])
    for text, shown in (
        ("x abcdefgh y", "x ‹secret› y"),
        ("x abcdef y", "x ‹secret› y"),
        ("x short y", "x short y"),
        ("x p%40ss%2Fword y", "x ‹secret› y"),
        ("x p@ss/word y", "x ‹secret› y"),
    ):
        assert masking.text(text) == shown
    assert Masking().text("x abcdef y") == "x abcdef y"
    assert Masking(["12345"]).text("12345") == "12345"
    assert Masking(["123456"]).text("123456 7") == "‹secret› 7"
