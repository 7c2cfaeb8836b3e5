"""What each method does. A method gets a `Call`, changes the world, and returns the `result`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from demo.botapi import files, keyboards
from demo.botapi.courier import Webhook
from demo.botapi.errors import ApiError, Violation, bad_request, broken_rule
from demo.botapi.parameters import BALE, TELEGRAM
from demo.botapi.params import Params, Upload
from demo.botapi.state import Bot, Conversation, File, Json, Message, Span
from demo.botapi.updates import Queue
from demo.botapi.world import World

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_ANSWER = 200
DELETABLE_SECONDS = 48 * 3600


@dataclass(slots=True)
class Call:
    world: World
    bot: Bot
    method: str
    params: Params

    @property
    def bale(self) -> bool:
        return self.world.kind == "bale"

    @property
    def queue(self) -> Queue:
        return self.world.queues[self.bot.token]

    def note(self, rule: str, value: object = "") -> None:
        """Record a broken rule that the messenger itself would let pass."""
        self.world.violations.append(Violation(self.method, rule, str(value)[:200]))

    def conversation(self, name: str = "chat_id") -> Conversation:
        """The chat that is written to. Raises the errors of chats that cannot be reached."""
        chat_id = self.params.integer(name)
        if chat_id is None:
            raise broken_rule("chat_id is empty")
        found = self.world.conversation(self.bot, chat_id)
        if found is None:
            raise ApiError(404, "no such group or user") if self.bale else bad_request("chat not found")
        user = found.chat.user
        if user is not None and user.deactivated:
            raise ApiError(403, "Forbidden: user is deactivated")
        if found.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if not found.started:
            if self.bale:
                raise ApiError(404, "no such group or user")
            raise ApiError(403, "Forbidden: bot can't initiate conversation with a user")
        return found

    def message(self, conversation: Conversation, what: str) -> Message:
        message_id = self.params.integer("message_id")
        found = conversation.messages.get(message_id or 0)
        if found is None or found.deleted:
            raise bad_request(f"message to {what} not found")
        return found

    def words(self, name: str, limit: int) -> tuple[str, list[Span]]:
        """A text or caption as people see it, within its limit."""
        raw = self.params.text(name) or ""
        shown, spans = self.world.read_text(raw, self.params.text("parse_mode"))
        if len(raw if self.bale else shown) > limit:
            raise broken_rule("message is too long" if name == "text" else "message caption is too long")
        return shown.strip(), spans

    def caption(self) -> tuple[str | None, list[Span]]:
        shown, spans = self.words("caption", MAX_CAPTION)
        return shown or None, spans

    def markup(self, *, inline_only: bool = False) -> keyboards.Markup:
        given = self.params.object("reply_markup", dict)
        return keyboards.read(given, self.world.kind, inline_only=inline_only)

    def reply_to(self, conversation: Conversation) -> int | None:
        if self.bale:
            wanted = self.params.integer("reply_to_message_id")
            forgiving = False
        else:
            given = self.params.object("reply_parameters", dict) or {}
            wanted, forgiving = given.get("message_id"), bool(given.get("allow_sending_without_reply"))
        if wanted is None:
            return None
        found = conversation.messages.get(int(wanted))
        if found is None or found.deleted:
            if forgiving:
                return None
            raise bad_request("message to be replied not found")
        return int(wanted)

    def write(self, conversation: Conversation, markup: keyboards.Markup, **parts: Any) -> Message:
        """The bot's message arrives on the person's screen."""
        message = self.world.write_message(
            self.bot, conversation, inline=markup.inline, reply_keyboard=markup.given, **parts
        )
        if markup.keyboard is not None:
            conversation.keyboard, conversation.keyboard_from = markup.keyboard, message.id
        elif markup.removes:
            conversation.keyboard, conversation.keyboard_from = None, message.id
        conversation.action = None
        self.world.tell("message", self.bot, conversation, message)
        return message

    def shape(self, message: Message) -> Json:
        return self.world.shapes.message(self.bot, message)


Method = Callable[[Call], Awaitable[Any]]
METHODS: dict[str, Method] = {}


def method(name: str) -> Callable[[Method], Method]:
    def add(function: Method) -> Method:
        METHODS[name] = function
        return function

    return add


# ── about the bot and its updates ──


@method("getMe")
async def get_me(call: Call) -> Json:
    return call.world.shapes.me(call.bot)


@method("getUpdates")
async def get_updates(call: Call) -> list[Json]:
    params = call.params
    call.queue.allow(params.object("allowed_updates", list))
    return await call.queue.poll(
        offset=params.integer("offset", 0) or 0,
        limit=params.integer("limit", 100) or 0,
        timeout=params.integer("timeout", 0) or 0,
    )


@method("setWebhook")
async def set_webhook(call: Call) -> bool:
    url = call.params.text("url") or ""
    if not url:
        call.queue.set_webhook(None, drop=call.params.flag("drop_pending_updates"))
        return True
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not local:
        raise broken_rule("bad webhook: An HTTPS URL must be provided for webhook")
    ports = (443, 88) if call.bale else (443, 80, 88, 8443)
    if not local and (parts.port or 443) not in ports:
        raise broken_rule(f"bad webhook: Webhook can be set up only on ports {', '.join(map(str, ports))}")
    secret = call.params.text("secret_token")
    if secret and not (len(secret) <= 256 and secret.replace("_", "").replace("-", "").isalnum()):
        raise broken_rule("secret token contains unallowed characters")
    allowed = call.params.object("allowed_updates", list)
    call.queue.allow(allowed)
    hook = Webhook(url, secret, call.params.integer("max_connections", 40) or 40, call.queue.allowed)
    call.queue.set_webhook(hook, drop=call.params.flag("drop_pending_updates"))
    return True


@method("deleteWebhook")
async def delete_webhook(call: Call) -> bool:
    call.queue.set_webhook(None, drop=call.params.flag("drop_pending_updates"))
    return True


@method("getWebhookInfo")
async def get_webhook_info(call: Call) -> Json:
    hook = call.queue.webhook
    if call.bale:
        return {"url": hook.url if hook else ""}
    info: Json = {
        "url": hook.url if hook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(call.queue.waiting),
    }
    if hook is not None:
        info |= {"max_connections": hook.max_connections, "ip_address": "127.0.0.1"}
        if hook.last_error is not None:
            info |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error}
        if hook.allowed:
            info["allowed_updates"] = hook.allowed
    return info


@method("setMyCommands")
async def set_my_commands(call: Call) -> bool:
    commands = call.params.object("commands", list)
    for one in commands:
        name, about = str(one.get("command", "")).removeprefix("/"), str(one.get("description", ""))
        if not (
            name.isascii() and name.replace("_", "").isalnum() and name == name.lower() and len(name) <= 32
        ):
            raise broken_rule("BOT_COMMAND_INVALID")
        if not 1 <= len(about) <= 256:
            raise broken_rule("BOT_COMMAND_DESCRIPTION_INVALID")
    if len(commands) > 100:
        raise broken_rule("BOT_COMMANDS_TOO_MUCH")
    call.bot.commands = commands
    return True


@method("getMyCommands")
async def get_my_commands(call: Call) -> list[Json]:
    return call.bot.commands


@method("deleteMyCommands")
async def delete_my_commands(call: Call) -> bool:
    call.bot.commands = []
    return True


# ── sending ──


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
    """Bale refuses a JSON body whose media is a plain string (MESSENGERS 7.2)."""
    if call.bale and call.params.is_json:
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
    kinds = {one.get("type") for one in media if isinstance(one, dict)}
    if not kinds <= {"photo", "document"} or len(kinds) != 1:
        raise broken_rule("documents can be grouped only with documents")
    album = str(int(time.time() * 1000))
    parts: list[dict[str, Any]] = []
    for one in media:
        if call.bale and set(one) - {"type", "media", "caption", "thumbnail"}:
            raise broken_rule(f"unknown fields of InputMedia: {sorted(set(one))}")
        caption, spans = call.world.read_text(str(one.get("caption") or ""), one.get("parse_mode"))
        if len(caption) > MAX_CAPTION:
            raise broken_rule("message caption is too long")
        given = call.params.resolve(one.get("media"))
        part: dict[str, Any] = {"caption": caption or None, "spans": spans, "album": album}
        if one["type"] == "photo":
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
    call.world.tell("action", call.bot, conversation, text=action)
    return True


# ── changing what was sent ──


def _editable(call: Call) -> tuple[Conversation, Message]:
    conversation = call.conversation()
    message = call.message(conversation, "edit")
    if not message.from_bot or message.reply_keyboard is not None:
        raise bad_request("message can't be edited")
    return conversation, message


def _finish_edit(
    call: Call, conversation: Conversation, message: Message, markup: keyboards.Markup, **parts: Any
) -> Json:
    same = message.inline == markup.inline and all(
        getattr(message, name) == value for name, value in parts.items()
    )
    if same and not call.bale:
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same as a "
            "current content and reply markup of the message"
        )
    for name, value in parts.items():
        setattr(message, name, value)
    message.inline = markup.inline
    message.offered |= markup.data
    message.edit_date = int(time.time())
    call.world.tell("edit", call.bot, conversation, message)
    return call.world.shapes.edited(call.bot, message)


@method("editMessageText")
async def edit_message_text(call: Call) -> Json:
    conversation, message = _editable(call)
    text, spans = call.words("text", MAX_TEXT)
    if not text:
        raise broken_rule("message text is empty")
    if message.text is None:
        raise bad_request("there is no text in the message to edit")
    markup = call.markup(inline_only=True)
    return _finish_edit(call, conversation, message, markup, text=text, spans=spans)


@method("editMessageCaption")
async def edit_message_caption(call: Call) -> Json:
    conversation, message = _editable(call)
    if message.text is not None:
        raise bad_request("there is no caption in the message to edit")
    caption, spans = call.caption()
    markup = call.markup(inline_only=True)
    return _finish_edit(call, conversation, message, markup, caption=caption, spans=spans)


@method("editMessageReplyMarkup")
async def edit_message_reply_markup(call: Call) -> Json:
    conversation, message = _editable(call)
    return _finish_edit(call, conversation, message, call.markup(inline_only=True))


@method("deleteMessage")
async def delete_message(call: Call) -> bool:
    conversation = call.conversation()
    message = call.message(conversation, "delete")
    if message.date < time.time() - DELETABLE_SECONDS:
        raise bad_request("message can't be deleted")
    if not message.from_bot and conversation.chat.type != "private":
        raise bad_request("message can't be deleted")
    message.deleted = True
    call.world.tell("delete", call.bot, conversation, message)
    return True


@method("answerCallbackQuery")
async def answer_callback_query(call: Call) -> bool:
    text = call.params.text("text") or ""
    if len(text) > MAX_ANSWER:
        raise broken_rule("MESSAGE_TOO_LONG")
    query = call.bot.queries.get(call.params.text("callback_query_id") or "")
    if query is None or query.made < time.time() - call.world.callback_window:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    conversation = call.bot.conversations[query.chat_id]
    query.answered = True
    if call.bale and query.id.startswith("1"):
        text = ""
    if text:
        call.world.toast(call.bot, conversation, text, call.params.flag("show_alert"))
    else:
        call.world.tell("answered", call.bot, conversation)
    return True


# ── files ──


@method("getFile")
async def get_file(call: Call) -> Json:
    file, path = files.open_path(call.bot, call.params.text("file_id") or "")
    shape: Json = {
        "file_id": call.params.text("file_id"),
        "file_unique_id": file.unique_id,
        "file_size": len(file.content),
        "file_path": path,
    }
    if call.bale and call.world.quirks.bare_files:
        del shape["file_unique_id"]
    return shape
