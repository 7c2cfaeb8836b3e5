"""The handler of all conversations, registered with PTB.

PTB's ConversationHandler keeps its state in one process's memory; ours is a handler like any other, over a stored
session: the chat's row and its draft say where the person stands. Which dialogue or route an update leads to is known
to the database alone, so the router decides it in the unit of the update.
"""

from __future__ import annotations

from typing import Any

from telegram import Update
from telegram.ext import BaseHandler

from bot.messengers.processing.parsing import parse_update
from bot.messengers.processing.protocols import Processor
from bot.messengers.processing.update_scope import CURRENT_UPDATE


class ConversationUpdateHandler(BaseHandler[Update, Any, None]):
    """Takes every message (commands and edited ones too) and every pressed button, and hands it to the processor."""

    def __init__(self, processor: Processor) -> None:
        super().__init__(self._process)
        self._processor = processor

    def check_update(self, update: object) -> bool:
        """Whether it is a message or a press; other kinds are nobody's."""
        return isinstance(update, Update) and (
            update.callback_query is not None
            or update.message is not None
            or update.edited_message is not None
        )

    async def _process(self, update: Update, context: Any) -> None:
        """Raises UnreadableError."""
        incoming = parse_update(update, CURRENT_UPDATE.get().row.messenger)
        if incoming is not None:
            await self._processor.process(incoming)
