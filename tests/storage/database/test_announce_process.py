"""Processes on one database see each other."""

from storage.database.database import open_database


async def test_processes_on_postgres_see_each_other(postgres_url: str) -> None:
    first, second = await open_database(postgres_url), await open_database(postgres_url)
    try:
        assert await first.announce_process()
        assert await first.announce_process()
        assert not await second.announce_process()
        assert not await first.announce_process()
        await first.close()
        assert await second.announce_process()
    finally:
        await first.close()
        await second.close()


async def test_the_sign_is_renewed_where_the_server_dropped_it(postgres_url: str) -> None:
    first, second = await open_database(postgres_url), await open_database(postgres_url)
    try:
        await first.announce_process()
        await second.run(lambda db: db.connection().exec_driver_sql(DROP_OTHERS))
        assert await first.announce_process()
        assert not await second.announce_process()
    finally:
        await first.close()
        await second.close()


DROP_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


async def test_one_process_serves_on_a_file(sqlite_url: str) -> None:
    database = await open_database(sqlite_url)
    assert await database.announce_process()
    await database.close()
