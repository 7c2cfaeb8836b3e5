"""What was written about who did what stays as it was written; where somebody changed it all the same, it shows."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Session, select

from bot.config.settings import Settings
from bot.core.context import SYSTEM
from bot.doctor import audit as doctor
from bot.services.shared import audit, audit_chain, audit_check
from bot.services.shared.audit_chain import AuditChain, ChainKeys
from storage.database.database import Database, asynchronous, open_database
from storage.migrations.schema import guard_audit, missing_guards
from storage.tables import AuditEvent, AuditLink
from storage.tables.column_types import utcnow

SECRET, OTHER = "the-secret-key-of-the-tests-long-enough", "another-secret-key-that-is-long-enough"


async def write(database: Database, count: int) -> None:
    def unit(db: Session) -> None:
        for number in range(count):
            audit.record(
                db, now=utcnow(), actor=SYSTEM, event="seen", subject="account", subject_id=number, note="ی"
            )

    await database.run(unit)


async def link(database: Database, *secrets: str) -> AuditChain:
    chain = AuditChain(database, ChainKeys(secrets or [SECRET]))
    await chain.link_new()
    return chain


async def faults(database: Database, *secrets: str, newest: int | None = None) -> list[str]:
    return (await audit_check.check_chain(database, ChainKeys(secrets or [SECRET]), newest=newest)).faults


@pytest.fixture
async def linked(database: Database) -> Database:
    """Ten lines, linked in three batches."""
    for count in (4, 5, 1):
        await write(database, count)
        await link(database)
    return database


async def tamper(database: Database, *statements: str) -> None:
    """As somebody does who may do everything in the database."""
    engine = create_async_engine(database.url)
    async with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            for name in await connection.run_sync(_triggers):
                await connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            await connection.execute(text("SET session_replication_role = replica"))
        for statement in statements:
            await connection.execute(text(statement))
        if connection.dialect.name == "sqlite":
            await connection.run_sync(guard_audit)  # and hides the traces
    await engine.dispose()


def _triggers(connection: Any) -> list[str]:
    return list(connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars())


SQLITE_ATTACKS = [
    "INSERT OR REPLACE INTO audit_event SELECT id, at, 'forged', subject, subject_id, actor_id, actor_role, messenger,"
    " from_state, to_state, data FROM audit_event WHERE id = 3",
    "REPLACE INTO audit_event (id, at, event, subject, subject_id, actor_role, data)"
    " VALUES (3, '2026-01-01', 'forged', 'account', 1, 'system', '{}')",
    "INSERT INTO audit_event (id, at, event, subject, subject_id, actor_role, data)"
    " VALUES (3, '2026-01-01', 'forged', 'account', 1, 'system', '{}')"
    " ON CONFLICT (id) DO UPDATE SET event = 'forged'",
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
    "INSERT INTO audit_event (id, at, event, subject, subject_id, actor_role, data)"
    " VALUES (3, '2026-01-01', 'forged', 'account', 1, 'system', '{}')"
    " ON CONFLICT (id) DO UPDATE SET event = 'forged'",
    "MERGE INTO audit_event e USING (SELECT 3 AS id) s ON e.id = s.id WHEN MATCHED THEN DELETE",
    "UPDATE audit_link SET hash = 'x'",
    "DELETE FROM audit_link WHERE position = 3",
    "TRUNCATE audit_link",
]


async def content(database: Database) -> tuple[Any, Any]:
    def read(db: Session) -> tuple[Any, Any]:
        return (
            [row.model_dump() for row in db.exec(select(AuditEvent).order_by(AuditEvent.id))],  # type: ignore[arg-type]
            [row.model_dump() for row in db.exec(select(AuditLink).order_by(AuditLink.position))],  # type: ignore[arg-type]
        )

    return await database.read(read)


async def test_no_statement_changes_a_line(linked: Database) -> None:
    before = await content(linked)
    attacks = SQLITE_ATTACKS if linked.url.get_backend_name() == "sqlite" else POSTGRES_ATTACKS
    for statement in attacks:
        for pragma in ("PRAGMA recursive_triggers = 0", "PRAGMA foreign_keys = 0"):
            engine = create_async_engine(linked.url)
            async with engine.connect() as connection:
                if linked.url.get_backend_name() == "sqlite":
                    await connection.execute(text(pragma))
                with pytest.raises(DBAPIError, match="append-only"):
                    await connection.execute(text(statement))
                await connection.rollback()
            await engine.dispose()
            assert await content(linked) == before, statement


async def test_a_whole_chain(linked: Database) -> None:
    _, links = await content(linked)
    assert [one["position"] for one in links] == list(range(1, 11))
    assert [one["position"] for one in links if one["mac"]] == [4, 9, 10], "the last of each batch is signed"
    checked = await audit_check.check_chain(linked, ChainKeys([SECRET]))
    assert (checked.faults, checked.links, checked.waiting) == ([], 10, 0)
    await write(linked, 3)
    assert (await audit_check.check_chain(linked, ChainKeys([SECRET]))).waiting == 3


CHANGES: dict[str, tuple[list[str], str]] = {
    "a word": (["UPDATE audit_event SET event = 'forged' WHERE id = 3"], "audit line 3 "),
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
    "a link": (["UPDATE audit_link SET hash = repeat64 WHERE position = 7"], "audit line 7 "),
    "two lines exchanged": (
        ["UPDATE audit_link SET event_id = 99 WHERE event_id = 2"],
        "audit line 99 ",
    ),
    "the signature": (["UPDATE audit_link SET mac = repeat64 WHERE position = 10"], "link 10, the last one"),
    "no signature": (
        ["UPDATE audit_link SET mac = NULL, key_id = NULL WHERE position = 10"],
        "link 10, the last one",
    ),
}


@pytest.mark.parametrize("kind", CHANGES)
async def test_what_was_changed_past_the_triggers_is_found_at_its_place(kind: str, linked: Database) -> None:
    statements, told = CHANGES[kind]
    await tamper(linked, *(one.replace("repeat64", f"'{'0' * 64}'") for one in statements))
    found = await faults(linked)
    assert found
    assert told in found[0]


async def test_a_line_that_was_put_in_later_is_found(linked: Database) -> None:
    await tamper(
        linked,
        "INSERT INTO audit_event (id, at, event, subject, subject_id, actor_role, data)"
        " VALUES (-3, '2020-01-01 00:00:00', 'forged', 'account', 1, 'STAFF', '{}')",
    )
    await link(linked)
    (fault,) = await faults(linked)
    assert "1 audit lines are not in the chain, the first is line -3" in fault


def rewrite(db: Session) -> None:
    """Work the whole chain out anew, as somebody can who has the code and not the key."""
    previous = ""
    for one in db.exec(select(AuditLink).order_by(AuditLink.position)).all():  # type: ignore[arg-type]
        event = db.execute(select(audit_chain.EVENTS).where(audit_chain.EVENTS.c.id == one.event_id)).one()
        previous = audit_chain.digest(previous, event)
        db.execute(
            text("UPDATE audit_link SET hash = :h WHERE position = :p"), {"h": previous, "p": one.position}
        )


async def rewritten(database: Database, *more: str) -> None:
    await tamper(database, "UPDATE audit_event SET event = 'forged' WHERE id = 3")
    engine = create_async_engine(database.url)
    async with engine.begin() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            for name in await connection.run_sync(_triggers):
                await connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            await connection.execute(text("SET session_replication_role = replica"))
        await connection.run_sync(lambda one: rewrite(Session(one)))
        for statement in more:
            await connection.execute(text(statement))
        if sqlite:
            await connection.run_sync(guard_audit)
    await engine.dispose()


async def test_a_chain_that_was_worked_out_anew_is_not_signed(
    linked: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await rewritten(linked)
    found = await faults(linked)
    assert "link 10, the last one" in found[0]
    assert "audit line 4 (link 4): the links up to here were recomputed" in found[1]
    # The running bot does not lend its signature to it.
    await write(linked, 3)
    with caplog.at_level(logging.ERROR):
        await link(linked)
    assert "bears a wrong signature; run `bot.py check_chain-audit`" in caplog.text
    assert len((await content(linked))[1]) == 10


async def test_a_signature_under_an_unknown_key_leaves_a_mark_for_ever(linked: Database) -> None:
    await rewritten(linked, "UPDATE audit_link SET key_id = '0000000000000000' WHERE key_id IS NOT NULL")
    await write(linked, 3)
    await link(linked)
    await link(linked)
    found = await faults(linked)
    assert [one for one in found if "line 11" in one and "key that was not here" in one]
    await tamper(linked, "UPDATE audit_link SET resumed = :no".replace(":no", "false"))
    assert any("line 11" in one and "recomputed" in one for one in await faults(linked))


async def test_the_key_may_be_changed(linked: Database) -> None:
    await write(linked, 2)
    await link(linked, OTHER, SECRET)
    assert await faults(linked, OTHER, SECRET) == []
    assert await faults(linked, OTHER) == [], "the newest signature vouches for all that came before"
    assert "key that is not here" in (await faults(linked, SECRET))[0]


async def test_an_end_that_was_cut_off_is_seen_by_the_running_bot(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await write(database, 5)
    chain = await link(database)
    await write(database, 5)
    await chain.link_new()
    await tamper(
        database, "DELETE FROM audit_event WHERE id > 5", "DELETE FROM audit_link WHERE position > 5"
    )
    await write(database, 1)
    with caplog.at_level(logging.ERROR):
        await chain.link_new()
        await chain.link_new()
    assert caplog.text.count("it ended with link 10 before, and with link 5 now") == 1


async def test_the_end_is_named_in_the_log_once_an_hour(
    database: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with caplog.at_level(logging.INFO):
        await write(database, 5)
        chain = await link(database)
        await write(database, 5)
        await chain.link_new()
    assert caplog.text.count("it ends with link") == 1
    assert (await content(database))[1][4]["hash"] in caplog.text


async def test_lines_that_commit_out_of_order_are_all_linked_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL a lower id may be committed after a higher one was linked."""
    await write(database, 3)
    insert = (
        "INSERT INTO audit_event (id, at, event, subject, subject_id, actor_role, data)"
        " VALUES ({}, '2026-01-01 00:00:00', 'late', 'account', 1, 'system', '{{}}')"
    )
    for number in (9, 7, 8, 6):
        await database.run(lambda db, number=number: db.execute(text(insert.format(number))))  # type: ignore[misc]
        await link(database)
    _, links = await content(database)
    assert [one["event_id"] for one in links] == [1, 2, 3, 9, 7, 8, 6]
    assert await faults(database) == []


async def test_a_line_with_an_absurd_number_does_not_stop_the_chain(database: Database) -> None:
    if database.url.get_backend_name() == "sqlite":
        pytest.skip("there the next line follows it")
    await write(database, 3)
    insert = (
        "INSERT INTO audit_event (id, at, event, subject, subject_id, actor_role, data)"
        " VALUES (4000000000000, '2026-01-01 00:00:00', 'late', 'account', 1, 'system', '{}')"
    )
    await database.run(lambda db: db.execute(text(insert)))
    await link(database)
    await write(database, 3)
    await link(database)
    assert len((await content(database))[1]) == 7
    assert await faults(database) == []


async def test_two_processes_and_a_backlog(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    monkeypatch.setattr(audit_chain, "PAUSE", 0)
    await write(database, 450)
    other = await open_database(
        database.url.render_as_string(hide_password=False).replace("+aiosqlite", "").replace("+asyncpg", "")
    )
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


async def test_only_the_newest_are_looked_at_where_there_are_many(
    linked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_check, "PIECE", 3)
    await tamper(linked, "UPDATE audit_event SET event = 'forged' WHERE id = 3")
    assert await faults(linked, newest=4) == []
    assert len(await faults(linked)) == 1
    checked = await audit_check.check_chain(linked, ChainKeys([SECRET]), newest=4)
    assert doctor.summary(checked) == "the newest 4 of 10 links are whole"


async def test_the_doctor_names_triggers_and_the_first_break(linked: Database, database_url: str) -> None:
    settings = Settings.load(_env_file=None, database_url=database_url, secret_key=SECRET)

    async def told() -> dict[str, Any]:
        return {one.name: one async for one in doctor.check_audit_record(linked, settings)}

    assert all(one.good for one in (await told()).values())
    await tamper(
        linked,
        "UPDATE audit_event SET event = 'forged' WHERE id = 3",
        "UPDATE audit_event SET event = 'forged' WHERE id = 8",
    )
    chain = (await told())["audit chain"]
    assert not chain.good
    assert "audit line 3 " in chain.words
    assert "1 more" in chain.words


@pytest.fixture
async def own(request: pytest.FixtureRequest, database_url: str, tmp_path: Any) -> str:
    """A database whose schema may be changed."""
    if database_url.startswith("sqlite"):
        return database_url
    from tests.support.postgres import make_schema

    url: str = request.getfixturevalue("empty_postgres_url")
    await make_schema(url)
    return url


@pytest.mark.parametrize(
    ("sqlite", "postgres", "name"),
    [
        (
            "DROP TRIGGER audit_event_no_update",
            "DROP TRIGGER audit_event_append_only ON audit_event",
            "audit_event_",
        ),
        (
            "DROP TRIGGER audit_link_no_replace; CREATE TRIGGER audit_link_no_replace BEFORE INSERT ON audit_link"
            " WHEN 0 BEGIN SELECT RAISE(ABORT, 'audit_link is append-only') END",
            "ALTER TABLE audit_link DISABLE TRIGGER audit_link_append_only",
            "audit_link_",
        ),
        (
            "DROP TRIGGER audit_event_no_replace",
            "CREATE OR REPLACE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RETURN NEW; END $$",
            "audit_event_",
        ),
    ],
)
async def test_a_trigger_that_is_gone_or_toothless_is_named(
    own: str, sqlite: str, postgres: str, name: str
) -> None:
    engine = create_async_engine(asynchronous(own))
    async with engine.begin() as connection:
        assert await connection.run_sync(missing_guards) == []
        for statement in sqlite.split("; ") if own.startswith("sqlite") else [postgres]:
            await connection.execute(text(statement.replace("') END", "'); END")))
        found = await connection.run_sync(missing_guards)
    await engine.dispose()
    assert found
    assert all(one.startswith(name) for one in found)
