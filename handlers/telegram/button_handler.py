"""Presses of inline buttons outside dialogues, also forged ones and those of long ago."""

from __future__ import annotations

from typing import Any

from telegram import Update
from telegram.ext import BaseHandler

from bot.messengers.processing.parsing import read
from bot.messengers.processing.processor import UpdateProcessor
from bot.messengers.processing.update_scope import current_update


class ButtonHandler(BaseHandler[Update, Any, None]):
    """Whatever was pressed and is no dialogue's: the table of routes decides, in the unit."""

    def __init__(self, serve: UpdateProcessor) -> None:
        super().__init__(self._take)
        self._serve = serve

    def check_update(self, update: object) -> bool:
        return isinstance(update, Update) and update.callback_query is not None

    async def _take(self, update: Update, context: Any) -> None:
        incoming = read(update, current_update.get().row.messenger)
        if incoming is not None:
            await self._serve.serve(incoming)
