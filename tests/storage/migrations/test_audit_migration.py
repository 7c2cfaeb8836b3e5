"""Audit lines of the time before the chain are kept by the migration, guarded from then on, and linked by the bot."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from bot.services.shared.audit_chain import AuditChain, ChainKeys
from bot.services.shared.audit_check import check_chain
from storage.database.database import asynchronous, open_database
from storage.migrations import migrate
from storage.migrations.schema import missing_guards

KEYS = ChainKeys(["the-secret-key-of-the-tests-long-enough"])
LINE = (
    "INSERT INTO audit_event (id, at, event, subject, subject_id, actor_role, data)"
    " VALUES ({}, '2026-01-01 00:00:00', 'seen', 'account', 1, 'system', '{{\"note\": \"ی\"}}')"
)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_old_lines_are_kept_guarded_and_linked(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = (
        f"sqlite:///{tmp_path}/old.db" if kind == "sqlite" else request.getfixturevalue("empty_postgres_url")
    )

    def first(connection: Connection) -> None:
        command.upgrade(migrate._config(connection), "0001")
        for number in range(1, 121):
            connection.execute(text(LINE.format(number)))

    async with migrate._connection(url) as connection:
        await connection.run_sync(first)

    await migrate.upgrade(url)

    engine = create_async_engine(asynchronous(url))
    async with engine.connect() as one:
        assert await one.run_sync(missing_guards) == []
        with pytest.raises(DBAPIError):
            await one.execute(
                text(LINE.format(3).replace("INSERT", "INSERT OR REPLACE" if kind == "sqlite" else "INSERT"))
            )
    await engine.dispose()
    database = await open_database(url)
    try:
        assert (await check_chain(database, KEYS)).waiting == 120
        await AuditChain(database, KEYS).link_new()
        found = await check_chain(database, KEYS)
        assert (found.links, found.waiting, found.faults) == (120, 0, [])
    finally:
        await database.close()
