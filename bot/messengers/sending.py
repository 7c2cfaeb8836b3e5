"""Sending a text with buttons, for delivery and outbox alike."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from telegram import InlineKeyboardMarkup
from telegram.error import BadRequest, RetryAfter

from bot.messengers import keyboards
from bot.messengers.channel import Channel
from bot.messengers.telegram import is_unreachable

log = logging.getLogger(__name__)

#: How one call is made: at once, or patiently.
Caller = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]


async def at_once(call: Callable[[], Awaitable[Any]]) -> Any:
    return await call()


async def send_text(
    channel: Channel, chat_id: int, text: str, markup: Any, *, caller: Caller = at_once
) -> int:
    """Send one message, return its id. Where the messenger takes a link for no link, it is sent as text.

    Raises TelegramError."""

    async def send(text: str, markup: Any) -> int:
        message = await caller(
            lambda: channel.bot.send_message(
                chat_id, text, reply_markup=markup, disable_web_page_preview=True if "://" in text else None
            )
        )
        return int(message.message_id)

    try:
        return await send(text, markup)
    except BadRequest as error:
        if is_unreachable(error) or not isinstance(markup, InlineKeyboardMarkup):
            raise
        pressable, links = keyboards.without_links(markup)
        if not links:
            raise
        log.error("a message was refused, sent with its links as text: %s", error)
        return await send("\n".join((text, *links)), pressable)


def seconds(error: RetryAfter) -> float:
    """How long a 429 asks us to wait."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
