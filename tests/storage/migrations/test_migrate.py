"""Migrations lead to exactly the schema of the tables, on both databases, all or nothing."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from storage.database.database import asynchronous, open_database
from storage.migrations.migrate import current_is_head, schema_differences, upgrade
from storage.migrations.schema import fingerprint


async def schema_of(url: str) -> set[str]:
    engine = create_async_engine(asynchronous(url))
    async with engine.connect() as connection:
        found: set[str] = await connection.run_sync(fingerprint)
    await engine.dispose()
    return found


async def execute(url: str, statement: str) -> None:
    engine = create_async_engine(asynchronous(url))
    async with engine.begin() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


async def test_migrations_lead_to_the_schema_of_the_tables(
    empty_url: str, request: pytest.FixtureRequest
) -> None:
    made = request.getfixturevalue("sqlite_url" if empty_url.startswith("sqlite") else "postgres_url")

    await upgrade(empty_url)

    assert await schema_of(empty_url) == await schema_of(made)
    assert await schema_differences(empty_url) == []


async def test_the_code_needs_no_further_migration() -> None:
    assert await schema_differences() == []


async def test_an_old_schema_is_recognised_and_upgrading_twice_is_harmless(empty_url: str) -> None:
    assert not await current_is_head(empty_url)

    await upgrade(empty_url)
    await upgrade(empty_url)

    assert await current_is_head(empty_url)


async def test_a_difference_is_found(empty_url: str) -> None:
    await upgrade(empty_url)
    await execute(empty_url, "ALTER TABLE tariff ADD COLUMN note TEXT")

    assert any("note" in line for line in await schema_differences(empty_url))


async def test_a_migration_that_fails_leaves_nothing(empty_url: str) -> None:
    """It stumbles over a table that is there, late."""
    if empty_url.startswith("sqlite"):
        Path(asynchronous(empty_url).database or "").parent.mkdir()
    await execute(empty_url, "CREATE TABLE university (code VARCHAR(1))")

    with pytest.raises(Exception, match="university"):
        await upgrade(empty_url)

    assert {line.split(":")[0] for line in await schema_of(empty_url)} == {"university"}
    assert not await current_is_head(empty_url)


async def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    """As the program finds them when it opens the database."""
    database = await open_database(url)
    found = await database.read(lambda session: [tuple(row) for row in session.execute(text(query))])
    await database.close()
    return found


OLD_ACCOUNT = (
    "INSERT INTO account (id, user_code, password_hash, credentials_pending, state, first_name, last_name, "
    "mobile_verified, migrated, version, created_at) "
    "VALUES (1, '1', '', false, 'ACTIVE', '', '', false, false, 0, '2026-01-01 00:00:00')"
)


async def test_updates_and_file_ids_of_before_keep_their_place(empty_url: str) -> None:
    """What came before bots were told apart belongs to bot 0, until a bot takes it over."""
    await upgrade(empty_url, to="0001")
    at = "'2026-01-01 00:00:00'"
    for statement in (
        f"INSERT INTO inbox_update (id, messenger, update_id, lane, raw, state, note, received_at) VALUES "
        f"(4, 'telegram', 17, 5, '{{}}', 'ANSWERED', 'n', {at}), (5, 'bale', 17, 5, '[]', 'FAILED', NULL, {at})",
        OLD_ACCOUNT,
        f"INSERT INTO stored_file (id, account_id, sha256, media_type, size, original_key, shown_key, created_at) "
        f"VALUES (9, 1, 'x', 'x', 1, 'x', 'x', {at})",
        "INSERT INTO file_handle (file_id, messenger, handle) VALUES (9, 'bale', 'h')",
    ):
        await execute(empty_url, statement)

    await upgrade(empty_url)

    columns = "id, messenger, bot_id, update_id, again, lane, raw, state, note, identity"
    assert await rows(empty_url, f"SELECT {columns} FROM inbox_update ORDER BY id") == [
        (4, "telegram", 0, 17, 0, 5, "{}", "ANSWERED", "n", None),
        (5, "bale", 0, 17, 0, 5, "[]", "FAILED", None, None),
    ]
    handles = "SELECT file_id, messenger, bot_id, handle FROM file_handle"
    assert await rows(empty_url, handles) == [(9, "bale", 0, "h")]


async def test_whoever_is_logged_in_is_known_in_that_chat(empty_url: str) -> None:
    await upgrade(empty_url, to="0004")
    await execute(empty_url, OLD_ACCOUNT)
    at = "'2026-01-01 00:00:00'"
    await execute(
        empty_url,
        f"INSERT INTO chat (id, messenger, chat_id, account_id, role, dead, place, keyboard, version, created_at) VALUES "
        f"(7, 'telegram', 70, 1, 'officer', false, '{{}}', false, 0, {at}), "
        f"(8, 'bale', 80, NULL, NULL, false, '{{}}', false, 0, {at})",
    )

    await upgrade(empty_url)

    assert await rows(empty_url, "SELECT account_id, chat_row_id FROM known_chat") == [(1, 7)]


async def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ValueError, match="mysql is not supported"):
        await upgrade("mysql://localhost/x")
