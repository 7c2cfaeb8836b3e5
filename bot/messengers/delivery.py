"""Shows answers: the one component that sends screens, after the commit (DESIGN 3)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, update
from sqlmodel import Session, col
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.desk import Desk
from bot.messengers import inbox, keyboards
from bot.messengers.answer import Answer, Place
from bot.messengers.channel import Channel
from bot.messengers.keyboards import Markup
from bot.messengers.papers import PaperSender
from bot.messengers.sending import seconds, send_text, without_preview
from bot.messengers.telegram import is_same, is_unreachable
from bot.screens import Screen
from bot.texts import t
from storage.away import report
from storage.states import Messenger
from storage.tables import Account, Chat

log = logging.getLogger(__name__)

#: Seconds until a screen that could not be sent is tried again.
AGAIN = 30
#: The longest rest after a 429 that a lane waits out itself.
PATIENCE = 15.0
TRIES = 3
#: Answers noted by one unit.
TOGETHER = 64

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


class Delivery:
    def __init__(
        self,
        desk: Desk,
        channels: Mapping[Messenger, Channel],
        *,
        aside: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
        wake: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        """`wake(seconds)` asks for a look at `chat.show_at` after so long."""
        self.desk = desk
        self._channels = channels
        self._papers = PaperSender(desk)
        self._aside = aside
        self._wake = wake
        self._side: set[asyncio.Task[None]] = set()
        #: Rows of updates that the next unit marks.
        self._answered: list[int] = []

    async def show(self, answer: Answer) -> None:
        """Send an answer and note that it was sent. Raises nothing: what cannot be sent now is shown later."""
        place = answer.place
        channel = self._channels.get(place.messenger)
        if channel is None:
            return
        if answer.callback_id is not None:
            self._beside(self._answer_press(channel, answer))
        if answer.delete is not None:
            # The update counts as answered only once the password is gone.
            await self._delete(channel, place.chat_id, answer.delete)
        if answer.quiet is not None:
            self._wake(answer.quiet)
        if not answer.screens and not self._notice_as_message(channel, answer):
            self._note(answer)
            return
        try:
            await self._screens(channel, answer)
        except TelegramError as error:
            self._failed(answer, error)
        except Exception as error:
            report(log, "an answer could not be shown", error=error)
            self._try_later(place)
        else:
            if answer.credentials_of is not None:
                await self._arrived(answer.credentials_of)
            self._note(answer)

    async def close(self) -> None:
        """Let what runs beside finish."""
        if self._side:
            await asyncio.wait(self._side, timeout=2)

    # -- sending ---------------------------------------------------------------------------------

    async def _screens(self, channel: Channel, answer: Answer) -> None:
        place, edit = answer.place, answer.edit
        screens = list(answer.screens)
        if self._notice_as_message(channel, answer):
            if screens:
                edit = None
            screens.insert(0, Screen(answer.notice or ""))
        asks = bool(screens) and screens[-1].ask_contact is not None
        if place.keyboard and not asks:
            edit = None
            if screens[0].rows or screens[0].papers:
                screens.insert(0, Screen(t("chat.keyboard_closed")))
        closing = place.keyboard and not asks
        for number, screen in enumerate(screens):
            await self._screen(channel, place, screen, edit if number == 0 else None, closing and number == 0)

    async def _screen(
        self, channel: Channel, place: Place, screen: Screen, edit: int | None, closing: bool
    ) -> None:
        """One screen: its papers, then its text, in as many messages as it needs."""
        if screen.papers:
            await self._patiently(channel, lambda: self._papers.send(channel, place.chat_id, screen.papers))
            edit = None
            if not screen.text:
                return
        markup = keyboards.inline(screen.rows)
        if screen.ask_contact is not None:
            markup, edit = keyboards.contact(screen), None
        elif closing:
            markup = keyboards.CLOSED
        texts = keyboards.parts(screen.text) or ["…"]
        for number, text in enumerate(texts):
            under = markup if number == len(texts) - 1 else None
            if edit is None or not await self._edit(channel, place, edit, text, under):
                await self._send(channel, place, text, under)
            edit = None

    async def _send(self, channel: Channel, place: Place, text: str, markup: Markup | None) -> None:
        await send_text(
            channel, place.chat_id, text, markup, caller=lambda call: self._patiently(channel, call)
        )

    async def _edit(
        self, channel: Channel, place: Place, message_id: int, text: str, markup: Markup | None
    ) -> bool:
        """Whether the message now shows the text."""
        try:
            await self._patiently(
                channel,
                lambda: channel.call(
                    "editMessageText",
                    chat_id=place.chat_id,
                    message_id=message_id,
                    text=text,
                    reply_markup=markup,
                    link_preview_options=without_preview(text),
                ),
            )
        except TelegramError as error:
            if is_same(error):
                return True
            if is_unreachable(error) or not isinstance(error, BadRequest):
                raise
            return False
        return True

    async def _patiently(self, channel: Channel, send: Callable[[], Awaitable[Any]]) -> Any:
        """Send, waiting out a short rest and a broken line. Raises the last TelegramError."""
        for attempt in range(TRIES):
            if channel.pace.left:
                if channel.pace.left > PATIENCE:
                    raise RetryAfter(int(channel.pace.left) + 1)
                async with self._aside():
                    await channel.pace.wait()
            try:
                return await send()
            except RetryAfter as error:
                channel.pace.rest(seconds(error))
                if attempt == TRIES - 1:
                    raise
            except BadRequest:
                raise
            except NetworkError as error:
                # After a timeout the message may have arrived: once more, not twice.
                if attempt == TRIES - 1 or (isinstance(error, TimedOut) and attempt):
                    raise
                async with self._aside():
                    await asyncio.sleep(0.3 * 4**attempt)
        raise AssertionError

    async def _answer_press(self, channel: Channel, answer: Answer) -> None:
        """Stop the button's waiting sign; it may be too late for that, which does no harm."""
        notice = (answer.notice or answer.toast) if channel.shows_notices(answer.callback_id) else None
        try:
            await channel.bot.answer_callback_query(
                answer.callback_id, text=keyboards.cut(notice, keyboards.MAX_NOTICE) if notice else None
            )
        except TelegramError as error:
            log.debug("a press could not be answered: %s", error)

    async def _delete(self, channel: Channel, chat_id: int, message_id: int) -> None:
        try:
            await self._patiently(channel, lambda: channel.bot.delete_message(chat_id, message_id))
        except TelegramError as error:
            log.warning("a message with a password could not be deleted: %s", error)

    @staticmethod
    def _notice_as_message(channel: Channel, answer: Answer) -> bool:
        """A notice that this person's client cannot show over the button."""
        return bool(answer.notice) and not channel.shows_notices(answer.callback_id)

    # -- noting ----------------------------------------------------------------------------------

    def _note(self, answer: Answer) -> None:
        """Mark it answered, in a later transaction together with others."""
        if answer.update_row is None:
            return
        if 0 < len(self._answered) < TOGETHER:
            self._answered.append(answer.update_row)
            return
        self._answered = answered = [answer.update_row]

        def unit(db: Session) -> None:
            # What comes from here on is noted by another; tried again, this one marks the same rows.
            if self._answered is answered:
                self._answered = []
            inbox.mark_answered(db, *answered)

        self.desk.database.later(unit)

    async def _arrived(self, account_row: int) -> None:
        """A password was shown. Noted at once, within the person's lane: the next touch must know it already."""
        try:
            await self.desk.database.run(lambda db: db.execute(_DELIVERED, {"account_row": account_row}))
        except Exception as error:
            report(
                log, "it could not be noted that a password was shown; another will be offered", error=error
            )

    def _failed(self, answer: Answer, error: TelegramError) -> None:
        if not is_unreachable(error):
            log.warning("an answer could not be sent: %s: %s", type(error).__name__, error)
            if not isinstance(error, BadRequest):
                self._try_later(answer.place, seconds(error) if isinstance(error, RetryAfter) else AGAIN)
            self._note(answer)
            return
        log.info("a chat is dead: %s", error)
        row_id, update_row = answer.place.row_id, answer.update_row

        def unit(db: Session) -> None:
            if row_id is not None:
                db.execute(_DEAD, {"chat_row": row_id})
            if update_row is not None:
                inbox.mark_answered(db, update_row)

        self.desk.database.later(unit)

    def _try_later(self, place: Place, wait: float = AGAIN) -> None:
        if place.row_id is None:
            return
        values = {"chat_row": place.row_id, "at": self.desk.clock() + timedelta(seconds=wait)}
        self.desk.database.later(lambda db: db.execute(_LATER, values))
        self._wake(wait)

    def _beside(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._side.add(task)
        task.add_done_callback(self._side.discard)
