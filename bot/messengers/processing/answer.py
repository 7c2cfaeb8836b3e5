"""What a unit decided, on its way to delivery. Nothing in it belongs to a session."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.core.incoming import Incoming
from bot.core.screens import Press, Screen
from storage.enums import Messenger


@dataclass(frozen=True, slots=True)
class ChatAddress:
    """A chat, as delivery needs it."""

    messenger: Messenger
    chat_id: int
    #: chat.id; None in a group, which has no row.
    row_id: int | None = None
    #: A reply keyboard is open there.
    keyboard: bool = False
    #: No account is logged in there.
    guest: bool = False
    #: The messenger wants nothing to be sent there before.
    rest_until: datetime | None = None
    #: Messages with a button to the pay page stand there.
    has_pay_message: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    chat_address: ChatAddress
    screens: tuple[Screen, ...] = ()
    notice: str | None = None
    #: What the screens say too: a notice only where the edited message said it already.
    toast: str | None = None
    #: inbox_update.id to be marked answered.
    update_row: int | None = None
    #: The message to edit; None: send anew.
    edit: int | None = None
    callback_id: str | None = None
    #: A message that held a password.
    delete: int | None = None
    credentials_of: int | None = None
    #: Show the current screen after so many seconds.
    quiet: float | None = None
    #: The unit wrote pushes as well.
    pushes: bool = False
    #: Keys of documents that the unit removed: their bytes go now.
    removed: frozenset[str] = frozenset()
    #: A newer screen takes the place of this one where both wait for their chat. Not so with files and
    #: credentials.
    plain: bool = False
    #: What the newer one must say all the same.
    said: str | None = None
    #: The screens were shown before; only the deletion is left.
    shown: bool = False


@dataclass(slots=True)
class ReplyChain:
    """Replies that follow each other by `goto`, as one."""

    screens: list[Screen] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    wipe: bool = False
    send_as_new: bool = False
    quiet: float | None = None
    credentials_of: int | None = None
    goto: Press | None = None


def to(incoming: Incoming) -> ChatAddress:
    return ChatAddress(incoming.messenger, incoming.chat_id)
