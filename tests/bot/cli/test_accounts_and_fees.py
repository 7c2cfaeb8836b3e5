"""`bot.py create-user`, `set-tariff`, `payment`, `rebuild-search-index`, `migrate`: every word that they end with."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.cli import database as database_commands
from bot.cli.legacy_import import ProgressLines
from bot.services.search import index
from storage.enums import SearchSubject
from storage.migrations import migrate
from tests.support.commands import Ended, run

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


@pytest.fixture
def bot(sqlite_url: str, tmp_path: Path) -> Any:
    def types(*arguments: str, **settings: str) -> Ended:
        return run(tmp_path, *arguments, **{"DATABASE_URL": sqlite_url} | settings)

    return types


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        return connection.execute(statement).fetchall()


def test_accounts_of_staff_and_experts(bot: Any, sqlite_url: str) -> None:
    made = bot("create-user", "--role", "staff")
    assert (made.status, made.err) == (0, "")
    assert re.fullmatch(r"user code: \d{8}\npassword: \S{8,}\n", made.out)
    made = bot("create-user", "--role", "expert", "--university", "sums", "--name", "علی علوی", "--json")
    facts = json.loads(made.out)
    assert list(facts) == ["user_code", "password", "role"]
    assert facts["role"] == "expert"
    statement = "SELECT first_name, last_name, role, university_code, distributor_id FROM account JOIN role_grant ON account_id = account.id"
    assert rows(sqlite_url, statement) == [
        ("کاربر", "جدید", "staff", None, None),
        ("علی", "علوی", "expert", "sums", None),
    ]


DISTRIBUTOR = (
    "--province",
    "فارس",
    "--city",
    "شیراز",
    "--address",
    "خیابان زند، پلاک ۵",
    "--mobile",
    "09121234567",
)


def test_managers_of_new_and_known_distributors(bot: Any, sqlite_url: str) -> None:
    new = bot(
        *("create-user", "--role", "distributor", "--name", "رضا صالحی", "--university", "sums"),
        *("--company", "کیان طب", "--number", "14009999995"),
        *DISTRIBUTOR,
    )
    assert (new.status, new.err) == (0, ""), new
    assert re.fullmatch(r"user code: \d{8}\npassword: \S{8,}\ndistributor: 1\n", new.out)
    guild = bot(
        *("create-user", "--role", "distributor", "--name", "رضا صالحی", "--university", "sums", "--json"),
        *("--guild", "آراد", "--number", "70001"),
        *DISTRIBUTOR,
    )
    assert json.loads(guild.out)["distributor"] == 2
    again = bot("create-user", "--role", "distributor", "--distributor", "1", "--json")
    assert json.loads(again.out)["distributor"] == 1
    found = rows(
        sqlite_url, "SELECT kind, name, legal_id, guild_id, manager_name, manager_mobile FROM distributor"
    )
    assert found == [
        ("COMPANY", "کیان طب", "14009999995", None, "رضا صالحی", "+989121234567"),
        ("GUILD", "آراد", None, "70001", "رضا صالحی", "+989121234567"),
    ]
    found = rows(
        sqlite_url, "SELECT mobile, distributor_id FROM account JOIN role_grant ON account_id = account.id"
    )
    assert found == [("+989121234567", 1), ("+989121234567", 2), (None, 1)]


def test_accounts_that_are_not_made(bot: Any, sqlite_url: str) -> None:
    roles = "--role: one of staff, expert, expert-in-charge, distributor\n"
    for role in ("officer", "system"):
        assert bot("create-user", "--role", role) == Ended(2, "", roles)
    for arguments in (
        ("--role", "expert"),
        ("--role", "distributor"),
        ("--role", "expert", "--university", "nowhere"),
        ("--role", "distributor", "--company", "کیان", "--number", "1", *DISTRIBUTOR),
    ):
        told = bot("create-user", *arguments)
        assert (told.status, told.out, told.err.count("\n")) == (2, "", 1)
        assert re.search("[آ-ی]", told.err)
    assert rows(sqlite_url, "SELECT count(*) FROM account") == [(0,)]


def test_tariffs(bot: Any, sqlite_url: str) -> None:
    told = bot("set-tariff", "--kind", "New", "--rial", "1500000", "--from", "1405/10/01")
    assert told == Ended(0, "new: 1,500,000 rial from 2026-12-22 (۱۴۰۵/۱۰/۰۱)\n", "")
    told = bot("set-tariff", "--kind", "amendment", "--rial", "0", "--from", "2026-12-22")
    assert told == Ended(0, "amendment: 0 rial from 2026-12-22 (۱۴۰۵/۱۰/۰۱)\n", "")
    today = bot("set-tariff", "--kind", "new", "--rial", "2000000")
    assert re.fullmatch(r"new: 2,000,000 rial from 20\d\d-\d\d-\d\d \(۱۴\S+\)\n", today.out)
    assert rows(sqlite_url, "SELECT kind, amount_rial FROM tariff ORDER BY id") == [
        ("NEW", 1_500_000),
        ("AMENDMENT", 0),
        ("NEW", 2_000_000),
    ]
    assert bot("set-tariff", "--kind", "x", "--rial", "1") == Ended(2, "", "--kind: new or amendment\n")
    for day in ("فردا", "1405/13/01", "05/10/01"):
        words = f"--from: {day} is not one day; write it as 1405/10/01 (Jalali) or 2026-12-22\n"
        assert bot("set-tariff", "--kind", "new", "--rial", "1500000", "--from", day) == Ended(2, "", words)
    refused = bot("set-tariff", "--kind", "new", "--rial", "5")
    assert (refused.status, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert rows(sqlite_url, "SELECT count(*) FROM tariff") == [(3,)]


def live(url: str) -> None:
    at = "2026-11-26 09:00:00.000000"
    with sqlite3.connect(url.removeprefix("sqlite:///")) as db:
        db.execute(
            "INSERT INTO account (id, user_code, password_hash, first_name, last_name, state, mobile_verified, migrated, "
            f"credentials_pending, version, created_at) VALUES (1, '1', 'x', 'ا', 'ب', 'ACTIVE', 0, 0, 0, 0, '{at}')"
        )
        for number, code, fee in ((1, "140509010001", 500_000), (2, "140509010002", None)):
            db.execute(
                "INSERT INTO qualification_request (id, account_id, kind, state, version, tracking_code, snapshot, before, round, "
                "fee_rial, held_decision, reminders, state_since, created_at) VALUES "
                f"(?, 1, 'NEW', 'COMPLETED', 0, ?, '{{}}', '{{}}', 0, ?, '{{}}', 0, '{at}', '{at}')",
                (number, code, fee),
            )
        for number, ref, state, bank, card, check, refund in (
            (1, None, "CREATED", None, None, at, None),
            (2, "A2", "PAID", "77", "6037****", None, None),
            (3, "A3", "FAILED", None, "6037****", None, None),
            (4, "A4", "REFUNDED", "78", None, None, "R9"),
        ):
            db.execute(
                "INSERT INTO payment_attempt (id, request_id, gateway, ref, amount_rial, state, state_since, version, bank_ref, "
                "card_masked, answer, checks, next_check_at, created_at, refund_ref) VALUES "
                f"(?, 1, 'zibal', ?, 500000, ?, '{at}', 0, ?, ?, '{{}}', 3, ?, '{at}', ?)",
                (number, ref, state, bank, card, check, refund),
            )
        for number, (attempt, event, state) in enumerate(
            ((2, "payment_created", None), (2, "payment_paid", "PAID"), (4, "payment_refunded", "REFUNDED")),
            start=1,
        ):
            db.execute(
                "INSERT INTO audit_event (id, at, event, subject, subject_id, actor_role, to_state, data) "
                "VALUES (?, ?, ?, 'payment_attempt', ?, 'system', ?, '{}')",
                (number, f"2026-11-26 09:0{number}:00.000000", event, attempt, state),
            )


def test_the_payments_of_a_file(bot: Any, sqlite_url: str) -> None:
    live(sqlite_url)
    assert bot("payment", " ۱۴۰۵-۰۹۰۱-۰۰۰۱ ") == Ended(
        0,
        "file 140509010001: COMPLETED, fee 500,000 rial, 4 attempts to pay\n"
        "payment 1: CREATED, 500,000 rial at zibal, its reference there –\n"
        "  asked about again after 2026-11-26 12:30:00 (3 looks so far)\n"
        "payment 2: PAID, 500,000 rial at zibal, its reference there A2\n"
        "  the bank's reference 77, card 6037****\n"
        "  2026-11-26 12:31:00 created\n"
        "  2026-11-26 12:32:00 paid → PAID\n"
        "payment 3: FAILED, 500,000 rial at zibal, its reference there A3\n"
        "  the bank's reference –, card 6037****\n"
        "payment 4: REFUNDED, 500,000 rial at zibal, its reference there A4\n"
        "  the bank's reference 78, card –\n"
        "  2026-11-26 12:33:00 refunded → REFUNDED\n"
        "  given back under R9\n",
        "",
    )
    none = bot("payment", "140509010002")
    assert none == Ended(0, "file 140509010002: COMPLETED, no fee is set, 0 attempts to pay\n", "")
    assert bot("payment", "12") == Ended(2, "", "CODE: no file has the tracking code 12\n")


def test_payments_where_there_is_no_database(
    bot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = {"DATABASE_URL": f"sqlite:///{tmp_path}/nothing.db"}
    words = "DATABASE_URL: there is no such file; correct the path\n"
    for command in (("payment", "1"), ("person", "1")):
        assert bot(*command, **nowhere) == Ended(2, "", words)
    assert not (tmp_path / "nothing.db").exists()

    async def not_head(url: str) -> bool:
        return False

    monkeypatch.setattr(migrate, "current_is_head", not_head)
    old = "DATABASE_URL: the schema is old; run `python bot.py migrate` first\n"
    for command in (("payment", "1"), ("person", "1")):
        assert bot(*command) == Ended(2, "", old)


def test_the_index_is_written_in_pieces(bot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until each kind says that nothing is left."""
    left = {kind: [0] for kind in SearchSubject}
    left |= {SearchSubject.ACCOUNT: [10_000, 9_999, 1, 0], SearchSubject.DISTRIBUTOR: [3]}
    asked: list[tuple[str, Any, int]] = []

    def rebuild(db: Any, *, kind: SearchSubject, after: int, limit: int) -> tuple[int, int | None]:
        asked.append((kind.value, after, limit))
        pieces = left[kind]
        return pieces.pop(0), (after + 1 if pieces else None)

    monkeypatch.setattr(index, "rebuild", rebuild)
    told = bot("rebuild-search-index")
    assert told == Ended(
        0,
        "10,000 done\n20,000 done\neverybody is found by name again: 20,000 people, 3 companies\n",
        "",
    )
    assert asked == [
        *((SearchSubject.ACCOUNT, after, database_commands.BATCH) for after in range(4)),
        (SearchSubject.DISTRIBUTOR, 0, database_commands.BATCH),
    ]


def test_migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/data/bot.db"
    assert run(tmp_path, "migrate", DATABASE_URL=url) == Ended(0, "the schema is up to date\n", "")
    for differences in ([], ["one", "two"]):

        async def schema_differences(found: list[str] = differences) -> list[str]:
            return found

        monkeypatch.setattr(migrate, "schema_differences", schema_differences)
        out = "".join(f"{line}\n" for line in differences)
        assert run(tmp_path, "check-migrations") == Ended(int(bool(differences)), out, "")


def test_how_far_an_import_is(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("bot.cli.legacy_import.time", type("T", (), {"monotonic": lambda: now[0]}))
    lines = ProgressLines()
    for seconds, done in ((1.0, 0), (60.0, 9), (100.0, 10), (101.0, 19), (300.0, 50), (400.0, 100)):
        now[0] = seconds
        lines.tell(done, 100)
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 3
    assert [re.findall("[۰-۹0-9]+", line) for line in told] == [["10", "15"], ["50", "5"], ["100", "0"]]
    monkeypatch.setattr("bot.cli.legacy_import._is_terminal", lambda stream: True)
    lines.tell(200, 100)
    ProgressLines().tell(100, 100)
    assert capsys.readouterr().err == "", "a terminal shows the bar"
