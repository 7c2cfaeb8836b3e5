"""The visible handler of all dialogues.

PTB's ConversationHandler keeps its state in one process's memory; ours is a handler like any other, over a stored
session: the chat's row and its draft say where the person stands, and the engine reads them in the unit of the update.
"""

from __future__ import annotations

from typing import Any

from telegram import Update
from telegram.ext import BaseHandler

from bot.core.screens import BadPress, Press
from bot.messengers.processing.parsing import read
from bot.messengers.processing.processor import UpdateProcessor
from bot.messengers.processing.update_scope import current_update


class DialogueHandler(BaseHandler[Update, Any, None]):
    """Takes messages, and presses of a dialogue's own buttons. Which question they answer is known to the database
    alone; a message without an open dialogue may still be a button's label typed out."""

    def __init__(self, serve: UpdateProcessor) -> None:
        super().__init__(self._take)
        self._serve = serve

    def check_update(self, update: object) -> bool:
        if not isinstance(update, Update):
            return False
        query = update.callback_query
        if query is None:
            return update.message is not None or update.edited_message is not None
        try:
            return self._serve.dialogues.press_belongs(Press.unpack(query.data or ""))
        except (BadPress, TypeError):
            return False

    async def _take(self, update: Update, context: Any) -> None:
        incoming = read(update, current_update.get().row.messenger)
        if incoming is not None:
            await self._serve.serve(incoming)
