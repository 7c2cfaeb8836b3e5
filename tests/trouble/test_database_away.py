"""The database is away for a while: nothing is acknowledged that is not stored, and afterwards it goes on by itself."""

import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from demo.person import Person
from tests.support.bot_process import BotProcess
from tests.support.journey_steps import register
from tests.support.postgres import PostgresServer
from tests.trouble.watching import database_is_away, everything_done, health, limit_files, lines

#: Bytes: less than the database already has, more than the log.
FULL = 64 * 1024


@asynccontextmanager
async def away(bot: BotProcess, request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """No room on the disk for SQLite, a stopped server for PostgreSQL."""
    if bot.database_url.startswith("sqlite"):
        limit_files(bot, FULL)
        yield
        limit_files(bot, resource.RLIM_INFINITY)
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    server.server.stop()
    try:
        yield
    finally:
        server.start()


async def test_nothing_is_lost_while_it_is_away(
    bot: BotProcess, sara: Person, mina: Person, request: pytest.FixtureRequest
) -> None:
    await bot.start()
    await register(bot, sara)
    await sara.command("menu").sees("سارا")
    async with away(bot, request):
        await sara.tap("❓ راهنما")
        await mina.start()
        await database_is_away(bot)
        assert bot.emulators.telegram.server.pending() == 1, "acknowledged without being stored"
        assert not sara.new()
    await sara.sees("راهنما")
    await mina.sees("خوش آمدید")
    await everything_done(bot)
    assert [len(person.new()) for person in (sara, mina)] == [1, 1]
    assert await health(bot) == 200
    assert len(lines(bot, "the database is unavailable")) == 1
    assert len(lines(bot, "the database is back")) == 1
