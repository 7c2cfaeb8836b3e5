"""Bale's incomplete and odd JSON, row by row of docs/messengers.md 2: what becomes of each part, and that PTB takes the rest."""

import json
from typing import Any

import pytest
from telegram import ChatFullInfo, ChatMember, File, Message, TelegramObject, Update, User, WebhookInfo

from bot.messengers.transport.bale_updates import (
    normalise_chat,
    normalise_message,
    normalise_result,
    normalise_update,
    normalise_user,
)

USER = {"id": 7, "is_bot": False, "first_name": "سارا"}
CHAT = {"id": 7, "type": "private"}
BUTTON = {"text": "اول", "callback_data": "x"}
GONE = object()
FILE = {"file_id": "F"}
WHOLE_FILE = {"file_id": "F", "file_unique_id": "F"}
INVOICE = {"description": "", "start_parameter": "", "currency": "IRR", "total_amount": 0}
COMMAND = {"type": "bot_command", "offset": 0, "length": 6}


def message(**parts: Any) -> dict[str, Any]:
    return {"message_id": 5, "date": 1_791_025_477, "chat": dict(CHAT), "from": dict(USER), **parts}


def update(**parts: Any) -> dict[str, Any]:
    return {"update_id": 17, "message": message(**parts)}


def press(**parts: Any) -> dict[str, Any]:
    return {"update_id": "17", "callback_query": {"id": 5, "from": {"id": "7"}, "data": "x", **parts}}


def without(name: str) -> dict[str, Any]:
    """A message without this part."""
    return {part: value for part, value in message().items() if part != name}


SHAPES: dict[str, dict[str, Any]] = {
    "null chat_instance": press(message=message(), chat_instance=None),
    "press without message": press(),
    "press on an old message without date": press(message=without("date")),
    "press on a message of date 0": press(message=message(date=0)),
    "inline_message_id": press(inline_message_id="x"),
    "no date": {"update_id": 17, "message": without("date")},
    "no sender": {"update_id": 17, "message": without("from")},
    "sender without is_bot": update(**{"from": {"id": 7, "first_name": "س"}}),
    "sender with null first_name": update(**{"from": {"id": 7, "is_bot": False, "first_name": None}}),
    "ids as text": update(chat={"id": "7", "type": "private"}, **{"from": {"id": "7"}}),
    "update_id as text": {"update_id": "17", "message": message(text="س")},
    "nulls everywhere": update(chat={**CHAT, "title": None}, reply_to_message=None, document=None),
    "empty objects": update(document={}, contact={}, reply_markup={}, text="س"),
    "no chat type": update(chat={"id": 7}),
    "animation without duration": update(animation=FILE),
    "sticker without flags": update(sticker=FILE | {"thumb": FILE}),
    "invoice as documented": update(invoice={"title": "t", "description": "d", "total_amount": 1}),
    "pre_checkout_query": {
        "update_id": 17,
        "pre_checkout_query": {"id": "TX1", "from": {"id": 7}, "total_amount": 1, "invoice_payload": "o"},
    },
    "web_app_data": update(web_app_data={"data": "x"}),
    "odd reply": update(text="س", reply_to_message={"voice": FILE, "chat": {"id": 7}}),
    "edited": {"update_id": 17, "edited_message": message(text="س", edit_date=1_791_025_477_000)},
}


@pytest.mark.parametrize("raw", SHAPES.values(), ids=SHAPES.keys())
def test_every_shape_becomes_an_update(raw: dict[str, Any]) -> None:
    before = json.dumps(raw)
    parsed = Update.de_json(normalise_update(raw), None)
    assert parsed.effective_user is None or parsed.effective_user.id == 7
    assert parsed.update_id == 17
    assert json.dumps(raw) == before, "the raw update is kept as it came"


#: part of a message, as it came, as it is handed on (GONE: left out)
PARTS: dict[str, tuple[str, Any, Any]] = {
    "a file": ("document", FILE, WHOLE_FILE),
    "a file with both ids": (
        "document",
        FILE | {"file_unique_id": "U"},
        {"file_id": "F", "file_unique_id": "U"},
    ),
    "a file without an id": ("document", {"file_name": "x.pdf"}, GONE),
    "a file whose id is a number": ("document", {"file_id": 5}, GONE),
    "a file that is none": ("document", "F", GONE),
    "a file with nulls": ("voice", FILE | {"duration": None}, WHOLE_FILE | {"duration": 0}),
    "a file whose picture is broken": (
        "video",
        FILE | {"thumb": {}},
        WHOLE_FILE | {"duration": 0, "width": 0, "height": 0},
    ),
    "a file with a picture": (
        "document",
        FILE | {"thumbnail": FILE},
        WHOLE_FILE | {"thumbnail": WHOLE_FILE | {"width": 0, "height": 0}},
    ),
    "photos, one of them broken": ("photo", [{}, FILE], [WHOLE_FILE | {"width": 0, "height": 0}]),
    "only broken photos": ("photo", [{}, None], GONE),
    "photos that are no list": ("photo", FILE, GONE),
    "a contact": (
        "contact",
        {"phone_number": "98912", "user_id": "7"},
        {"first_name": "", "phone_number": "98912", "user_id": 7},
    ),
    "a contact with an odd number": (
        "contact",
        {"user_id": "x"},
        {"phone_number": "", "first_name": "", "user_id": "x"},
    ),
    "an empty contact": ("contact", {}, GONE),
    "a contact that is none": ("contact", "98912", GONE),
    "audio": ("audio", FILE, WHOLE_FILE | {"duration": 0}),
    "an old forward": ("forward_from", {"id": 9}, {"id": 9, "is_bot": False, "first_name": ""}),
    "a payment without the ids of its providers": (
        "successful_payment",
        {"currency": "IRR", "total_amount": 1, "invoice_payload": "x"},
        {"currency": "IRR", "total_amount": 1, "invoice_payload": "x"}
        | {"telegram_payment_charge_id": "", "provider_payment_charge_id": ""},
    ),
    "a place": ("location", {"latitude": 29.6}, {"latitude": 29.6, "longitude": 0.0}),
    "an answer to nothing": ("reply_to_message", {}, GONE),
    "an answer to a text": ("reply_to_message", "x", GONE),
    "new members, one of them broken": (
        "new_chat_members",
        [{"id": "5"}, {}],
        [{"id": 5, "is_bot": False, "first_name": ""}],
    ),
    "new members that are no list": ("new_chat_members", {"id": 5}, GONE),
    "a member who left": (
        "left_chat_member",
        {"id": 5, "is_bot": 1},
        {"id": 5, "is_bot": True, "first_name": ""},
    ),
    "a broken member who left": ("left_chat_member", {}, GONE),
    "buttons": ("reply_markup", {"inline_keyboard": [[BUTTON]]}, {"inline_keyboard": [[BUTTON]]}),
    "buttons that are no table": ("reply_markup", {"inline_keyboard": [BUTTON]}, GONE),
    "buttons without a text": (
        "reply_markup",
        {"inline_keyboard": [[BUTTON], [{"callback_data": "x"}]]},
        GONE,
    ),
    "a keyboard of another kind": ("reply_markup", {"keyboard": [["x"]]}, GONE),
    "edited long ago, in milliseconds": ("edit_date", 1_791_025_477_000, 1_791_025_477),
    "edited never": ("edit_date", "never", None),
    "forwarded in the past": ("forward_date", "1791025477", 1_791_025_477),
    "entities, one of them broken": ("entities", [COMMAND, {"type": "url", "offset": 1}, "x"], [COMMAND]),
    "entities that are no list": ("caption_entities", COMMAND, []),
}


@pytest.mark.parametrize(("name", "came", "whole"), PARTS.values(), ids=PARTS)
def test_a_part_is_completed_or_left_out_and_the_message_stays(name: str, came: Any, whole: Any) -> None:
    found = normalise_message(message(**{name: came}))

    assert found.get(name, GONE) == whole if whole is not GONE else name not in found
    parsed = Update.de_json(normalise_update(update(**{name: came})), None)
    assert parsed.message is not None
    assert parsed.message.chat.id == 7


@pytest.mark.parametrize(
    ("text", "entities", "whole"),
    [
        pytest.param("/start", None, [COMMAND], id="a command without its entity"),
        pytest.param("/start reg_1", [], [COMMAND], id="with something behind it"),
        pytest.param("/start", [COMMAND], [COMMAND], id="a command with its entity"),
        pytest.param(
            "/start /x",
            [{"type": "bot_command", "offset": 7, "length": 2}],
            [COMMAND, {"type": "bot_command", "offset": 7, "length": 2}],
            id="only a later one is marked",
        ),
        pytest.param(
            "/start",
            [{"type": "bold", "offset": 0, "length": 6}],
            [COMMAND, {"type": "bold", "offset": 0, "length": 6}],
            id="marked as bold",
        ),
        pytest.param("/😀 x", None, [COMMAND | {"length": 3}], id="in other letters, measured in UTF-16"),
        pytest.param("سلام /start", None, None, id="a command in the middle"),
        pytest.param(5, None, None, id="no text at all"),
    ],
)
def test_a_command_is_one_also_where_bale_does_not_mark_it(text: Any, entities: Any, whole: Any) -> None:
    parts = {"text": text} | ({} if entities is None else {"entities": entities})

    assert normalise_message(message(**parts)).get("entities") == whole


@pytest.mark.parametrize(
    ("came", "seconds"),
    [(1_791_025_477, 1_791_025_477), ("1791025477", 1_791_025_477), (1_791_025_477_000, 1_791_025_477), (-5, 0), (10**20, 0), (None, 0), (True, 0)],
)  # fmt: skip
def test_the_time_of_a_message(came: Any, seconds: int) -> None:
    assert normalise_message(message(date=came))["date"] == seconds


@pytest.mark.parametrize(
    ("came", "number"),
    [(7, 7), ("7", 7), ("-7", -7), (7.0, 7), (7.5, 0), ("۷", 0), ("7x", 0), (True, 0), (None, 0)],
)
def test_numbers_that_came_as_text(came: Any, number: int) -> None:
    assert normalise_message(message(message_id=came))["message_id"] == number


@pytest.mark.parametrize(
    ("chat", "sender", "kind"),
    [
        pytest.param({"id": 7}, USER, "private", id="the sender's own"),
        pytest.param({"id": "7"}, USER, "private", id="with the id as text"),
        pytest.param({"id": 8}, USER, "group", id="another one's"),
        pytest.param({"id": 7}, None, "group", id="without a sender"),
        pytest.param({"id": 7, "type": "channel"}, USER, "channel", id="said"),
    ],
)
def test_what_a_chat_is(chat: dict[str, Any], sender: Any, kind: str) -> None:
    assert normalise_chat(chat, sender)["type"] == kind


def test_an_empty_picture_of_a_chat_is_none() -> None:
    assert "photo" not in normalise_chat(CHAT | {"photo": {}}, None)
    assert normalise_chat(CHAT | {"photo": {"small_file_id": "s"}}, None)["photo"] == {"small_file_id": "s"}
    assert normalise_chat("x", None) == "x"


@pytest.mark.parametrize("broken", [None, {}, {"id": "x"}, {"id": True}, 5])
def test_a_sender_without_an_id_is_none(broken: Any) -> None:
    assert normalise_user(broken) is None
    assert "from" not in normalise_message(message(**{"from": broken}))


def test_a_press_is_completed() -> None:
    found = normalise_update(press(message=message()))

    assert found["update_id"] == 17
    query = found["callback_query"]
    assert (query["id"], query["chat_instance"]) == ("5", "0")
    assert query["from"] == {"id": 7, "is_bot": False, "first_name": ""}
    assert query["message"]["message_id"] == 5
    assert Update.de_json(found, None).callback_query is not None


@pytest.mark.parametrize("broken", [{}, "x", None])
def test_a_press_whose_message_is_broken_comes_without_it(broken: Any) -> None:
    assert "message" not in normalise_update(press(message=broken))["callback_query"]


def test_what_cannot_be_completed_is_left_as_it_is() -> None:
    odd = {"update_id": "x", "message": 5, "callback_query": {"id": "5", "from": "x"}}

    found = normalise_update(odd)

    assert (found["update_id"], found["message"], found["callback_query"]["from"]) == ("x", 5, "x")


def test_a_question_before_paying_is_completed() -> None:
    query = normalise_update(
        {"update_id": 1, "pre_checkout_query": {"id": "5", "from": {"id": "7"}, "total_amount": None}}
    )

    found = query["pre_checkout_query"]
    assert (found["currency"], found["total_amount"], found["invoice_payload"], found["from"]["id"]) == (
        "IRR",
        0,
        "",
        7,
    )


MEMBER = {"user": {"id": "7"}}
ADMINISTRATOR = MEMBER | {"status": "administrator"}
KINDS: dict[str, type[TelegramObject]] = {
    "getchatmember": ChatMember,
    "getwebhookinfo": WebhookInfo,
    "getfile": File,
    "getme": User,
    "getchat": ChatFullInfo,
}


@pytest.mark.parametrize(
    ("method", "came", "said"),
    [
        ("getchatmember", ADMINISTRATOR, {"can_be_edited": False, "can_delete_stories": False}),
        ("getchatmember", ADMINISTRATOR | {"can_change_info": True}, {"can_change_info": True}),
        ("getchatmember", MEMBER | {"status": "creator"}, {"is_anonymous": False}),
        ("getchatmember", MEMBER | {"status": "kicked"}, {"until_date": 0}),
        (
            "getwebhookinfo",
            {"url": None},
            {"url": "", "pending_update_count": 0, "has_custom_certificate": False},
        ),
        ("getfile", FILE, WHOLE_FILE),
        ("getme", {"id": "7"}, {"id": 7, "first_name": ""}),
        ("getchat", CHAT | {"accepted_gift_types": 5}, {"accent_color_id": 0, "max_reaction_count": 0}),
        ("getchat", CHAT | {"accepted_gift_types": {"unlimited_gifts": True}}, {"id": 7}),
        ("getchat", CHAT | {"pinned_message": {"message_id": "5", "chat": CHAT}}, {"id": 7}),
        ("sendmessage", message(message_id="9"), {"message_id": 9}),
        ("editmessagetext", {"message_id": 0, "date": 1, "chat": CHAT, "edit_date": 1}, {"message_id": 0}),
        ("sendinvoice", message(invoice={"title": "t"}), {"invoice": {"title": "t"} | INVOICE}),
    ],
)
def test_answers_are_completed(method: str, came: dict[str, Any], said: dict[str, Any]) -> None:
    found = normalise_result(method, came)

    assert {name: found.get(name, GONE) for name in said} == said
    if "pinned_message" in came:
        assert found["pinned_message"]["message_id"] == 5
    if "status" in came:
        assert found["user"] == {"id": 7, "is_bot": False, "first_name": ""}
    kind = KINDS.get(method, Message)
    assert isinstance(kind.de_json(found, None), kind)


@pytest.mark.parametrize(
    ("method", "came"),
    [
        ("getchatmember", "x"),
        ("getwebhookinfo", "x"),
        ("getchat", "x"),
        ("getfile", {"path": "x"}),
        ("getme", {"name": "x"}),
        ("editmessagetext", True),
        ("sendmediagroup", ["x"]),
        ("createinvoicelink", "some-id"),
        ("deletemessage", {"message_id": "9"}),
    ],
)
def test_answers_of_another_shape_are_left_alone(method: str, came: Any) -> None:
    assert normalise_result(method, came) == came


def test_lists_of_messages_and_members_are_completed_one_by_one() -> None:
    assert [
        one["message_id"] for one in normalise_result("sendmediagroup", [message(message_id="9"), message()])
    ] == [9, 5]
    members = normalise_result("getchatadministrators", [MEMBER | {"status": "creator"}] * 2)
    assert [one["user"]["id"] for one in members] == [7, 7]
