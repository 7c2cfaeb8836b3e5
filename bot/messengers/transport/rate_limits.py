"""Rate limits of one messenger: for each chat, and for all chats together.

Each chat has a token bucket, which answers and pushes share. A refusal (429) makes only the chat rest that it was about.
Only where several chats are refused within a second may the messenger mean all of us: then one call is let through before
the others (the probe), and everybody waits only if that one is refused too.

Times are seconds of the monotonic clock. Rests that must survive a restart are kept in `chat.rest_until`.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Protocol, TypeVar

from telegram.error import BadRequest, NetworkError, RetryAfter, TimedOut

from bot.messengers.transport.backoff import break_pause
from bot.messengers.transport.telegram import pause_of

T = TypeVar("T")

#: Messages a second to one chat, and how many at once after a pause.
RATE, BURST = 1.0, 40.0
#: An edit beside a new message: messengers count it, but less.
EDIT = 0.5
#: Of a chat's tokens, those that pushes leave for answers.
RESERVED_FOR_ANSWERS = 30.0
#: Different chats that are refused within so many seconds: it may be about the whole messenger.
SEVERAL, WITHIN = 3, 1.0
#: The longest rest of one chat, in seconds.
LONGEST_REST = 24 * 3600.0
#: Rests of a whole messenger: the first is short, since the probe's chat may have been refused for itself; each is twice the
#: one before.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
#: Seconds after which a probe that got no answer is taken over by another call.
PROBE = 2.0
#: Seconds between looks at whether the probe came back.
LOOK = 0.05
#: Chats that are remembered at most; those that neither rest nor were written to lately are forgotten long before.
MAX_CHATS = 20_000
#: Seconds that an answer waits in its chat queue until its chat may be written to: a screen, which can be made again at any time,
#: and what is shown once.
SCREEN_MAX_WAIT, ONCE_MAX_WAIT = 15.0, 60.0
#: How often a broken line is tried.
TRIES = 3
#: Remembered chats from which on idle ones are looked for.
SWEEP = 256


@dataclass(slots=True)
class _Chat:
    #: When its bucket is full again.
    full_at: float = 0.0
    rests_until: float = 0.0
    #: It was told to slow down.
    notified: bool = False

    def idle(self, now: float) -> bool:
        return self.full_at <= now and self.rests_until <= now


class _All(Enum):
    """Whether the messenger as a whole takes calls."""

    OPEN = auto()
    #: Several chats were refused: the next call is the probe.
    DOUBTFUL = auto()
    PROBED = auto()
    RESTS = auto()


@dataclass(slots=True)
class RateLimiter:
    """The limits of one messenger. Chats are named by their ids there."""

    rate: float = RATE
    burst: float = BURST
    clock: Callable[[], float] = time.monotonic
    _chats: dict[Hashable, _Chat] = field(default_factory=dict)
    _sweep_at: int = SWEEP
    _state: _All = _All.OPEN
    #: Of the messenger's rest, or of the probe's time limit.
    _until: float = 0.0
    #: The next rest of the messenger.
    _silence: float = FIRST_PAUSE
    #: Chats that were refused just now, each with the time.
    _refusals: dict[Hashable, float] = field(default_factory=dict)

    # -- asking ------------------------------------------------------------------------------------

    def wait(
        self, chat: Hashable, cost: float = 1.0, *, reserved: float = 0.0, method: str | None = None
    ) -> float:
        """Seconds until a call of this cost may be made, as it looks now; 0: at once. `kept` tokens are left alone. A
        `method` is one that writes no message, and rests by itself."""
        key = chat if method is None else (method, chat)
        return max(self.chat_wait(key, cost, reserved=reserved), self._wait_for_all())

    def chat_wait(self, chat: Hashable, cost: float, *, reserved: float = 0.0) -> float:
        """The chat's part of `wait`."""
        now = self.clock()
        state = self._chats.get(chat)
        if state is None:
            return 0.0
        available = max(1.0, self.burst - reserved)
        used = max(0.0, state.full_at - now) * self.rate
        return max((used + min(cost, available) - available) / self.rate, state.rests_until - now, 0.0)

    @property
    def rest_of_all(self) -> float:
        """Seconds that the whole messenger rests still."""
        return max(0.0, self._until - self.clock()) if self._state is _All.RESTS else 0.0

    @property
    def resting(self) -> int:
        """Chats that rest now."""
        now = self.clock()
        return sum(state.rests_until > now for state in self._chats.values())

    def __len__(self) -> int:
        """Chats that are remembered."""
        return len(self._chats)

    # -- noting ------------------------------------------------------------------------------------

    def spend(self, chat: Hashable, cost: float) -> None:
        """A call of this cost is made now, or reserved for later."""
        state = self._chat(chat)
        state.full_at = max(state.full_at, self.clock()) + cost / self.rate

    def rest(self, chat: Hashable, pause: float) -> None:
        """Nothing is sent to this chat for so many seconds."""
        state = self._chat(chat)
        state.rests_until = max(state.rests_until, self.clock() + min(pause, LONGEST_REST))

    def tell_once(self, chat: Hashable) -> bool:
        """Whether this chat is to be told to slow down: once, until it has been quiet."""
        state = self._chat(chat)
        first, state.notified = not state.notified, True
        return first

    async def call(
        self,
        chat: Hashable,
        send: Callable[[], Awaitable[T]],
        *,
        cost: float = 1.0,
        method: str | None = None,
    ) -> T:
        """Make a call that `wait` allowed. A refusal rests the chat; that of a `method`, only this method there. Raises
        what the call raises."""
        key = chat if method is None else (method, chat)
        if cost:
            self.spend(key, cost)
        probe = self._begins_probe()
        try:
            result = await send()
        except RetryAfter as error:
            self._refused(chat, key, pause_of(error), probe=probe)
            raise
        except BaseException as error:
            if probe:
                answered = isinstance(error, Exception) and not _is_silence(error)
                self._probed(_All.OPEN if answered else _All.DOUBTFUL)
            raise
        if probe:
            self._probed(_All.OPEN)
        return result

    # -- inside ------------------------------------------------------------------------------------

    def _chat(self, chat: Hashable) -> _Chat:
        state = self._chats.get(chat)
        if state is None:
            if len(self._chats) >= self._sweep_at:
                self._forget()
            state = self._chats[chat] = _Chat()
        return state

    def _forget(self) -> None:
        now = self.clock()
        self._chats = {chat: state for chat, state in self._chats.items() if not state.idle(now)}
        for chat in list(self._chats)[: max(0, len(self._chats) - MAX_CHATS)]:
            del self._chats[chat]
        self._sweep_at = max(SWEEP, min(2 * len(self._chats), MAX_CHATS + SWEEP))

    def _wait_for_all(self) -> float:
        if self._state is _All.OPEN or self._state is _All.DOUBTFUL:
            return 0.0
        left = self._until - self.clock()
        if left <= 0:
            self._state = _All.DOUBTFUL
            return 0.0
        return LOOK if self._state is _All.PROBED else left

    def _begins_probe(self) -> bool:
        if self._state is not _All.DOUBTFUL:
            return False
        self._state, self._until = _All.PROBED, self.clock() + PROBE
        return True

    def _probed(self, state: _All) -> None:
        self._state = state
        self._refusals.clear()
        if state is _All.OPEN:
            self._silence = FIRST_PAUSE

    def _refused(self, chat: Hashable, key: Hashable, pause: float, *, probe: bool) -> None:
        now = self.clock()
        self.rest(key, pause)
        if probe:
            self._probed(_All.RESTS)
            self._until = now + min(pause, self._silence)
            self._silence = min(2 * self._silence, LONGEST_PAUSE)
            return
        lately = {other: at for other, at in self._refusals.items() if now - at <= WITHIN}
        self._refusals = lately | {chat: now}
        if self._state is _All.OPEN and len(self._refusals) >= SEVERAL:
            self._state = _All.DOUBTFUL


def _is_silence(error: Exception) -> bool:
    """The messenger did not answer at all. For PTB a BadRequest is a NetworkError; it is an answer."""
    return isinstance(error, NetworkError) and not isinstance(error, BadRequest)


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
    """The calls of one answer, each made when its chat may be written to."""

    def __init__(
        self,
        limiter: RateLimiter,
        chat_id: int,
        *,
        pause: Pause = sleep,
        plain: bool = False,
        refused: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        """`plain`: a screen that may be superseded while it waits. `refused(seconds)` is told of every 429."""
        self._limiter = limiter
        self._chat_id = chat_id
        self._pause = pause
        self._plain = plain
        self._refused = refused
        #: The chat was not ready at once.
        self.waited = False
        #: Something of the answer was sent.
        self.began = False
        #: The message showed the answer already.
        self.unchanged = False

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
                await self._pause(break_pause(failures - 1))
            else:
                self.began = True
                return result
