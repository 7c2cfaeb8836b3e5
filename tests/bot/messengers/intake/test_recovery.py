"""What a process that died left behind is done by the next: a message with a password is deleted for certain."""

import pytest

from demo.person import Person
from demo.seen import Seen
from storage.enums import InboxState, Messenger
from tests.support.messenger_app import MessengerApp


@pytest.fixture
def sara(app: MessengerApp) -> Person:
    return app.emulators.bale.person("سارا")


async def died_before_the_answer(app: MessengerApp, sara: Person) -> Seen:
    """The message that was to be deleted."""

    async def nothing(answer: object) -> None: ...

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
    app.service.dispatcher._shared = True
    await app.service.dispatcher.recover(Messenger.BALE)
    await app.service.dispatcher.show_unanswered()
    await app.service.lanes.drain(2)
    assert await app.states() == [InboxState.DONE]
    assert not sara.new()
