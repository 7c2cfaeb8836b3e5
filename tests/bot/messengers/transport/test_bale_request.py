"""What Bale is sent and how its errors are read: docs/messengers.md 1.2 and 2.1."""

import json
from typing import Any

import pytest
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
from bot.messengers.transport.channel import bot_number


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
    "429 as other text": (429, b"slow down", RetryAfter),
    "limit as text under another status": (503, b"local_rate_limited", RetryAfter),
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
        "inline_keyboard": [[{"text": "a", "copy_text": {"text": "140509010001"}, "style": "danger"}]]
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


@pytest.mark.parametrize("token", ["9" * 30, "1" * 30, f"{2**62}", "word", "-5", "0", "۵"])
def test_a_bot_has_a_number_that_the_database_can_hold(token: str) -> None:
    assert 0 < bot_number(f"{token}:secret") < 2**62
    assert bot_number(f"{token}:secret") == bot_number(f"{token}:another")
    assert bot_number("123456:secret") == 123456


def test_old_clients_cannot_show_notices() -> None:
    assert shows_notices("2abc")
    assert not shows_notices("1abc")
    assert not shows_notices(None)
