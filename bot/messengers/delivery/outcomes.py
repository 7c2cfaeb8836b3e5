"""What delivery writes down of an answer besides that it was sent: chats that rest, died, or are shown their screen later."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import bindparam, update
from sqlmodel import Session, col
from telegram.error import BadRequest, RetryAfter, TelegramError

from bot.application.resources import Resources
from bot.messengers.delivery import chat_rests
from bot.messengers.processing import inbox_store
from bot.messengers.processing.answer import Answer, ChatAddress
from bot.messengers.transport.telegram import is_unreachable, pause_of
from bot.services.shared import pay_messages
from storage.database.outage import log_unless_outage
from storage.tables import Account, Chat

log = logging.getLogger(__name__)

#: Seconds until a screen that could not be sent is tried again.
RETRY_SECONDS = 30

_DEAD = (
    update(Chat)
    .where(col(Chat.id) == bindparam("chat_row"))
    .values(dead=True, show_at=None)
    .execution_options(synchronize_session=False)
)
_LATER = (
    update(Chat)
    .where(col(Chat.id) == bindparam("chat_row"))
    .values(show_at=bindparam("at"))
    .execution_options(synchronize_session=False)
)
_DELIVERED = (
    update(Account)
    .where(col(Account.id) == bindparam("account_row"))
    .values(credentials_pending=False)
    .execution_options(synchronize_session=False)
)


class DeliveryOutcomes:
    def __init__(self, resources: Resources, wake: Callable[[float], None]) -> None:
        """`wake(seconds)` asks for a look at `chat.show_at` after so long."""
        self.resources = resources
        self._wake = wake

    async def arrived(self, account_row: int) -> None:
        """A password was shown. Noted at once, within the person's chat queue: the next touch must know it already."""
        try:
            await self.resources.database.run(lambda db: db.execute(_DELIVERED, {"account_row": account_row}))
        except Exception as error:
            log_unless_outage(
                log, "it could not be noted that a password was shown; another will be offered", error=error
            )

    async def shows_pay_button(
        self, chat_address: ChatAddress, bot_id: int, message_id: int, request_id: int
    ) -> None:
        """A message shows a pay button now. Noted within the person's chat queue, before the next press on it."""
        row_id = chat_address.row_id
        if row_id is not None:
            values = {"chat_row_id": row_id, "bot_id": bot_id, "message_id": message_id}
            now = self.resources.clock()
            await self._note_pay_message(
                lambda db: pay_messages.record(db, request_id=request_id, now=now, **values)
            )

    async def shows_no_pay_button(self, chat_address: ChatAddress, bot_id: int, message_id: int) -> None:
        """A message shows something else now."""
        row_id = chat_address.row_id
        if row_id is not None:
            values = {"chat_row_id": row_id, "bot_id": bot_id, "message_id": message_id}
            await self._note_pay_message(lambda db: pay_messages.forget(db, **values))

    async def _note_pay_message(self, unit: Callable[[Session], None]) -> None:
        try:
            await self.resources.database.run(unit)
        except Exception as error:
            log_unless_outage(log, "a message with a pay button could not be noted", error=error)

    def refused(self, chat_address: ChatAddress, pause: float) -> None:
        """The messenger refused a message to this chat for so many seconds."""
        unit = chat_rests.save_rest(
            chat_address.messenger, chat_address.row_id, pause, now=self.resources.clock()
        )
        if unit is not None:
            self.resources.database.run_in_background(unit)

    def failed(self, answer: Answer, error: TelegramError) -> bool:
        """Whether the update counts as answered all the same, because its screen is shown later or can never be."""
        if not is_unreachable(error):
            if not isinstance(error, RetryAfter):
                log.warning("an answer could not be sent: %s: %s", type(error).__name__, error)
            if not isinstance(error, BadRequest):
                # A long rest is in `chat.rest_until`.
                self.try_later(
                    answer.chat_address,
                    min(pause_of(error), RETRY_SECONDS) if isinstance(error, RetryAfter) else RETRY_SECONDS,
                )
            return True
        log.info("a chat is dead: %s", error)
        row_id, update_row = answer.chat_address.row_id, answer.update_row

        def unit(db: Session) -> None:
            if row_id is not None:
                db.execute(_DEAD, {"chat_row": row_id})
            if update_row is not None:
                inbox_store.mark_answered(db, update_row)

        self.resources.database.run_in_background(unit)
        return False

    def try_later(self, chat_address: ChatAddress, wait: float = RETRY_SECONDS) -> None:
        if chat_address.row_id is None:
            return
        values = {"chat_row": chat_address.row_id, "at": self.resources.clock() + timedelta(seconds=wait)}
        self.resources.database.run_in_background(lambda db: db.execute(_LATER, values))
        self._wake(wait)
