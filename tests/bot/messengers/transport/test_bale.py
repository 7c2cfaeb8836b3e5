"""Bale row by row: docs/messengers.md 2 (shapes), 2.1 (errors), 1.2 (requests), both ways through PTB."""

import json
from typing import Any

import pytest
from telegram import (
    ChatFullInfo,
    ChatMemberAdministrator,
    File,
    Message,
    Update,
    User,
    WebhookInfo,
)
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import BaseRequest, RequestData

from bot.messengers.transport.bale_request import BaleRequest, from_bale, shows_notices, to_bale
from bot.messengers.transport.bale_text import neutral
from bot.messengers.transport.bale_updates import normalise_result, normalise_update

SARA = {"id": 7, "is_bot": False, "first_name": "سارا"}
CHAT = {"id": 7, "type": "private", "photo": None}


def message(**parts: Any) -> dict[str, Any]:
    return {"message_id": 3, "date": 1791025477, "from": SARA, "chat": CHAT, **parts}


def update(**parts: Any) -> dict[str, Any]:
    return {"update_id": 17, "message": message(**parts)}


def press(**parts: Any) -> dict[str, Any]:
    return {"update_id": 18, "callback_query": {"id": "2x", "from": SARA, "data": "d", **parts}}


def without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


SHAPES: dict[str, dict[str, Any]] = {
    "no chat_instance": press(message=message()),
    "null chat_instance": press(message=message(), chat_instance=None),
    "press without message": press(),
    "press on an old message without date": press(message=without(message(), "date")),
    "press on a message of date 0": press(message=message(date=0)),
    "inline_message_id": press(inline_message_id="x"),
    "date in milliseconds": update(date=1791025477000),
    "date as text": update(date="1791025477"),
    "no date": {"update_id": 17, "message": without(message(), "date")},
    "no sender": {"update_id": 17, "message": without(message(), "from")},
    "sender without is_bot": update(**{"from": {"id": 7, "first_name": "س"}}),
    "sender without first_name": update(**{"from": {"id": 7, "is_bot": False}}),
    "sender with null first_name": update(**{"from": {"id": 7, "is_bot": False, "first_name": None}}),
    "sender without id": update(**{"from": {"is_bot": False, "first_name": "س"}}),
    "ids as text": update(chat={"id": "7", "type": "private"}, **{"from": {"id": "7"}}),
    "update_id as text": {"update_id": "17", "message": message(text="س")},
    "nulls everywhere": update(chat={**CHAT, "title": None}, reply_to_message=None, document=None),
    "empty objects": update(document={}, contact={}, reply_markup={}, text="س"),
    "no chat type": update(chat={"id": 7}),
    "document without unique id": update(document={"file_id": "F"}),
    "photo without sizes": update(photo=[{"file_id": "P"}]),
    "photo without ids": update(photo=[{}], text="س"),
    "voice as documented": update(voice={"file_id": "V", "file_unique_id": "u"}),
    "audio without duration": update(audio={"file_id": "A"}),
    "video without duration": update(video={"file_id": "A"}),
    "animation without duration": update(animation={"file_id": "A"}),
    "sticker without flags": update(sticker={"file_id": "S", "thumb": {"file_id": "T"}}),
    "contact without name": update(contact={"phone_number": "98912"}),
    "invoice as documented": update(invoice={"title": "t", "description": "d", "total_amount": 1}),
    "payment without provider id": update(
        successful_payment={"currency": "IRR", "total_amount": 1, "invoice_payload": "x"}
    ),
    "pre_checkout_query": {
        "update_id": 21,
        "pre_checkout_query": {"id": "TX1", "from": {"id": 7}, "total_amount": 1, "invoice_payload": "o"},
    },
    "web_app_data": update(web_app_data={"data": "x"}),
    "old forward": update(forward_from={"id": 9}, forward_date=1791025477000, text="س"),
    "odd entities": update(text="سلام", entities=[{}, {"type": "mention"}]),
    "odd reply": update(text="س", reply_to_message={"voice": {"file_id": "v"}, "chat": {"id": 7}}),
    "members without flags": update(new_chat_members=[{"id": 5}, {}]),
    "edited": {"update_id": 17, "edited_message": message(text="س", edit_date=1791025477000)},
}


@pytest.mark.parametrize("raw", SHAPES.values(), ids=SHAPES.keys())
def test_every_shape_becomes_an_update(raw: dict[str, Any]) -> None:
    before = json.dumps(raw)
    parsed = Update.de_json(normalise_update(raw), None)
    assert parsed.effective_user is None or isinstance(parsed.effective_user.id, int)
    assert parsed.update_id in (17, 18, 21)
    assert json.dumps(raw) == before, "the raw update is kept as it came"


def test_what_mended_updates_say() -> None:
    def parse(raw: dict[str, Any]) -> Update:
        return Update.de_json(normalise_update(raw), None)

    command = parse(update(text="/start reg_1"))
    assert command.message is not None
    assert [(one.type, one.length) for one in command.message.entities] == [("bot_command", 6)]
    late = parse(update(date=1791025477000))
    assert late.message is not None
    assert int(late.message.date.timestamp()) == 1791025477
    untyped = parse(update(chat={"id": 7}))
    assert untyped.effective_chat is not None
    assert untyped.effective_chat.type == "private"
    strange = parse(update(chat={"id": 5254814488}))
    assert strange.effective_chat is not None
    assert strange.effective_chat.type == "group"
    forwarded = parse(update(contact={"phone_number": "98912", "user_id": 7}, forward_from={"id": 9}))
    assert forwarded.message is not None
    assert "forward_from" in forwarded.message.api_kwargs
    paid = parse(SHAPES["payment without provider id"])
    assert paid.message is not None
    assert paid.message.successful_payment is not None


RESULTS: dict[str, tuple[str, Any, type]] = {
    "getMe": ("getme", {"id": 1, "username": "x_bot"}, User),
    "edit stub": (
        "editmessagetext",
        {"message_id": 0, "date": 1791029225, "chat": CHAT, "edit_date": 1},
        Message,
    ),
    "sendInvoice": (
        "sendinvoice",
        message(invoice={"title": "t", "description": "d", "total_amount": 1}),
        Message,
    ),
    "getFile": ("getfile", {"file_id": "F"}, File),
    "getChat": ("getchat", {"id": 7, "type": "private"}, ChatFullInfo),
    "getChat with old gifts": (
        "getchat",
        {"id": 7, "type": "private", "accepted_gift_types": {"unlimited_gifts": True}},
        ChatFullInfo,
    ),
    "getWebhookInfo": ("getwebhookinfo", {"url": ""}, WebhookInfo),
    "getChatMember": (
        "getchatmember",
        {"status": "administrator", "user": {"id": 7}},
        ChatMemberAdministrator,
    ),
}


@pytest.mark.parametrize(("method", "result", "kind"), RESULTS.values(), ids=RESULTS.keys())
def test_every_result_is_parsed(method: str, result: Any, kind: Any) -> None:
    assert isinstance(kind.de_json(normalise_result(method, result), None), kind)


def test_an_album_and_a_link_stay_what_they_are() -> None:
    album = normalise_result("sendmediagroup", [message(photo=[{"file_id": "P"}]), message()])
    assert all(Message.de_json(one, None) for one in album)
    assert normalise_result("createinvoicelink", "some-id") == "some-id"
    assert normalise_result("deletemessage", True) is True


class Scripted(BaseRequest):
    """Answers what it is told and keeps what it was asked."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status, self.body = status, body
        self.urls: list[str] = []
        self.fields: dict[str, str] = {}

    @property
    def read_timeout(self) -> float:
        return 1

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(self, url: str, method: str, request_data: Any = None, *_: Any, **__: Any) -> Any:
        self.urls.append(url)
        if request_data is not None:
            self.fields = request_data.json_parameters
        return self.status, self.body


def failing(code: int, description: str, **more: Any) -> bytes:
    return json.dumps({"ok": False, "error_code": code, "description": description, **more}).encode()


ERRORS: dict[str, tuple[int, bytes, type[TelegramError]]] = {
    "usual 403": (403, failing(403, "Forbidden: bot was blocked by the user"), Forbidden),
    "200 and not ok": (200, failing(400, "chat_id: must be a valid value"), BadRequest),
    "200, not ok, no code": (200, b'{"ok": false}', BadRequest),
    "200 without result": (200, b"{}", BadRequest),
    "bad token": (403, failing(403, "Bad Request: Token not found"), InvalidToken),
    "404 is not the token": (404, failing(404, "Not Found"), BadRequest),
    "404 of a chat": (404, failing(404, "no such group or user"), Forbidden),
    "400": (400, failing(400, "malformed request"), BadRequest),
    "400 of a chat": (400, failing(400, "Bad Request: chat not found"), Forbidden),
    "429 with parameters": (429, failing(429, "…", parameters={"retry_after": 7}), RetryAfter),
    "429 without": (429, failing(429, "bot limit exceed"), RetryAfter),
    "429 with odd parameters": (429, failing(429, "…", parameters={"retry_after": "soon"}), RetryAfter),
    "429 as text": (429, b"local_rate_limited", RetryAfter),
    "limit under another status": (200, failing(400, "bot limit exceed"), RetryAfter),
    "501": (501, failing(501, "Not Implemented"), NetworkError),
    "409": (409, failing(409, "Conflict"), Conflict),
    "html 502": (502, b"<html>nginx</html>", NetworkError),
    "html 200": (200, b"<html>nginx</html>", NetworkError),
    "json, but no object": (200, b"[]", NetworkError),
    "empty": (200, b"", NetworkError),
}


@pytest.mark.parametrize(("status", "body", "kind"), ERRORS.values(), ids=ERRORS.keys())
async def test_every_error_is_the_right_one(status: int, body: bytes, kind: type[TelegramError]) -> None:
    request = BaleRequest(Scripted(status, body))
    with pytest.raises(TelegramError) as caught:
        await request.post("https://tapi.bale.ai/bot1:x/sendMessage", RequestData([]))
    assert type(caught.value) is kind


async def test_how_long_a_429_asks_to_wait() -> None:
    for status, body, wait in (
        (429, failing(429, "…", parameters={"retry_after": 7}), 7),
        (429, b"local_rate_limited", 5),
    ):
        assert json.loads(from_bale("sendMessage", status, body)[1])["parameters"]["retry_after"] == wait


def test_requests_hold_nothing_that_bale_does_not_know() -> None:
    keyboard = {
        "inline_keyboard": [[{"text": "a", "copy_text": {"text": "140509010001"}, "style": "danger"}]],
    }
    fields = to_bale(
        "sendMessage",
        {
            "chat_id": "7",
            "text": "نام_کاربری *مهم* [الف](ب) `x`",
            "parse_mode": "HTML",
            "link_preview_options": "{}",
            "disable_notification": "true",
            "protect_content": "true",
            "reply_parameters": '{"message_id": 5}',
            "reply_markup": json.dumps(keyboard),
        },
    )
    assert fields.keys() == {"chat_id", "text", "reply_to_message_id", "reply_markup"}
    assert fields["reply_to_message_id"] == "5"
    assert not set("*_`[]") & set(fields["text"])
    assert json.loads(fields["reply_markup"]) == {
        "inline_keyboard": [[{"text": "a", "copy_text": {"text": "140509010001"}}]]
    }


def test_keyboards_actions_and_albums() -> None:
    reply = {"keyboard": [[{"text": "شماره", "request_contact": True}]], "resize_keyboard": True}
    assert json.loads(to_bale("sendMessage", {"reply_markup": json.dumps(reply)})["reply_markup"]) == {
        "keyboard": [[{"text": "شماره", "request_contact": True}]]
    }
    assert "reply_markup" not in to_bale("sendMessage", {"reply_markup": '{"force_reply": true}'})
    assert to_bale("sendChatAction", {"action": "upload_document"}) == {"action": "typing"}
    assert to_bale("sendChatAction", {"action": "upload_photo"}) == {"action": "upload_photo"}
    media = [{"type": "photo", "media": "F", "caption": "a_b", "parse_mode": "HTML"}]
    sent = json.loads(to_bale("sendMediaGroup", {"media": json.dumps(media)})["media"])
    assert sent == [{"type": "photo", "media": "F", "caption": "a＿b"}]
    assert to_bale("answerCallbackQuery", {"text": "a_b", "url": "u", "cache_time": "1"}) == {"text": "a_b"}
    assert to_bale("setWebhook", {"url": "https://x/a_b", "secret_token": "s", "max_connections": "9"}) == {
        "url": "https://x/a_b"
    }


async def test_methods_that_are_named_otherwise() -> None:
    inner = Scripted(200, b'{"ok": true, "result": 3}')
    await BaleRequest(inner).post("https://tapi.bale.ai/bot1:x/getChatMemberCount", RequestData([]))
    assert inner.urls == ["https://tapi.bale.ai/bot1:x/getChatMembersCount"]


async def test_a_download_is_left_alone() -> None:
    inner = Scripted(200, b'{"ok": false, "not": "json for us"}')
    assert await BaleRequest(inner).retrieve("https://tapi.bale.ai/file/bot1:x/p") == inner.body


def test_text_without_marks_stays_and_addresses_still_lead_there() -> None:
    assert neutral("سلام! (۱۲)") == "سلام! (۱۲)"
    assert neutral("https://x.ir/a_b?c=[1] و a_b") == "https://x.ir/a%5Fb?c=%5B1%5D و a＿b"


def test_old_clients_cannot_show_notices() -> None:
    assert shows_notices("2abc")
    assert not shows_notices("1abc")
    assert not shows_notices(None)
