"""Interfaces around the processor of updates: what it offers to the dispatcher, what it needs of dialogues and delivery.

The processor and its router are in `handlers.telegram`, above the dialogues that they call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from bot.application.resources import Resources
from bot.core.context import Turn
from bot.core.incoming import Incoming
from bot.core.refusals import Refusal
from bot.core.screens import Press, Reply, Screen
from bot.messengers.processing.answer import Answer, ChatAddress
from bot.messengers.processing.inbox_store import InboxRow
from bot.messengers.processing.update_scope import UpdateScope


@dataclass(frozen=True, slots=True)
class Preparation:
    """What an update needs before its unit, outside any transaction."""

    #: Fetch, inspect and encrypt the offered file first; `turn.prepared` is then a FileTaken.
    file: bool = False
    #: Or this work (argon2, a gateway); its result is `turn.prepared`. It must not touch the turn's session.
    work: Callable[[Resources], Awaitable[Any]] | None = None
    #: The message holds a password: it is wiped and deleted whatever comes of it, also after a refusal or a crash.
    secret: bool = False


class Dialogues(Protocol):
    """The engine of conversations, as this side sees it."""

    def preparation(self, turn: Turn) -> Preparation | None:
        """What `take(turn)` needs to be done first; None: nothing. Only reads; called inside a unit, before `take`,
        with `turn.prepared` None. A Refusal raised by the work is raised again inside the unit."""
        ...

    def handle_input(self, turn: Turn) -> Reply:
        """Take turn.incoming (any message, commands too, or a press that belongs) as input to the open dialogue."""
        ...

    def current(self, turn: Turn) -> Screen:
        """The screen of the dialogue that the chat shows now, changing nothing."""
        ...

    def leave(self, turn: Turn) -> None:
        """Close the dialogue in this chat: something else was pressed. A kept draft stays, another is dropped."""
        ...

    def press_belongs(self, press: Press) -> bool:
        """Whether a button is a dialogue's own."""
        ...

    def refusal(self, turn: Turn) -> Refusal | None:
        """Why the open dialogue is not for this person (any more); None where it is. Only reads."""
        ...


class Delivers(Protocol):
    """Sends what a unit decided, after its commit."""

    async def deliver(self, answer: Answer) -> None:
        """Send it. Raises nothing."""
        ...

    async def leave_group(self, chat_address: ChatAddress, sentence: str | None) -> None:
        """Say a sentence in a group and leave it. Raises nothing."""
        ...


class Processor(Protocol):
    """Runs the units of updates, each with its answer."""

    async def process(self, incoming: Incoming) -> None:
        """Serve the update in hand (`update_scope.current_update`)."""
        ...

    async def fail(self, update_scope: UpdateScope, incoming: Incoming | None, error: BaseException) -> None:
        """Something of ours broke: mark the row FAILED and tell the person a number."""
        ...

    async def quarantine(self, update_scope: UpdateScope, reason: str, *, answer: bool) -> None:
        """Keep an update that cannot be read, out of the way; `answer`: the person is told to use the buttons."""
        ...

    async def membership(self, update_scope: UpdateScope, *, alive: bool) -> None:
        """The person blocked the bot, or came back (`alive`)."""
        ...

    async def in_group(self, update_scope: UpdateScope) -> None:
        """Something came from a group or channel."""
        ...

    async def ignore(self, update_scope: UpdateScope, note: str) -> None:
        """Done without an answer."""
        ...

    async def show_current(self, chat_row: int) -> None:
        """Show a chat its current screen (again)."""
        ...

    async def delete_secret_message(self, row: InboxRow, *, ours: bool = True, shown: bool = False) -> None:
        """Delete the message with a password, and show the current screen unless it was `shown`."""
        ...


class MakeProcessor(Protocol):
    """Builds the processor around what the service has."""

    def __call__(
        self,
        delivery: Delivers,
        *,
        release_slot: Callable[[], AbstractAsyncContextManager[None]],
        committed: Callable[[], None],
    ) -> Processor: ...
