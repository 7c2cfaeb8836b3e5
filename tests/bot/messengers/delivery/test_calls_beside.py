"""Calls beside a screen: a message with a password is deleted and a press is answered, again where that was refused."""

from types import SimpleNamespace
from typing import Any

import pytest
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter

from bot.messengers.delivery.screens import ScreenDelivery
from bot.messengers.delivery.secret_messages import delete_secret
from bot.messengers.transport.rate_limits import SCREEN_MAX_WAIT


@pytest.mark.parametrize(
    ("answers", "tries", "wait", "gone", "calls", "pauses"),
    [
        ([True], 3, 0.0, True, 1, []),
        ([True], 3, 0.5, True, 1, [0.5]),
        ([], 1, 0.5, False, 0, []),
        ([], 3, SCREEN_MAX_WAIT + 1, False, 0, []),
        ([NetworkError("broken"), True], 3, 0.0, True, 2, [0.3]),
        ([NetworkError("broken")] * 3, 3, 0.0, False, 3, [0.3, 1.2]),
        ([NetworkError("broken")], 1, 0.0, False, 1, []),
        ([RetryAfter(1), True], 3, 0.0, True, 2, []),
        ([BadRequest("message to delete not found")], 3, 0.0, True, 1, []),
        ([Forbidden("blocked")], 3, 0.0, True, 1, []),
    ],
    ids=str,
)
async def test_how_often_it_is_tried(
    answers: list[Any], tries: int, wait: float, gone: bool, calls: int, pauses: list[float]
) -> None:
    rests: list[float] = []
    made = 0

    async def call(chat_id: int, make: object, **more: object) -> None:
        nonlocal made
        made += 1
        if isinstance(answer := answers[made - 1], Exception):
            raise answer

    async def pause(seconds: float) -> None:
        rests.append(round(seconds, 3))

    limiter = SimpleNamespace(wait=lambda *given, **more: wait, call=call)
    channel: Any = SimpleNamespace(limiter=limiter, bot=None)
    address: Any = SimpleNamespace(chat_id=7, row_id=1)
    assert await delete_secret(channel, address, 9, tries=tries, pause=pause) is gone
    assert (made, rests) == (calls, pauses)


@pytest.mark.parametrize(("beside", "calls"), [(0, 2), (256, 2), (257, 1)])
async def test_a_refused_press_is_answered_again_unless_many_wait(beside: int, calls: int) -> None:
    made = 0

    async def call(chat_id: int, make: object, **more: object) -> None:
        nonlocal made
        made += 1
        if made == 1:
            raise RetryAfter(1)

    limiter = SimpleNamespace(wait=lambda *given, **more: 0.0, call=call)
    channel: Any = SimpleNamespace(limiter=limiter, shows_notices=lambda callback_id: True)
    answer: Any = SimpleNamespace(callback_id="1", chat_address=SimpleNamespace(chat_id=7))
    delivery = ScreenDelivery(SimpleNamespace(), {})  # type: ignore[arg-type]
    delivery._side |= {object() for _ in range(beside)}  # type: ignore[misc]
    await delivery._answer_press(channel, answer, "ذخیره شد")
    assert made == calls
