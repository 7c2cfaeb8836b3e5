"""Shows answers: the one component that sends screens, after the commit.

See docs/architecture.md, "The way of an update".
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from sqlmodel import Session
from telegram.error import BadRequest, RetryAfter, TelegramError

from bot.application.resources import Resources
from bot.core.screens import Screen, paid_by
from bot.messengers.delivery.files import AttachmentSender
from bot.messengers.delivery.leave_group import leave
from bot.messengers.delivery.outcomes import DeliveryOutcomes
from bot.messengers.delivery.secret_messages import delete_secret
from bot.messengers.processing import inbox_store
from bot.messengers.processing.answer import Answer, ChatAddress
from bot.messengers.transport.channel import (
    KEYBOARD_CLOSED,
    MAX_NOTICE,
    Channel,
    Markup,
    contact_keyboard,
    edit_text,
    inline_keyboard,
    send_text,
    shorten,
    split_text,
)
from bot.messengers.transport.rate_limits import (
    EDIT,
    TRIES,
    PacedCalls,
    Pause,
    SupersededError,
    sleep,
)
from bot.messengers.transport.telegram import is_same, is_unreachable
from bot.texts import t
from storage.database.outage import log_unless_outage
from storage.enums import Messenger

log = logging.getLogger(__name__)

#: The longest rest after which a pressed button is still answered.
PRESS_MAX_WAIT = 10.0
#: Different sentences of superseded answers that the next one says.
SAID = 5
#: Calls beside the chat queues from which on one that is refused is not repeated.
BESIDE = 256
#: Answers noted by one unit.
TOGETHER = 64


@dataclass(slots=True)
class _Superseded:
    """Answers of a chat in whose place a newer one is shown."""

    #: Rows of their updates; answered once that one is.
    rows: list[int] = field(default_factory=list)
    #: One of them would have been a new message, below what the person wrote.
    send_as_new: bool = False
    #: One of them would have taken the reply keyboard away.
    keyboard: bool = False
    #: What they said beside their screens.
    said: list[str] = field(default_factory=list)

    def add(self, answer: Answer, said: str | None) -> None:
        self.send_as_new = self.send_as_new or answer.edit is None
        self.keyboard = self.keyboard or answer.chat_address.keyboard
        if said is not None and said not in self.said:
            self.said = [*self.said, said][-SAID:]


class ScreenDelivery:
    def __init__(
        self,
        resources: Resources,
        channels: Mapping[Messenger, Channel],
        *,
        pause: Pause = sleep,
        wake: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        """`pause` waits without keeping others from their turn (`Lanes.pause`); `wake(seconds)` asks for a look at
        `chat.show_at` after so long."""
        self.resources = resources
        self._channels = channels
        self._attachments = AttachmentSender(resources)
        self._pause = pause
        self._wake = wake
        self._outcomes = DeliveryOutcomes(resources, wake)
        self._side: set[asyncio.Task[None]] = set()
        #: Rows of updates that the next unit marks.
        self._answered: list[int] = []
        #: By messenger and chat; gone with the next screen there.
        self._superseded: dict[tuple[Messenger, int], _Superseded] = {}

    async def deliver(self, answer: Answer) -> None:
        """Send an answer and note that it was sent. Raises nothing: what cannot be sent now is shown later."""
        chat_address = answer.chat_address
        channel = self._channels.get(chat_address.messenger)
        if channel is None:
            return
        if answer.callback_id is not None and answer.toast is None:
            self._beside(self._answer_press(channel, answer, answer.notice))
        # The update counts as answered only once the password is gone.
        deleted = answer.delete is None or await delete_secret(
            channel, chat_address, answer.delete, tries=1, pause=self._pause
        )
        screens = not answer.shown and (bool(answer.screens) or self._notice_as_message(channel, answer))
        if answer.quiet is not None:
            self._wake(answer.quiet)
        done = not screens or await self._shown(channel, answer)
        superseded = self._superseded.get((chat_address.messenger, chat_address.chat_id))
        if not screens and answer.quiet is None and superseded is not None:
            # What was to take the place of a screen is none.
            self._outcomes.try_later(chat_address, 0.0)
        if not deleted and answer.delete is not None:
            deleted = await delete_secret(
                channel, chat_address, answer.delete, tries=TRIES, pause=self._pause
            )
        if done and deleted:
            self._note(answer.update_row)

    async def leave_group(self, chat_address: ChatAddress, sentence: str | None) -> None:
        """Say a sentence in a group, where that can be done now, and leave it. Raises nothing."""
        channel = self._channels.get(chat_address.messenger)
        if channel is not None:
            await leave(channel, chat_address.chat_id, sentence, pause=self._pause)

    async def _shown(self, channel: Channel, answer: Answer) -> bool:
        """Show the screens; whether the update may count as answered by now."""
        chat_address = answer.chat_address
        if chat_address.rest_until is not None:
            # What another process, or this one before its start, was told about this chat.
            rest = chat_address.rest_until - self.resources.clock()
            channel.limiter.rest(chat_address.chat_id, rest.total_seconds())
        calls = PacedCalls(
            channel.limiter,
            chat_address.chat_id,
            pause=self._pause,
            plain=answer.plain,
            refused=partial(self._outcomes.refused, chat_address),
        )
        key = (chat_address.messenger, chat_address.chat_id)
        said = answer.said or (answer.notice if self._notice_as_message(channel, answer) else None)
        try:
            await self._show_screens(channel, calls, answer)
        except SupersededError:
            superseded = self._superseded.setdefault(key, _Superseded())
            superseded.add(answer, said)
            if answer.delete is None and answer.update_row is not None:
                superseded.rows.append(answer.update_row)
                return False
            # Noted by itself, once the message is gone.
            return True
        except TelegramError as error:
            if isinstance(error, RetryAfter) and not calls.began:
                # Shown after the rest, with what was to be said.
                self._superseded.setdefault(key, _Superseded()).add(answer, said)
                self._note_rows(self._superseded[key])
            elif key in self._superseded:
                self._note_rows(self._superseded.pop(key))
            return self._outcomes.failed(answer, error)
        except Exception as error:
            log_unless_outage(log, "an answer could not be shown", error=error)
            self._outcomes.try_later(chat_address)
            return False
        if answer.credentials_of is not None:
            await self._outcomes.arrived(answer.credentials_of)
        if key in self._superseded:
            self._note_rows(self._superseded.pop(key))
        return True

    async def _show_screens(self, channel: Channel, calls: PacedCalls, answer: Answer) -> None:
        try:
            await self._screens(channel, calls, answer)
        finally:
            if answer.callback_id is not None and answer.toast is not None:
                # Said over the button only where the message does not say it anew.
                toast = answer.toast if calls.unchanged or not calls.began else None
                self._beside(self._answer_press(channel, answer, toast))

    def _note_rows(self, superseded: _Superseded) -> None:
        for row in superseded.rows:
            self._note(row)
        superseded.rows.clear()

    async def close(self) -> None:
        """Let what runs beside finish."""
        if self._side:
            await asyncio.wait(self._side, timeout=2)

    # -- sending ---------------------------------------------------------------------------------

    async def _screens(self, channel: Channel, calls: PacedCalls, answer: Answer) -> None:
        chat_address, edit = answer.chat_address, answer.edit
        screens = list(answer.screens)
        await calls.wait_turn(1.0 if edit is None else EDIT)
        superseded = self._superseded.get((chat_address.messenger, chat_address.chat_id))
        if superseded is not None:
            edit = None if superseded.send_as_new else edit
            chat_address = replace(chat_address, keyboard=chat_address.keyboard or superseded.keyboard)
            said = "\n\n".join(sentence for sentence in superseded.said if sentence != answer.said)
            if said and screens:
                screens[0] = replace(screens[0], text=f"{said}\n\n{screens[0].text}".strip())
        held_back = calls.waited or superseded is not None
        if chat_address.guest and screens and held_back and channel.limiter.tell_once(chat_address.chat_id):
            screens[0] = replace(screens[0], text=f"{t('chat.slow_down')}\n\n{screens[0].text}".strip())
        if self._notice_as_message(channel, answer):
            if screens:
                edit = None
            screens.insert(0, Screen(answer.notice or ""))
        if edit is not None and screens and screens[0].once:
            # A second tap on the pressed button would edit it.
            screens.insert(0, Screen(t("chat.shown_below")))
        asks = bool(screens) and screens[-1].ask_contact is not None
        if chat_address.keyboard and not asks:
            edit = None
            if screens[0].rows or screens[0].attachments:
                screens.insert(0, Screen(t("chat.keyboard_closed")))
        closing = chat_address.keyboard and not asks
        for number, screen in enumerate(screens):
            first = number == 0
            await self._screen(
                channel, calls, chat_address, screen, edit if first else None, closing and first
            )

    async def _screen(
        self,
        channel: Channel,
        calls: PacedCalls,
        chat_address: ChatAddress,
        screen: Screen,
        edit: int | None,
        closing: bool,
    ) -> None:
        """One screen: its documents, then its text, in as many messages as it needs."""
        if screen.attachments:
            await self._attachments.send(channel, chat_address.chat_id, screen.attachments, calls=calls)
            edit = None
            if not screen.text:
                return
        markup = inline_keyboard(screen.rows)
        if screen.ask_contact is not None:
            markup, edit = contact_keyboard(screen), None
        elif closing:
            markup = KEYBOARD_CLOSED
        texts, shown = split_text(screen.text) or ["…"], None
        for number, text in enumerate(texts):
            under = markup if number == len(texts) - 1 else None
            if edit is not None and await self._edit(channel, calls, chat_address, edit, text, under):
                shown = edit
                if chat_address.has_pay_message:
                    await self._outcomes.shows_no_pay_button(chat_address, channel.bot_id, edit)
            else:
                shown = await send_text(channel, chat_address.chat_id, text, under, caller=calls)
            edit = None
        if shown is not None and (request_id := paid_by(screen.rows)) is not None:
            await self._outcomes.shows_pay_button(chat_address, channel.bot_id, shown, request_id)

    async def _edit(
        self,
        channel: Channel,
        calls: PacedCalls,
        chat_address: ChatAddress,
        message_id: int,
        text: str,
        markup: Markup | None,
    ) -> bool:
        """Whether the message now shows the text."""
        try:
            await calls(
                lambda: edit_text(channel, chat_address.chat_id, message_id, text, markup),
                cost=EDIT,
            )
        except TelegramError as error:
            if is_same(error):
                calls.unchanged = True
                return True
            if is_unreachable(error) or not isinstance(error, BadRequest):
                raise
            return False
        return True

    async def _answer_press(self, channel: Channel, answer: Answer, notice: str | None) -> None:
        """Stop the button's waiting sign; it may be too late for that, which does no harm."""
        shows = notice is not None and channel.shows_notices(answer.callback_id)
        text = shorten(notice, MAX_NOTICE) if notice and shows else None
        limiter, chat_id = channel.limiter, answer.chat_address.chat_id
        until = time.monotonic() + PRESS_MAX_WAIT
        while True:
            try:
                await limiter.call(
                    chat_id,
                    lambda: channel.bot.answer_callback_query(answer.callback_id, text=text),
                    cost=0.0,
                    method="press",
                )
            except RetryAfter:
                wait = limiter.wait(chat_id, 0.0, method="press")
                if time.monotonic() + wait > until or len(self._side) > BESIDE:
                    log.info("a press was not answered: the messenger limits the rate")
                    return
                await asyncio.sleep(wait)
            except TelegramError as error:
                log.debug("a press could not be answered: %s", error)
                return
            else:
                return

    @staticmethod
    def _notice_as_message(channel: Channel, answer: Answer) -> bool:
        """A notice that this person's client cannot show over the button."""
        return bool(answer.notice) and not channel.shows_notices(answer.callback_id)

    # -- noting ----------------------------------------------------------------------------------

    def _note(self, update_row: int | None) -> None:
        """Mark it answered, in a later transaction together with others."""
        if update_row is None:
            return
        if 0 < len(self._answered) < TOGETHER:
            self._answered.append(update_row)
            return
        self._answered = answered = [update_row]

        def unit(db: Session) -> None:
            # What comes from here on is noted by another; tried again, this one marks the same rows.
            if self._answered is answered:
                self._answered = []
            inbox_store.mark_answered(db, *answered)

        self.resources.database.run_in_background(unit)

    def _beside(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._side.add(task)
        task.add_done_callback(self._side.discard)
