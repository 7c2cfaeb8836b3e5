"""One update, from reading to its answer: the unit of work around handlers and dialogues (DESIGN 3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from bot.desk import Desk
from bot.screens import Press, Reply, Screen
from bot.turn import Turn


@dataclass(frozen=True, slots=True)
class Preparation:
    """What an update needs before its unit, outside any transaction."""

    #: Fetch, check and seal the offered file first; `turn.prepared` is then a FileTaken.
    file: bool = False
    #: Or this work (argon2, a gateway); its result is `turn.prepared`. It must not touch the turn's session.
    work: Callable[[Desk], Awaitable[Any]] | None = None
    #: The message holds a password: it is wiped and deleted whatever comes of it, also after a refusal or a crash.
    secret: bool = False


class Dialogues(Protocol):
    """The engine of conversations, as this side sees it."""

    def preparation(self, turn: Turn) -> Preparation | None:
        """What `take(turn)` needs to be done first; None: nothing. Only reads; called inside a unit, before `take`,
        with `turn.prepared` None. A Refusal raised by the work is raised again inside the unit."""
        ...

    def take(self, turn: Turn) -> Reply:
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
