"""After a quiet week a messenger numbers its updates anew, lower or higher: everybody is heard, nothing is done twice."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.messengers.intake import polling
from bot.messengers.intake.polling_offset import Offset
from demo.emulators import EmulatedMessenger
from storage.enums import InboxState, Messenger
from tests.support.bot_process import Stage
from tests.support.messenger_app import House


def polls(face: EmulatedMessenger) -> int:
    return len(face.server.calls_of("getUpdates"))


async def numbered(house: House, face: EmulatedMessenger, first: int) -> None:
    """From here on this messenger counts from `first`; the bot has confirmed all that came."""
    await house.until(lambda: face.server.pending() == 0)
    face.server.number_updates_anew(first)


@pytest.mark.parametrize("first", [700, 12_000_000], ids=["lower", "higher"])
async def test_everybody_is_heard_after_a_quiet_week(house: House, first: int) -> None:
    for face in house.town.messengers:
        face.server.number_updates_anew(5000)
        before = face.person("پیش")
        await before.start()
        await before.sees("خانه")
        await numbered(house, face, first)
        asked = polls(face)
        people = [face.person(f"نفر {number}") for number in range(103)]
        for person in people:
            await person.start()
        for person in people:
            await person.sees("خانه")
        await before.tap("اول")
        await before.sees("یادداشت شد: first")
        await house.until(lambda face=face: face.server.pending() == 0)
        assert polls(face) - asked < 120, "polled as fast as it could"
        assert house.service.pollings[Messenger(face.kind)]._offset.value == first + 104


async def test_the_same_batch_again_and_again_is_no_busy_loop(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A messenger that confirms nothing, whatever is asked: few polls, one line of the log, and new people are heard."""
    face = house.town.telegram
    queue = face.server.state.queues[face.token]
    sara = face.person("سارا")
    await sara.start()
    await sara.sees("خانه")
    monkeypatch.setattr(type(queue), "_confirm", lambda self, offset: None)
    pauses: list[float] = []
    enough = asyncio.Event()

    async def no_wait(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 12:
            enough.set()
        await asyncio.sleep(0)

    monkeypatch.setattr(polling, "pause_without_updates", no_wait)
    with caplog.at_level(logging.WARNING, "bot.messengers.intake.polling"):
        await sara.tap("اول")
        await sara.sees("یادداشت شد: first")
        async with asyncio.timeout(20):
            await enough.wait()
    assert pauses[:8] == sorted(pauses[:8]), "they grow"
    assert max(pauses) <= polling.LONGEST_REST
    assert pauses[11] > 2
    assert len([one for one in caplog.records if "nothing new" in one.message]) == 1
    assert house.service.resources.counters.empty_polls[Messenger.TELEGRAM] >= 12
    reza = face.person("رضا")
    await reza.start()
    await reza.sees("خانه")
    assert await house.notes() == ["first"]


async def test_a_number_that_comes_again_for_another_update_is_no_double(house: House) -> None:
    """Two quiet weeks, the same numbers: what a person did is not taken for what was done under that number before."""
    for face in house.town.messengers:
        face.server.number_updates_anew(40)
        sara, reza = face.person("سارا"), face.person("رضا")
        await sara.start()
        await sara.sees("خانه")
        await sara.tap("اول")
        await sara.sees("یادداشت شد: first")
        for _ in range(2):
            await numbered(house, face, 40)
            await reza.start()
            await reza.sees("خانه")
            await reza.tap("دوم")
            await reza.sees("یادداشت شد: second")
        assert await house.notes(sara.user.id) == ["first"] * (1 + house.town.messengers.index(face))
    assert (await house.notes()).count("second") == 4


async def test_a_true_double_is_none_under_new_numbers_either(house: House) -> None:
    face = house.town.telegram
    sara = face.person("سارا")
    face.server.number_updates_anew(40)
    await sara.start()
    await sara.sees("خانه")
    await sara.tap("اول")
    await sara.sees("یادداشت شد: first")
    await numbered(house, face, 41)
    face.server.deliver_twice(2)
    await sara.tap("بازگشت")
    await sara.sees("خانه")
    await sara.tap("دوم")
    await sara.sees("یادداشت شد: second")
    await house.until(lambda: face.server.pending() == 0)
    await house.until(lambda: not len(house.service.lanes))
    assert await house.notes() == ["first", "second"]
    assert house.service.resources.counters.repeated[Messenger.TELEGRAM] >= 2


async def test_a_person_keeps_the_order_in_which_they_wrote(house: House) -> None:
    """What waits when the process dies goes on by arrival, not by number."""
    face = house.town.telegram
    sara = face.person("سارا")
    face.server.number_updates_anew(9000)
    await sara.start()
    await sara.sees("خانه")
    lanes = house.service.lanes
    put, lanes.put = lanes.put, lambda key, job: None  # type: ignore[method-assign, assignment]
    await sara.send("اول")
    await house.until(lambda: _received(house, 1))
    await numbered(house, face, 50)
    await sara.send("/start")
    await sara.send("دوم")
    await house.until(lambda: _received(house, 3))
    lanes.put = put  # type: ignore[method-assign]
    house.service.dispatcher._mine.clear()
    assert await house.service.dispatcher.recover(Messenger.TELEGRAM) == 3
    await sara.sees("یادداشت شد: second")
    assert await house.notes() == ["first", "second"]


async def _received(house: House, number: int) -> bool:
    return (await house.states()).count(InboxState.RECEIVED) == number


async def test_what_is_no_json_does_not_stop_the_new_numbers(house: House) -> None:
    for face in house.town.messengers:
        face.server.number_updates_anew(5000)
        sara = face.person("سارا")
        await sara.start()
        await sara.sees("خانه")
        await numbered(house, face, 700)
        asked = polls(face)
        face.server.inject_raw(b'{"update_id": 700, "message": "\xff"}')
        await sara.tap("اول")
        await sara.sees("یادداشت شد: first")
        await house.until(lambda face=face: face.server.pending() == 0)
        assert polls(face) - asked < 20


async def test_a_long_silence_ends_the_offset(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """New numbers just below the old ones would be confirmed unseen by an offset that is hardly past them."""
    monkeypatch.setattr(polling, "LONG_POLL_SECONDS", 0)
    monkeypatch.setattr(polling, "OFFSET_VALID_SECONDS", 0.0)
    face = house.town.telegram
    face.server.number_updates_anew(100)
    sara = face.person("سارا")
    for _ in range(4):
        await sara.start()
        await sara.sees("خانه")
    await house.until(lambda: house.service.pollings[Messenger.TELEGRAM]._offset.value is None)
    await numbered(house, face, 97)
    await sara.tap("اول")
    await sara.sees("یادداشت شد: first")


def test_offsets() -> None:
    one = Offset()
    assert not one.follow([], 3)
    assert one.follow([7, 9, 8], 3)
    assert (one.value, one.rose) == (10, True)
    assert one.follow([], 2)
    assert one.value == 12
    one.follow([3], 1)
    assert (one.value, one.rose) == (4, False)
    one.follow([4, 5], 2)
    assert (one.value, one.rose) == (6, True)
    # It shows a number that the messenger does not count by: past as many as came, from where we were.
    one.follow([0], 1)
    assert one.value == 1
    one.follow([0], 1)
    assert one.value == 7


@pytest.mark.campaign
async def test_with_the_real_process(database_url: str, tmp_path: object) -> None:
    from pathlib import Path

    from demo.emulators import Emulators

    async with await Emulators.start(first_update_id=5000) as town:
        stage = Stage(town, Path(str(tmp_path)), database_url)
        await stage.start()
        try:
            for face in town.messengers:
                first = face.person("پیش")
                await first.start()
                await first.sees("خوش آمدید")
                async with asyncio.timeout(10):
                    while face.server.pending():
                        await asyncio.sleep(0.05)
                face.server.number_updates_anew(100)
                asked = polls(face)
                people = [face.person(f"نفر {number}") for number in range(102)]
                for person in people:
                    await person.start()
                for person in people:
                    await person.sees("خوش آمدید")
                assert polls(face) - asked < 120
        finally:
            if stage.process is not None:
                await stage.stop()
