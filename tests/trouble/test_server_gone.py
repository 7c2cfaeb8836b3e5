"""PostgreSQL throws its clients out in the middle of work, again and again."""

import asyncio
import itertools

import asyncpg
import pytest
from sqlmodel import select

from demo.person import Person
from storage.tables import Account
from tests.support.bot_process import BotProcess
from tests.support.journey_steps import PASSWORD, register
from tests.trouble.watching import everything_done

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
#: Seconds between the first two blows, and how much longer each pause is than the one before: on a slow machine, too, there
#: comes one in which something can be done.
BETWEEN, LONGER = 0.3, 1.05


async def throw_out(url: str) -> None:
    """Every client of this database but ourselves, again and again."""
    connection = await asyncpg.connect(url)
    try:
        for number in itertools.count():
            await asyncio.sleep(BETWEEN * LONGER**number)
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    finally:
        await connection.close()


async def test_clients_are_thrown_out_again_and_again(bot: BotProcess, sara: Person) -> None:
    await bot.start()
    blows = asyncio.create_task(throw_out(bot.database_url))
    try:
        await register(bot, sara)
        for _ in range(3):
            await sara.command("menu").tap("❓ راهنما").sees("راهنما")
    finally:
        blows.cancel()
    await asyncio.gather(blows, return_exceptions=True)
    await everything_done(bot)
    sent = [one.text for one in sara.history() if one.from_bot]
    assert sum(PASSWORD in one for one in sent) == 1
    assert len(await bot.read(lambda db: list(db.exec(select(Account))))) == 1
