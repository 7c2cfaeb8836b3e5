"""One request of a bot, with the checks that methods share, and the register of methods."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from demo.botapi import keyboards
from demo.botapi.errors import ApiError, Violation, bad_request, broken_rule
from demo.botapi.messenger_state import MessengerState
from demo.botapi.params import Params
from demo.botapi.state import Bot, Conversation, Json, Message, Span
from demo.botapi.updates import Queue

MAX_TEXT = 4096
MAX_CAPTION = 1024


@dataclass(slots=True)
class Call:
    state: MessengerState
    bot: Bot
    method: str
    params: Params

    @property
    def bale(self) -> bool:
        return self.state.kind == "bale"

    @property
    def queue(self) -> Queue:
        return self.state.queues[self.bot.token]

    def note(self, rule: str, value: object = "") -> None:
        """Record a broken rule that the messenger itself would let pass."""
        self.state.violations.append(Violation(self.method, rule, str(value)[:200]))

    def conversation(self, name: str = "chat_id") -> Conversation:
        """The chat that is written to. Raises the errors of chats that cannot be reached."""
        chat_id = self.params.integer(name)
        if chat_id is None:
            raise broken_rule("chat_id is empty")
        conversation = self.state.conversation(self.bot, chat_id)
        if conversation is None:
            words = "no such group or user" if self.bale else "Bad Request: chat not found"
            raise ApiError(self.state.quirks.unknown_chat, words)
        user = conversation.chat.user
        if user is not None and user.deactivated:
            raise ApiError(403, "Forbidden: user is deactivated")
        if conversation.left:
            if self.bale:
                raise ApiError(404, "no such group or user")
            raise ApiError(403, f"Forbidden: bot is not a member of the {conversation.chat.type} chat")
        if conversation.blocked:
            raise ApiError(self.state.quirks.blocked, "Forbidden: bot was blocked by the user")
        if not conversation.started:
            if self.bale:
                raise ApiError(404, "no such group or user")
            raise ApiError(403, "Forbidden: bot can't initiate conversation with a user")
        return conversation

    def message(self, conversation: Conversation, what: str) -> Message:
        message_id = self.params.integer("message_id")
        message = conversation.messages.get(message_id or 0)
        if message is None or message.deleted:
            raise bad_request(f"message to {what} not found")
        return message

    def words(self, name: str, limit: int) -> tuple[str, list[Span]]:
        """A text or caption as people see it, within its limit."""
        raw = self.params.text(name) or ""
        shown, spans = self.state.read_text(raw, self.params.text("parse_mode"))
        if len(raw if self.bale else shown) > limit:
            raise broken_rule("message is too long" if name == "text" else "message caption is too long")
        return shown.strip(), spans

    def caption(self) -> tuple[str | None, list[Span]]:
        shown, spans = self.words("caption", MAX_CAPTION)
        return shown or None, spans

    def markup(self, *, inline_only: bool = False) -> keyboards.Markup:
        given = self.params.object("reply_markup", dict)
        return keyboards.read(given, self.state.kind, inline_only=inline_only)

    def reply_to(self, conversation: Conversation) -> int | None:
        if self.bale:
            wanted = self.params.integer("reply_to_message_id")
            forgiving = False
        else:
            given = self.params.object("reply_parameters", dict) or {}
            wanted, forgiving = given.get("message_id"), bool(given.get("allow_sending_without_reply"))
        if wanted is None:
            return None
        message = conversation.messages.get(int(wanted))
        if message is None or message.deleted:
            if forgiving:
                return None
            raise bad_request("message to be replied not found")
        return int(wanted)

    def write(self, conversation: Conversation, markup: keyboards.Markup, **parts: Any) -> Message:
        """The bot's message arrives on the person's screen."""
        message = self.state.write_message(
            self.bot, conversation, inline=markup.inline, reply_keyboard=markup.given, **parts
        )
        if markup.keyboard is not None:
            conversation.keyboard, conversation.keyboard_from = markup.keyboard, message.id
        elif markup.removes:
            conversation.keyboard, conversation.keyboard_from = None, message.id
        conversation.action = None
        self.state.tell("message", self.bot, conversation, message)
        return message

    def shape(self, message: Message) -> Json:
        return self.state.shapes.message(self.bot, message)


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A result that is written into the answer as it is."""

    json: bytes


Method = Callable[[Call], Awaitable[Any]]
METHODS: dict[str, Method] = {}


def method(name: str) -> Callable[[Method], Method]:
    def add(function: Method) -> Method:
        METHODS[name] = function
        return function

    return add
