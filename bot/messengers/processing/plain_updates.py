"""What nearly all updates are: a text in a private chat, and a pressed button there. They are read from their JSON, without
PTB's objects (a tenth of a step's CPU). Whatever looks in any way different is left to PTB.
"""

from __future__ import annotations

import re
from typing import Any, TypeGuard

from bot.core.incoming import Incoming
from bot.core.screens import BadPress, Press
from storage.enums import Messenger

_COMMAND = re.compile(r"^/([A-Za-z0-9_]{1,32})(?:@(\w+))?(?:\s+(.*))?$", re.DOTALL)
#: What a text holds, a press, and the message that was pressed, of which only chat and number are of use.
_TEXT = frozenset({"message_id", "date", "chat", "from", "text", "entities"})
_PRESSED = _TEXT | {"edit_date", "reply_markup", "link_preview_options"}
_ENTITY = frozenset({"type", "offset", "length"})
_PRESS = frozenset({"id", "from", "message", "chat_instance", "data"})
#: Ids that every database keeps, and times that PTB reads.
_BIGGEST, _LATEST = 2**62, 2**32


def read_plain(update: Any, messenger: Messenger) -> Incoming | None:
    """What came, as it would come through PTB; None where the update is of another form. Raises nothing."""
    if not isinstance(update, dict) or len(update) != 2:
        return None
    number = update.get("update_id")
    if not _is_number(number):
        return None
    if isinstance(message := update.get("message"), dict):
        return _text(number, message, messenger)
    if isinstance(query := update.get("callback_query"), dict):
        return _pressed(number, query, messenger)
    return None


def _text(number: int, message: dict[str, Any], messenger: Messenger) -> Incoming | None:
    chat_id = _chat_of_sender(message, message.get("from"))
    typed, message_id = message.get("text"), message.get("message_id")
    if chat_id is None or not message.keys() <= _TEXT or not isinstance(typed, str) or not typed:
        return None
    if not _is_number(message_id) or not _is_time(message.get("date")):
        return None
    if not _are_entities(message.get("entities", [])):
        return None
    command, addressee, payload = split_command(text := clean(typed))
    if addressee is not None:
        return None
    return Incoming(
        messenger, number, chat_id, message_id=message_id, text=text, command=command, payload=payload
    )


def _pressed(number: int, query: dict[str, Any], messenger: Messenger) -> Incoming | None:
    message, ident, data = query.get("message"), query.get("id"), query.get("data")
    if query.keys() != _PRESS or not isinstance(message, dict):
        return None
    if not isinstance(ident, str) or not isinstance(data, str) or not isinstance(query["chat_instance"], str):
        return None
    chat_id, message_id = _chat_of_sender(message, query["from"]), message.get("message_id")
    # Of a message that is gone only its id and date 0 are told.
    if chat_id is None or not _is_number(message_id) or not _is_time(message.get("date")):
        return None
    if not message.keys() <= _PRESSED or not isinstance(message.get("text"), str):
        return None
    try:
        press = Press.unpack(data)
    except BadPress:
        press = None
    return Incoming(
        messenger, number, chat_id, message_id=message_id, press=press, pressed=True, callback_id=ident
    )


def clean(text: str) -> str:
    """Without what no database keeps: NUL and halves of surrogate pairs."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()


def split_command(text: str | None) -> tuple[str | None, str | None, str | None]:
    """A command without its slash in lower case, the bot that it names, and what follows; all None where it is none."""
    match = _COMMAND.match(text) if text else None
    if match is None:
        return None, None, None
    command, addressee, payload = match.groups()
    return command.lower(), addressee, payload.strip() if payload else None


def _chat_of_sender(message: dict[str, Any], sender: Any) -> int | None:
    """The private chat, where this sender is the person in it."""
    chat = message.get("chat")
    if not isinstance(chat, dict) or not isinstance(sender, dict) or chat.get("type") != "private":
        return None
    if not isinstance(sender.get("first_name"), str) or not isinstance(sender.get("is_bot"), bool):
        return None
    chat_id = chat.get("id")
    if not _is_number(chat_id) or type(sender.get("id")) is not int or sender["id"] != chat_id:
        return None
    return chat_id


def _are_entities(held: Any) -> bool:
    return isinstance(held, list) and all(isinstance(one, dict) and one.keys() == _ENTITY for one in held)


def _is_number(value: Any) -> TypeGuard[int]:
    return type(value) is int and -_BIGGEST < value < _BIGGEST


def _is_time(value: Any) -> bool:
    return type(value) is int and 0 < value < _LATEST
