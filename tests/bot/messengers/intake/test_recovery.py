"""What a process that died left behind is done by the next: a message with a password is deleted for certain."""

from typing import Any

from storage.enums import InboxState, Messenger
from tests.support.messenger_app import House


async def test_a_password_that_was_not_deleted_is_deleted_after_the_start(house: House) -> None:
    """As after a kill between the commit and the deletion, twice."""
    sara = house.town.bale.person("سارا")
    delivery, way = house.service.delivery, house.service.dispatcher

    async def nothing(answer: Any) -> None: ...

    said = await died_before_the_answer(house, sara, nothing)
    house.service.processor.delivery = delivery
    await way.show_unanswered(alone=True)  # the start before last did not come further than this
    assert await house.states() == [InboxState.DONE]
    await way.recover(Messenger.TELEGRAM, alone=True)  # nothing of his
    await way.recover(Messenger.BALE, alone=True)
    await sara.sees_gone(said)
    await sara.sees("خانه")
    await house.until(lambda: _all_answered(house))
    assert await way.recover(Messenger.BALE, alone=True) == 0


async def test_what_a_living_process_has_in_hand_is_left_to_it(house: House) -> None:
    sara = house.town.bale.person("سارا")

    async def nothing(answer: Any) -> None: ...

    await died_before_the_answer(house, sara, nothing)
    house.service.dispatcher._shared = True
    await house.service.dispatcher.recover(Messenger.BALE)
    await house.service.dispatcher.show_unanswered()
    await house.service.lanes.drain(2)
    assert await house.states() == [InboxState.DONE]
    assert not sara.new()


async def died_before_the_answer(house: House, sara: Any, nothing: Any) -> Any:
    house.service.processor.delivery = type("Dead", (), {"deliver": staticmethod(nothing)})()
    said = await sara.send("/secret hunter2")
    await house.until(lambda: _all(house, InboxState.DONE))
    await house.until(lambda: not house.service.dispatcher._mine)
    return said


async def _all(house: House, state: InboxState) -> bool:
    states = await house.states()
    return bool(states) and set(states) == {state}


async def _all_answered(house: House) -> bool:
    return await _all(house, InboxState.ANSWERED)
