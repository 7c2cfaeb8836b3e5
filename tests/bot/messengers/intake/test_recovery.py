"""What a process that died left behind is done by the next: nothing is lost, nothing happens twice, a message with a
password is deleted for certain."""

import asyncio
import random
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from bot.messengers.processing import inbox_store
from demo.person import Person
from demo.seen import Seen
from storage.enums import InboxState, Messenger
from tests.support.bot_process import bot_process
from tests.support.messenger_app import MessengerApp, note, starts


@pytest.fixture
def sara(app: MessengerApp) -> Person:
    return app.emulators.bale.person("سارا")


async def nothing(answer: object) -> None: ...


async def died_before_the_answer(app: MessengerApp, sara: Person) -> Seen:
    """The message that was to be deleted."""

    async def done() -> bool:
        return set(await app.states()) == {InboxState.DONE}

    app.service.processor.delivery = type("Dead", (), {"deliver": staticmethod(nothing)})()  # type: ignore[attr-defined]
    said = await sara.type("/secret hunter2")
    await app.until(done)
    await app.until(lambda: not app.service.dispatcher._mine)
    return said


async def test_a_password_that_was_not_deleted_is_deleted_after_the_start(
    app: MessengerApp, sara: Person
) -> None:
    """As after a kill between the commit and the deletion, twice."""
    dispatcher = app.service.dispatcher
    said = await died_before_the_answer(app, sara)
    app.service.processor.delivery = app.service.delivery  # type: ignore[attr-defined]
    await dispatcher.show_unanswered(alone=True)  # the start before last did not come further than this
    assert await app.states() == [InboxState.DONE]
    await dispatcher.recover(Messenger.TELEGRAM, alone=True)  # nothing of the other messenger's
    await dispatcher.recover(Messenger.BALE, alone=True)
    await sara.sees_gone(said).sees("خانه")
    await app.until_answered()
    assert await dispatcher.recover(Messenger.BALE, alone=True) == 0


async def test_what_a_living_process_has_in_hand_is_left_to_it(app: MessengerApp, sara: Person) -> None:
    await died_before_the_answer(app, sara)
    app.service.processor.delivery = app.service.delivery  # type: ignore[attr-defined]
    app.service.dispatcher._shared = True
    await app.service.dispatcher.recover(Messenger.BALE)
    await app.service.dispatcher.show_unanswered()
    await app.service.lanes.drain(2)
    assert await app.states() == [InboxState.DONE]
    assert not sara.new()


async def test_whoever_was_not_answered_sees_the_present_screen(
    app: MessengerApp, sara: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a kill between the commit and the answer."""
    await starts(sara)
    with monkeypatch.context() as killed:
        killed.setattr(app.service.processor.delivery, "deliver", nothing)
        await sara.tap("اول")
        await app.until_noted("first")
    sara.sees_not("یادداشت شد")
    app.service.dispatcher._shared = False
    clock = app.service.resources.clock
    # Also where the clock was set back meanwhile.
    monkeypatch.setattr(app.service.resources, "clock", lambda: clock() - timedelta(hours=1))
    await app.service.dispatcher.show_unanswered()
    app.service.ticker.wake()
    await sara.sees("یادداشت شد: first")
    assert await app.notes() == ["first"]
    await app.until_answered()


async def test_an_update_that_two_take_up_has_its_effect_once(app: MessengerApp, sara: Person) -> None:
    """As two processes do, or a recovery beside a chat queue that was not dead."""
    await starts(sara)
    await note(sara, "first")
    last = (await app.inbox())[-1]
    assert last.id is not None
    row = inbox_store.InboxRow(last.id, last.messenger, last.update_id, last.lane, last.raw)
    for _ in range(3):
        app.service.dispatcher.put([row])
        await app.until_idle()
    assert await app.notes() == ["first"]


@pytest.mark.campaign
async def test_kill_in_the_middle_and_start_again(tmp_path: Path) -> None:
    file = tmp_path / "bot.db"
    sent = 0
    rng = random.Random(4)
    async with bot_process(tmp_path, f"sqlite:///{file}") as bot:
        people = [face.person(f"نفر {number}") for face in bot.emulators.messengers for number in range(6)]
        for _ in range(4):
            for person in people * 3:
                await person.start()
                sent += 1
            await asyncio.sleep(rng.uniform(0.0, 0.25))  # any moment will do
            await bot.kill()
            await bot.start()
        for person in people:
            await person.sees("خوش آمدید")
        states: dict[str, int] = {}
        async with asyncio.timeout(90):
            while states != {InboxState.ANSWERED.value: sent}:
                await asyncio.sleep(0.1)
                with sqlite3.connect(file) as db:
                    states = dict(db.execute("select state, count(*) from inbox_update group by state"))
        assert await bot.stop() == 0
