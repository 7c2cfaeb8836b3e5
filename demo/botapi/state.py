"""What a messenger remembers: users, chats, messages, files. Plain data that can be pickled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class User:
    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    #: As the messenger knows it: 98912…, without plus.
    phone: str | None = None
    #: Bale: a client from before Khordad 1404, which cannot show the answer to a pressed button.
    old_client: bool = False
    deactivated: bool = False


@dataclass(slots=True)
class Chat:
    id: int
    type: str
    user: User | None = None
    title: str | None = None


@dataclass(slots=True)
class File:
    """One stored file or one size of a photo. `kind` is the Bot API's word: photo, document, voice,
    sticker."""

    unique_id: str
    kind: str
    content: bytes
    name: str | None = None
    mime: str | None = None
    width: int = 0
    height: int = 0
    duration: int = 0
    #: Bytes that it is said to have, where that is a lie.
    claims: int | None = None

    @property
    def size(self) -> int:
        return len(self.content) if self.claims is None else self.claims


@dataclass(frozen=True, slots=True)
class Span:
    """A marked piece of a text: bold, italic, link, code … `text` is what it covers."""

    kind: str
    text: str
    url: str | None = None


@dataclass(slots=True)
class Message:
    id: int
    chat: Chat
    date: int
    #: None: the bot itself.
    sender: User | None
    text: str | None = None
    caption: str | None = None
    spans: list[Span] = field(default_factory=list)
    #: Sizes of one photo, small to large.
    photo: list[File] = field(default_factory=list)
    document: File | None = None
    voice: File | None = None
    sticker: File | None = None
    contact: Json | None = None
    #: A service message: the bot was added to the group.
    added_bot: bool = False
    album: str | None = None
    reply_to: int | None = None
    #: The user whose message was forwarded.
    forwarded_from: User | None = None
    #: Inline keyboard as the bot sent it: rows of button objects.
    inline: list[list[Json]] = field(default_factory=list)
    #: Reply keyboard sent with this message, which forbids editing it.
    reply_keyboard: Json | None = None
    #: Every data string that was ever on a button of this message.
    offered: set[str] = field(default_factory=set)
    edit_date: int | None = None
    deleted: bool = False
    #: The event counter at its arrival and at its last change.
    arrived: int = 0
    changed: int = 0

    @property
    def from_bot(self) -> bool:
        return self.sender is None

    @property
    def words(self) -> str:
        return self.text if self.text is not None else (self.caption or "")

    @property
    def files(self) -> list[File]:
        files = [self.photo[-1]] if self.photo else []
        return files + [other for other in (self.document, self.voice, self.sticker) if other is not None]


@dataclass(slots=True)
class Toast:
    """The short line over a pressed button."""

    text: str
    alert: bool
    at: int


@dataclass(slots=True)
class CallbackQuery:
    id: str
    chat_id: int
    message_id: int
    data: str
    #: Unix seconds.
    made: float
    answered: bool = False


@dataclass(slots=True)
class Conversation:
    """One chat with one bot."""

    chat: Chat
    messages: dict[int, Message] = field(default_factory=dict)
    toasts: list[Toast] = field(default_factory=list)
    #: The reply keyboard on the person's screen, and the message that brought it.
    keyboard: Json | None = None
    keyboard_from: int = 0
    started: bool = False
    blocked: bool = False
    #: A group or channel that the bot is no member of any more.
    left: bool = False
    action: str | None = None

    def live(self) -> list[Message]:
        """Messages that are still there, in order."""
        return [message for message in self.messages.values() if not message.deleted]


@dataclass(slots=True)
class Bot:
    id: int
    token: str
    username: str
    name: str
    conversations: dict[int, Conversation] = field(default_factory=dict)
    #: file_id → file; ids of one bot mean nothing to another.
    files: dict[str, File] = field(default_factory=dict)
    #: Paths opened by getFile.
    paths: dict[str, File] = field(default_factory=dict)
    #: Menus of commands: "default", or "chat:<id>" of one chat.
    commands: dict[str, list[Json]] = field(default_factory=dict)
    description: str = ""
    short_description: str = ""
    queries: dict[str, CallbackQuery] = field(default_factory=dict)
    next_message_id: int = 1
