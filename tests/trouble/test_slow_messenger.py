"""A messenger takes what we send and does not answer: its own people wait, nobody else does."""

import asyncio

import pytest
from sqlmodel import col, func, select

from demo.botapi.faults import Fault
from demo.emulators import Emulators
from storage.database.database import Database
from storage.enums import InboxState
from storage.tables import InboxUpdate
from tests.support.bot_process import BotProcess
from tests.support.messenger_app import running_app
from tests.support.pushes import log_in, queue_push
from tests.trouble.watching import until

#: More than have room at once.
CROWD, ROOM = 70, 64


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_people_of_the_other_messenger_do_not_wait(bot: BotProcess) -> None:
    emulators = bot.emulators
    mina = emulators.bale.person("مینا")
    crowd = [emulators.telegram.person(f"کاربر {number}") for number in range(CROWD)]
    await bot.start()
    answers = asyncio.Event()
    slow = emulators.telegram.faults.add(Fault.held(answers), method="sendMessage", times=None)
    for one in crowd:
        await one.start()
    waiting = select(func.count()).where(col(InboxUpdate.state) == InboxState.DONE)

    async def full() -> bool:
        return await bot.read(lambda db: db.exec(waiting).one()) >= ROOM

    await until(full, what="a crowd that waits for its answers")
    await mina.start().sees("خوش آمدید")
    assert not emulators.telegram.server.calls_of("sendMessage"), "she waited for somebody else's messenger"
    emulators.telegram.faults.remove(slow)
    answers.set()
    for one in crowd:
        await one.sees("خوش آمدید")
        assert len(one.new()) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_pushes_to_the_other_messenger_do_not_wait(emulators: Emulators, database: Database) -> None:
    async with running_app(emulators, database) as app:
        mina = await log_in(app, there := emulators.bale.person("مینا"))
        crowd = [emulators.telegram.person(f"کاربر {number}") for number in range(20)]
        accounts = [await log_in(app, one) for one in crowd]
        before = len(emulators.telegram.server.calls_of("sendMessage"))
        answers = asyncio.Event()
        slow = emulators.telegram.faults.add(Fault.held(answers), method="sendMessage", times=None)
        for account in accounts:
            await queue_push(app, account, "خبر")
        await queue_push(app, mina, "خبر")
        await there.sees("خبر")
        after = len(emulators.telegram.server.calls_of("sendMessage"))
        assert after == before, "it waited for the other messenger"
        emulators.telegram.faults.remove(slow)
        answers.set()
        for one in crowd:
            await one.sees("خبر")
            assert sum(seen.text == "خبر" for seen in one.history()) == 1
