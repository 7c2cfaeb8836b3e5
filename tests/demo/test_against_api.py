"""The emulator's tables and objects against the published Bot API."""

import pytest

from demo.botapi.keyboards import _INLINE_KINDS, _KEYBOARD_KEYS, _LOOKS, _REPLY_KINDS
from demo.botapi.methods import METHODS
from demo.botapi.parameters import BALE, TELEGRAM
from demo.botapi.quirks import Quirks
from demo.botapi.shapes import Shapes
from demo.botapi.state import Bot, Chat, File, Message, User
from tests.botapi import Api, published


@pytest.fixture(scope="module")
def api() -> Api:
    return published()


def test_methods_and_parameters_are_the_published_ones(api: Api) -> None:
    for method, known in TELEGRAM.known.items():
        assert known == api.methods[method].names, method
        assert TELEGRAM.required[method] == api.methods[method].required, method
    assert set(METHODS) == set(TELEGRAM.known)
    assert set(BALE.known) <= set(METHODS)


def test_buttons_have_the_published_fields(api: Api) -> None:
    def names(kind: str) -> frozenset[str]:
        return api.types[kind].names

    assert _INLINE_KINDS["telegram"] | _LOOKS["telegram"] | {"text"} == names("InlineKeyboardButton")
    assert _REPLY_KINDS["telegram"] | _LOOKS["telegram"] | {"text"} == names("KeyboardButton")
    assert names("ReplyKeyboardMarkup") == _KEYBOARD_KEYS


def test_objects_have_published_fields_and_all_required_ones(api: Api) -> None:
    shapes = Shapes("telegram", Quirks.of("telegram"))
    bot = Bot(1, "1:x", "x_bot", "x")
    user = User(5, "سارا", "کریمی", "sara", "98912")
    chat = Chat(5, "private", user)
    file = File("u", "document", b"x", "a.pdf", "application/pdf")
    photo = File("p", "photo", b"x", width=1, height=1)
    voice, sticker = File("v", "voice", b"x", mime="audio/ogg"), File("s", "sticker", b"x")
    message = Message(1, chat, 1, user, "/start", contact={"phone_number": "9", "first_name": "x"})
    message.photo, message.document, message.voice, message.sticker = [photo], file, voice, sticker
    message.forwarded_from, message.album = user, "7"
    message.inline = [[{"text": "x", "callback_data": "y"}]]
    written = shapes.message(bot, message)
    for kind, shape in {
        "User": shapes.me(bot),
        "Chat": shapes.chat(chat),
        "Message": written,
        "Document": written["document"],
        "PhotoSize": written["photo"][0],
        "Voice": written["voice"],
        "Sticker": written["sticker"],
        "Contact": written["contact"],
        "MessageOriginUser": written["forward_origin"],
        "CallbackQuery": shapes.callback(bot, id="4", sender=user, message=message, data="y"),
    }.items():
        assert set(shape) <= api.types[kind].names, kind
        assert api.types[kind].required <= set(shape), kind
