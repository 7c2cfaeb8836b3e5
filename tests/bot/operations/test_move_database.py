"""`bot.py move --database-url`: a stopped SQLite bot into PostgreSQL, as an operator meets it whose machine became too small."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import sqlite3
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest
from sqlalchemy import Connection, Table, create_engine, insert, select, text
from sqlmodel import Session, SQLModel

from bot.operations.load_test import fill
from bot.operations.moving import rows
from bot.operations.moving.database import Moved, move_database
from bot.services.shared.audit_chain import AuditChain, ChainKeys
from storage.database.database import asynchronous, open_database
from storage.database.file_lock import serving_alone
from storage.migrations.schema import AUDIT_GUARD
from storage.migrations.seed import seed
from storage.tables import AuditEvent, StaffAlert
from storage.tables.column_types import utcnow
from tests.support.backups import SECRET
from tests.support.commands import Ended, all_settings, run, run_process
from tests.support.postgres import apart

OFFICERS = 100
#: Its words come back from PostgreSQL in another order, its numbers in another form.
ODD_EVENT = {
    "at": datetime(2026, 11, 1, 9, 0, tzinfo=UTC),
    "event": "logged_in",
    "subject": "account",
    "subject_id": 1,
    "actor_role": "officer",
    "data": {
        "zebra": 1.0,
        "a": [True, None, {"ب": "\u200c", "b": 12345678901234567890, "c": 0.1}],
        "d": 1e16,
    },
}


@pytest.fixture(scope="module")
def lived_in(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a bot with rows in every table that grows, and a whole audit chain over its first lines."""
    file = tmp_path_factory.mktemp("lived in") / "bot.db"
    file.write_bytes(sqlite_template.read_bytes())
    apart(_live(file))
    return file


async def _live(file: Path) -> None:
    database = await open_database(f"sqlite:///{file}")
    await database.run(seed)
    await database.close()
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        fill(connection, officers=OFFICERS, now=utcnow(), tell=lambda part: None)
        _without_links(connection)
        # The newest requests were removed: their numbers are in messages that people still have.
        connection.execute(
            text("UPDATE sqlite_sequence SET seq = 100000 WHERE name = 'qualification_request'")
        )
        connection.execute(insert(AuditEvent), ODD_EVENT)
        connection.execute(
            text("UPDATE account SET last_name = :name WHERE id = 7"), {"name": "کریمی‌نژاد👩‍⚕️"}
        )
    engine.dispose()
    database = await open_database(f"sqlite:///{file}")
    await AuditChain(database, ChainKeys([SECRET])).link_new()
    await database.close()


def _without_links(connection: Connection) -> None:
    """Those of the load test are no chain."""
    guard = next(one for one in AUDIT_GUARD["sqlite"] if "audit_link_no_delete" in one)
    connection.execute(text("DROP TRIGGER audit_link_no_delete"))
    connection.execute(text("DELETE FROM audit_link"))
    connection.execute(text(guard))


@pytest.fixture
def source(lived_in: Path, tmp_path: Path) -> Path:
    file = tmp_path / "bot.db"
    file.write_bytes(lived_in.read_bytes())
    return file


def command(source: Path, *arguments: str, **settings: str) -> Ended:
    """`bot.py move …` of the bot on this file."""
    return run(source.parent, "move", *arguments, **settings_of(source) | settings)


def settings_of(source: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite:///{source}",
        "SECRET_KEY": SECRET,
        "FILES_URL": str(source.parent / "files"),
    }


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def contents(url: str) -> dict[str, list[str]]:
    """Everything in a database but the line that `move` adds and the hashes that it works out anew, as the program reads it."""

    async def read() -> dict[str, list[str]]:
        database = await open_database(url)
        found = {
            table.name: await database.read(partial(_lines_of, table=table), large=True)
            for table in SQLModel.metadata.sorted_tables
        }
        await database.close()
        return found

    return cast(dict[str, list[str]], apart(read()))


def _lines_of(db: Session, table: Table) -> list[str]:
    lines = [dict(row._mapping) for row in db.execute(select(table))]
    if table.name == "audit_event":
        lines = [line for line in lines if line["event"] != "database_moved"]
    if table.name == "audit_link":
        lines = [{name: line[name] for name in ("position", "event_id", "resumed")} for line in lines]
    return sorted(json.dumps(line, sort_keys=True, default=str) for line in lines)


def ask(url: str, question: str) -> Any:
    async def fetch() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return apart(fetch())


def test_everything_is_there_afterwards_and_the_file_is_as_it_was(
    source: Path, empty_postgres_url: str
) -> None:
    before = digest(source)

    done = command(source, "--database-url", empty_postgres_url)

    assert "counts and hashes are the same on both sides" in done.out
    assert "audit chain was not in order" not in done.err
    assert digest(source) == before
    here, there = contents(f"sqlite:///{source}"), contents(empty_postgres_url)
    assert {name: len(found) for name, found in there.items()} == {
        name: len(found) for name, found in here.items()
    }
    assert [name for name in here if here[name] != there[name]] == ["audit_event"]
    # To Python 1.0 is 1, and 1e16 a whole number.
    assert len({*here["audit_event"]} ^ {*there["audit_event"]}) == 2
    # The next numbers come behind all that were ever given out.
    assert ask(empty_postgres_url, "SELECT nextval('qualification_request_id_seq')") == 100_001
    assert ask(empty_postgres_url, "SELECT nextval('account_id_seq') > (SELECT max(id) FROM account)")
    on_new = {**settings_of(source), "DATABASE_URL": empty_postgres_url}
    audit = run(source.parent, "check-audit", **on_new)
    assert (audit.status, audit.out[:22]) == (0, "201 links are whole, 1"), audit


class Killed(Exception):
    pass


def move_until(source: Path, target: str, *, batches: int | None = None) -> Moved | None:
    """Ended after so many batches, as by kill -9: what was committed is all that is left. Whole without a number."""
    left = batches

    def progress(what: str, done: int, total: int) -> None:
        nonlocal left
        if left is not None and what in ("copied", "compared"):
            left -= 1
            if left == 0:
                raise Killed

    async def nothing() -> None:
        pass

    with contextlib.suppress(Killed):
        return cast(
            Moved,
            apart(
                move_database(
                    source_url=f"sqlite:///{source}",
                    target_url=target,
                    secrets=[SECRET],
                    before_end=nothing,
                    progress=progress,
                )
            ),
        )
    return None


def test_a_copy_that_was_killed_anywhere_goes_on(
    source: Path, empty_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Among the tables, within one, among the links of the audit chain, while both sides are compared."""
    monkeypatch.setattr(rows, "PAGE", 50)
    copied = []
    for batches in (1, 7, 20, 40, 60):
        assert move_until(source, empty_postgres_url, batches=batches) is None
        copied.append(ask(empty_postgres_url, "SELECT sum(rows) FROM unfinished_move"))
    assert copied == sorted({*copied}) or copied[-1] == copied[-2]

    moved = move_until(source, empty_postgres_url)

    assert moved is not None
    assert moved.resumed
    assert moved.audit_faults == []
    here, there = contents(f"sqlite:///{source}"), contents(empty_postgres_url)
    assert [name for name in here if here[name] != there[name]] == ["audit_event"]
    assert ask(empty_postgres_url, "SELECT to_regclass('unfinished_move')") is None
    assert (
        "holds the finished copy of this very database"
        in command(source, "--database-url", empty_postgres_url).err
    )


@pytest.mark.campaign
def test_nobody_serves_on_a_copy_that_is_not_whole(
    source: Path, empty_postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "PAGE", 50)
    move_until(source, empty_postgres_url, batches=12)
    (tmp_path / "home").mkdir()
    settings = all_settings(tmp_path / "home", DATABASE_URL=empty_postgres_url)
    for asked in (("run",), ("migrate",), ("set-tariff", "--kind", "new", "--rial", "1")):
        ended = run(tmp_path / "home", *asked, **settings)
        assert ended.status == 2, ended
        assert "a copy that `bot.py move` has not finished" in ended.err
    doctor = run(tmp_path / "home", "doctor", **settings)
    assert doctor.status == 1
    assert "a copy that `bot.py move` has not finished" in doctor.out


@pytest.mark.campaign
def test_a_bot_that_went_on_meanwhile_is_copied_anew(
    source: Path, empty_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in the middle, put off for a day: the bot served on the file, then the operator tries again."""
    monkeypatch.setattr(rows, "PAGE", 50)
    move_until(source, empty_postgres_url, batches=50)
    with contextlib.closing(sqlite3.connect(source)) as connection:
        connection.execute("UPDATE account SET first_name = 'بهار' WHERE id = 3")
        connection.execute("DELETE FROM search_key WHERE kind = 'ACCOUNT' AND subject_id = 3")
        connection.commit()

    done = command(source, "--database-url", empty_postgres_url)

    assert "it was begun anew" in done.out
    assert ask(empty_postgres_url, "SELECT first_name FROM account WHERE id = 3") == "بهار"
    here, there = contents(f"sqlite:///{source}"), contents(empty_postgres_url)
    assert [name for name in here if here[name] != there[name]] == ["audit_event"]


@pytest.mark.campaign
def test_what_was_wrong_in_the_audit_record_stays_wrong(source: Path, empty_postgres_url: str) -> None:
    """A move does not make a changed line right."""
    with contextlib.closing(sqlite3.connect(source)) as connection:
        connection.execute("DROP TRIGGER audit_event_no_update")
        connection.execute("UPDATE audit_event SET actor_id = 9 WHERE id = 5")
        connection.execute(next(one for one in AUDIT_GUARD["sqlite"] if "audit_event_no_update" in one))
        connection.commit()

    done = command(source, "--database-url", empty_postgres_url)

    assert "the audit chain was not in order before: audit line 5 (link 5, " in done.err
    audit = run(source.parent, "check-audit", **settings_of(source) | {"DATABASE_URL": empty_postgres_url})
    assert audit.status == 1
    assert [line[:21] for line in audit.out.splitlines()] == ["audit line 5 (link 5,"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE account SET first_name = 'سا' || char(0) || 'را' WHERE id = 3", "account 3: PostgreSQL cannot keep what stands in first_name"),
        ("UPDATE account SET mobile = '+9891212345678901' WHERE id = 4", "account 4: PostgreSQL cannot keep what stands in mobile"),
        ("""UPDATE draft SET answers = '{"x": "\\u0000"}' WHERE id = (SELECT min(id) FROM draft)""", "PostgreSQL cannot keep what stands in answers"),
    ],
)  # fmt: skip
def test_what_postgresql_cannot_keep_is_named(
    source: Path, empty_postgres_url: str, change: str, named: str
) -> None:
    with contextlib.closing(sqlite3.connect(source)) as connection:
        connection.execute(change)
        connection.commit()
    ended = command(source, "--database-url", empty_postgres_url)
    assert ended.status == 2
    assert named in ended.err
    assert "Traceback" not in ended.err


# -- what is refused -------------------------------------------------------------------------------------------------


def test_a_bot_that_runs_is_not_copied(source: Path, empty_postgres_url: str) -> None:
    with serving_alone(asynchronous(f"sqlite:///{source}")):
        ended = run_process(
            source.parent,
            "move",
            "--database-url",
            empty_postgres_url,
            env={**all_settings(source.parent), **settings_of(source)},
        )
    assert ended.status == 2
    assert "is served by another process already" in ended.err
    assert ask(empty_postgres_url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0


async def test_a_database_that_holds_something_is_refused(source: Path, postgres_url: str) -> None:
    database = await open_database(postgres_url)
    await database.run(lambda db: db.add(StaffAlert(key="x", text="x")))
    await database.close()
    ended = await asyncio.to_thread(command, source, "--database-url", postgres_url)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == "--database-url: the database is not empty; nothing is ever overwritten\n"


def test_somebody_elses_table_is_something(source: Path, empty_postgres_url: str) -> None:
    ask(empty_postgres_url, "CREATE TABLE theirs (id int)")
    ended = command(source, "--database-url", empty_postgres_url)
    assert ended.err == "--database-url: the database is not empty; nothing is ever overwritten\n"


@pytest.mark.campaign
def test_a_database_that_was_only_migrated_is_empty(source: Path, postgres_url: str) -> None:
    assert "counts and hashes are the same" in command(source, "--database-url", postgres_url).out


@pytest.mark.campaign
def test_the_unfinished_copy_of_another_bot_is_refused(
    source: Path, empty_postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "PAGE", 50)
    move_until(source, empty_postgres_url, batches=3)
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "bot.db"
    other.write_bytes(source.read_bytes())
    ended = command(other, "--database-url", empty_postgres_url)
    assert ended.status == 2
    assert "holds the unfinished copy of another bot" in ended.err


def test_from_postgresql_its_own_programs_are_named(
    source: Path, empty_postgres_url: str, postgres_url: str
) -> None:
    ended = command(source, "--database-url", empty_postgres_url, DATABASE_URL=postgres_url)
    assert ended.status == 2
    assert "pg_dump" in ended.err
    assert "pg_restore" in ended.err


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("sqlite:///other.db", "--database-url: is for PostgreSQL"),
        ("mysql://db.example.ir/x", "--database-url: "),
        ("postgresql://bot@127.0.0.1:9/bot", "--database-url: 127.0.0.1:9 does not answer"),
    ],
)
def test_a_target_that_is_none_is_told_in_one_line(source: Path, target: str, words: str) -> None:
    ended = command(source, "--database-url", target)
    assert ended.status == 2
    assert ended.err.startswith(words)
    assert ended.err.count("\n") == 1


def test_nothing_to_do_is_told(source: Path) -> None:
    assert "--database-url, --files-url, or both" in command(source).err


def test_a_path_that_leads_nowhere_makes_no_file(tmp_path: Path, empty_postgres_url: str) -> None:
    ended = command(tmp_path / "nothing.db", "--database-url", empty_postgres_url)
    assert "there is no file" in ended.err
    assert not (tmp_path / "nothing.db").exists()
