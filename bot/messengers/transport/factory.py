"""The only place that makes a Bot: a forgotten base address would send Bale's traffic to Telegram.

See docs/performance.md 10.2.
"""

from __future__ import annotations

import hashlib
import logging
from typing import Any

from telegram.ext import Application, ApplicationBuilder

from bot.messengers.transport import bale_request, bale_updates, telegram
from bot.messengers.transport.aiohttp_request import make_request
from bot.messengers.transport.channel import Channel
from bot.messengers.transport.rate_limits import RATE, RateLimiter
from storage.enums import Messenger

log = logging.getLogger(__name__)


class StatelessApplication(Application[Any, Any, Any, Any, Any, Any]):
    """PTB notes every person who ever wrote, for a persistence that we do not use: memory without end, and a stumble
    where an id is no number. A private name of the pinned version; a test looks that nothing is noted."""

    __slots__ = ()

    def _mark_for_persistence_update(self, **what: Any) -> None:
        return


def make_channel(
    messenger: Messenger, *, token: str, api_url: str, proxy: str | None = None, chat_rate: float = RATE
) -> Channel:
    """A channel that is not connected yet. `api_url` is the server's root, `chat_rate` messages a second to one chat."""
    request: Any = make_request(proxy=proxy)
    if messenger is Messenger.BALE:
        request = bale_request.BaleRequest(request)
    root = api_url.rstrip("/")
    application: Application[Any, Any, Any, Any, Any, Any] = (
        ApplicationBuilder()
        .application_class(StatelessApplication)
        .token(token)
        .base_url(f"{root}/bot")
        .base_file_url(f"{root}/file/bot")
        .request(request)
        # Never used: intake polls by itself, on the same connections.
        .get_updates_request(request)
        .updater(None)
        .job_queue(None)
        .build()
    )
    on_bale = messenger is Messenger.BALE
    return Channel(
        messenger,
        application,
        request,
        f"{root}/bot{token}",
        whole=bale_updates.normalise_update if on_bale else telegram.normalise_update,
        allowed_updates=None if on_bale else telegram.ALLOWED_UPDATES,
        shows_notices=bale_request.shows_notices if on_bale else lambda callback_id: callback_id is not None,
        bot_id=bot_number(token),
        limiter=RateLimiter(rate=chat_rate),
    )


def bot_number(token: str) -> int:
    """The bot's id, which is the part of its token before the colon; for a token of another form, a number made from that
    part. It stays the same where a token is replaced."""
    name = token.partition(":")[0].strip()
    if name.isascii() and name.isdigit() and 0 < int(name[:19]) < 2**62:
        return int(name[:19])
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:7]) + 1
