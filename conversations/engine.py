"""The engine's public face. (Contract; the room is being furnished.)"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.screens import Press, Reply, Screen
from bot.turn import Turn
from conversations.dialogue import Dialogue


class Engine:
    """Knows every dialogue by name; moves one chat through one of them. Raises ValueError at start for a doubled
    name or a missing text."""

    def __init__(self, dialogues: Iterable[Dialogue]) -> None: ...

    def start(
        self,
        turn: Turn,
        name: str,
        *,
        subject_id: int = 0,
        answers: dict[str, Any] | None = None,
        at: str | None = None,
    ) -> Reply:
        """Open dialogue `name` in this chat, continuing a stored draft of the same subject where there is one
        (`answers` only fill a new draft); show its first open step without an answer, or step `at`, or the summary."""
        raise NotImplementedError

    def open_drafts(self, turn: Turn) -> list[tuple[str, int]]:
        """(dialogue, subject_id) of this person's kept drafts, newest first."""
        raise NotImplementedError

    def current(self, turn: Turn) -> Screen:
        """The screen of the dialogue that the chat shows now, changing nothing."""
        raise NotImplementedError

    def take(self, turn: Turn) -> Reply:
        """Take turn.incoming as input to the open dialogue."""
        raise NotImplementedError

    def leave(self, turn: Turn) -> None:
        """Close the dialogue in this chat; a kept draft stays, another is dropped."""
        raise NotImplementedError

    def press_belongs(self, press: Press) -> bool:
        """Whether a button is the engine's own (its actions begin with "d.")."""
        return press.action.startswith("d.")
