"""Limits of chats and of a messenger, on a clock handed in."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError

from bot.messengers.transport.aiohttp_request import (
    MOST_RETRY_AFTER,
    RETRY_AFTER,
    clean_retry_after,
    too_many,
)
from bot.messengers.transport.rate_limits import (
    BURST,
    EDIT,
    FIRST_PAUSE,
    LONGEST_REST,
    MAX_CHATS,
    PROBE,
    RESERVED_FOR_ANSWERS,
    RateLimiter,
)


@dataclass
class Clock:
    now: float = 1000.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(clock: Clock) -> RateLimiter:
    return RateLimiter(clock=lambda: clock.now)


async def fine() -> None: ...


async def refuse(limiter: RateLimiter, *chats: int, pause: int = 5, **call: Any) -> None:
    """The messenger refuses what is sent to each of these chats, for so many seconds."""

    async def send() -> None:
        raise RetryAfter(pause)

    for chat in chats:
        with pytest.raises(RetryAfter):
            await limiter.call(chat, send, **call)


def test_a_burst_and_then_one_a_second(limiter: RateLimiter, clock: Clock) -> None:
    for _ in range(int(BURST)):
        assert limiter.wait(1) == 0
        limiter.spend(1, 1.0)
    assert limiter.wait(1) == pytest.approx(1.0)
    assert limiter.wait(1, EDIT) == pytest.approx(0.5)
    assert limiter.wait(2) == 0
    clock.now += 1
    assert limiter.wait(1) == 0
    clock.now += BURST
    for _ in range(int(BURST)):
        limiter.spend(1, EDIT)
    assert limiter.wait(1) == 0


def test_pushes_leave_room_for_answers(limiter: RateLimiter) -> None:
    sent = 0
    while limiter.wait(1, reserved=RESERVED_FOR_ANSWERS) == 0:
        limiter.spend(1, 1.0)
        sent += 1
    assert sent == BURST - RESERVED_FOR_ANSWERS
    assert limiter.wait(1) == 0


async def test_a_refusal_rests_its_chat(limiter: RateLimiter, clock: Clock) -> None:
    await refuse(limiter, 1, pause=600)
    assert limiter.wait(1) == pytest.approx(600)
    assert limiter.wait(2) == 0
    assert limiter.rest_of_all == 0
    clock.now += 601
    assert limiter.wait(1) == 0
    await refuse(limiter, 1, pause=10**9)
    assert limiter.wait(1) == LONGEST_REST


async def test_a_method_that_writes_nothing_rests_by_itself(limiter: RateLimiter) -> None:
    await refuse(limiter, 1, pause=9, cost=0.0, method="delete")
    assert limiter.wait(1) == 0
    assert limiter.wait(1, 0.0, method="delete") == pytest.approx(9)


async def test_several_refused_chats_bring_a_probe(limiter: RateLimiter, clock: Clock) -> None:
    await refuse(limiter, 1, 2, 3)
    gate = asyncio.Event()
    assert limiter.wait(4) == 0, "it is the probe"
    probe = asyncio.create_task(limiter.call(4, gate.wait))
    await asyncio.sleep(0)
    assert 0 < limiter.wait(5) < 0.1, "the others wait for it"
    gate.set()
    await probe
    assert limiter.wait(5) == 0
    assert limiter.wait(1) > 0


async def test_one_chat_again_and_again_or_many_one_after_the_other_are_no_sign(
    limiter: RateLimiter, clock: Clock
) -> None:
    await refuse(limiter, *[1] * 10)
    assert limiter._state.name == "OPEN"
    for chat in range(10):
        clock.now += 0.6
        await refuse(limiter, chat)
    assert limiter._state.name == "OPEN"


async def test_a_refused_probe_is_a_rest_of_all_and_each_is_longer(
    limiter: RateLimiter, clock: Clock
) -> None:
    await refuse(limiter, 1, 2, 3, pause=600)
    rests = []
    for chat in range(4, 14):
        assert limiter.wait(chat) == 0
        await refuse(limiter, chat, pause=600)
        rests.append(limiter.rest_of_all)
        assert limiter.wait(99) == rests[-1]
        clock.now += rests[-1]
    assert rests[0] == FIRST_PAUSE
    assert rests == sorted(rests)
    assert rests[-1] == 30
    await limiter.call(99, fine)
    assert limiter.wait(98) == 0


@pytest.mark.parametrize(("error", "opens"), [(BadRequest("x"), True), (NetworkError("x"), False)])
async def test_a_probe_with_another_error(limiter: RateLimiter, error: TelegramError, opens: bool) -> None:
    await refuse(limiter, 1, 2, 3)

    async def send() -> None:
        raise error

    with pytest.raises(TelegramError):
        await limiter.call(4, send)
    assert limiter._state.name == ("OPEN" if opens else "DOUBTFUL")


async def test_a_probe_that_hangs_is_taken_over(limiter: RateLimiter, clock: Clock) -> None:
    await refuse(limiter, 1, 2, 3)
    hangs = asyncio.create_task(limiter.call(4, asyncio.Event().wait))
    await asyncio.sleep(0)
    clock.now += PROBE + 0.01
    assert limiter.wait(5) == 0
    await limiter.call(5, fine)
    assert limiter.wait(6) == 0
    hangs.cancel()


def test_memory_is_bounded(limiter: RateLimiter, clock: Clock) -> None:
    for chat in range(50_000):
        limiter.spend(chat, 1.0)
        clock.now += 0.01
    assert len(limiter) < 1000, "who was not written to lately is forgotten"
    for chat in range(3 * MAX_CHATS):
        limiter.rest(chat, 10_000)
    assert len(limiter) <= MAX_CHATS + 256


def test_told_once_until_it_was_quiet(limiter: RateLimiter) -> None:
    limiter.spend(1, 1.0)
    assert limiter.tell_once(1)
    assert not limiter.tell_once(1)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (7, 7),
        (0.2, 1),
        (None, RETRY_AFTER),
        ("7", RETRY_AFTER),
        (-3, RETRY_AFTER),
        (True, RETRY_AFTER),
        (float("nan"), RETRY_AFTER),
        (float("inf"), MOST_RETRY_AFTER),
        (10**30, MOST_RETRY_AFTER),
    ],
)
def test_odd_times_of_a_429(value: object, seconds: int) -> None:
    assert clean_retry_after(value) == seconds


@pytest.mark.parametrize(
    "body", [b"", b"local_rate_limited", b"[]", b"{}", b'{"parameters": []}', b"\xff" * 300]
)
def test_odd_bodies_of_a_429(body: bytes) -> None:
    assert b'"retry_after": 5' in too_many(body)
