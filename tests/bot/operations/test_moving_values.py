"""Values as `bot.py move` takes, compares and refuses them, without a server."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text

from bot.operations.errors import UpkeepError
from bot.operations.moving import audit_links, database, rows, source
from bot.services.shared.audit_chain import EVENTS, LINKS, ChainKeys, digest
from storage.database.database import asynchronous

TABLES = {table.name: table for table in rows.plain_tables()}


def test_tables_come_before_those_that_refer_to_them() -> None:
    names = list(TABLES)
    assert names[-1] == LINKS.name
    for first, second in (("account", "chat"), ("distributor", "branch"), ("stored_file", "request_file")):
        assert names.index(first) < names.index(second)


def test_a_row_is_the_same_on_both_databases() -> None:
    moment = datetime(2026, 11, 26, 9)
    for here, there, same in (
        ({"b": 1.0, "a": [True, None, {"x": 1e16}]}, {"a": [True, None, {"x": 10**16}], "b": 1}, True),
        ({"a": 0.5}, {"a": 0.5}, True),
        ({"a": 1}, {"a": True}, False),
        ([1, 2], [2, 1], False),
        (moment, moment, True),
        (moment, datetime(2026, 11, 26, 10), False),
        (date(2026, 1, 1), date(2026, 1, 1), True),
        (date(2026, 1, 1), "2026-01-01", True),
        ("1", 1, False),
        (None, "", False),
    ):
        mine, theirs = rows.TableSum(), rows.TableSum()
        mine.add([1, here])
        theirs.add([1, there])
        assert (mine == theirs) is same, (here, there)


def test_the_sum_of_a_table_is_of_its_rows_in_whatever_order() -> None:
    one, other = rows.TableSum(), rows.TableSum()
    for values in ([1, "a"], [2, "b"]):
        one.add(values)
    for values in ([2, "b"], [1, "a"]):
        other.add(values)
    assert one == other
    assert str(one) == f"2 rows, {one.total:064x}"
    assert len(f"{one.total:064x}") == 64
    other.add([1, "a"])
    assert one != other
    assert other.rows == 3


def test_keys_are_kept_and_read_again() -> None:
    upload = TABLES["upload_day"]
    key = [7, date(2026, 11, 26)]
    assert rows.key_to_json(key) == [7, "2026-11-26"]
    assert rows.key_from_json(upload, [7, "2026-11-26"]) == key
    assert rows.key_from_json(TABLES["account"], [7]) == [7]


@pytest.mark.parametrize(
    ("table", "values", "column"),
    [
        ("account", {}, None),
        ("account", {"first_name": "سا\0را"}, "first_name"),
        ("account", {"first_name": "سا\ud800را"}, "first_name"),
        ("account", {"mobile": "1" * 13}, None),
        ("account", {"mobile": "1" * 14}, "mobile"),
        ("account", {"first_name": "x" * 500}, None),
        ("draft", {"answers": {"a": ["x"]}}, None),
        ("draft", {"answers": {"a": ["\0"]}}, "answers"),
        ("draft", {"answers": {"a": ["\ud800"]}}, "answers"),
        ("draft", {"answers": None}, None),
        ("push", {"state": "Q" * 200}, "state"),
    ],
)
def test_what_postgresql_cannot_keep(table: str, values: dict[str, Any], column: str | None) -> None:
    row = dict.fromkeys(one.name for one in TABLES[table].columns) | values
    assert rows.unkeepable(TABLES[table], row) == column


def connected(file: Path) -> Connection:
    return create_engine(f"sqlite:///{file}").connect()


def copied(template: Path, tmp_path: Path) -> Path:
    file = tmp_path / "bot.db"
    file.write_bytes(template.read_bytes())
    return file


def test_pages_follow_each_other(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "PAGE", 2)
    with connected(copied(sqlite_template, tmp_path)) as connection:
        days = [
            (1, date(2026, 1, 1)),
            (1, date(2026, 1, 2)),
            (1, date(2026, 1, 3)),
            (2, date(2025, 1, 1)),
            (10, date(2024, 1, 1)),
        ]
        for account_id, day in days:
            connection.execute(
                text("INSERT INTO upload_day (account_id, day, files, size) VALUES (:a, :d, 1, 1)"),
                {"a": account_id, "d": day.isoformat()},
            )
        table = TABLES["upload_day"]
        found, after = [], None
        while page := rows.read_page(connection, table, after):
            assert len(page) <= 2
            after = rows.key_of(table, page[-1])
            found += [tuple(rows.key_of(table, one)) for one in page]
        assert found == days
        assert rows.count(connection, table) == 5
        keys = [(key,) for key in ("a", "b", "c")]
        for (key,) in keys:
            connection.execute(text("INSERT INTO throttle (key, at) VALUES (:k, '2026-01-01')"), {"k": key})
        assert rows.count(connection, TABLES["throttle"]) == 3


def test_the_last_number_given_out(sqlite_template: Path, tmp_path: Path) -> None:
    with connected(copied(sqlite_template, tmp_path)) as connection:
        table = TABLES["qualification_request"]
        assert source._last_number(connection, table) == 0
        connection.execute(
            text("INSERT INTO sqlite_sequence (name, seq) VALUES ('qualification_request', 7)")
        )
        assert source._last_number(connection, table) == 7
        connection.execute(text("PRAGMA ignore_check_constraints = ON"))
        columns = "id, account_id, kind, state, version, snapshot, before, round, held_decision, reminders, state_since, created_at"
        connection.execute(
            text(
                f"INSERT INTO qualification_request ({columns}) VALUES (9, 1, 'NEW', 'DRAFT', 0, '{{}}', '{{}}', 0, '{{}}', 0, '', '')"
            )
        )
        connection.execute(text("UPDATE sqlite_sequence SET seq = 7"))
        assert source._last_number(connection, table) == 9


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("SELECT 1", None),
        ("UPDATE alembic_version SET version_num = '0016'", "DATABASE_URL: the schema is old; run `python bot.py migrate` first"),
        ("CREATE TABLE theirs (id int)", "DATABASE_URL: not the tables of this release: theirs"),
        ("DROP TABLE throttle", "DATABASE_URL: not the tables of this release: throttle"),
        (
            "INSERT INTO search_query (account_id, text, created_at) VALUES (99, 'x', '')",
            "DATABASE_URL: rows point to rows that are gone, the first in search_query; restore a backup first",
        ),
    ],
)  # fmt: skip
def test_a_file_that_is_not_copied(
    change: str, words: str | None, sqlite_template: Path, tmp_path: Path
) -> None:
    with connected(copied(sqlite_template, tmp_path)) as connection:
        connection.execute(text(change))
        if words is None:
            source._check(connection)
            return
        with pytest.raises(UpkeepError) as caught:
            source._check(connection)
        assert str(caught.value) == words


async def test_the_source_is_only_read_and_marked_with_what_lies_beside_it(
    sqlite_template: Path, tmp_path: Path
) -> None:
    file = copied(sqlite_template, tmp_path)
    first = source._mark(file)
    assert len(first) == 64
    (tmp_path / "bot.db-wal").write_bytes(b"x")
    assert source._mark(file) != first
    (tmp_path / "bot.db-wal").unlink()
    assert source._mark(file) == first
    url = asynchronous(f"sqlite:///{file}")
    async with source.open_source(url) as opened:
        assert opened.mark == first
        with pytest.raises(Exception, match="readonly"):
            await opened.read(lambda connection: connection.execute(text("DELETE FROM throttle")))
    with pytest.raises(UpkeepError) as caught:
        async with source.open_source(asynchronous(f"sqlite:///{tmp_path}/nothing.db")):
            pass
    assert str(caught.value) == f"DATABASE_URL: there is no file {tmp_path}/nothing.db"


@pytest.mark.parametrize(
    ("here", "there", "words"),
    [
        (
            "postgresql://a/b",
            "postgresql://c/d",
            "DATABASE_URL: is PostgreSQL already; from one server to another its own programs move a database, with the bot stopped: "
            "pg_dump --format=custom, then pg_restore --no-owner (docs/runbook.md)",
        ),
        (
            "sqlite:///a.db",
            "sqlite:///b.db",
            "--database-url: is for PostgreSQL; an SQLite database is moved with its file, or with `backup` and `restore`",
        ),
        ("sqlite:///a.db", "postgresql://c/d", None),
    ],
)
def test_from_where_to_where(here: str, there: str, words: str | None) -> None:
    if words is None:
        assert database._checked(here, there).database == "a.db"
        return
    with pytest.raises(UpkeepError) as caught:
        database._checked(here, there)
    assert str(caught.value) == words


# -- the chain of the audit record ---------------------------------------------------------------------------------


def lines(connection: Connection, *events: str) -> dict[int, Any]:
    for number, event in enumerate(events, start=1):
        connection.execute(
            text(
                "INSERT INTO audit_event (id, at, event, subject, subject_id, actor_role, data) VALUES (:id, :at, :event, 'q', 1, 'x', '{}')"
            ),
            {"id": number, "at": str(datetime(2026, 1, number, tzinfo=UTC)), "event": event},
        )
    return {row.id: row for row in connection.execute(EVENTS.select())}


def test_only_right_links_are_worked_out_anew(sqlite_template: Path, tmp_path: Path) -> None:
    keys, other = ChainKeys(["k" * 32]), ChainKeys(["l" * 32])
    file, second = copied(sqlite_template, tmp_path), tmp_path / "second.db"
    second.write_bytes(file.read_bytes())
    with connected(file) as old_side, connected(second) as new_side:
        old, new = lines(old_side, "a", "b", "c", "d", "e"), lines(new_side, "A", "B", "C", "D")
        previous = ""
        for number in range(1, 6):
            previous = digest(previous, old[number]) if number != 2 else "wrong"
            signer = {1: keys, 4: other}.get(number)
            key_id, mac = signer.sign(number, previous, False) if signer else (None, None)
            values = {"position": number, "event_id": number, "hash": previous, "key_id": key_id, "mac": mac}
            old_side.execute(LINKS.insert(), values | {"resumed": False})
        links = old_side.execute(LINKS.select().order_by(LINKS.c.position)).all()
        assert audit_links.lines_of(old_side, links[:2]).keys() == {1, 2}
        assert (audit_links.hash_at(old_side, 2), audit_links.hash_at(old_side, 9)) == ("wrong", "")
        assert audit_links.end_of(old_side) == (5, links[-1].hash)
        assert audit_links.end_of(new_side) == (0, "")
        made = audit_links.rewritten(links, keys, old_lines=old, new_lines=new, old_hash="", new_hash="")
    first, wrong, third, fourth, lost = made
    assert first["hash"] == digest("", new[1])
    assert (first["key_id"], first["mac"]) == keys.sign(1, first["hash"], False)
    # A wrong link is copied as it is; what follows it is right behind it.
    assert wrong == dict(links[1]._mapping)
    assert third["hash"] == digest("wrong", new[3])
    assert (third["key_id"], third["mac"]) == (None, None)
    assert fourth["hash"] == digest(third["hash"], new[4])
    assert (fourth["key_id"], fourth["mac"]) == (links[3].key_id, links[3].mac)
    # A line that the new database lacks.
    assert lost == dict(links[4]._mapping)
