"""The operator's first day: `bot.py setup` asks, tries each answer at its service, and leaves a bot that can be started."""

import asyncio
import os
import re
import stat
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from bot.config.settings import Settings
from demo.emulators import Emulators
from storage.database.database import open_database
from storage.enums import Role
from storage.tables import Account, Grant, Tariff
from tests.support.commands import NOWHERE, Ended, command_line, run, run_beside
from tests.support.s3 import Bucket
from tests.support.terminal import Terminal

Answers = dict[str, str]
OTHER_TOKEN = "110201543:" + "x" * 35


@pytest.fixture
def answers(emulators: Emulators) -> Answers:
    """All that a new bot needs."""
    return emulators.env() | {
        "PUBLIC_URL": "https://pay.health.ir",
        "SUPPORT_CONTACT": "021-88880000 (8 تا 14)",
        "STAFF_NAME": "سارا احمدی",
        "TARIFF_NEW": "۱٬۵۰۰٬۰۰۰",
        "TARIFF_AMENDMENT": "500000",
    }


async def setup(folder: Path, answers: Answers, *options: str, **env: str) -> Ended:
    file = folder / "answers"
    file.touch(0o644)
    file.write_text("".join(f"{name}='{value}'\n" for name, value in answers.items()))
    return await run_beside(folder, "setup", "--answers", "answers", *options, **env)


async def held(folder: Path, url: str | None = None) -> tuple[list[str], list[int]]:
    """Names of staff, and the tariffs that were ever set."""

    def read(db: Session) -> tuple[list[str], list[int]]:
        names = select(Account).join(Grant, col(Grant.account_id) == col(Account.id))
        staff = db.exec(names.where(Grant.role == Role.STAFF)).all()
        tariffs = db.exec(select(Tariff).order_by(col(Tariff.id))).all()
        return [f"{one.first_name} {one.last_name}" for one in staff], [one.amount_rial for one in tariffs]

    database = await open_database(url or f"sqlite:///{folder}/data/bot.db")
    try:
        return await database.read(read)
    finally:
        await database.close()


def secrets_of(answers: Answers) -> list[str]:
    secret = ("TOKEN", "MERCHANT_ID", "API_KEY", "ACCESS_KEY", "PASSWORD")
    return [value for name, value in answers.items() if name.endswith(secret) and len(value) > 5]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_from_nothing_to_a_bot_that_can_be_started(tmp_path: Path, answers: Answers) -> None:
    done = await setup(tmp_path, answers)
    assert (done.status, done.err) == (0, "")
    assert done.out.count("✓") == 11
    assert done.out.startswith("! answers: others can read it; remove it afterwards, or chmod 600\n")
    assert "✗" not in done.out
    assert "https://ble.ir/technical_officer_bot" in done.out
    assert re.search(r"^user code: \d{8}\npassword: \S{8,}$", done.out, re.MULTILINE)
    assert re.search(r"^next: \S+ bot\.py doctor, then ", done.out, re.MULTILINE)
    assert not [secret for secret in secrets_of(answers) if secret in done.out]
    assert mode(tmp_path / ".env") == 0o600
    assert mode(tmp_path / "data" / "secret_key") == 0o600
    assert await held(tmp_path) == (["سارا احمدی"], [1_500_000, 500_000])
    told = (await run_beside(tmp_path, "doctor")).out
    assert [line for line in told.splitlines() if line.startswith("✗") and "disk" not in line] == []
    # The file still explains every setting.
    assert (tmp_path / ".env").read_text().count("\n# ") > 40


@pytest.mark.campaign
async def test_a_second_run_shows_what_stands_and_changes_only_what_one_changes(
    tmp_path: Path, answers: Answers
) -> None:
    assert (await setup(tmp_path, answers)).status == 0
    before, written = (tmp_path / ".env").read_text(), (tmp_path / ".env").stat().st_mtime_ns
    again = await setup(tmp_path, answers)
    assert again.status == 0
    assert "1 can log in as staff" in again.out
    assert "password" not in again.out
    assert (tmp_path / ".env").stat().st_mtime_ns == written
    assert await held(tmp_path) == (["سارا احمدی"], [1_500_000, 500_000])
    silent = await setup(tmp_path, {})
    assert (silent.status, silent.out) == (0, again.out)
    changed = await setup(tmp_path, {"SUPPORT_CONTACT": "021-1", "TARIFF_NEW": "2000000"})
    assert changed.status == 0
    assert (tmp_path / ".env").read_text() == before.replace("'021-88880000 (8 تا 14)'", "021-1")
    assert await held(tmp_path) == (["سارا احمدی"], [1_500_000, 500_000, 2_000_000])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            {"TELEGRAM_TOKEN": "abc"},
            "TELEGRAM_TOKEN: is not a bot token (digits:letters), as BotFather gives it",
        ),
        (
            {"TELEGRAM_TOKEN": OTHER_TOKEN},
            "TELEGRAM_TOKEN: refuses the token; take TELEGRAM_TOKEN from BotFather again",
        ),
        ({"BALE_TOKEN": OTHER_TOKEN}, "BALE_TOKEN: refuses the token; take BALE_TOKEN from BotFather again"),
        (
            {"BALE_API_URL": NOWHERE},
            f"BALE_TOKEN: does not answer at {NOWHERE}; check the network, or set BALE_PROXY",
        ),
        ({"TELEGRAM_PROXY": "http://u:hidden@127.0.0.1:9"}, "start it, or correct TELEGRAM_PROXY"),
        ({"TELEGRAM_TOKEN": "", "BALE_TOKEN": ""}, "TELEGRAM_TOKEN or BALE_TOKEN: at least one must be set"),
        ({"PUBLIC_URL": "http://pay.health.ir"}, "PUBLIC_URL: is not https"),
        (
            {"PUBLIC_URL": "https://pay.example.ir"},
            "PUBLIC_URL: is the address of the example; name your own",
        ),
        ({"PUBLIC_URL": ""}, "PUBLIC_URL: name the address that officers open to pay"),
        ({"SUPPORT_CONTACT": "دفتر"}, "SUPPORT_CONTACT: must be set to a phone number"),
        ({"FILES_URL": "/proc/files"}, "FILES_URL: /proc/files cannot be written"),
        ({"DATABASE_URL": "postgresql://bot:hidden@127.0.0.1:9/bot"}, "DATABASE_URL: "),
        ({"DATABASE_URL": "mysql://bot:hidden@127.0.0.1/bot"}, "DATABASE_URL: "),
        ({"ZARINPAL_MERCHANT_ID": "mistyped"}, "ZARINPAL_MERCHANT_ID: refuses the merchant (code -9); check"),
        ({"KAVENEGAR_API_KEY": "another-key"}, "KAVENEGAR_API_KEY: refuses the key (status 403); check"),
        ({"KAVENEGAR_URL": NOWHERE}, "does not answer; check the network and KAVENEGAR_URL"),
        ({"TELEGRAM_TOKN": "1"}, "TELEGRAM_TOKN: no setting has this name; .env.example has them all"),
        ({"LISTEN": "8080"}, "LISTEN: must be host:port"),
        ({"TARIFF_NEW": "صد"}, "TARIFF_NEW: is not a whole number of rial, for example 1500000"),
        ({"TARIFF_NEW": "150"}, "TARIFF_NEW: must be 0 (free of charge) or 1,000 to 1,000,000,000 rial"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
async def test_a_refused_answer_says_what_to_do_and_nothing_is_written(
    wrong: Answers, says: str, tmp_path: Path, answers: Answers
) -> None:
    given = answers | wrong
    done = await setup(tmp_path, given)
    assert done.status == 2
    assert says in done.err
    assert len(done.err.splitlines()) == 1
    assert not [secret for secret in [*secrets_of(given), "hidden"] if secret in done.out + done.err]
    assert not (tmp_path / ".env").exists()
    assert not (tmp_path / "data" / "bot.db").exists()


async def test_every_refused_answer_is_told_at_once(tmp_path: Path, answers: Answers) -> None:
    wrong = {
        "BALE_TOKEN": OTHER_TOKEN,
        "PUBLIC_URL": "",
        "KAVENEGAR_API_KEY": "another-key",
        "LISTEN": "8080",
    }
    done = await setup(tmp_path, answers | wrong)
    assert done.status == 2
    assert len(done.err.splitlines()) == 4


async def test_what_does_not_answer_now_can_be_taken_untried_but_not_what_is_refused(
    tmp_path: Path, answers: Answers, emulators: Emulators
) -> None:
    emulators.bank.faults.down = True
    with emulators.bale.server.outage():
        assert (await setup(tmp_path, answers)).status == 2
        done = await setup(tmp_path, answers, "--untried")
        assert done.status == 0
        assert done.out.count("✗") == 2
        # What stood before and is not changed keeps nobody from changing something else.
        again = await setup(tmp_path, {"SUPPORT_CONTACT": "021-1"})
        assert (again.status, again.out.count("✗")) == (0, 2)
        wrong = await setup(tmp_path, {"TELEGRAM_TOKEN": OTHER_TOKEN}, "--untried")
        assert wrong.status == 2


async def test_documents_in_a_bucket_are_tried_by_writing_and_deleting(
    tmp_path: Path, answers: Answers, bucket: Bucket
) -> None:
    done = await setup(tmp_path, answers | bucket.env("papers"))
    assert done.status == 0
    assert bucket.names() == []
    # Other machines must have the same key.
    assert re.search(r"^SECRET_KEY=[0-9a-f]{64}$", (tmp_path / ".env").read_text(), re.MULTILINE)
    assert not (tmp_path / "data" / "secret_key").exists()
    wrong = await setup(tmp_path, {"FILES_URL": "s3://no-such-bucket/papers"})
    assert wrong.status == 2
    assert "check bucket, S3_ENDPOINT, S3_REGION and both keys" in wrong.err
    assert bucket.env("papers")["FILES_URL"] in (tmp_path / ".env").read_text()


async def test_an_empty_database_of_a_server_is_made_ready(
    tmp_path: Path, answers: Answers, empty_postgres_url: str
) -> None:
    done = await setup(tmp_path, answers | {"DATABASE_URL": empty_postgres_url})
    assert done.status == 0, done
    assert "✓ DATABASE_URL: connected; it is empty" in done.out
    assert await held(tmp_path, empty_postgres_url) == (["سارا احمدی"], [1_500_000, 500_000])
    assert (await setup(tmp_path, {})).status == 0


async def test_the_environment_wins_and_is_not_written_down(tmp_path: Path, answers: Answers) -> None:
    token = answers.pop("TELEGRAM_TOKEN")
    done = await setup(tmp_path, answers | {"BALE_TOKEN": OTHER_TOKEN}, TELEGRAM_TOKEN=token, BALE_TOKEN="")
    assert done.status == 0, done
    assert "✓ TELEGRAM_TOKEN" in done.out
    assert token not in (tmp_path / ".env").read_text()


async def test_a_wrong_line_of_an_old_file_is_named_and_can_be_answered(
    tmp_path: Path, answers: Answers
) -> None:
    (tmp_path / ".env").write_text("LISTEN=8080\nPAYMENT_GATEWAY=paypal\n# mine\nFOREIGN=stays\n")
    (tmp_path / ".env").chmod(0o644)
    told = await setup(tmp_path, answers)
    assert told.status == 2
    assert told.err.startswith("LISTEN: must be host:port")
    done = await setup(tmp_path, answers | {"LISTEN": "127.0.0.1:8081"})
    assert done.status == 0, done
    text = (tmp_path / ".env").read_text()
    assert text.startswith("LISTEN=127.0.0.1:8081\nPAYMENT_GATEWAY=zarinpal\n# mine\nFOREIGN=stays\n")
    assert mode(tmp_path / ".env") == 0o600


def test_without_a_terminal_and_without_answers_it_says_so(tmp_path: Path) -> None:
    told = run(tmp_path, "setup")
    assert (told.status, told.out) == (2, "")
    assert told.err == "--answers: there is no terminal to ask at; name a file of answers\n"
    missing = run(tmp_path, "setup", "--answers", "nowhere")
    assert missing.err == "--answers: there is no file nowhere\n"


@pytest.mark.campaign
async def test_answers_from_standard_input_are_taken_as_they_are(tmp_path: Path, answers: Answers) -> None:
    """No file with secrets need be written; a password that .env would change is refused."""
    lines = "".join(f"{name}='{value}'\n" for name, value in answers.items())
    env = {"PATH": os.environ["PATH"], "CHEAP_PASSWORD_HASHES": "1"}
    for given, status in ((lines + "DATABASE_PASSWORD='a${PATH}b'\n", 2), (lines, 0)):
        process = await asyncio.create_subprocess_exec(
            *command_line("setup", "--answers", "-"),
            cwd=tmp_path,
            env=env,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate(given.encode())
        assert process.returncode == status, out.decode() + err.decode()
        assert ("DATABASE_PASSWORD: .env cannot hold this value" in err.decode()) == bool(status)
    assert "others can read" not in out.decode()


async def test_a_person_at_a_terminal(tmp_path: Path, answers: Answers) -> None:
    """A wrong token is refused and asked again, secrets are not shown, Ctrl-C loses nothing, the next run goes on."""
    env = {"PATH": os.environ["PATH"], "CHEAP_PASSWORD_HASHES": "1"}
    env |= {name: value for name, value in answers.items() if name.endswith("_URL") and name != "PUBLIC_URL"}
    token = answers["TELEGRAM_TOKEN"]

    def first() -> str:
        screen = Terminal(tmp_path, "setup", env=env)
        screen.sees("TELEGRAM_TOKEN")
        screen.sees("> ")
        screen.types(OTHER_TOKEN)
        screen.sees("TELEGRAM_PROXY")
        screen.sees("> ")
        screen.types("")
        screen.sees("refuses the token; take TELEGRAM_TOKEN from BotFather again")
        screen.sees("> ")
        screen.types(token)
        screen.sees("> ")
        screen.types("")
        screen.sees("✓ TELEGRAM_TOKEN")
        screen.sees("BALE_TOKEN")
        screen.sees("> ")
        screen.interrupts()
        assert screen.ends() == 1
        return screen.shown

    def second() -> str:
        screen = Terminal(tmp_path, "setup", env=env)
        for name, types in (
            ("TELEGRAM_TOKEN", ""),
            ("TELEGRAM_PROXY", ""),
            ("BALE_TOKEN", ""),
            ("PUBLIC_URL", answers["PUBLIC_URL"]),
            ("SUPPORT_CONTACT", answers["SUPPORT_CONTACT"]),
            ("FILES_URL", ""),
            ("DATABASE_URL", ""),
            ("PAYMENT_GATEWAY", ""),
            ("ZARINPAL_MERCHANT_ID", answers["ZARINPAL_MERCHANT_ID"]),
            ("SMS_GATEWAY", ""),
            ("TARIFF_NEW", "1500000"),
            ("TARIFF_AMENDMENT", "پانصد"),
            ("TARIFF_AMENDMENT", "500000"),
            ("STAFF_NAME", "سارا احمدی"),
        ):
            screen.sees(f"\n{name}: ")
            screen.sees("> ")
            screen.types(types)
        assert screen.ends() == 0
        return screen.shown

    shown = await asyncio.to_thread(first)
    assert "goes on" in shown
    assert Settings.load(_env_file=tmp_path / ".env").telegram_token is not None
    shown += await asyncio.to_thread(second)
    assert "Enter keeps «set»" in shown
    assert not [secret for secret in [OTHER_TOKEN, token, answers["ZARINPAL_MERCHANT_ID"]] if secret in shown]
    assert re.search(r"user code: \d{8}\npassword: \S+\nnext: ", shown)
    assert await held(tmp_path) == (["سارا احمدی"], [1_500_000, 500_000])
