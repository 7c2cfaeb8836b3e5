"""Audit events say who did what, are changed by no statement, and are linked into a signed chain."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Session, select

from bot.config.settings import Settings
from bot.core.context import SYSTEM
from bot.doctor import audit as doctor
from bot.operations import audit_check
from bot.services.shared import audit, audit_chain
from bot.services.shared.audit_chain import AuditChain, ChainKeys
from storage.database.database import Database, asynchronous, open_database
from storage.migrations.schema import guard_audit, missing_guards
from storage.tables import AuditEvent, AuditLink
from storage.tables.column_types import utcnow
from tests.support.factories.people import staff
from tests.support.factories.reference_data import NOW
from tests.support.postgres import make_schema

SECRET, OTHER = "the-secret-key-of-the-tests-long-enough", "another-secret-key-that-is-long-enough"


async def write(database: Database, count: int) -> None:
    def unit(db: Session) -> None:
        for number in range(count):
            audit.record(
                db, now=utcnow(), actor=SYSTEM, event="seen", subject="account", subject_id=number, note="ی"
            )

    await database.run(unit)


def insert(number: int, event: str = "late") -> str:
    return (
        "INSERT INTO audit_event (id, at, event, subject, subject_id, actor_role, data)"
        f" VALUES ({number}, '2026-01-01 00:00:00', '{event}', 'account', 1, 'system', '{{}}')"
    )


async def link(database: Database, *secrets: str) -> AuditChain:
    chain = AuditChain(database, ChainKeys(secrets or [SECRET]))
    await chain.link_new()
    return chain


async def faults(database: Database, *secrets: str, newest: int | None = None) -> list[str]:
    return (await audit_check.check_chain(database, ChainKeys(secrets or [SECRET]), newest=newest)).faults


async def content(database: Database) -> tuple[Any, Any]:
    """All audit events and all links."""

    def read(db: Session) -> tuple[Any, Any]:
        return (
            [row.model_dump() for row in db.exec(select(AuditEvent).order_by(AuditEvent.id))],
            [row.model_dump() for row in db.exec(select(AuditLink).order_by(AuditLink.position))],
        )

    return await database.read(read)


async def tamper(database: Database, *statements: str, rewriting: bool = False) -> None:
    """Change lines with all rights in the database, and hide the traces. With `rewriting` the hashes of the whole chain
    are worked out anew before the last statements, by somebody who has the code and not the key."""
    engine = create_async_engine(database.url)
    async with engine.begin() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            names = await connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            for name in names.scalars().all():
                await connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            await connection.execute(text("SET session_replication_role = replica"))
        if rewriting:
            await connection.execute(text("UPDATE audit_event SET event = 'forged' WHERE id = 3"))
            await connection.run_sync(lambda one: _rewrite(Session(one)))
        for statement in statements:
            await connection.execute(text(statement))
        if sqlite:
            await connection.run_sync(guard_audit)
    await engine.dispose()


def _rewrite(db: Session) -> None:
    previous = ""
    for one in db.exec(select(AuditLink).order_by(AuditLink.position)).all():
        event = db.execute(select(audit_chain.EVENTS).where(audit_chain.EVENTS.c.id == one.event_id)).one()
        previous = audit_chain.digest(previous, event)
        new = {"h": previous, "p": one.position}
        db.execute(text("UPDATE audit_link SET hash = :h WHERE position = :p"), new)


@pytest.fixture
async def linked(database: Database) -> Database:
    """Ten lines, linked in three batches."""
    for count in (4, 5, 1):
        await write(database, count)
        await link(database)
    return database


def test_an_event_says_who_did_what_from_where(db: Session) -> None:
    actor = staff(db)
    audit.record(
        db,
        now=NOW,
        actor=actor,
        event="submitted",
        subject="qualification",
        subject_id=7,
        from_state="DRAFT",
        to_state="SUBMITTED",
        university="sums",
    )
    (found,) = db.exec(select(AuditEvent)).all()
    assert (found.actor_id, found.actor_role) == (actor.account_id, actor.role)
    assert found.messenger is actor.messenger
    assert (found.from_state, found.to_state) == ("DRAFT", "SUBMITTED")
    assert found.data == {"university": "sums"}


CONFLICT = " ON CONFLICT (id) DO UPDATE SET event = 'forged'"
SQLITE_ATTACKS = [
    "INSERT OR REPLACE INTO audit_event SELECT id, at, 'forged', subject, subject_id, actor_id, actor_role, messenger,"
    " from_state, to_state, data FROM audit_event WHERE id = 3",
    insert(3, "forged").replace("INSERT", "REPLACE"),
    insert(3, "forged") + CONFLICT,
    "UPDATE OR REPLACE audit_event SET id = 3 WHERE id = 4",
    "UPDATE OR REPLACE audit_event SET event = 'forged' WHERE id = 3",
    "UPDATE OR IGNORE audit_event SET event = 'forged' WHERE id = 3",
    "DELETE FROM audit_event WHERE id = 3",
    "DELETE FROM audit_event",
    "REPLACE INTO audit_link (position, event_id, hash, resumed) VALUES (3, 77, 'x', 0)",
    "REPLACE INTO audit_link (position, event_id, hash, resumed) VALUES (77, 3, 'x', 0)",
    "UPDATE OR REPLACE audit_link SET position = 3 WHERE position = 4",
    "UPDATE audit_link SET hash = 'x'",
    "DELETE FROM audit_link WHERE position = 3",
]
POSTGRES_ATTACKS = [
    "UPDATE audit_event SET event = 'forged' WHERE id = 3",
    "DELETE FROM audit_event WHERE id = 3",
    "TRUNCATE audit_event",
    "TRUNCATE audit_event, audit_link CASCADE",
    "TRUNCATE account CASCADE",
    insert(3, "forged") + CONFLICT,
    "MERGE INTO audit_event e USING (SELECT 3 AS id) s ON e.id = s.id WHEN MATCHED THEN DELETE",
    "UPDATE audit_link SET hash = 'x'",
    "DELETE FROM audit_link WHERE position = 3",
    "TRUNCATE audit_link",
]


async def test_no_statement_changes_a_line(linked: Database) -> None:
    before = await content(linked)
    sqlite = linked.url.get_backend_name() == "sqlite"
    for statement in SQLITE_ATTACKS if sqlite else POSTGRES_ATTACKS:
        for pragma in ("PRAGMA recursive_triggers = 0", "PRAGMA foreign_keys = 0"):
            engine = create_async_engine(linked.url)
            async with engine.connect() as connection:
                if sqlite:
                    await connection.execute(text(pragma))
                with pytest.raises(DBAPIError, match="append-only"):
                    await connection.execute(text(statement))
                await connection.rollback()
            await engine.dispose()
            assert await content(linked) == before, statement


@pytest.fixture
async def own_url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> str:
    """A database whose schema may be changed."""
    if database_url.startswith("sqlite"):
        return database_url
    url: str = request.getfixturevalue("empty_postgres_url")
    await make_schema(url)
    return url


@pytest.mark.parametrize(
    ("sqlite", "postgres", "name"),
    [
        (
            ["DROP TRIGGER audit_event_no_update"],
            "DROP TRIGGER audit_event_append_only ON audit_event",
            "audit_event_",
        ),
        (
            [
                "DROP TRIGGER audit_link_no_replace",
                "CREATE TRIGGER audit_link_no_replace BEFORE INSERT ON audit_link"
                " WHEN 0 BEGIN SELECT RAISE(ABORT, 'audit_link is append-only'); END",
            ],
            "ALTER TABLE audit_link DISABLE TRIGGER audit_link_append_only",
            "audit_link_",
        ),
        (
            ["DROP TRIGGER audit_event_no_replace"],
            "CREATE OR REPLACE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RETURN NEW; END $$",
            "audit_event_",
        ),
    ],
    ids=["gone", "never or disabled", "another, or a function that lets all through"],
)
async def test_a_trigger_that_is_gone_or_without_effect_is_named(
    own_url: str, sqlite: list[str], postgres: str, name: str
) -> None:
    engine = create_async_engine(asynchronous(own_url))
    async with engine.begin() as connection:
        assert await connection.run_sync(missing_guards) == []
        for statement in sqlite if own_url.startswith("sqlite") else [postgres]:
            await connection.execute(text(statement))
        found = await connection.run_sync(missing_guards)
    await engine.dispose()
    assert found
    assert all(one.startswith(name) for one in found)


async def add_line(database: Database, number: int) -> None:
    await database.run(lambda db: db.execute(text(insert(number))))
    await link(database)


async def test_a_whole_chain(linked: Database) -> None:
    _, links = await content(linked)
    assert [one["position"] for one in links] == list(range(1, 11))
    assert [one["position"] for one in links if one["mac"]] == [4, 9, 10], "the last of each batch is signed"
    checked = await audit_check.check_chain(linked, ChainKeys([SECRET]))
    assert (checked.faults, checked.links, checked.waiting) == ([], 10, 0)
    await write(linked, 3)
    assert (await audit_check.check_chain(linked, ChainKeys([SECRET]))).waiting == 3


async def test_an_end_that_was_cut_off_is_seen(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """The end is named in the log, once an hour."""
    caplog.set_level(logging.INFO)
    await write(database, 5)
    chain = await link(database)
    await write(database, 5)
    await chain.link_new()
    assert caplog.text.count("it ends with link") == 1
    assert (await content(database))[1][4]["hash"] in caplog.text
    await tamper(
        database, "DELETE FROM audit_event WHERE id > 5", "DELETE FROM audit_link WHERE position > 5"
    )
    await write(database, 1)
    for _ in range(2):
        await chain.link_new()
    assert caplog.text.count("it ended with link 10 before, and with link 5 now") == 1


async def test_lines_that_commit_out_of_order_are_all_linked_once(database: Database) -> None:
    """On PostgreSQL a lower id may be committed after a higher one was linked."""
    await write(database, 3)
    for number in (9, 7, 8, 6):
        await add_line(database, number)
    _, links = await content(database)
    assert [one["event_id"] for one in links] == [1, 2, 3, 9, 7, 8, 6]
    assert await faults(database) == []


async def test_a_line_with_an_absurd_number_does_not_stop_the_chain(postgres_url: str) -> None:
    """On SQLite the next line follows it."""
    database = await open_database(postgres_url)
    await write(database, 3)
    await add_line(database, 4_000_000_000_000)
    await write(database, 3)
    await link(database)
    assert len((await content(database))[1]) == 7
    assert await faults(database) == []
    await database.close()


async def test_two_processes_and_a_backlog(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_chain, "PAUSE", 0)
    await write(database, 450)
    url = database.url.render_as_string(hide_password=False)
    other = await open_database(url.replace("+aiosqlite", "").replace("+asyncpg", ""))
    try:
        await asyncio.gather(*(link(one) for one in (database, other, database, other)))
    finally:
        await other.close()
    _, links = await content(database)
    assert [one["position"] for one in links] == list(range(1, 451))
    assert {one["event_id"] for one in links} == set(range(1, 451))
    assert await faults(database) == []


async def test_an_idle_bot_writes_nothing(linked: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*arguments: Any, **options: Any) -> None:
        raise AssertionError("nothing to write")

    chain = AuditChain(linked, ChainKeys([SECRET]))
    monkeypatch.setattr(linked, "run", never)
    await chain.link_new()


FORGED = "UPDATE audit_event SET event = 'forged' WHERE id = 3"
NO_HASH = f"'{'0' * 64}'"
CHANGES: dict[str, tuple[list[str], str]] = {
    "a word": ([FORGED], "audit line 3 "),
    "who did it": (["UPDATE audit_event SET actor_role = 'STAFF' WHERE id = 5"], "audit line 5 "),
    "when": (["UPDATE audit_event SET at = '2020-01-01 00:00:00' WHERE id = 10"], "audit line 10 "),
    "the data": (['UPDATE audit_event SET data = \'{"note": "x"}\' WHERE id = 1'], "audit line 1 "),
    "a line gone": (["DELETE FROM audit_event WHERE id = 6"], "audit line 6 "),
    "a line and its link gone": (
        ["DELETE FROM audit_event WHERE id = 6", "DELETE FROM audit_link WHERE event_id = 6"],
        "links 6 to 6 are gone",
    ),
    "the first gone": (
        ["DELETE FROM audit_event WHERE id = 1", "DELETE FROM audit_link WHERE event_id = 1"],
        "links 1 to 1 are gone",
    ),
    "a link": ([f"UPDATE audit_link SET hash = {NO_HASH} WHERE position = 7"], "audit line 7 "),
    "two lines exchanged": (["UPDATE audit_link SET event_id = 99 WHERE event_id = 2"], "audit line 99 "),
    "the signature": (
        [f"UPDATE audit_link SET mac = {NO_HASH} WHERE position = 10"],
        "link 10, the last one",
    ),
    "no signature": (
        ["UPDATE audit_link SET mac = NULL, key_id = NULL WHERE position = 10"],
        "link 10, the last one",
    ),
}


@pytest.mark.parametrize("kind", CHANGES)
async def test_a_change_is_found_at_its_place(kind: str, linked: Database) -> None:
    statements, told = CHANGES[kind]
    await tamper(linked, *statements)
    found = await faults(linked)
    assert found
    assert told in found[0]


async def test_a_line_that_was_put_in_later_is_found(linked: Database) -> None:
    await tamper(linked, insert(-3, "forged"))
    await link(linked)
    (fault,) = await faults(linked)
    assert "1 audit lines are not in the chain, the first is line -3" in fault


async def test_a_line_whose_link_is_gone_is_counted_once_it_is_too_late_for_one(
    linked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_check, "LATE", 2)
    await tamper(linked, "DELETE FROM audit_link WHERE event_id = 6")
    assert any("the first is line 6" in fault for fault in await faults(linked))


async def test_a_recomputed_chain_is_not_signed(linked: Database, caplog: pytest.LogCaptureFixture) -> None:
    await tamper(linked, rewriting=True)
    found = await faults(linked)
    assert "link 10, the last one" in found[0]
    assert "audit line 4 (link 4): the links up to here were recomputed" in found[1]
    # The running bot does not lend its signature to it.
    await write(linked, 3)
    with caplog.at_level(logging.ERROR):
        await link(linked)
    assert "bears a wrong signature; run `bot.py check-audit`" in caplog.text
    assert len((await content(linked))[1]) == 10


async def test_a_signature_under_an_unknown_key_leaves_a_mark_for_ever(linked: Database) -> None:
    unknown = "UPDATE audit_link SET key_id = '0000000000000000' WHERE key_id IS NOT NULL"
    await tamper(linked, unknown, rewriting=True)
    await write(linked, 3)
    await link(linked)
    await link(linked)
    assert any("line 11" in one and "key that was not here" in one for one in await faults(linked))
    await tamper(linked, "UPDATE audit_link SET resumed = false")
    assert any("line 11" in one and "recomputed" in one for one in await faults(linked))


async def test_the_key_may_be_changed(linked: Database) -> None:
    await write(linked, 2)
    await link(linked, OTHER, SECRET)
    assert await faults(linked, OTHER, SECRET) == []
    assert await faults(linked, OTHER) == [], "the newest signature vouches for all that came before"
    assert "key that is not here" in (await faults(linked, SECRET))[0]


async def test_only_the_newest_of_many_are_checked(linked: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_check, "PIECE", 3)
    await tamper(linked, FORGED)
    assert await faults(linked, newest=4) == []
    assert len(await faults(linked)) == 1
    checked = await audit_check.check_chain(linked, ChainKeys([SECRET]), newest=4)
    assert doctor.summary(checked) == "the newest 4 of 10 links are whole"


async def test_the_doctor_names_triggers_and_the_first_break(linked: Database, database_url: str) -> None:
    settings = Settings.load(_env_file=None, database_url=database_url, secret_key=SECRET)

    async def told() -> dict[str, Any]:
        return {one.name: one async for one in doctor.check_audit_record(linked, settings)}

    assert all(one.good for one in (await told()).values())
    await tamper(linked, FORGED, "UPDATE audit_event SET event = 'forged' WHERE id = 8")
    chain = (await told())["audit chain"]
    assert not chain.good
    assert "audit line 3 " in chain.words
    assert "1 more" in chain.words
