"""Audit lines of the time before the chain are kept by the migration, guarded from then on, and linked by the bot."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from bot.operations.audit_check import check_chain
from bot.services.shared.audit_chain import AuditChain, ChainKeys
from storage.database.database import asynchronous, open_database
from storage.migrations import migrate
from storage.migrations.schema import missing_guards

KEYS = ChainKeys(["the-secret-key-of-the-tests-long-enough"])
LINE = (
    "INSERT INTO audit_event (id, at, event, subject, subject_id, actor_role, data)"
    " VALUES ({}, '2026-01-01 00:00:00', 'seen', 'account', 1, 'system', '{{\"note\": \"ی\"}}')"
)


async def test_old_lines_are_kept_guarded_and_linked(empty_url: str) -> None:
    await migrate.upgrade(empty_url, to="0001")
    engine = create_async_engine(asynchronous(empty_url))
    async with engine.begin() as connection:
        for number in range(1, 121):
            await connection.execute(text(LINE.format(number)))

    await migrate.upgrade(empty_url)

    replacing = "INSERT OR REPLACE" if empty_url.startswith("sqlite") else "INSERT"
    async with engine.connect() as connection:
        assert await connection.run_sync(missing_guards) == []
        with pytest.raises(DBAPIError):
            await connection.execute(text(LINE.format(3).replace("INSERT", replacing)))
    await engine.dispose()
    database = await open_database(empty_url)
    try:
        assert (await check_chain(database, KEYS)).waiting == 120
        await AuditChain(database, KEYS).link_new()
        found = await check_chain(database, KEYS)
        assert (found.links, found.waiting, found.faults) == (120, 0, [])
    finally:
        await database.close()
