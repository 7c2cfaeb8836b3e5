"""Calls beside a screen: a message with a password is deleted and a press is answered, again where that was refused."""

from types import SimpleNamespace
from typing import Any

import pytest
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter

from bot.messengers.delivery import leave_group, screens
from bot.messengers.delivery.screens import ScreenDelivery
from bot.messengers.delivery.secret_messages import delete_secret
from bot.messengers.transport.rate_limits import SCREEN_MAX_WAIT
from storage.enums import Messenger


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


#: What comes of each try to leave a group, and how long its chat rests before; tries that are made, pauses between.
LEAVES: dict[str, tuple[list[Any], float, int, list[float]]] = {
    "at once": ([True], 0.0, 1, []),
    "after a rest": ([True], 60.0, 1, [60.0]),
    "not after a long rest": ([], 61.0, 0, []),
    "after refusals": ([RetryAfter(1), RetryAfter(1), True], 0.0, 3, []),
    "after a broken line": ([NetworkError("broken")] * 2 + [True], 0.0, 3, [0.3, 1.2]),
    "three tries": ([NetworkError("broken")] * 3, 0.0, 3, [0.3, 1.2, 4.8]),
    "not a member": ([BadRequest("chat not found")], 0.0, 1, []),
    "thrown out": ([Forbidden("kicked")], 0.0, 1, []),
}


@pytest.mark.parametrize("case", LEAVES)
async def test_a_group_is_left(case: str, caplog: pytest.LogCaptureFixture) -> None:
    answers, wait, calls, pauses = LEAVES[case]
    caplog.set_level("INFO")
    rests: list[float] = []
    made: list[Any] = []

    async def call(chat_id: int, make: Any, **how: Any) -> None:
        made.append((chat_id, how))
        await make()
        if isinstance(answer := answers[len(made) - 1], Exception):
            raise answer

    async def pause(seconds: float) -> None:
        rests.append(round(seconds, 3))

    left: list[int] = []

    async def leave_chat(chat_id: int) -> None:
        left.append(chat_id)

    limiter = SimpleNamespace(wait=lambda *given, **more: wait, call=call)
    channel: Any = SimpleNamespace(
        limiter=limiter, bot=SimpleNamespace(leave_chat=leave_chat), messenger=Messenger.BALE
    )
    await leave_group.leave(channel, -7, None, pause=pause)  # type: ignore[arg-type]
    assert made == [(-7, {"cost": 0.0, "method": "leave"})] * calls
    assert (left, rests) == ([-7] * calls, pauses)
    gone = answers[-1:] == [True]
    assert any("a group was left" in one.getMessage() for one in caplog.records) is gone
    refused = bool(answers) and isinstance(answers[-1], BadRequest | Forbidden)
    assert any("could not be left:" in one.getMessage() for one in caplog.records) is refused
    yet = any("could not be left yet" in one.getMessage() for one in caplog.records)
    assert yet is not (gone or refused)


@pytest.mark.parametrize(
    ("sentence", "of_chat", "of_all", "said"),
    [("س", 0.0, 0.0, True), ("س", 1.0, 0.0, False), ("س", 0.0, 1.0, False), (None, 0.0, 0.0, False)],
)
@pytest.mark.parametrize("refused", [False, True])
async def test_a_group_is_told_where_the_bot_answers_unless_that_has_to_wait(
    sentence: str | None,
    of_chat: float,
    of_all: float,
    said: bool,
    refused: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spent: list[tuple[Any, float]] = []
    texts: list[tuple[Any, ...]] = []
    left: list[int] = []

    async def send_text(channel: Any, chat_id: int, text: str, *more: Any, caller: Any) -> None:
        texts.append((chat_id, text, *more))
        if refused:
            raise Forbidden("no rights")

    async def call(chat_id: int, make: Any, **how: Any) -> None:
        left.append(chat_id)

    async def pause(seconds: float) -> None: ...

    def wait(chat: Any, *cost: float, method: str | None = None) -> float:
        return 0.0 if method else of_all if chat == leave_group.ALL else of_chat

    monkeypatch.setattr(leave_group, "send_text", send_text)
    limiter = SimpleNamespace(wait=wait, call=call, spend=lambda *given: spent.append(given))
    channel: Any = SimpleNamespace(limiter=limiter, messenger=Messenger.BALE)
    await leave_group.leave(channel, -7, sentence, pause=pause)  # type: ignore[arg-type]
    assert texts == ([(-7, "س", None)] if said else [])
    assert spent == ([(leave_group.ALL, 1.0)] if said else [])
    assert left == [-7]


@pytest.mark.parametrize(
    ("answers", "wait", "calls", "slept"),
    [
        ([True], 0.0, 1, []),
        ([RetryAfter(3), RetryAfter(3), True], 3.0, 3, [3.0, 3.0]),
        ([RetryAfter(3)], screens.PRESS_MAX_WAIT + 1, 1, []),
        ([BadRequest("query is too old")], 0.0, 1, []),
        ([NetworkError("broken")], 0.0, 1, []),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("notice", "shows", "told"),
    [("ذخیره شد", True, "ذخیره شد"), ("ذخیره شد", False, None), (None, True, None), ("م" * 300, True, "…")],
)
async def test_the_waiting_sign_of_a_press_is_ended(
    answers: list[Any], wait: float, calls: int, slept: list[float],
    notice: str | None, shows: bool, told: str | None, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    pauses: list[float] = []
    made: list[tuple[str, str | None]] = []

    async def call(chat_id: int, make: Any, *, cost: float, method: str) -> None:
        assert (chat_id, cost, method) == (7, 0.0, "press")
        await make()
        if isinstance(answer := answers[len(made) - 1], Exception):
            raise answer

    async def answer_callback_query(callback_id: str, *, text: str | None) -> None:
        made.append((callback_id, text))

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(screens.asyncio, "sleep", sleep)
    limiter = SimpleNamespace(wait=lambda *given, **more: wait, call=call)
    channel: Any = SimpleNamespace(
        limiter=limiter,
        shows_notices=lambda callback_id: shows,
        bot=SimpleNamespace(answer_callback_query=answer_callback_query),
    )
    answer: Any = SimpleNamespace(callback_id="1", chat_address=SimpleNamespace(chat_id=7))
    delivery = ScreenDelivery(SimpleNamespace(), {})  # type: ignore[arg-type]
    await delivery._answer_press(channel, answer, notice)
    assert pauses == slept
    assert len(made) == calls
    for callback_id, text in made:
        assert callback_id == "1"
        if told == "…":
            assert len(text or "") in range(150, 201)
        else:
            assert text == told


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ([None], []),
        (["یک", None, "دو"], ["یک", "دو"]),
        (["یک", "دو", "یک"], ["یک", "دو"]),
        (list("۱۲۳۴۵"), list("۱۲۳۴۵")),
        (list("۱۲۳۴۵۶"), list("۲۳۴۵۶")),
    ],
)
def test_what_superseded_answers_said_is_kept_once_and_the_newest_five(
    said: list[str | None], kept: list[str]
) -> None:
    superseded = screens._Superseded()
    address = SimpleNamespace(keyboard=False)
    for sentence in said:
        superseded.add(SimpleNamespace(edit=1, chat_address=address), sentence)  # type: ignore[arg-type]
    assert superseded.said == kept
    assert not superseded.send_as_new
    assert not superseded.keyboard


@pytest.mark.parametrize("newest", [True, False])
@pytest.mark.parametrize(("edit", "keyboard"), [(None, False), (1, True), (1, False)])
def test_one_superseded_answer_that_was_a_new_message_or_took_the_keyboard_away_is_enough(
    edit: int | None, keyboard: bool, newest: bool
) -> None:
    superseded = screens._Superseded()
    plain: Any = SimpleNamespace(edit=1, chat_address=SimpleNamespace(keyboard=False))
    own: Any = SimpleNamespace(edit=edit, chat_address=SimpleNamespace(keyboard=keyboard))
    for answer in (plain, own) if newest else (own, plain):
        superseded.add(answer, None)
    assert (superseded.send_as_new, superseded.keyboard) == (edit is None, keyboard)
