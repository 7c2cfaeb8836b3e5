"""After a quiet week a messenger numbers its updates anew, lower or higher: everybody is heard, nothing is done twice."""

import asyncio
import logging

import pytest

from bot.messengers.intake import polling
from bot.messengers.intake.polling_offset import Offset
from demo.emulators import EmulatedMessenger
from storage.enums import Messenger
from tests.support.messenger_app import MessengerApp, note, started, starts, without_queues


def polls(face: EmulatedMessenger) -> int:
    return len(face.server.calls_of("getUpdates"))


async def numbered(app: MessengerApp, face: EmulatedMessenger, first: int) -> None:
    """From here on this messenger counts from `first`; the bot has confirmed all that came."""
    await app.until(lambda: face.server.pending() == 0)
    face.server.number_updates_anew(first)


@pytest.mark.parametrize("first", [700, 12_000_000], ids=["lower", "higher"])
async def test_everybody_is_heard_after_a_quiet_week(app: MessengerApp, first: int) -> None:
    for face in app.emulators.messengers:
        face.server.number_updates_anew(5000)
        before = await started(face, "پیش")
        await numbered(app, face, first)
        asked = polls(face)
        people = [face.person(f"نفر {number}") for number in range(103)]
        for person in people:
            await person.start()
        for person in people:
            await person.sees("خانه")
        await note(before, "first")
        await app.until(lambda face=face: face.server.pending() == 0)
        assert polls(face) - asked < 120, "polled as fast as it could"
        assert app.service.pollings[Messenger(face.kind)]._offset.value == first + 104


async def test_the_same_batch_again_and_again_is_no_busy_loop(
    app: MessengerApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A messenger that confirms nothing, whatever is asked: few polls, one line of the log, and new people are heard."""
    face = app.emulators.telegram
    queue = face.server.state.queues[face.token]
    sara = await started(face)
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
        await note(sara, "first")
        async with asyncio.timeout(90):
            await enough.wait()
    assert pauses[:3] == [0.2, 0.4, 0.8], "they grow"
    assert max(pauses) <= polling.LONGEST_REST
    assert pauses[11] > 2
    assert len([one for one in caplog.records if "nothing new" in one.message]) == 1
    assert app.service.resources.counters.stale_polls[Messenger.TELEGRAM] >= 12
    await started(face, "رضا")
    assert await app.notes() == ["first"]


async def test_the_pause_is_one() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await polling.pause_without_updates(3600)


async def test_a_number_that_comes_again_for_another_update_is_no_double(app: MessengerApp) -> None:
    """Two quiet weeks, the same numbers: what a person did is not taken for what was done under that number before."""
    for face in app.emulators.messengers:
        face.server.number_updates_anew(40)
        sara, reza = face.person("سارا"), face.person("رضا")
        await starts(sara)
        await note(sara, "first")
        for _ in range(2):
            await numbered(app, face, 40)
            await starts(reza)
            await note(reza, "second")
        assert await app.notes(sara.user.id) == ["first"] * (1 + app.emulators.messengers.index(face))
    assert (await app.notes()).count("second") == 4


async def test_a_true_double_is_none_under_new_numbers_either(app: MessengerApp) -> None:
    face = app.emulators.telegram
    sara = face.person("سارا")
    face.server.number_updates_anew(40)
    await starts(sara)
    await note(sara, "first")
    await numbered(app, face, 41)
    face.server.deliver_twice(2)
    await sara.tap("بازگشت").sees("خانه")
    await note(sara, "second")
    await app.until(lambda: face.server.pending() == 0)
    await app.until_idle()
    assert await app.notes() == ["first", "second"]
    assert app.service.resources.counters.repeated[Messenger.TELEGRAM] >= 2


async def test_a_person_keeps_the_order_in_which_they_wrote(app: MessengerApp) -> None:
    """What waits when the process dies goes on by arrival, not by number."""
    face = app.emulators.telegram
    sara = face.person("سارا")
    face.server.number_updates_anew(9000)
    await starts(sara)
    with without_queues(app.service):
        await sara.type("اول")
        await app.until_received(1)
        await numbered(app, face, 50)
        await sara.type("/start").type("دوم")
        await app.until_received(3)
    assert await app.service.dispatcher.recover(Messenger.TELEGRAM) == 3
    await sara.sees("یادداشت شد: second")
    assert await app.notes() == ["first", "second"]


async def test_what_is_no_json_does_not_stop_the_new_numbers(app: MessengerApp) -> None:
    for face in app.emulators.messengers:
        face.server.number_updates_anew(5000)
        sara = await started(face)
        await numbered(app, face, 700)
        asked = polls(face)
        face.server.inject_raw(b'{"update_id": 700, "message": "\xff"}')
        await note(sara, "first")
        await app.until(lambda face=face: face.server.pending() == 0)
        assert polls(face) - asked < 20


async def test_a_long_silence_ends_the_offset(app: MessengerApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """New numbers just below the old ones would be confirmed unseen by an offset that is hardly past them."""
    monkeypatch.setattr(polling, "LONG_POLL_SECONDS", 0)
    monkeypatch.setattr(polling, "OFFSET_VALID_SECONDS", 0.0)
    face = app.emulators.telegram
    face.server.number_updates_anew(100)
    sara = face.person("سارا")
    for _ in range(4):
        await starts(sara)
    await app.until(lambda: app.service.pollings[Messenger.TELEGRAM]._offset.value is None)
    await numbered(app, face, 97)
    await note(sara, "first")


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


async def test_what_another_process_was_given_of_a_person_comes_first(app: MessengerApp) -> None:
    """Of two processes behind one webhook one has the first message and stands still."""
    sara = await started(app.emulators.telegram)
    app.service.dispatcher._shared = True
    with without_queues(app.service):
        await sara.type("اول")
        await app.until_received(1)
    await sara.type("/start").type("دوم")
    await app.until_noted("first", "second")
