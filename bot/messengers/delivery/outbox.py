"""The outbox: pushes and SMS rows, claimed with a lease and sent within each messenger's rate limit.

See docs/architecture.md, "Pushes".
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

from sqlmodel import Session
from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot.application.resources import Resources
from bot.core.screens import rows_from_json
from bot.gateways.interfaces import SmsAccepted, SmsRejected
from bot.messengers.delivery import chat_rests, outbox_store
from bot.messengers.delivery.chat_rests import MIN_STORED_REST
from bot.messengers.delivery.outbox_store import (
    ClaimedPush,
    PushRoute,
    RouteCapacity,
    SendResult,
    SentMessage,
)
from bot.messengers.transport.backoff import backoff
from bot.messengers.transport.channel import (
    Caller,
    Channel,
    edit_text,
    inline_keyboard,
    send_text,
    split_text,
)
from bot.messengers.transport.rate_limits import RESERVED_FOR_ANSWERS
from bot.messengers.transport.telegram import is_same, is_unreachable, pause_of
from bot.texts import t
from storage.correlation import CORRELATION_ID
from storage.database.outage import log_unless_outage
from storage.database.unit_of_work import run_when_available
from storage.enums import Messenger, PushChannel, PushState

log = logging.getLogger(__name__)

#: Pushes a second to one messenger; answers to people are not counted.
RATES = {Messenger.TELEGRAM: 20.0, Messenger.BALE: 8.0}
#: The longest wait for a chat's turn that holds one of the places below, in seconds; a longer one is put off.
CHAT_MAX_WAIT = 2.0
#: The same, for all parts after the first of a long text; within the lease.
PART_MAX_WAIT = 60.0
#: Under way at most, of each messenger and of SMS: one that hangs holds up no other.
AT_ONCE = 16
#: Of these, pushes of letters: the rest is kept for what cannot wait.
LETTERS_AT_ONCE = 12
#: Seconds until another process may take a claimed row.
LEASE = 90
#: Tries before staff are told; with the pauses below that is about nine hours.
TRIES = 40
LONGEST_PAUSE = 900.0
#: Seconds between looks without a request.
IDLE = 5.0
#: Seconds to wait for company after a commit.
LINGER = 0.02
#: Seconds where an SMS may have been taken and a repeat is not protected.
UNKNOWN_PAUSE = 600.0


@dataclass(slots=True)
class _Rate:
    """Evenly spaced turns."""

    gap: float
    next: float = 0.0

    async def wait_turn(self) -> None:
        now = time.monotonic()
        self.next = max(self.next, now)
        wait, self.next = self.next - now, self.next + self.gap
        if wait > 0:
            await asyncio.sleep(wait)


_SAYS = {
    PushState.SENT: "sent",
    PushState.SKIPPED: "skipped",
    PushState.QUEUED: "put off",
    PushState.GIVEN_UP: "given up",
}


def _level(outcome: SendResult) -> int:
    if outcome.state is PushState.GIVEN_UP:
        return logging.ERROR
    return logging.DEBUG if outcome.free else logging.INFO


@dataclass(slots=True)
class Outbox:
    resources: Resources
    channels: Mapping[Messenger, Channel]
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _alarm: asyncio.TimerHandle | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    #: The ids of what they carry.
    _holding: set[int] = field(default_factory=set)
    #: How many of them go which way, and how many of those carry letters.
    _in_hand: Counter[PushRoute] = field(default_factory=Counter)
    _letters: Counter[PushRoute] = field(default_factory=Counter)
    _rates: dict[Messenger, _Rate] = field(default_factory=dict)

    def wake(self) -> None:
        """Something was committed: look soon."""
        if self._alarm is None:
            self._alarm = asyncio.get_running_loop().call_later(LINGER, self._ring)

    async def run(self) -> None:
        """Dispatch until cancelled."""
        while True:
            self._wake.clear()
            pause = IDLE
            try:
                pause = await self.dispatch()
            except Exception as error:
                log_unless_outage(log, "the outbox stumbled", error=error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def dispatch(self) -> float:
        """Claim what is due and set it going; seconds until the next look is worth it."""
        now = self.resources.clock()
        ready_routes: list[PushRoute] = [
            route
            for route, channel in self.channels.items()
            if channel.ready and not channel.limiter.rest_of_all
        ]
        capacities = {
            route: RouteCapacity(AT_ONCE - self._in_hand[route], LETTERS_AT_ONCE - self._letters[route])
            for route in (*ready_routes, None)
            if self._in_hand[route] < AT_ONCE
        }
        due_ids, pause = await self.resources.database.read(
            lambda db: outbox_store.due_pushes(db, now, capacities)
        )
        # A lease that ended while we hold the push says that the clock was put forward.
        due = [push_id for push_id in due_ids if push_id not in self._holding]
        if due_ids and not due:
            return IDLE
        if due:
            lease = now + timedelta(seconds=LEASE)
            for push in await self.resources.database.run(
                lambda db: outbox_store.claim_pushes(db, due, now, lease)
            ):
                task = asyncio.create_task(self._carry(push))
                self._tasks.add(task)
                self._holding.add(push.id)
                self._in_hand[push.messenger] += 1
                self._letters[push.messenger] += push.letter_id is not None
                task.add_done_callback(partial(self._finished, push))
            return IDLE
        rests = [left for channel in self.channels.values() if (left := channel.limiter.rest_of_all)]
        return min([IDLE, pause, *rests])

    async def drain(self, timeout: float) -> None:
        """Let what is under way finish; the rest is leased, and sent after the lease runs out."""
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=timeout)
            for task in late:
                task.cancel()

    def _ring(self) -> None:
        self._alarm = None
        self._wake.set()

    def _finished(self, push: ClaimedPush, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._holding.discard(push.id)
        self._in_hand[push.messenger] -= 1
        self._letters[push.messenger] -= push.letter_id is not None
        self._wake.set()

    async def _carry(self, push: ClaimedPush) -> None:
        CORRELATION_ID.set(push.correlation_id)  # of this task alone
        try:
            await self._settle(push, await self._try(push))
        except Exception:
            # Its lease runs out, then it is tried again.
            log.exception("push %s could not be sent or noted", push.id)

    async def _try(self, push: ClaimedPush) -> SendResult:
        if push.skip is not None:
            outcome = SendResult(PushState.SKIPPED, push.skip)
        elif push.channel is PushChannel.SMS:
            outcome = await self._sms(push)
        else:
            outcome = await self._message(push)
        if outcome.state is PushState.QUEUED and not outcome.free and push.attempts >= TRIES:
            outcome = SendResult(PushState.GIVEN_UP, outcome.note)
        if push.edits is not None and outcome.state is PushState.GIVEN_UP:
            # Too old, deleted by its reader …: nothing that staff could do.
            outcome = replace(outcome, state=PushState.SKIPPED)
        return outcome

    async def _settle(self, push: ClaimedPush, outcome: SendResult) -> None:
        now = self.resources.clock()
        # Given up here, it would be sent again once the lease is over.
        rest = None
        if outcome.rest and push.messenger is not None:
            rest = chat_rests.save_rest(push.messenger, push.chat_row_id, outcome.rest, now=now)

        def unit(db: Session) -> None:
            outbox_store.record_result(db, push, outcome, now)
            if rest is not None:
                rest(db)

        await run_when_available(self.resources.database, unit)
        log_fields = {
            "push": push.id,
            "kind": push.kind,
            "channel": push.messenger.value if push.messenger is not None else push.channel.value.lower(),
            "account": push.account_id,
            "attempts": push.attempts,
            "note": outcome.note,
        }
        log.log(_level(outcome), "push %s", _SAYS[outcome.state], extra=log_fields)

    async def _message(self, push: ClaimedPush) -> SendResult:
        messenger = push.messenger
        assert messenger is not None
        assert push.chat_id is not None
        channel = self.channels[messenger]
        if push.edits is not None and push.edits.bot_id != channel.bot_id:
            return SendResult(PushState.SKIPPED, "a message of another bot")
        limiter, chat_id = channel.limiter, push.chat_id
        if push.rest_until is not None:
            limiter.rest(chat_id, (push.rest_until - self.resources.clock()).total_seconds())
        began = 0.0

        async def call(send: Callable[[], Awaitable[Any]]) -> Any:
            """One part. Put off once the first is there, all would be sent again: then it waits longer."""
            nonlocal began
            while True:
                while (wait := limiter.wait(chat_id, reserved=RESERVED_FOR_ANSWERS)) > 0:
                    if wait > (PART_MAX_WAIT - (time.monotonic() - began) if began else CHAT_MAX_WAIT):
                        raise _NotNowError(wait)
                    await asyncio.sleep(wait)
                try:
                    sent = await limiter.call(chat_id, send)
                except RetryAfter:
                    if not began:
                        raise
                else:
                    began = began or time.monotonic()
                    return sent

        try:
            await self._turn(messenger)
            return await _send(channel, chat_id, push, call)
        except _NotNowError as error:
            return SendResult(
                PushState.QUEUED, "its chat has its limit", pause=min(error.wait, MIN_STORED_REST), free=True
            )
        except TelegramError as error:
            return self._trouble(push, error)

    def _trouble(self, push: ClaimedPush, error: TelegramError) -> SendResult:
        note = f"{type(error).__name__}: {error}"[:300]
        if push.edits is not None and is_same(error):
            return SendResult(PushState.SENT)
        if isinstance(error, RetryAfter):
            # A long rest is the chat's, not the push's: `next_at` far ahead means that the clock was set back.
            rest = pause_of(error)
            return SendResult(PushState.QUEUED, note, pause=min(rest, MIN_STORED_REST), free=True, rest=rest)
        if is_unreachable(error):
            return SendResult(PushState.SKIPPED, note, dead=True)
        if isinstance(error, BadRequest):
            return SendResult(PushState.GIVEN_UP, note)
        if isinstance(error, InvalidToken | Forbidden):
            return SendResult(PushState.QUEUED, note, pause=LONGEST_PAUSE)
        return SendResult(PushState.QUEUED, note, pause=_pause(push.attempts))

    async def _sms(self, push: ClaimedPush) -> SendResult:
        if push.mobile is None:
            return SendResult(PushState.GIVEN_UP, "no mobile")
        template: Any = push.sms.get("template")
        text = push.text if template or push.sms.get("whole") else self._sms_text(push.text)
        result = await self.resources.sms.send(
            to=push.mobile,
            text=text,
            idempotency_id=push.id,
            template=template,
            tokens=push.sms.get("tokens") or (),
        )
        if isinstance(result, SmsAccepted):
            return SendResult(PushState.SENT, provider_id=result.provider_id)
        if isinstance(result, SmsRejected):
            return SendResult(PushState.GIVEN_UP, result.reason)
        pause = UNKNOWN_PAUSE if result.unknown else _pause(push.attempts)
        return SendResult(PushState.QUEUED, result.reason, pause=pause)

    def _sms_text(self, sentence: str) -> str:
        links = self.resources.public_info.bot_links
        link = (
            links.get(Messenger.TELEGRAM)
            or links.get(Messenger.BALE)
            or self.resources.public_info.public_url
        )
        return t("sms.wrapped", sentence=sentence, link=link)

    async def _turn(self, messenger: Messenger) -> None:
        """Wait for this messenger's turn."""
        if messenger not in self._rates:
            self._rates[messenger] = _Rate(1 / RATES[messenger])
        await self._rates[messenger].wait_turn()


async def _send(channel: Channel, chat_id: int, push: ClaimedPush, call: Caller) -> SendResult:
    """Send its text in as many messages as it needs, or edit the message that it edits. Raises TelegramError."""
    markup = inline_keyboard(rows_from_json(push.buttons))
    if push.edits is not None:
        await call(partial(edit_text, channel, chat_id, push.edits.message_id, push.text, markup))
        return SendResult(PushState.SENT)
    *texts, last = split_text(push.text) or ["…"]
    for text in texts:
        await send_text(channel, chat_id, text, None, caller=call)
    message_id = await send_text(channel, chat_id, last, markup, caller=call)
    sent = SentMessage(channel.bot_id, message_id) if message_id is not None else None
    return SendResult(PushState.SENT, sent=sent)


class _NotNowError(Exception):
    """The chat must not be written to for so many seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__(wait)
        self.wait = wait


def _pause(attempts: int) -> float:
    return backoff(2.0, attempts, LONGEST_PAUSE) * random.uniform(0.5, 1.0)
