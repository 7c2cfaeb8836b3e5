"""Messages that held a password: deleted after the answer's commit."""

from __future__ import annotations

import logging

from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError

from bot.messengers.processing.answer import ChatAddress
from bot.messengers.transport.backoff import break_pause
from bot.messengers.transport.channel import Channel
from bot.messengers.transport.rate_limits import SCREEN_MAX_WAIT, Pause

log = logging.getLogger(__name__)


async def delete_secret(
    channel: Channel, chat_address: ChatAddress, message_id: int, *, tries: int, pause: Pause
) -> bool:
    """Whether a message with a password is gone, as far as we can do anything about it."""
    limiter, chat_id = channel.limiter, chat_address.chat_id
    for attempt in range(tries):
        wait = limiter.wait(chat_id, 0.0, method="delete")
        if wait > SCREEN_MAX_WAIT or (wait and tries == 1):
            break
        if wait:
            await pause(wait)
        try:
            await limiter.call(
                chat_id,
                lambda: channel.bot.delete_message(chat_id, message_id),
                cost=0.0,
                method="delete",
            )
        except RetryAfter:
            continue
        except NetworkError as error:
            if isinstance(error, BadRequest):
                log.warning("a message with a password could not be deleted: %s", error)
                return True
            if attempt < tries - 1:
                await pause(break_pause(attempt))
        except TelegramError as error:
            log.warning("a message with a password could not be deleted: %s", error)
            return True
        else:
            return True
    if tries > 1:
        log.warning("a message with a password is not deleted yet", extra={"chat": chat_address.row_id})
    return False
