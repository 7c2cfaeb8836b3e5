"""Audit events say who did what, and no statement changes them."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Session, select

from bot.services.shared import audit
from storage.database.database import Database, asynchronous
from storage.migrations.schema import missing_guards
from storage.tables import AuditEvent
from tests.bot.services.shared.audit_lines import content, insert
from tests.support.factories.people import staff
from tests.support.factories.reference_data import NOW
from tests.support.postgres import make_schema
from tests.support.services import as_unit


@as_unit
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
