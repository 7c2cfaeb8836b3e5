"""What an update offers, as the services see it."""

from typing import Any

import pytest
from telegram import Update

from bot.core.incoming import Contact, OfferedFile
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
