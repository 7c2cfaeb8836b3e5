"""kill -9 at any moment, then a start: nothing is lost, nothing happens twice, everyone sees where they are."""

import asyncio
import random
import sqlite3
from pathlib import Path

import pytest

from bot.messengers.processing import inbox_store
from demo.emulators import Emulators
from storage.enums import InboxState, Messenger
from tests.support.bot_process import BotProcess
from tests.support.messenger_app import MessengerApp, note, started, without_queues


@pytest.mark.campaign
async def test_kill_in_the_middle_and_start_again(emulators: Emulators, tmp_path: Path) -> None:
    file = tmp_path / "bot.db"
    bot = BotProcess(
        emulators, tmp_path, f"sqlite:///{file}", {"LISTEN": "127.0.0.1:0", "PUBLIC_URL": "http://127.0.0.1"}
    )
    people = [face.person(f"نفر {number}") for face in emulators.messengers for number in range(6)]
    sent = 0
    rng = random.Random(4)
    await bot.start()
    try:
        for _ in range(4):
            for _ in range(3):
                for person in people:
                    await person.start()
                    sent += 1
            await asyncio.sleep(rng.uniform(0.0, 0.25))  # any moment will do
            await bot.kill()
            await bot.start()
        for person in people:
            await person.sees("خوش آمدید", within=20)
        for _ in range(200):
            with sqlite3.connect(file) as db:
                states = dict(
                    db.execute("select state, count(*) from inbox_update group by state").fetchall()
                )
            if states == {InboxState.ANSWERED.value: sent}:
                break
            await asyncio.sleep(0.1)
        assert states == {InboxState.ANSWERED.value: sent}
        assert emulators.violations == []
        assert await bot.stop() == 0
    finally:
        await bot.close()


async def test_what_was_stored_but_not_done_goes_on_in_order(app: MessengerApp) -> None:
    """As after a kill between the inbox and the chat queues."""
    sara = await started(app.emulators.telegram)
    with without_queues(app.service):
        for word in ("اول", "/start", "دوم"):
            await sara.type(word)
        await app.until_received(3)
    assert await app.service.dispatcher.recover(Messenger.TELEGRAM) == 3
    await sara.sees("یادداشت شد: second")
    assert await app.notes() == ["first", "second"]


async def test_whoever_was_not_answered_sees_the_present_screen(app: MessengerApp) -> None:
    """As after a kill between the commit and the answer."""
    sara = await started(app.emulators.telegram)
    delivery = app.service.processor.delivery
    show = delivery.deliver

    async def nothing(answer: object) -> None: ...

    delivery.deliver = nothing  # type: ignore[method-assign, assignment]
    await sara.tap("اول")
    await app.until_noted("first")
    delivery.deliver = show  # type: ignore[method-assign]
    sara.sees_not("یادداشت شد")
    app.service.dispatcher._shared = False
    await app.service.dispatcher.show_unanswered()
    app.service.ticker.wake()
    await sara.sees("یادداشت شد: first")
    assert await app.notes() == ["first"]
    assert (await app.states())[-1] is InboxState.ANSWERED


async def test_an_update_that_two_take_up_has_its_effect_once(app: MessengerApp) -> None:
    """As two processes do, or a recovery beside a chat queue that was not dead."""
    sara = await started(app.emulators.telegram)
    await note(sara, "first")
    last = (await app.inbox())[-1]
    assert last.id is not None
    row = inbox_store.InboxRow(last.id, last.messenger, last.update_id, last.lane, last.raw)
    for _ in range(3):
        app.service.dispatcher.put([row])
        await app.until_idle()
    assert await app.notes() == ["first"]
