"""Processes on one database see each other."""

from collections.abc import AsyncIterator

import pytest

from storage.database.database import Database, open_database

DROP_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
async def processes(postgres_url: str) -> AsyncIterator[tuple[Database, Database]]:
    opened = await open_database(postgres_url), await open_database(postgres_url)
    yield opened
    for database in opened:
        await database.close()


async def test_processes_on_postgres_see_each_other(processes: tuple[Database, Database]) -> None:
    first, second = processes
    assert await first.announce_process()
    assert await first.announce_process()
    assert not await second.announce_process()
    assert not await first.announce_process()
    await first.close()
    assert await second.announce_process()


async def test_the_sign_is_renewed_where_the_server_dropped_it(processes: tuple[Database, Database]) -> None:
    first, second = processes
    await first.announce_process()
    await second.run(lambda db: db.connection().exec_driver_sql(DROP_OTHERS))
    assert await first.announce_process()
    assert not await second.announce_process()


async def test_one_process_serves_on_a_file(sqlite_url: str) -> None:
    database = await open_database(sqlite_url)
    assert await database.announce_process()
    await database.close()
