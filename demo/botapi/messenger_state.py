"""The state of one messenger: users, bots, chats, and a counter of events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from demo import clock
from demo.botapi import markup
from demo.botapi.errors import Violation
from demo.botapi.quirks import Quirks
from demo.botapi.shapes import Shapes
from demo.botapi.state import Bot, CallbackQuery, Chat, Conversation, Json, Message, Span, Toast, User
from demo.botapi.updates import Queue

#: The same numbers on both messengers on purpose: they are different people. Past 32 bits, as real ones are.
FIRST_USER = 5_200_000_001
#: What an administrator may do; Telegram always says all of it.
_RIGHTS = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)


@dataclass(frozen=True, slots=True)
class ChatEvent:
    """An event that a client shows: message, edit, delete, toast, keyboard, action, press, block."""

    kind: str
    bot: Bot
    conversation: Conversation
    message: Message | None = None
    text: str = ""
    at: int = 0


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A text of the bot that Bale showed with markup, perhaps by accident."""

    text: str
    spans: tuple[Span, ...]


@dataclass(slots=True)
class MessengerState:
    kind: str
    quirks: Quirks
    users: dict[int, User] = field(default_factory=dict)
    groups: dict[int, Chat] = field(default_factory=dict)
    bots: dict[str, Bot] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    marked: list[MarkedText] = field(default_factory=list)
    listeners: list[Callable[[ChatEvent], None]] = field(default_factory=list)
    #: Grows with everything that happens.
    clock: int = 0
    #: Seconds in which a pressed button may be answered.
    callback_window: float = 60.0
    #: Update ids begin here; after a restart higher than the old ones.
    first_update_id: int = 1
    first_message_id: int = 1
    shapes: Shapes = field(init=False)
    _waiters: list[asyncio.Future[None]] = field(default_factory=list)
    #: Buttons pressed so far.
    queries_made: int = 0

    def __post_init__(self) -> None:
        self.shapes = Shapes(self.kind, self.quirks)

    # ── who there is ──

    def add_bot(self, token: str, *, username: str, name: str) -> Bot:
        bot = Bot(int(token.split(":")[0]), token, username, name, next_message_id=self.first_message_id)
        self.bots[token] = bot
        self.queues[token] = Queue(self.kind, next_id=self.first_update_id)
        return bot

    def add_user(self, first_name: str, last_name: str | None = None, *, phone: str | None = None) -> User:
        user = User(FIRST_USER + len(self.users), first_name, last_name, phone=phone)
        self.users[user.id] = user
        return user

    def add_group(self, title: str, kind: str = "group") -> Chat:
        """`kind`: "group", "channel", or "supergroup" (which Bale does not have). The bot is a member."""
        assert kind != "supergroup" or self.kind == "telegram"
        chat = Chat(-1_000_000_000_001 - len(self.groups), kind, title=title)
        self.groups[chat.id] = chat
        return chat

    def conversation(self, bot: Bot, chat_id: int) -> Conversation | None:
        """The chat with this bot, made where both sides exist; None for a number that nobody has."""
        conversation = bot.conversations.get(chat_id)
        if conversation is None and chat_id in self.users:
            conversation = Conversation(Chat(chat_id, "private", self.users[chat_id]))
        elif conversation is None and chat_id in self.groups:
            conversation = Conversation(self.groups[chat_id], started=True)
        if conversation is not None:
            bot.conversations[chat_id] = conversation
        return conversation

    # ── what happens ──

    def tell(
        self, kind: str, bot: Bot, conversation: Conversation, message: Message | None = None, text: str = ""
    ) -> None:
        """Everybody who watches learns of it."""
        self.clock += 1
        if message is not None:
            message.changed = self.clock
            if kind == "message":
                message.arrived = self.clock
        happening = ChatEvent(kind, bot, conversation, message, text, self.clock)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
        for listener in list(self.listeners):
            listener(happening)

    async def change(self) -> None:
        """Wait until anything happens."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter

    def write_message(self, bot: Bot, conversation: Conversation, **parts: Any) -> Message:
        """A new message in a chat, by the bot where `sender` is None. Watchers are not told yet."""
        message = Message(
            id=bot.next_message_id,
            chat=conversation.chat,
            date=int(clock.time()),
            sender=parts.pop("sender", None),
            **parts,
        )
        bot.next_message_id += 1
        message.offered = {
            button["callback_data"] for row in message.inline for button in row if "callback_data" in button
        }
        conversation.messages[message.id] = message
        return message

    def toast(self, bot: Bot, conversation: Conversation, text: str, alert: bool) -> None:
        conversation.toasts.append(Toast(text, alert, self.clock + 1))
        self.tell("toast", bot, conversation, text=text)

    def new_query(self, bot: Bot, message: Message, data: str, user: User) -> CallbackQuery:
        self.queries_made += 1
        first = (self.quirks.callback_digits if user.old_client else "") or "4"
        query = CallbackQuery(
            f"{first}{user.id}{self.queries_made:06}", message.chat.id, message.id, data, clock.time()
        )
        bot.queries[query.id] = query
        return query

    # ── texts ──

    def read_text(self, text: str, parse_mode: str | None) -> tuple[str, list[Span]]:
        """What people see of a text the bot sends. Raises ApiError where it cannot be parsed."""
        if self.kind == "telegram":
            return markup.telegram(text, parse_mode)
        shown, spans = markup.bale(text)
        if spans:
            self.marked.append(MarkedText(text, tuple(spans)))
        return shown, spans

    def put_update(self, bot: Bot, kind: str, body: Json) -> int | None:
        return self.queues[bot.token].put({kind: body})

    def put_member_change(self, bot: Bot, chat: Chat, who: Json, *, before: str, after: str) -> int | None:
        """The bot's own standing in a chat was changed by `who`; only Telegram says so."""
        user = self.shapes.bot(bot)
        members: list[Json] = [{"status": status, "user": user} for status in (before, after)]
        for member in members:
            if member["status"] == "kicked":
                member["until_date"] = 0
            if member["status"] == "administrator":
                member |= dict.fromkeys(_RIGHTS, False)
        change: Json = {"chat": self.shapes.chat(chat), "from": who, "date": int(clock.time())}
        change |= {"old_chat_member": members[0], "new_chat_member": members[1]}
        return self.put_update(bot, "my_chat_member", change)
