"""The calls of one answer: how often each is tried, and when it is given up."""

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.messengers.transport import rate_limits
from bot.messengers.transport.rate_limits import (
    ONCE_MAX_WAIT,
    SCREEN_MAX_WAIT,
    PacedCalls,
    RateLimiter,
    SupersededError,
)


class Pauses:
    """Pauses that take no time but move the clock; `newcomers` of them end because something newer came."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self.newcomers = 0
        self._now = time.monotonic()

    async def __call__(self, seconds: float, *, for_newcomer: bool = False) -> bool:
        self.taken.append(seconds)
        self._now += seconds
        if for_newcomer and self.newcomers:
            self.newcomers -= 1
            return True
        return False

    def clock(self) -> float:
        return self._now


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> Pauses:
    made = Pauses()
    monkeypatch.setattr(rate_limits, "time", SimpleNamespace(monotonic=made.clock))
    return made


@pytest.fixture
def limiter(pauses: Pauses) -> RateLimiter:
    return RateLimiter(clock=pauses.clock)


def paced(limiter: RateLimiter, pauses: Pauses, **options: Any) -> PacedCalls:
    return PacedCalls(limiter, 1, pause=pauses, **options)


def answers(*results: TelegramError | str) -> tuple[list[str], Any]:
    """A call that ends so, one result after the other; and what was called."""
    made: list[str] = []
    left: Iterator[TelegramError | str] = iter(results)

    async def send() -> str:
        made.append("call")
        result = next(left)
        if isinstance(result, TelegramError):
            raise result
        return result

    return made, send


async def test_a_broken_line_is_tried_three_times_with_growing_pauses(
    limiter: RateLimiter, pauses: Pauses
) -> None:
    made, send = answers(NetworkError("reset"), NetworkError("reset"), "sent")

    assert await paced(limiter, pauses)(send) == "sent"

    assert len(made) == 3
    assert pauses.taken == [pytest.approx(0.3), pytest.approx(1.2)]


@pytest.mark.parametrize(
    ("errors", "calls"),
    [
        pytest.param([NetworkError("reset")] * 4, 3, id="broken line"),
        pytest.param([TimedOut()] * 4, 2, id="no answer: it may have arrived"),
        pytest.param([BadRequest("no such message")] * 2, 1, id="refused for good"),
    ],
)
async def test_what_does_not_get_better_is_given_up(
    limiter: RateLimiter, pauses: Pauses, errors: list[TelegramError], calls: int
) -> None:
    made, send = answers(*errors)
    with pytest.raises(type(errors[0])):
        await paced(limiter, pauses)(send)
    assert len(made) == calls


async def test_a_chat_that_is_refused_again_and_again_is_given_up_after_a_minute(
    limiter: RateLimiter, pauses: Pauses
) -> None:
    told: list[float] = []
    made, send = answers(*[RetryAfter(10)] * 40)

    with pytest.raises(RetryAfter):
        await paced(limiter, pauses, refused=told.append)(send)

    assert 2 <= len(made) < 40
    assert told == [10.0] * len(made)
    assert sum(pauses.taken) <= ONCE_MAX_WAIT + 10 + 1


@pytest.mark.parametrize(
    ("plain", "rest", "sent"),
    [
        pytest.param(True, SCREEN_MAX_WAIT - 1, True, id="a screen waits a little"),
        pytest.param(True, SCREEN_MAX_WAIT + 1, False, id="a screen does not wait long"),
        pytest.param(False, ONCE_MAX_WAIT - 1, True, id="what is shown once waits long"),
        pytest.param(False, ONCE_MAX_WAIT + 1, False, id="what is shown once does not wait for ever"),
    ],
)
async def test_how_long_an_answer_waits_for_its_chat(
    limiter: RateLimiter, pauses: Pauses, plain: bool, rest: float, sent: bool
) -> None:
    limiter.rest(1, rest)
    made, send = answers("sent")
    calls = paced(limiter, pauses, plain=plain)

    if sent:
        await calls(send)
        assert calls.waited
    else:
        with pytest.raises(RetryAfter):
            await calls(send)
    assert (calls.began, len(made)) == (sent, int(sent))


async def test_a_screen_that_waits_gives_way_to_a_newer_one(limiter: RateLimiter, pauses: Pauses) -> None:
    pauses.newcomers = 1
    limiter.rest(1, 5)
    made, send = answers("sent")

    with pytest.raises(SupersededError):
        await paced(limiter, pauses, plain=True)(send)
    assert made == []

    await paced(limiter, pauses, plain=False)(send)
    assert made == ["call"]


async def test_an_answer_that_began_is_finished_though_a_newer_one_waits(
    limiter: RateLimiter, pauses: Pauses
) -> None:
    pauses.newcomers = 9
    _, send = answers("first", "second")
    calls = paced(limiter, pauses, plain=True)
    await calls(send)
    assert (calls.waited, pauses.taken) == (False, []), "the chat was ready"
    limiter.rest(1, 5)

    assert await calls(send) == "second"
    assert calls.waited


async def test_without_chat_queues_a_pause_is_a_pause() -> None:
    assert await rate_limits.sleep(0) is False
    assert await rate_limits.sleep(0, for_newcomer=True) is False
