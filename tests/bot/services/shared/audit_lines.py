"""Audit events for the tests of the chain: written, linked, and changed past the triggers."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Session, select

from bot.core.context import SYSTEM
from bot.services.shared import audit, audit_chain, audit_check
from bot.services.shared.audit_chain import AuditChain, ChainKeys
from storage.database.database import Database
from storage.migrations.schema import guard_audit
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
