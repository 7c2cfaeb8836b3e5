"""Somebody else holds the database: people wait, are told so, and are then served once and in order."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from demo.botapi.faults import Fault
from demo.person import Person
from tests.support import files
from tests.support.bot_process import BotProcess
from tests.support.journey_steps import fill, register
from tests.trouble.watching import database_is_away, everything_done, health, lines, until

WAIT = "ذخیره اطلاعات در این لحظه ممکن نیست"


@asynccontextmanager
async def held(bot: BotProcess) -> AsyncIterator[None]:
    """Nobody but us writes."""
    url = bot.database_url
    if url.startswith("sqlite"):
        other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")
            other.close()
        return
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE chat, inbox_update IN EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def test_what_was_sent_meanwhile_is_done_once_and_in_order(
    bot: BotProcess, sara: Person, mina: Person
) -> None:
    sqlite = bot.database_url.startswith("sqlite")
    await bot.start()
    await register(bot, sara)
    await fill(sara, until="نام پدر خود را")
    async with held(bot):
        await sara.type("حسن").type("زن").type("برابر با کد ملی")
        await mina.start()
        if sqlite:
            await database_is_away(bot)
        else:
            await asyncio.sleep(1)
        assert not [one for one in sara.new() if WAIT not in one.text]
    await mina.sees("خوش آمدید")
    await sara.sees("استان محل زندگی خود را")
    shown_before = [one.text for one in sara.new()]
    assert sum("استان محل زندگی خود را" in text for text in shown_before) == 1
    await everything_done(bot)
    assert await health(bot) == 200
    assert len(lines(bot, "the database is unavailable")) == int(sqlite)
    assert len(lines(bot, "the database is back")) == int(sqlite)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_who_waits_in_the_middle_of_something_is_told(bot: BotProcess, sara: Person) -> None:
    await bot.start()
    await register(bot, sara)
    await fill(sara, until="کارت ملی")
    # Stored, and on its way: only its effect waits for the lock.
    telegram, locked = bot.emulators.telegram, asyncio.Event()
    fetching = telegram.faults.add(Fault.held(locked), method="getFile")
    await sara.send_photo(files.jpeg())
    await until(lambda: fetching not in telegram.faults.orders, what="the file is asked for")
    async with held(bot):
        locked.set()
        told = await sara.sees(WAIT, "لازم نیست دوباره بفرستید")
    await sara.sees("دریافت شد")
    assert [one.text for one in sara.new()].count(told.text) == 1
    await everything_done(bot)
