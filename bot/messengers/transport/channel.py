"""A channel: the Bot of a live messenger, what it can do, and its rate limits."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from telegram.error import TelegramError
from telegram.ext import Application

from bot.core.refusals import FileRejected
from bot.messengers.transport.aiohttp_request import AioRequest, DownloadTooLarge, Fields
from bot.messengers.transport.bale_request import BaleRequest
from bot.messengers.transport.rate_limits import RateLimiter
from storage.enums import Messenger

#: Bots may fetch files up to 20 MB on both messengers.
MAX_DOWNLOAD = 20 * 1024 * 1024


@dataclass(slots=True)
class Channel:
    messenger: Messenger
    application: Application[Any, Any, Any, Any, Any, Any]
    request: AioRequest | BaleRequest | Any
    api_url: str
    #: Makes one raw update whole before PTB parses it.
    whole: Callable[[dict[str, Any]], dict[str, Any]]
    allowed_updates: tuple[str, ...] | None
    #: Whether a line over a pressed button is seen, by callback id.
    shows_notices: Callable[[str | None], bool]
    #: Whose updates, message ids and file ids are ours: those of another bot mean nothing here.
    bot_id: int = 0
    limiter: RateLimiter = field(default_factory=RateLimiter)
    #: Known after getMe.
    ready: bool = False

    @property
    def bot(self) -> Any:
        return self.application.bot

    @property
    def link(self) -> str:
        """Where people find the bot; known after getMe."""
        host = "https://t.me/" if self.messenger is Messenger.TELEGRAM else "https://ble.ir/"
        return f"{host}{self.bot.username}"

    async def call(self, method: str, **fields: Any) -> Any:
        """One call as PTB's Bot makes it, without its objects around parameters and answer: for texts, where nobody
        looks at the answer. Its `result`; None is left out. Raises TelegramError."""
        data = {
            name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in fields.items()
            if value is not None
        }
        request: Any = self.request
        return await request.post(f"{self.api_url}/{method}", Fields(data, None))

    async def download(self, handle: str, *, limit: int) -> bytes:
        """See `bot.application.resources.Downloader`."""
        try:
            file = await self.bot.get_file(handle)
            if file.file_size is not None and file.file_size > limit:
                raise FileRejected("error.too_large")
            if not file.file_path:
                raise FileRejected("error.download_failed")
            if isinstance(self.request, AioRequest | BaleRequest):
                return await self.request.download(file.file_path, limit=limit)
            content = bytes(await self.request.retrieve(file.file_path))
        except DownloadTooLarge:
            raise FileRejected("error.too_large") from None
        except TelegramError as error:
            too_large = "too big" in str(error).lower()
            raise FileRejected("error.too_large" if too_large else "error.download_failed") from error
        if len(content) > limit:
            raise FileRejected("error.too_large")
        return content
