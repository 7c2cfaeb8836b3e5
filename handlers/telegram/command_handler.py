"""Commands: /start, /help and the like. An open dialogue hears them first, the table of routes otherwise."""

from __future__ import annotations

from typing import Any

from telegram import Update
from telegram.ext import BaseHandler

from bot.messengers.processing.parsing import read
from bot.messengers.processing.processor import UpdateProcessor
from bot.messengers.processing.update_scope import current_update


class CommandHandler(BaseHandler[Update, Any, None]):
    """Messages that begin with a slash, with or without the messenger's entity."""

    def __init__(self, serve: UpdateProcessor) -> None:
        super().__init__(self._take)
        self._serve = serve

    def check_update(self, update: object) -> bool:
        if not isinstance(update, Update) or update.message is None:
            return False
        text = update.message.text
        return isinstance(text, str) and text.startswith("/")

    async def _take(self, update: Update, context: Any) -> None:
        incoming = read(update, current_update.get().row.messenger)
        if incoming is not None:
            await self._serve.serve(incoming)
