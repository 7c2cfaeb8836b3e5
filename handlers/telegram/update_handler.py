"""The handler of all conversations, registered with PTB: it reads an update and hands it to the processor.

PTB's ConversationHandler keeps its state in one process's memory; ours is a handler like any other, over a stored
session: the chat's row and its draft say where the person stands. Which dialogue or route an update leads to is known
to the database alone, so the router decides it in the unit of the update.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from telegram import CallbackQuery, Chat, Message, Update, User
from telegram.ext import BaseHandler

from bot.core.incoming import Contact, Incoming, OfferedFile
from bot.core.screens import BadPress, Press
from bot.messengers.processing.inbox_store import InboxRow
from bot.messengers.processing.plain_updates import clean, split_command
from storage.enums import Messenger

#: Bytes or pixels of anything real.
MAX_MEASURE = 2**40
#: Old-style marks of a forward, which Bale still sends and PTB leaves in api_kwargs.
_FORWARDED = ("forward_from", "forward_from_chat", "forward_date", "forward_sender_name", "forward_origin")


@dataclass(slots=True)
class UpdateScope:
    """What accompanies one update through PTB, whose `process_update` says nothing about how it went
    (docs/performance.md 7)."""

    row: InboxRow
    #: It was tried before (after a restart, or when the database was away): a second failure is not told again.
    again: bool = False
    #: A try of its unit broke off: it may have been committed all the same.
    doubtful: bool = False
    #: The person was asked to wait for the database.
    told_to_wait: bool = False
    #: Serve took it, whatever came of it.
    served: bool = False
    #: It was sent to another bot, whose messages are not ours to edit or delete.
    foreign: bool = False
    error: BaseException | None = field(default=None, repr=False)
    began: float = field(default_factory=time.monotonic)


#: The present update, in the task of its chat queue.
CURRENT_UPDATE: ContextVar[UpdateScope] = ContextVar("passage")


async def note_error(update: object, context: Any) -> None:
    """PTB's error handler: the chat queue must know."""
    CURRENT_UPDATE.get().error = context.error


class ConversationUpdateHandler(BaseHandler[Update, Any, None]):
    """Takes every message (commands and edited ones too) and every pressed button, and hands it to the processor."""

    def __init__(self, process: Callable[[Incoming], Awaitable[None]]) -> None:
        """`process` is the processor's."""
        super().__init__(self._process)
        self._handed_on = process

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
            await self._handed_on(incoming)


class UnreadableError(ValueError):
    """PTB took the update, but it makes no sense to us."""


def parse_update(update: Update, messenger: Messenger) -> Incoming | None:
    """What came; None where it is of a kind that was not asked for. Raises UnreadableError."""
    try:
        if update.callback_query is not None:
            return _press(update.update_id, update.callback_query, messenger)
        message = update.message or update.edited_message
        if message is None:
            return None
        return _message(update.update_id, message, messenger, edited=update.message is None)
    except (TypeError, AttributeError, ValueError) as error:
        raise UnreadableError(f"{type(error).__name__}: {error}") from error


def _press(update_id: int, query: CallbackQuery, messenger: Messenger) -> Incoming:
    press = None
    if isinstance(query.data, str):
        try:
            press = Press.unpack(query.data)
        except BadPress:
            press = None
    message = query.message
    if message is not None:
        require_own_sender(message.chat, query.from_user)
    return Incoming(
        messenger,
        update_id,
        _database_id(message.chat.id if message is not None else query.from_user.id),
        private=message is None or message.chat.type == "private",
        message_id=_database_id(message.message_id) if message is not None else None,
        press=press,
        pressed=True,
        callback_id=str(query.id),
    )


def _message(update_id: int, message: Message, messenger: Messenger, *, edited: bool) -> Incoming:
    require_own_sender(message.chat, message.from_user)
    text = _clean(message.text)
    command, payload = _command(text, message)
    return Incoming(
        messenger,
        update_id,
        _database_id(message.chat.id),
        private=message.chat.type == "private",
        message_id=_database_id(message.message_id),
        text=text,
        command=command,
        payload=payload,
        contact=_contact(message),
        file=_offered_file(message),
        caption=_clean(message.caption),
        album=None if message.media_group_id is None else str(message.media_group_id),
        edited=edited,
        unread=_unread(message),
    )


def _unread(message: Message) -> str | None:
    """The kind of a message in which nothing is read."""
    if message.voice is not None or message.audio is not None:
        return "voice"
    if message.sticker is not None:
        return "sticker"
    if message.location is not None or message.venue is not None:
        return "location"
    moving = (message.video, message.video_note, None if message.document else message.animation)
    return "video" if any(one is not None for one in moving) else None


def require_own_sender(chat: Chat, sender: User | None) -> None:
    """Raises UnreadableError where another sender seems to write in a private chat: that is not the person's word.
    A sender who is left out (Bale) is the person."""
    if chat.type == "private" and sender is not None and sender.id != chat.id:
        raise UnreadableError("another sender in a private chat")


def _clean(text: str | None) -> str | None:
    return None if text is None else clean(text)


def _command(text: str | None, message: Message) -> tuple[str | None, str | None]:
    command, addressee, payload = split_command(text)
    if addressee is not None and addressee.lower() != message.get_bot().username.lower():
        return None, None
    return command, payload


def _contact(message: Message) -> Contact | None:
    card = message.contact
    if card is None:
        return None
    sender = message.from_user
    forwarded = (
        message.forward_origin is not None
        or message.via_bot is not None
        or any(message.api_kwargs.get(mark) is not None for mark in _FORWARDED)
    )
    own = sender is not None and card.user_id is not None and card.user_id == sender.id and not forwarded
    return Contact(_clean(str(card.phone_number)) or "", own)


def _offered_file(message: Message) -> OfferedFile | None:
    if message.photo:
        # They come small to large; Bale leaves out the measures of some sizes, and then they tell nothing.
        largest = message.photo[-1]
        if all(_size(size.width) and _size(size.height) for size in message.photo):
            largest = max(
                message.photo, key=lambda size: (size.width * size.height, _size(size.file_size) or 0)
            )
        return OfferedFile(str(largest.file_id), None, _size(largest.file_size), is_photo=True)
    if message.document is not None:
        document = message.document
        return OfferedFile(
            str(document.file_id), _clean(document.file_name), _size(document.file_size), is_photo=False
        )
    return None


def _size(size: Any) -> int | None:
    """A measure that can be reckoned with; a text in its place, times another, would fill the memory."""
    return size if isinstance(size, int) and 0 < size < MAX_MEASURE else None


def _database_id(value: Any) -> int:
    """An id that the database can keep."""
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**62) < value < 2**62:
        raise UnreadableError(f"not an id: {value!r}")
    return value
