"""PostgreSQL throws its clients out, or is stopped and started again, in the middle of work."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from sqlmodel import select

from storage.tables import Account
from tests.support.bot_process import BotProcess
from tests.support.journey_steps import PASSWORD, register
from tests.support.postgres import PostgresServer
from tests.trouble.watching import (
    everything_done,
    figure,
    health,
    lines,
    until,
)

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
#: Seconds between two blows.
BETWEEN = 0.3


async def throw_out(url: str) -> None:
    """Every client of this database but ourselves, again and again."""
    connection = await asyncpg.connect(url)
    try:
        while True:
            await asyncio.sleep(BETWEEN)
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    finally:
        await connection.close()


async def test_clients_are_thrown_out_again_and_again(bot: BotProcess) -> None:
    sara = bot.emulators.telegram.person("سارا", phone="09900000001")
    await bot.start()
    blows = asyncio.create_task(throw_out(bot.database_url))
    try:
        await register(bot, sara)
        for _ in range(3):
            await sara.command("menu")
            await sara.tap("❓ راهنما")
            await sara.sees("راهنما")
    finally:
        blows.cancel()
    await asyncio.gather(blows, return_exceptions=True)
    await everything_done(bot)
    sent = [one.text for one in sara.history() if one.from_bot]
    assert sum(PASSWORD in one for one in sent) == 1
    assert len(await bot.read(lambda db: list(db.exec(select(Account))))) == 1


async def test_the_server_is_stopped_and_started(bot: BotProcess, postgres_server: PostgresServer) -> None:
    sara = bot.emulators.telegram.person("سارا", phone="09900000001")
    mina = bot.emulators.bale.person("مینا", phone="09900000002")
    await bot.start()
    await register(bot, sara)
    await sara.command("menu")
    await sara.sees("سارا")
    postgres_server.server.stop()
    try:
        await sara.tap("❓ راهنما")
        await mina.start()
        await until(lambda: lines(bot, "the database is unavailable"), what="a line of the log")
        assert await health(bot) == 503
        assert await figure(bot, "officer_database_up") == 0
        assert not sara.new()
    finally:
        postgres_server.server.start()
    await sara.sees("راهنما", within=60)
    await mina.sees("خوش آمدید", within=60)
    await everything_done(bot)
    assert [len(one.new()) for one in (sara, mina)] == [1, 1]
    assert await health(bot) == 200
    assert len(lines(bot, "the database is unavailable")) == 1
    assert len(lines(bot, "the database is back")) == 1
