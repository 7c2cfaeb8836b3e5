"""Sending a text with buttons, for delivery and outbox alike."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from telegram.error import BadRequest

from bot.messengers.transport import keyboards
from bot.messengers.transport.channel import Channel
from bot.messengers.transport.keyboards import Markup
from bot.messengers.transport.telegram import is_unreachable

log = logging.getLogger(__name__)

#: Makes one call when the chat may be written to.
Caller = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]


async def send_text(
    channel: Channel, chat_id: int, text: str, markup: Markup | None, *, caller: Caller
) -> None:
    """Send one message. Where the messenger takes a link for no link, it is sent as text. Raises TelegramError."""

    async def send(text: str, markup: Markup | None) -> None:
        await caller(
            lambda: channel.call(
                "sendMessage",
                chat_id=chat_id,
                text=text,
                reply_markup=markup,
                link_preview_options=without_preview(text),
            )
        )

    try:
        await send(text, markup)
    except BadRequest as error:
        if is_unreachable(error) or markup is None or "inline_keyboard" not in markup:
            raise
        pressable, links = keyboards.without_links(markup)
        if not links:
            raise
        log.error("a message was refused, sent with its links as text: %s", error)
        await send("\n".join((text, *links)), pressable)


def without_preview(text: str) -> dict[str, bool] | None:
    """`link_preview_options` of a text: no page is shown below it."""
    return {"is_disabled": True} if "://" in text else None
