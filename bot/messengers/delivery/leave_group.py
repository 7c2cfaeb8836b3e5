"""Saying one sentence in a group or channel, and leaving it."""

from __future__ import annotations

import logging

from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError

from bot.messengers.transport.backoff import break_pause
from bot.messengers.transport.channel import Channel, send_text
from bot.messengers.transport.rate_limits import TRIES, Pause

log = logging.getLogger(__name__)

#: Of all groups of a messenger together: their sentences share one bucket, as if they were one chat.
ALL = "groups"
#: The longest wait for a refused `leaveChat`. What comes next from the group tries it again.
MAX_WAIT = 60.0


async def leave(channel: Channel, chat_id: int, sentence: str | None, *, pause: Pause) -> None:
    """Say the sentence, where it can be said without waiting, and leave. Raises nothing."""
    limiter = channel.limiter
    if sentence is not None and not limiter.wait(chat_id) and not limiter.wait(ALL):
        limiter.spend(ALL, 1.0)
        try:
            await send_text(channel, chat_id, sentence, None, caller=lambda call: limiter.call(chat_id, call))
        except TelegramError as error:
            log.info("%s: a group was not told where the bot answers: %s", channel.messenger.value, error)
    for attempt in range(TRIES):
        wait = limiter.wait(chat_id, 0.0, method="leave")
        if wait > MAX_WAIT:
            break
        if wait:
            await pause(wait)
        try:
            await limiter.call(chat_id, lambda: channel.bot.leave_chat(chat_id), cost=0.0, method="leave")
        except RetryAfter:
            continue
        except NetworkError as error:
            if isinstance(error, BadRequest):
                log.info("%s: a group could not be left: %s", channel.messenger.value, error)
                return
            await pause(break_pause(attempt))
        except TelegramError as error:
            log.info("%s: a group could not be left: %s", channel.messenger.value, error)
            return
        else:
            log.info("%s: a group was left", channel.messenger.value)
            return
    log.warning("%s: a group could not be left yet", channel.messenger.value)
