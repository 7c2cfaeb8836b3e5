"""The calls of one answer, each made when its chat may be written to."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from telegram.error import BadRequest, NetworkError, RetryAfter, TimedOut

from bot.messengers.transport.channel import Channel
from bot.messengers.transport.telegram import pause_of

#: Seconds that an answer waits in its chat queue until its chat may be written to: a screen, which can be made again at any time,
#: and what is shown once.
SCREEN_MAX_WAIT, ONCE_MAX_WAIT = 15.0, 60.0
#: How often a broken line is tried.
TRIES = 3


class Pause(Protocol):
    async def __call__(self, seconds: float, *, for_newcomer: bool = False) -> bool:
        """See `Lanes.pause`."""
        ...


async def sleep(seconds: float, *, for_newcomer: bool = False) -> bool:
    """Where there are no chat queues."""
    await asyncio.sleep(seconds)
    return False


class SupersededError(Exception):
    """Something newer is to be shown instead."""


class PacedCalls:
    def __init__(
        self,
        channel: Channel,
        chat_id: int,
        *,
        pause: Pause = sleep,
        plain: bool = False,
        refused: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        """`plain`: a screen that may be superseded while it waits. `refused(seconds)` is told of every 429."""
        self._limiter = channel.limiter
        self._chat_id = chat_id
        self._pause = pause
        self._plain = plain
        self._refused = refused
        #: The chat was not ready at once.
        self.waited = False
        #: Something of the answer was sent.
        self.began = False

    async def wait_turn(self, cost: float = 1.0) -> None:
        """Wait until a call may be made. Raises RetryAfter where it takes too long, SupersededError."""
        until = time.monotonic() + (SCREEN_MAX_WAIT if self._plain else ONCE_MAX_WAIT)
        while (wait := self._limiter.wait(self._chat_id, cost)) > 0:
            self.waited = self.waited or self._limiter.chat_wait(self._chat_id, cost) > 0
            if wait > until - time.monotonic():
                raise RetryAfter(math.ceil(wait))
            if await self._pause(wait, for_newcomer=self._plain and not self.began):
                raise SupersededError

    async def __call__(self, send: Callable[[], Awaitable[Any]], *, cost: float = 1.0) -> Any:
        """Make one call, after rests and over a broken line. Raises the last TelegramError, or SupersededError."""
        failures = 0
        until = time.monotonic() + ONCE_MAX_WAIT
        while True:
            await self.wait_turn(cost)
            try:
                result = await self._limiter.call(self._chat_id, send, cost=cost)
            except RetryAfter as error:
                self._refused(pause_of(error))
                if time.monotonic() > until:
                    raise
            except BadRequest:
                raise
            except NetworkError as error:
                # After a timeout the message may have arrived: once more, not twice.
                failures += 1
                if failures == TRIES or (isinstance(error, TimedOut) and failures > 1):
                    raise
                await self._pause(0.3 * 4 ** (failures - 1))
            else:
                self.began = True
                return result
