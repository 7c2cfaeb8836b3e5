"""The questions of `bot.py setup` one by one: what is said, what is asked again, and what stands in the file afterwards."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.config.settings import BadSettingError, Settings
from bot.core.refusals import Refusal
from bot.doctor.finding import Because, Finding
from bot.setup import asking, checks, first_data, walk
from bot.setup.asking import AnswersFile, Terminal
from bot.setup.steps import STEPS, Question, Step
from bot.setup.walk import SettingsWalk, other_settings
from bot.texts import t
from storage.enums import RequestKind

TOKEN = "110201543:AAE-good-for-nothing-at-all-good-for-no"
READY = {"TELEGRAM_TOKEN": TOKEN, "ZARINPAL_MERCHANT_ID": "merchant-1", "SUPPORT_CONTACT": "021"}


class Somebody:
    """Answers in turn, by the name of the setting, and keeps what was shown."""

    interactive = True

    def __init__(self, *answers: str | None, keeps: bool = False) -> None:
        self.answers = list(answers)
        self.keeps = keeps
        self.shown: list[tuple[str, str | None, bool, bool]] = []
        self.refused: list[tuple[str, bool]] = []

    def ask(
        self, name: str, words: str, stands: str | None, *, needed: bool, secret: bool = False
    ) -> str | None:
        self.shown.append((name, stands, needed, secret))
        return self.answers.pop(0) if self.answers else None

    def goes_on(self, finding: Finding, *, changed: bool) -> bool:
        self.refused.append((finding.words, changed))
        return self.keeps or not changed


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(walk, "EXAMPLE", Path("no example"))


Check = Callable[[Settings], Awaitable[Finding | None]]


def steps(monkeypatch: pytest.MonkeyPatch, *given: tuple[str, Check]) -> None:
    made = tuple(
        Step((Question(name, "words", secret=name.endswith("TOKEN")),), check) for name, check in given
    )
    monkeypatch.setattr(walk, "STEPS", made)


def finding(good: bool, because: Because = Because.WRONG, words: str = "words") -> Check:
    async def check(settings: Settings) -> Finding:
        return Finding("SUPPORT_CONTACT", good, words, because)

    return check


async def nothing(settings: Settings) -> None:
    return None


def env() -> str:
    return Path(".env").read_text() if Path(".env").exists() else ""


def stands(**values: str) -> None:
    Path(".env").write_text("".join(f"{name}={value}\n" for name, value in (READY | values).items()))


async def asked(
    asker: Any, others: dict[str, str] | None = None, *, untried: bool = False
) -> tuple[SettingsWalk, list[str]]:
    found = SettingsWalk(Path(".env"), asker, untried=untried)
    await found.run(others or {})
    return found, found.refused


async def test_an_answer_is_written_as_soon_as_it_is_accepted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stands(FOREIGN="1")
    seen: list[str] = []

    async def second(settings: Settings) -> Finding | None:
        seen.append(env())
        return None

    steps(monkeypatch, ("SUPPORT_CONTACT", finding(True)), ("LOG_LEVEL", second), ("TELEGRAM_TOKEN", nothing))
    person = Somebody(" 022 ", "INFO", "")
    _, refused = await asked(person)
    assert capsys.readouterr().out == "✓ SUPPORT_CONTACT: words\n"
    changed = f"TELEGRAM_TOKEN={TOKEN}\nZARINPAL_MERCHANT_ID=merchant-1\nSUPPORT_CONTACT=022\nFOREIGN=1\n"
    assert seen == [changed]
    # Without a messenger nothing can be started.
    assert refused == ["TELEGRAM_TOKEN or BALE_TOKEN: at least one must be set"]
    assert env() == changed.replace(TOKEN, "") + "LOG_LEVEL=INFO\n"
    assert person.shown == [
        ("SUPPORT_CONTACT", "021", True, False),
        ("LOG_LEVEL", None, True, False),
        ("TELEGRAM_TOKEN", "set", True, True),
    ]


async def test_a_refused_answer_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stands()
    given: list[str] = []

    async def check(settings: Settings) -> Finding:
        given.append(settings.support_contact)
        return Finding("SUPPORT_CONTACT", settings.support_contact == "3", f"not {settings.support_contact}")

    steps(monkeypatch, ("SUPPORT_CONTACT", check))
    person = Somebody("1", "2", "3")
    _, refused = await asked(person)
    assert given == ["1", "2", "3"]
    assert refused == []
    assert person.refused == [("not 1", True), ("not 2", True)]
    said = "✗ SUPPORT_CONTACT: not 1\n✗ SUPPORT_CONTACT: not 2\n✓ SUPPORT_CONTACT: not 3\n"
    assert capsys.readouterr().out == said
    assert "SUPPORT_CONTACT=3\n" in env()


async def test_what_stands_and_is_refused_is_told_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    stands()
    steps(monkeypatch, ("SUPPORT_CONTACT", finding(False)))
    person = Somebody()
    _, refused = await asked(person)
    assert refused == ["SUPPORT_CONTACT: words"]
    assert person.refused == [("words", False)]
    # One who keeps what is refused is taken at their word.
    kept = Somebody("9", keeps=True)
    _, refused = await asked(kept)
    assert refused == []
    assert "SUPPORT_CONTACT=9\n" in env()
    steps(monkeypatch, ("TELEGRAM_TOKEN", nothing))
    _, refused = await asked(Somebody("abc", keeps=True))
    assert refused == ["TELEGRAM_TOKEN: is not a bot token (digits:letters), as BotFather gives it"]


@pytest.mark.parametrize(
    ("because", "untried", "changes", "standing", "accepted"),
    [
        (Because.ATTENTION, False, True, True, True),
        (Because.SILENT, True, True, True, True),
        (Because.SILENT, False, True, True, False),
        (Because.SILENT, False, False, True, True),
        (Because.SILENT, False, False, False, False),
        (Because.WRONG, True, True, True, False),
    ],
)
async def test_what_nobody_answers_for(
    because: Because,
    untried: bool,
    changes: bool,
    standing: bool,
    accepted: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stands(SUPPORT_CONTACT="021" if standing else "")
    steps(monkeypatch, ("SUPPORT_CONTACT", finding(False, because)))
    _, refused = await asked(AnswersFile({"SUPPORT_CONTACT": "9"} if changes else {}), untried=untried)
    assert (refused == []) is accepted
    assert ("SUPPORT_CONTACT=9" in env()) is (accepted and changes)
    assert capsys.readouterr().out == "✗ SUPPORT_CONTACT: words\n"


async def test_answers_of_a_file_are_written_together_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    steps(
        monkeypatch,
        *((name, nothing) for name in ("TELEGRAM_TOKEN", "ZARINPAL_MERCHANT_ID")),
        ("SUPPORT_CONTACT", finding(False)),
    )
    _, refused = await asked(AnswersFile(READY))
    assert (refused, env()) == (["SUPPORT_CONTACT: words"], "")
    steps(monkeypatch, *((name, nothing) for name in READY))
    found, refused = await asked(AnswersFile(READY))
    written = f"TELEGRAM_TOKEN={TOKEN}\nZARINPAL_MERCHANT_ID=merchant-1\nSUPPORT_CONTACT=021\n"
    assert (refused, env()) == ([], written)
    before = Path(".env").stat().st_mtime_ns
    await asked(AnswersFile(READY))
    assert Path(".env").stat().st_mtime_ns == before
    assert found.file == Path(".env")


async def test_a_new_file_begins_as_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("example").write_text("# who helps\n#SUPPORT_CONTACT=\n")
    monkeypatch.setattr(walk, "EXAMPLE", Path("example"))
    steps(monkeypatch, *((name, nothing) for name in READY))
    await asked(AnswersFile(READY))
    assert env().startswith("# who helps\nSUPPORT_CONTACT=021\nTELEGRAM_TOKEN=")


async def test_other_settings(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stands(LISTEN="8080")
    steps(monkeypatch)
    wrong = "LISTEN: must be host:port, for example 127.0.0.1:8080"
    _, refused = await asked(AnswersFile({}), {"LISTEN": "x", "LOG_LEVEL": "DEBUG"})
    assert refused == [wrong, wrong]
    assert capsys.readouterr().out == f"✗ {wrong}\n✗ {wrong}\n"
    assert "LOG_LEVEL" not in env()
    _, refused = await asked(AnswersFile({}), {"LISTEN": "127.0.0.1:1", "LOG_LEVEL": "DEBUG"})
    assert refused == []
    assert env().endswith("LISTEN=127.0.0.1:1\nLOG_LEVEL=DEBUG\n")


async def test_what_is_asked_and_cannot_be_read_is_asked_anew(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stands(TELEGRAM_TOKEN="abc")
    steps(monkeypatch, ("TELEGRAM_TOKEN", nothing))
    person = Somebody(TOKEN)
    _, refused = await asked(person)
    words = "✗ TELEGRAM_TOKEN: is not a bot token (digits:letters), as BotFather gives it\n"
    assert (capsys.readouterr().out, refused) == (words, [])
    assert person.shown == [("TELEGRAM_TOKEN", None, True, True)]
    assert f"TELEGRAM_TOKEN={TOKEN}\n" in env()


def test_what_the_environment_says_wrong_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN", "8080")
    with pytest.raises(BadSettingError, match=r"^LISTEN: must be host:port, for example 127\.0\.0\.1:8080$"):
        SettingsWalk(Path(".env"), Somebody())


async def test_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stands(SUPPORT_CONTACT="of the file")
    monkeypatch.setenv("SUPPORT_CONTACT", "021")
    monkeypatch.setenv("LOG_LEVEL", "")
    given: list[str] = []

    async def check(settings: Settings) -> None:
        given.append(settings.support_contact)

    steps(monkeypatch, ("SUPPORT_CONTACT", check), ("LOG_LEVEL", nothing))
    person = Somebody("1")
    await asked(person, {"SUPPORT_CONTACT": "x"})
    assert (person.shown, given) == ([], ["021"])
    assert capsys.readouterr().out == "\nSUPPORT_CONTACT: set by the environment, which wins over .env\n"
    await asked(AnswersFile({"SUPPORT_CONTACT": "2"}))
    assert capsys.readouterr().out == ""
    assert "SUPPORT_CONTACT=of the file\n" in env().replace("'", "")


@pytest.mark.parametrize(
    ("given", "kept", "made"),
    [
        ({}, False, False),
        ({"DATABASE_URL": "postgresql://u@h/b"}, False, True),
        ({"FILES_URL": "s3://b/p"}, False, True),
        ({"FILES_URL": "s3://b/p"}, True, False),
        ({"FILES_URL": "s3://b/p", "SECRET_KEY": "k" * 32}, False, False),
    ],
)
async def test_several_machines_have_one_key(
    given: dict[str, str], kept: bool, made: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands(**given)
    if kept:
        Path("data").mkdir()
        Path("data/secret_key").write_text("k" * 64)
    steps(monkeypatch)
    await asked(AnswersFile({}))
    (key,) = [line for line in env().splitlines() if line.startswith("SECRET_KEY=")] or [""]
    assert (len(key) == len("SECRET_KEY=") + 64) is made


def test_names_that_no_setting_has() -> None:
    own = frozenset({"STAFF_NAME"})
    assert other_settings({"LISTEN": "x", "STAFF_NAME": "y", "TELEGRAM_TOKEN": "z"}, own) == {"LISTEN": "x"}
    with pytest.raises(BadSettingError, match=r"^A: no setting has this name; \.env\.example has them all$"):
        other_settings({"B": "1", "A": "1"}, own)


ASKED = {
    "TELEGRAM_PROXY": [({"TELEGRAM_TOKEN": "x"}, True), ({}, False), ({"TELEGRAM_TOKEN": ""}, False)],
    "BALE_PROXY": [({"BALE_TOKEN": "x"}, True), ({}, False)],
    **{
        name: [({"FILES_URL": "s3://b"}, True), ({"FILES_URL": "data"}, False), ({}, False)]
        for name in ("S3_ENDPOINT", "S3_REGION", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")
    },
    "DATABASE_PASSWORD": [
        ({"DATABASE_URL": "postgresql://h"}, True),
        ({"DATABASE_URL": "sqlite:///a"}, False),
        ({}, False),
    ],
    "ZARINPAL_MERCHANT_ID": [
        ({}, True),
        ({"PAYMENT_GATEWAY": "zibal"}, False),
        ({"PAYMENT_GATEWAY": "zarinpal"}, True),
    ],
    "ZIBAL_MERCHANT_ID": [({}, False), ({"PAYMENT_GATEWAY": "zibal"}, True)],
    **{
        name: [({}, False), ({"SMS_GATEWAY": "kavenegar"}, True), ({"SMS_GATEWAY": "console"}, False)]
        for name in ("KAVENEGAR_API_KEY", "KAVENEGAR_SENDER")
    },
}


def test_what_is_asked_when_and_what_is_secret() -> None:
    questions = [question for step in STEPS for question in step.questions]
    assert [one.name for one in questions] == [
        *("TELEGRAM_TOKEN", "TELEGRAM_PROXY", "BALE_TOKEN", "BALE_PROXY", "PUBLIC_URL", "SUPPORT_CONTACT"),
        *("FILES_URL", "S3_ENDPOINT", "S3_REGION", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"),
        *(
            "DATABASE_URL",
            "DATABASE_PASSWORD",
            "PAYMENT_GATEWAY",
            "ZARINPAL_MERCHANT_ID",
            "ZIBAL_MERCHANT_ID",
        ),
        *("SMS_GATEWAY", "KAVENEGAR_API_KEY", "KAVENEGAR_SENDER"),
    ]
    plain = {"PUBLIC_URL", "SUPPORT_CONTACT", "FILES_URL", "S3_ENDPOINT", "S3_REGION", "PAYMENT_GATEWAY"}
    assert {one.name for one in questions if not one.secret} == plain | {"SMS_GATEWAY", "KAVENEGAR_SENDER"}
    for one in questions:
        for values, wanted in ASKED.get(one.name, [({}, True)]):
            assert one.asked(values) is wanted, (one.name, values)


# -- at a terminal -------------------------------------------------------------------------------------------------


def test_what_a_person_types(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    prompts: list[tuple[str, str]] = []
    typed = [" x ", "", "-", "  "]

    def reads(kind: str) -> Callable[[str], str]:
        def read(prompt: str) -> str:
            prompts.append((kind, prompt))
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
            return typed.pop(0)

        return read

    monkeypatch.setattr("builtins.input", reads("shown"))
    monkeypatch.setattr(asking.getpass, "getpass", reads("hidden"))
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        terminal = Terminal()
        assert terminal.ask("A", "what it is", "old", needed=True) == "x"
        assert terminal.ask("B", "what it is", None, needed=True, secret=True) is None
        assert terminal.ask("A", "what it is", "old", needed=True) == ""
        assert terminal.ask("A", "what it is", "", needed=True) is None
        assert terminal.ask("C", "what it is", None, needed=False) is None
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    keeps, leaves = "  (Enter keeps «old», - clears it) > ", "  (Enter leaves it empty) > "
    assert prompts == [("shown", keeps), ("hidden", leaves), ("shown", keeps), ("shown", leaves)]
    assert capsys.readouterr().out == "\nA: what it is\n\nB: what it is\n\nA: what it is\n\nA: what it is\n"


def test_what_a_person_does_after_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = [" K ", "", "x"]
    prompts: list[str] = []

    def read(prompt: str) -> str:
        prompts.append(prompt)
        return typed.pop(0)

    monkeypatch.setattr("builtins.input", read)
    wrong = Finding("A", False, "words")
    silent = replace(wrong, because=Because.SILENT)
    terminal = Terminal()
    assert terminal.goes_on(wrong, changed=False)
    assert not terminal.goes_on(wrong, changed=True)
    assert terminal.goes_on(silent, changed=False)
    assert prompts == []
    assert [terminal.goes_on(silent, changed=True) for _ in range(3)] == [True, False, False]
    assert prompts == ["  nobody answered: Enter asks again, k keeps it untried > "] * 3
    assert AnswersFile({}).goes_on(wrong, changed=True)
    assert not AnswersFile({}).interactive


# -- whether an answer holds -----------------------------------------------------------------------------------------


async def test_whose_name_a_finding_has(monkeypatch: pytest.MonkeyPatch) -> None:
    async def found(*others: Any, **more: Any) -> Finding:
        return Finding("x", True, "words")

    for name in ("messenger", "gateway", "sms"):
        monkeypatch.setattr(checks.external_services, name, found)
    given = Settings(_env_file=None, telegram_token="1:x")
    kavenegar = Settings(_env_file=None, sms_gateway="kavenegar", payment_gateway="zibal")
    assert str(await checks.telegram(given)) == "✓ TELEGRAM_TOKEN: words"
    assert await checks.bale(given) is None
    assert str(await checks.bale(Settings(_env_file=None, bale_token="1:x"))) == "✓ BALE_TOKEN: words"
    assert str(await checks.gateway(given)) == "✓ ZARINPAL_MERCHANT_ID: words"
    assert str(await checks.gateway(kavenegar)) == "✓ ZIBAL_MERCHANT_ID: words"
    assert str(await checks.sms(given)) == "✓ SMS_GATEWAY: words"
    assert str(await checks.sms(kavenegar)) == "✓ KAVENEGAR_API_KEY: words"


async def test_the_public_address_and_the_contact(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    answers: list[Any] = [None, {"ok": True}]

    async def health(settings: Settings) -> Any:
        return answers.pop(0)

    async def public_address(settings: Settings, *, runs: bool) -> Finding:
        asked.append(runs)
        return Finding("PUBLIC_URL", True, "words")

    monkeypatch.setattr(checks.external_services, "health", health)
    monkeypatch.setattr(checks.external_services, "public_address", public_address)
    for url, words in (
        ("", "✗ PUBLIC_URL: name the address that officers open to pay, https://pay.….ir"),
        ("https://pay.example.ir", "✗ PUBLIC_URL: is the address of the example; name your own"),
        ("https://pay.x.ir", "✓ PUBLIC_URL: words"),
        ("https://pay.x.ir", "✓ PUBLIC_URL: words"),
    ):
        assert str(await checks.public_url(Settings(_env_file=None, public_url=url))) == words
    assert asked == [False, True]
    assert str(await checks.support_contact(Settings(_env_file=None, support_contact="021"))) == (
        "✓ SUPPORT_CONTACT: people are told this"
    )
    assert str(await checks.support_contact(Settings(_env_file=None))) == (
        "✗ SUPPORT_CONTACT: must be set to a phone number, a link or an e-mail address where people get help"
    )


async def test_where_documents_go(tmp_path: Path) -> None:
    async def told(url: str) -> str:
        found = await checks.files(Settings(_env_file=None, files_url=url))
        return str(found)

    assert await told(str(tmp_path / "new")) == "✓ FILES_URL: the folder takes files"
    (tmp_path / "taken").touch()
    assert await told(str(tmp_path / "taken")) == (
        f"✗ FILES_URL: {tmp_path}/taken cannot be written (a file is in its place); name a folder that can, or change its owner"
    )


class Store:
    """Of S3, in the memory; gives back what it is told to."""

    def __init__(self, given: Any = None) -> None:
        self.given, self.kept = given, dict[str, bytes]()

    async def __aenter__(self) -> Store:
        return self

    async def __aexit__(self, *error: Any) -> None:
        pass

    async def put(self, key: str, data: bytes) -> None:
        self.kept[key] = data

    async def get(self, key: str) -> bytes:
        if isinstance(self.given, Exception):
            raise self.given
        return self.kept[key] if self.given is None else self.given

    async def delete(self, key: str) -> None:
        del self.kept[key]


@pytest.mark.parametrize(
    ("given", "words", "because"),
    [
        (None, "✓ FILES_URL: the store took an object, gave it back and deleted it", Because.WRONG),
        (
            b"x",
            "✗ FILES_URL: the store gives back something else than was written; take another",
            Because.WRONG,
        ),
        (
            checks.StoreDown("denied"),
            "✗ FILES_URL: the store refuses or does not answer (denied); check bucket, S3_ENDPOINT, S3_REGION and both keys",
            Because.SILENT,
        ),
        (
            checks.NoSuchFile("k"),
            "✗ FILES_URL: the store refuses or does not answer (k); check bucket, S3_ENDPOINT, S3_REGION and both keys",
            Because.SILENT,
        ),
    ],
)
async def test_a_bucket_is_tried(
    given: Any, words: str, because: Because, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(given)
    monkeypatch.setattr(checks, "open_store", lambda settings: store)
    found = await checks.files(Settings(_env_file=None, files_url="s3://b/p"))
    assert (str(found), found.because) == (words, because)
    assert store.kept == {}


async def test_where_the_database_is(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def told(url: str) -> str:
        return str(
            await checks.database(Settings(_env_file=None, database_url=url, files_url=str(tmp_path / "f")))
        )

    assert await told(f"sqlite:///{tmp_path}/a/b/bot.db") == "✓ DATABASE_URL: a SQLite file can be made there"
    assert list((tmp_path / "a" / "b").iterdir()) == []
    assert await told(sqlite_url) == "✓ DATABASE_URL: connected"
    (tmp_path / "empty.db").touch()
    assert await told(f"sqlite:///{tmp_path}/empty.db") == "✓ DATABASE_URL: connected; it is empty"
    (tmp_path / "no.db").write_text("x" * 5000)
    assert (await told(f"sqlite:///{tmp_path}/no.db")).startswith("✗ DATABASE_URL: ")

    async def answers(*others: Any) -> None:
        return None

    states = {"empty": False, "head": False}

    async def is_empty(url: str) -> bool:
        return states["empty"]

    async def is_head(url: str) -> bool:
        return states["head"]

    monkeypatch.setattr(checks, "check_database", answers)
    monkeypatch.setattr(checks, "is_empty", is_empty)
    monkeypatch.setattr(checks, "current_is_head", is_head)
    server = "postgresql://u@h/b"
    old = Finding(
        "DATABASE_URL", False, "the schema is old; run `python bot.py migrate` first", Because.ATTENTION
    )
    assert await checks.database(Settings(_env_file=None, database_url=server)) == old
    assert await told(sqlite_url) == "✓ DATABASE_URL: connected", "it is brought up to date later"
    states["empty"] = True
    assert await told(server) == "✓ DATABASE_URL: connected; it is empty"
    states.update(empty=False, head=True)
    assert await told(server) == "✓ DATABASE_URL: connected"


# -- the first data ------------------------------------------------------------------------------------------------


def test_amounts_as_people_write_them() -> None:
    for text, amount in (
        ("۱٬۵۰۰٬۰۰۰", 1_500_000),
        ("1,500,000", 1_500_000),
        ("1.500 000", 1_500_000),
        ("0", 0),
    ):
        assert first_data.read_amount(text) == amount
    bounds = "TARIFF_NEW: must be 0 (free of charge) or 1,000 to 1,000,000,000 rial"
    for text, words in (
        ("0", None),
        ("1000", None),
        ("1000000000", None),
        ("999", bounds),
        ("1000000001", bounds),
        ("-1", bounds),
        ("صد", "TARIFF_NEW: is not a whole number of rial, for example 1500000"),
    ):
        if words is None:
            first_data.check_answers({"TARIFF_NEW": text, "TARIFF_AMENDMENT": ""})
            continue
        with pytest.raises(BadSettingError) as caught:
            first_data.check_answers({"TARIFF_NEW": text})
        assert str(caught.value) == words


def test_an_amount_is_asked_until_it_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    person = Somebody("صد", "5", "۲۰۰۰")
    assert first_data._ask_amount(person, RequestKind.NEW, "TARIFF_NEW", 1_500) == 2_000
    assert person.shown == [("TARIFF_NEW", "1,500", True, False)] * 3
    assert capsys.readouterr().out == (
        "✗ TARIFF_NEW: is not a whole number of rial, for example 1500000\n"
        "✗ TARIFF_NEW: must be 0 (free of charge) or 1,000 to 1,000,000,000 rial\n"
    )
    for nothing in (None, ""):
        person = Somebody(nothing)
        assert first_data._ask_amount(person, RequestKind.AMENDMENT, "TARIFF_AMENDMENT", None) is None
        assert person.shown == [("TARIFF_AMENDMENT", None, True, False)]
    with pytest.raises(BadSettingError):
        first_data._ask_amount(AnswersFile({"TARIFF_NEW": "5"}), RequestKind.NEW, "TARIFF_NEW", None)


async def made(url: str, answers: dict[str, str]) -> first_data.NewAccount | None:
    settings = Settings(_env_file=None, database_url=url, cheap_password_hashes=True, files_url="files")
    return await first_data.first_data(settings, AnswersFile(answers))


async def test_what_is_made_and_what_stands(sqlite_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert await made(sqlite_url, {}) is None
    none = "✗ {0}: none is in force; nothing can be approved before `bot.py set-tariff --kind {1} --rial N`\n"
    nobody = "✗ STAFF_NAME: nobody can log in as staff; `bot.py create-user --role staff --name …` makes an account\n"
    assert capsys.readouterr().out == (
        none.format("TARIFF_NEW", "new") + none.format("TARIFF_AMENDMENT", "amendment") + nobody
    )
    account = await made(
        sqlite_url, {"TARIFF_NEW": "0", "TARIFF_AMENDMENT": "۲٬۰۰۰", "STAFF_NAME": "سارا احمدی"}
    )
    assert account is not None
    assert len(account.user_code) == 8
    assert capsys.readouterr().out == (
        "✓ TARIFF_NEW: 0 rial\n✓ TARIFF_AMENDMENT: 2,000 rial\n✓ STAFF_NAME: an account was made\n"
    )
    again = await made(sqlite_url, {"TARIFF_NEW": "3000", "STAFF_NAME": "مینا احمدی"})
    assert again is None
    assert capsys.readouterr().out == (
        "✓ TARIFF_NEW: 3,000 rial\n✓ TARIFF_AMENDMENT: 2,000 rial\n"
        "✓ STAFF_NAME: 1 can log in as staff; `bot.py create-user --role staff` makes more\n"
    )


async def test_a_server_with_an_old_schema_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answers(*others: Any) -> bool:
        return False

    async def upgrade(url: str) -> None:
        raise AssertionError("only `migrate` does that")

    for name, stands_for in (
        ("check_database_file", answers),
        ("is_empty", answers),
        ("current_is_head", answers),
        ("upgrade", upgrade),
    ):
        monkeypatch.setattr(first_data, name, stands_for)
    with pytest.raises(BadSettingError, match=r"run `python bot\.py migrate` first"):
        await first_data._prepare(Settings(_env_file=None, database_url="postgresql://u@h/b"))


async def test_a_name_that_is_none(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await made(sqlite_url, {"STAFF_NAME": "  "}) is None

    def refuse(*others: Any, **more: Any) -> None:
        raise Refusal("error.distributor_needed")

    monkeypatch.setattr(first_data.experts, "create_user", refuse)
    with pytest.raises(BadSettingError) as caught:
        await made(sqlite_url, {"STAFF_NAME": "سارا احمدی"})
    assert str(caught.value) == f"STAFF_NAME: {t('error.distributor_needed')}"
