"""What is read without PTB comes out as through PTB, and everything unusual is left to it."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from telegram import Update

from bot.core.screens import Press
from bot.messengers.processing.plain_updates import read_plain
from handlers.telegram.update_handler import UnreadableError, parse_update
from storage.enums import Messenger

CHAT = {"id": 7, "type": "private", "first_name": "س", "username": "s"}
SENDER = {"id": 7, "is_bot": False, "first_name": "س", "language_code": "fa"}
HEAD = {"message_id": 5, "date": 1_760_000_000, "chat": CHAT, "from": SENDER}
TEXT = {"update_id": 3, "message": {**HEAD, "text": "  نام\x00 من\ud800 "}}
COMMAND = {
    "update_id": 3,
    "message": {
        **HEAD,
        "text": "/START login-7 ",
        "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
    },
}
PRESS = {
    "update_id": 3,
    "callback_query": {
        "id": "99",
        "from": SENDER,
        "chat_instance": "-1",
        "data": Press("d.choose", 4, 2, "x").pack(),
        "message": {
            **HEAD,
            "from": {"id": 1, "is_bot": True, "first_name": "b"},
            "text": "پرسش",
            "reply_markup": {"inline_keyboard": [[{"text": "الف", "callback_data": "1|home|||"}]]},
        },
    },
}
FOREIGN = copy.deepcopy(PRESS)
FOREIGN["callback_query"]["data"] = "of another program"  # type: ignore[index]
PLAIN = {"text": TEXT, "command": COMMAND, "press": PRESS, "a foreign button": FOREIGN}
JUNK: tuple[Any, ...] = (
    *(None, "", "7", "x" * 70, 0, 8, -7, 1.5, True, 2**31, 2**62, 2**70, [], ["x"], [[]], [{}]),
    *(
        {},
        {"id": 7},
        {"type": "group", "id": 7},
        {"id": 7, "is_bot": False},
        "private",
        "group",
        "/start@other",
    ),
)


def paths(value: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """To everything inside but the author and the buttons of the bot's own message: nobody reads these."""
    if path:
        yield path
    if isinstance(value, dict):
        for name, held in value.items():
            if name != "reply_markup" and (*path, name) != ("callback_query", "message", "from"):
                yield from paths(held, *path, name)
    if isinstance(value, list):
        for number, held in enumerate(value):
            yield from paths(held, *path, number)


def variants(update: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """With one thing taken away, replaced, or more."""
    for path in paths(update):
        for junk in (*JUNK, KeyError):
            other = copy.deepcopy(update)
            holder: Any = other
            for part in path[:-1]:
                holder = holder[part]
            if junk is KeyError:
                del holder[path[-1]]
            else:
                holder[path[-1]] = junk
            yield other
    for extra in ("edited_message", "photo", "contact", "reply_to_message", "forward_origin", "via_bot"):
        for place in (update, *(held for held in update.values() if isinstance(held, dict))):
            other = copy.deepcopy(update)
            at = other if place is update else next(held for held in other.values() if isinstance(held, dict))
            at[extra] = {}
            yield other


class OurBot:
    username = "our_bot"


def through_ptb(update: dict[str, Any]) -> Any:
    try:
        parsed = Update.de_json(update, None)
        for message in (parsed.message, parsed.edited_message):
            if message is not None:
                message.set_bot(OurBot())  # type: ignore[arg-type]
        return parse_update(parsed, Messenger.TELEGRAM)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        return error


@pytest.mark.parametrize("update", PLAIN.values(), ids=PLAIN)
def test_the_usual_updates_need_no_objects(update: dict[str, Any]) -> None:
    incoming = read_plain(update, Messenger.TELEGRAM)
    assert incoming is not None
    assert incoming == through_ptb(update)


@pytest.mark.parametrize("update", PLAIN.values(), ids=PLAIN)
def test_what_is_read_is_what_ptb_reads(update: dict[str, Any]) -> None:
    """None of what PTB refuses is taken, and nothing is taken for something else."""
    read = 0
    for variant in variants(update):
        incoming = read_plain(variant, Messenger.TELEGRAM)
        if incoming is not None:
            read += 1
            assert incoming == through_ptb(variant), variant
    assert read > 10


@pytest.mark.parametrize("junk", JUNK)
def test_nothing_but_an_object_is_read(junk: Any) -> None:
    assert read_plain(junk, Messenger.TELEGRAM) is None


def test_another_sender_is_left_to_ptb_which_refuses_it() -> None:
    update = copy.deepcopy(TEXT)
    update["message"]["from"]["id"] = 8  # type: ignore[index]
    assert read_plain(update, Messenger.TELEGRAM) is None
    assert isinstance(through_ptb(update), UnreadableError)
