"""Bale's API behind PTB's interface: requests translated, answers completed.

See docs/messengers.md 1, 2.
"""

from __future__ import annotations

import json
from typing import Any

from telegram.request import BaseRequest

from bot.messengers.transport.aiohttp_request import AioRequest, Fields, clean_retry_after
from bot.messengers.transport.bale_text import neutral
from bot.messengers.transport.bale_updates import normalise_result

#: Bale does not document them, and parses every text as its own Markdown anyway.
UNKNOWN = frozenset(
    [
        "parse_mode",
        "entities",
        "caption_entities",
        "link_preview_options",
        "disable_web_page_preview",
        "protect_content",
        "disable_notification",
        "message_effect_id",
        "message_thread_id",
        "direct_messages_topic_id",
        "business_connection_id",
        "allow_paid_broadcast",
        "suggested_post_parameters",
        "show_caption_above_media",
        "has_spoiler",
        "allowed_updates",
        "drop_pending_updates",
        "secret_token",
        "max_connections",
        "ip_address",
        "allow_sending_without_reply",
        "disable_content_type_detection",
        "scope",
        "language_code",
        "cache_time",
    ]
)
METHODS = {"getChatMemberCount": "getChatMembersCount"}
CHAT_ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "choose_sticker",
    ]
)
BUTTON = ("text", "callback_data", "url", "web_app", "copy_text")
REPLY_BUTTON = ("text", "request_contact", "request_location", "web_app")
#: Phrases of a chat that cannot be written to, whatever the status was.
UNREACHABLE = (
    "bot was blocked by the user",
    "no such group or user",
    "chat not found",
    "user is deactivated",
)


class BaleRequest(BaseRequest):
    """Translates around another request object. Downloads pass untouched."""

    def __init__(self, inner: BaseRequest) -> None:
        self.inner = inner

    @property
    def read_timeout(self) -> float | None:
        return self.inner.read_timeout

    async def initialize(self) -> None:
        await self.inner.initialize()

    async def shutdown(self) -> None:
        await self.inner.shutdown()

    async def download(self, url: str, *, limit: int) -> bytes:
        if isinstance(self.inner, AioRequest):
            return await self.inner.download(url, limit=limit)
        return await self.inner.retrieve(url)

    async def do_request(
        self, url: str, method: str, request_data: Any = None, *args: Any, **kwargs: Any
    ) -> tuple[int, bytes]:
        if method == "GET":
            return await self.inner.do_request(url, method, request_data, *args, **kwargs)
        root, _, name = url.rpartition("/")
        if request_data is not None:
            fields = to_bale(name, request_data.json_parameters)
            request_data = Fields(fields, request_data.multipart_data)
        status, body = await self.inner.do_request(
            f"{root}/{METHODS.get(name, name)}", method, request_data, *args, **kwargs
        )
        return from_bale(name, status, body)


def to_bale(method: str, fields: dict[str, str]) -> dict[str, str]:
    """The parameters as Bale knows them."""
    fields = {name: value for name, value in fields.items() if name not in UNKNOWN}
    if "reply_parameters" in fields:
        reply = json.loads(fields.pop("reply_parameters"))
        if reply.get("message_id"):
            fields["reply_to_message_id"] = str(reply["message_id"])
    for name in ("text", "caption"):
        # The line over a pressed button is shown as it is.
        if name in fields and method != "answerCallbackQuery":
            fields[name] = neutral(fields[name])
    if "media" in fields:
        fields["media"] = _media(fields["media"])
        fields.pop("reply_markup", None)
    if "reply_markup" in fields:
        markup = _markup(json.loads(fields.pop("reply_markup")))
        if markup is not None:
            fields["reply_markup"] = json.dumps(markup, ensure_ascii=False)
    if method == "sendChatAction" and fields.get("action") not in CHAT_ACTIONS:
        fields["action"] = "typing"
    if method == "answerCallbackQuery":
        fields.pop("url", None)
    return fields


def _media(media: str) -> str:
    items = json.loads(media)
    several = items if isinstance(items, list) else [items]
    for item in several:
        for name in UNKNOWN & item.keys():
            del item[name]
        if "caption" in item:
            item["caption"] = neutral(item["caption"])
    return json.dumps(items, ensure_ascii=False)


def _markup(markup: dict[str, Any]) -> dict[str, Any] | None:
    if "inline_keyboard" in markup:
        return {"inline_keyboard": _inline_rows(markup["inline_keyboard"], BUTTON)}
    if "keyboard" in markup:
        return {"keyboard": _inline_rows(markup["keyboard"], REPLY_BUTTON)}
    if markup.get("remove_keyboard"):
        return {"remove_keyboard": True}
    return None  # a forced reply: unknown there


def _inline_rows(rows: list[list[dict[str, Any]]], known: tuple[str, ...]) -> list[list[dict[str, Any]]]:
    return [[{name: packed[name] for name in known if name in packed} for packed in row] for row in rows]


def from_bale(method: str, status: int, body: bytes) -> tuple[int, bytes]:
    """Status and body as Telegram would give them, so that PTB raises the right error.

    See docs/messengers.md 2.1.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        # A gateway in front of Bale answers in plain text.
        words = body[:120].decode("utf-8", "replace").strip()
        limited = status == 429 or "rate_limited" in words
        return _failure(429 if limited else status if status >= 400 else 502, words or "empty answer")
    if status < 300 and answer.get("ok") is not False and "result" in answer:
        mended = {"ok": True, "result": normalise_result(method.lower(), answer["result"])}
        return status, json.dumps(mended).encode()
    code = answer.get("error_code")
    if status < 400:
        status = code if isinstance(code, int) and 400 <= code < 600 else 400
    parameters = answer.get("parameters")
    retry_after = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return _failure(status, str(answer.get("description") or "no description"), retry_after)


def _failure(status: int, description: str, retry_after: Any = None) -> tuple[int, bytes]:
    words = description.lower()
    answer: dict[str, Any] = {"ok": False, "description": description}
    if "token not found" in words:
        status = 401
    elif status == 429 or "limit exceed" in words:
        status = 429
        answer["parameters"] = {"retry_after": clean_retry_after(retry_after)}
    elif any(phrase in words for phrase in UNREACHABLE):
        status = 403
    elif status == 404:
        # PTB would take it for a wrong token and give up the bot.
        status, answer["description"] = 400, f"Bad Request: {description}"
    answer["error_code"] = status
    return status, json.dumps(answer).encode()


def shows_notices(callback_id: str | None) -> bool:
    """Whether this person's client can show a line over a pressed button: ids of old clients begin with 1."""
    return callback_id is not None and not callback_id.startswith("1")
