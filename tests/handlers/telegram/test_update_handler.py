"""What an update offers, as the services see it."""

from dataclasses import replace
from typing import Any

import pytest
from telegram import Update

from bot.core.incoming import Contact, Incoming, OfferedFile
from bot.core.screens import Press
from bot.messengers.transport.bale_updates import normalise_update
from handlers.telegram.update_handler import UnreadableError, parse_update
from storage.enums import Messenger

CHAT = {"id": 7, "type": "private"}
SENDER = {"id": 7, "is_bot": False, "first_name": "س"}


def size(name: str, width: int | None) -> dict[str, Any]:
    measures = {} if width is None else {"width": width, "height": width, "file_size": width * 10}
    return {"file_id": name, "file_unique_id": f"u{name}", **measures}


def handle_of_photo(sizes: list[dict[str, Any]], messenger: Messenger) -> str:
    """Of the size that is taken."""
    message = {"message_id": 1, "date": 1, "chat": CHAT, "from": SENDER, "photo": sizes}
    update: dict[str, Any] = {"update_id": 1, "message": message}
    if messenger is Messenger.BALE:
        update = normalise_update(update)
    incoming = parse_update(Update.de_json(update, None), messenger)
    assert incoming is not None
    assert incoming.file is not None
    return incoming.file.handle


@pytest.mark.parametrize(
    "sizes",
    [
        [size("small", 90), size("large", 1280)],
        [size("large", 1280), size("small", 90)],
        [size("small", 90), size("middle", 800), size("large", None)],
        [size("small", None), size("large", None)],
    ],
    ids=["small to large", "large to small", "the last unmeasured", "none measured"],
)
def test_the_largest_size_of_a_photo_is_taken(sizes: list[dict[str, Any]]) -> None:
    """Bale leaves out the measures of some sizes; a paper must not shrink to a thumbnail for that."""
    assert handle_of_photo(sizes, Messenger.BALE) == "large"


@pytest.mark.parametrize("height", [2**31, 2**62, 1.5, None, [1]])
@pytest.mark.parametrize("width", ["x" * 20_000, [None] * 1000, True, 2**62])
def test_a_photo_whose_measures_are_none_is_a_photo_all_the_same(width: Any, height: Any) -> None:
    """A text times a number would fill the memory, and everybody would wait."""
    broken = size("large", 90) | {"width": width, "height": height, "file_size": width}
    assert handle_of_photo([size("small", 50), broken], Messenger.TELEGRAM) == "large"


@pytest.mark.parametrize("user_id", [7, 8, None], ids=["sender", "somebody else", "nobody"])
@pytest.mark.parametrize(
    "forwarded", [{}, {"forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "س"}}]
)
def test_a_contact_is_the_senders_own_where_it_names_the_sender_and_was_not_forwarded(
    user_id: int | None, forwarded: dict[str, Any]
) -> None:
    card = {"phone_number": "+989121234567", "first_name": "س", "user_id": user_id}
    message = {"message_id": 1, "date": 1, "chat": CHAT, "from": SENDER, "contact": card} | forwarded
    incoming = parse_update(Update.de_json({"update_id": 1, "message": message}, None), Messenger.TELEGRAM)
    assert incoming is not None
    assert incoming.contact == Contact("+989121234567", user_id == SENDER["id"] and not forwarded)


def test_nobody_speaks_in_another_s_private_chat() -> None:
    stranger = SENDER | {"id": 8}
    message = {"message_id": 1, "date": 1, "chat": CHAT, "text": "سلام"}
    press = {"id": "1", "chat_instance": "1", "data": "1|home|||", "message": message | {"from": SENDER}}
    for held in ({"message": message | {"from": stranger}}, {"callback_query": press | {"from": stranger}}):
        with pytest.raises(UnreadableError):
            parse_update(Update.de_json({"update_id": 1, **held}, None), Messenger.TELEGRAM)
    # A sender who is left out is the person; in a group anybody speaks.
    for held in (message, message | {"from": stranger, "chat": {"id": -7, "type": "group", "title": "گ"}}):
        assert (
            parse_update(Update.de_json({"update_id": 1, "message": held}, None), Messenger.BALE) is not None
        )


def test_a_document_keeps_its_name_and_is_no_photo() -> None:
    document = {"file_id": "h", "file_unique_id": "u", "file_name": "مدرک.pdf", "file_size": 5}
    message = {"message_id": 1, "date": 1, "chat": CHAT, "from": SENDER, "document": document}
    incoming = parse_update(Update.de_json({"update_id": 1, "message": message}, None), Messenger.TELEGRAM)
    assert incoming is not None
    assert incoming.file == OfferedFile("h", "مدرک.pdf", 5, is_photo=False)


class OurBot:
    username = "our_bot"


def read(update: dict[str, Any]) -> Incoming | None:
    parsed = Update.de_json({"update_id": 3, **update}, None)
    for message in (parsed.message, parsed.edited_message):
        if message is not None:
            message.set_bot(OurBot())  # type: ignore[arg-type]
    return parse_update(parsed, Messenger.TELEGRAM)


GROUP = {"id": -7, "type": "group", "title": "گ"}
HEAD = {"message_id": 5, "date": 1, "chat": CHAT, "from": SENDER}
FILE = {"file_id": "h", "file_unique_id": "u"}
MOVING = FILE | {"width": 1, "height": 1, "duration": 1}
PLAIN = Incoming(Messenger.TELEGRAM, 3, 7, message_id=5)
#: The parts of a message, and what is read in it besides.
MESSAGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing": ({}, {}),
    "a text": ({"text": " نام\x00 "}, {"text": " نام "}),
    "a command": ({"text": "/START a b"}, {"text": "/START a b", "command": "start", "payload": "a b"}),
    "a command to us": ({"text": "/help@Our_Bot"}, {"text": "/help@Our_Bot", "command": "help"}),
    "a command to another bot": ({"text": "/help@other x"}, {"text": "/help@other x"}),
    "a voice": ({"voice": FILE | {"duration": 1}}, {"unread": "voice"}),
    "a song": ({"audio": FILE | {"duration": 1}}, {"unread": "voice"}),
    "a sticker": (
        {
            "sticker": FILE
            | {"width": 1, "height": 1, "is_animated": False, "is_video": False, "type": "regular"}
        },
        {"unread": "sticker"},
    ),
    "a place": ({"location": {"longitude": 1.0, "latitude": 1.0}}, {"unread": "location"}),
    "a place with a name": (
        {"venue": {"location": {"longitude": 1.0, "latitude": 1.0}, "title": "ن", "address": "ن"}},
        {"unread": "location"},
    ),
    "a video": ({"video": MOVING}, {"unread": "video"}),
    "a round video": ({"video_note": FILE | {"length": 1, "duration": 1}}, {"unread": "video"}),
    "a moving picture": ({"animation": MOVING}, {"unread": "video"}),
    "a moving picture as a document": (
        {"animation": MOVING, "document": FILE | {"file_name": "a.gif", "file_size": 2**40 - 1}},
        {"file": OfferedFile("h", "a.gif", 2**40 - 1, is_photo=False)},
    ),
    "a document of an album": (
        {"document": FILE | {"file_size": 2**40}, "media_group_id": "9", "caption": "شرح\x00"},
        {"file": OfferedFile("h", None, None, is_photo=False), "album": "9", "caption": "شرح"},
    ),
    "an empty document": (
        {"document": FILE | {"file_size": 0}},
        {"file": OfferedFile("h", None, None, is_photo=False)},
    ),
    "a photo": (
        {"photo": [FILE | {"width": 9, "height": 9, "file_size": 1}]},
        {"file": OfferedFile("h", None, 1, is_photo=True)},
    ),
    "of two sizes alike the heavier": (
        {
            "photo": [
                FILE | {"file_id": "b", "width": 9, "height": 9, "file_size": 5},
                FILE | {"width": 9, "height": 9, "file_size": 1},
                FILE | {"width": 9, "height": 9},
            ]
        },
        {"file": OfferedFile("b", None, 5, is_photo=True)},
    ),
}


@pytest.mark.parametrize("kind", MESSAGES)
def test_what_a_message_says(kind: str) -> None:
    parts, found = MESSAGES[kind]
    assert read({"message": HEAD | parts}) == replace(PLAIN, **found)
    assert read({"edited_message": HEAD | parts | {"edit_date": 2}}) == replace(PLAIN, **found, edited=True)
    in_group = read({"message": HEAD | parts | {"chat": GROUP}})
    assert in_group == replace(PLAIN, **found, chat_id=-7, private=False)


@pytest.mark.parametrize("mark", ["forward_from", "forward_from_chat", "forward_date", "forward_sender_name"])
def test_a_contact_that_was_forwarded_on_bale_is_not_the_senders_own(mark: str) -> None:
    card = {"phone_number": "0912\x00", "first_name": "س", "user_id": 7}
    for marks, own in (({mark: 1}, False), ({mark: None}, True), ({}, True)):
        found = read({"message": HEAD | {"contact": card} | marks})
        assert found == replace(PLAIN, contact=Contact("0912", own))
    through = read({"message": HEAD | {"contact": card, "via_bot": {**SENDER, "is_bot": True}}})
    assert through == replace(PLAIN, contact=Contact("0912", False))


@pytest.mark.parametrize(
    ("data", "press"), [("1|home|||", Press("home")), ("x", None), ("1|home|||" + "x" * 64, None)]
)
def test_what_a_press_says(data: str, press: Press | None) -> None:
    query = {"id": "9", "from": SENDER, "chat_instance": "1", "data": data}
    pressed = replace(PLAIN, press=press, pressed=True, callback_id="9")
    assert read({"callback_query": query | {"message": HEAD}}) == pressed
    in_group = HEAD | {"chat": GROUP}
    assert read({"callback_query": query | {"message": in_group}}) == replace(
        pressed, chat_id=-7, private=False
    )
    assert read({"callback_query": query}) == replace(pressed, message_id=None), "of a message that is gone"
    game = {"id": "9", "from": SENDER, "chat_instance": "1", "game_short_name": "g", "message": HEAD}
    assert read({"callback_query": game}) == replace(pressed, press=None)


@pytest.mark.parametrize("ident", [True, "7", 2**62, -(2**62), 1.5, None])
def test_an_id_that_no_database_keeps_makes_no_sense(ident: Any) -> None:
    for odd in ({"message_id": ident}, {"chat": {"id": ident, "type": "group", "title": "گ"}}):
        with pytest.raises(UnreadableError):
            read({"message": HEAD | odd})
    kept = read({"message": HEAD | {"message_id": 2**62 - 1, "chat": GROUP | {"id": 1 - 2**62}}})
    assert kept == replace(PLAIN, message_id=2**62 - 1, chat_id=1 - 2**62, private=False)


def test_other_kinds_are_nobodys() -> None:
    assert read({"inline_query": {"id": "1", "from": SENDER, "query": "x", "offset": ""}}) is None
