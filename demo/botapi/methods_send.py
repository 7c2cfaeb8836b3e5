"""Methods that send."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from demo.botapi import files, keyboards
from demo.botapi.call import MAX_CAPTION, MAX_TEXT, Call, method
from demo.botapi.errors import ApiError, bad_request, broken_rule
from demo.botapi.parameters import BALE, TELEGRAM
from demo.botapi.params import Upload
from demo.botapi.state import File, Json


@method("sendMessage")
async def send_message(call: Call) -> Json:
    conversation = call.conversation()
    text, spans = call.words("text", MAX_TEXT)
    if not text:
        raise broken_rule("message text is empty")
    markup = call.markup()
    reply_to = call.reply_to(conversation)
    return call.shape(call.write(conversation, markup, text=text, spans=spans, reply_to=reply_to))


async def _photo(call: Call, given: Upload | str) -> list[File]:
    if isinstance(given, Upload):
        files.check_upload(given.content)
        return await asyncio.to_thread(files.photo_sizes, given.content)
    if given.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    return [files.take_by_id(call.bot, given, "photo")]


async def _document(call: Call, given: Upload | str) -> File:
    if isinstance(given, Upload):
        files.check_upload(given.content)
        return files.document(given.name, given.content, None)
    if given.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    return files.take_by_id(call.bot, given, "document")


def _refuse_json_media(call: Call) -> None:
    """Bale refuses a JSON body whose media is a plain string (docs/messengers.md 7)."""
    if call.state.quirks.json_file_id == "refused" and call.params.is_json:
        raise ApiError(400, "malformed request", violation=True)


@method("sendPhoto")
async def send_photo(call: Call) -> Json:
    _refuse_json_media(call)
    conversation = call.conversation()
    photo = await _photo(call, call.params.file("photo"))
    caption, spans = call.caption()
    markup = call.markup()
    reply_to = call.reply_to(conversation)
    return call.shape(
        call.write(conversation, markup, photo=photo, caption=caption, spans=spans, reply_to=reply_to)
    )


@method("sendDocument")
async def send_document(call: Call) -> Json:
    _refuse_json_media(call)
    conversation = call.conversation()
    document = await _document(call, call.params.file("document"))
    caption, spans = call.caption()
    markup = call.markup()
    reply_to = call.reply_to(conversation)
    return call.shape(
        call.write(conversation, markup, document=document, caption=caption, spans=spans, reply_to=reply_to)
    )


@method("sendMediaGroup")
async def send_media_group(call: Call) -> list[Json]:
    conversation = call.conversation()
    media = call.params.object("media", list)
    if not 2 <= len(media) <= 10:
        raise broken_rule("group send failed: 2-10 items expected")
    kinds = {item.get("type") for item in media if isinstance(item, dict)}
    if not kinds <= {"photo", "document"} or len(kinds) != 1:
        raise broken_rule("documents can be grouped only with documents")
    album = str(int(time.time() * 1000))
    parts: list[dict[str, Any]] = []
    for item in media:
        if call.bale and set(item) - {"type", "media", "caption", "thumbnail"}:
            raise broken_rule(f"unknown fields of InputMedia: {sorted(set(item))}")
        caption, spans = call.state.read_text(str(item.get("caption") or ""), item.get("parse_mode"))
        if len(caption) > MAX_CAPTION:
            raise broken_rule("message caption is too long")
        given = call.params.resolve(item.get("media"))
        part: dict[str, Any] = {"caption": caption or None, "spans": spans, "album": album}
        if item["type"] == "photo":
            part["photo"] = await _photo(call, given)
        else:
            part["document"] = await _document(call, given)
        parts.append(part)
    reply_to = call.reply_to(conversation)
    nothing = keyboards.Markup()
    return [call.shape(call.write(conversation, nothing, reply_to=reply_to, **part)) for part in parts]


@method("copyMessage")
async def copy_message(call: Call) -> Json:
    conversation = call.conversation()
    source = call.bot.conversations.get(call.params.integer("from_chat_id") or 0)
    original = source.messages.get(call.params.integer("message_id") or 0) if source else None
    if original is None or original.deleted:
        raise bad_request("message to copy not found")
    parts = {name: getattr(original, name) for name in ("text", "spans", "photo", "document", "voice")}
    caption = call.caption()[0] if "caption" in call.params.values else original.caption
    copied = call.write(conversation, call.markup(), caption=caption, **parts)
    return {"message_id": copied.id}


@method("sendChatAction")
async def send_chat_action(call: Call) -> bool:
    conversation = call.conversation()
    action = call.params.text("action") or ""
    if action not in (BALE if call.bale else TELEGRAM).actions:
        raise broken_rule("wrong parameter action in request")
    conversation.action = action
    call.state.tell("action", call.bot, conversation, text=action)
    return True
