"""The dialogue engine: moves one chat through one dialogue (docs/architecture.md, "Dialogues").

It owns back, cancel, skip, save for later, continue, deleting a draft, editing from the summary, the wrong kind of
input, resuming in another chat or after a restart, and two chats on one draft. It keeps nothing between two updates:
answers are in the draft's row, the place in the chat's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from bot.core.context import Turn
from bot.core.refusals import NotAllowed, Refusal
from bot.core.screens import Press, Reply, Screen, button
from bot.messengers.processing.protocols import Preparation
from bot.texts import t
from conversations.engine import draft_store
from conversations.engine.declaration import HOME, Dialogue
from conversations.engine.preparation import hides, preparation_of
from conversations.engine.rendering import rendered_step
from conversations.engine.transitions import DialogueTransitions

#: Commands in the middle of a dialogue, and what they show.
COMMANDS: Mapping[str, Press] = {
    "start": HOME,
    "menu": HOME,
    "help": Press("help"),
    "privacy": Press("privacy"),
}


class Engine(DialogueTransitions):
    """Moves one chat through one dialogue; this is its public face, with what `DialogueSessions` offers about drafts: `leave`,
    `drop`, `adopt`, `open_drafts`, `is_open`, `delete_expired_drafts`. Raises ValueError at start for a doubled name or a missing text."""

    def __init__(self, dialogues: Iterable[Dialogue], commands: Mapping[str, Press] = COMMANDS) -> None:
        super().__init__(dialogues, commands)

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
        (`answers` only fill a new draft); show its first open step without an answer, or step `at`, or the summary.

        Another dialogue that is open here is left: a kept draft stays, another is dropped. Raises the Refusal of the
        dialogue's `guard`: the caller need not check the same before."""
        dialogue = self.dialogues[name]
        draft = draft_store.find_draft(turn, name, subject_id)
        if turn.chat.draft_id is not None and (draft is None or turn.chat.draft_id != draft.id):
            self.leave(turn)
        may_continue = (
            draft is not None and dialogue.keeps_draft and not draft_store.expired(draft, dialogue, turn.now)
        )
        if draft is None:
            draft = draft_store.begin_draft(turn, dialogue, subject_id, dict(answers or {}))
        elif not may_continue:
            draft.subject_id = subject_id
            draft_store.write_draft(turn, draft, dialogue, dict(answers or {}))
        turn.draft = draft
        turn.chat.dialogue = name
        turn.chat.draft_id = draft.id
        if dialogue.guard is not None:
            dialogue.guard(turn)
        self._stand(turn, at or "", editing=at is not None and dialogue.summary is not None)
        position = self._position(turn)
        assert position is not None
        resumed = {"resumed": True} if may_continue and draft.answers else {}
        self._stand(turn, position.step, editing=position.editing and position.step == at, **resumed)
        return self._show(turn)

    def preparation(self, turn: Turn) -> Preparation | None:
        """What `take(turn)` needs to be done first, outside any transaction; None: nothing. Only reads."""
        position = self._position(turn)
        return None if position is None else preparation_of(turn, position)

    def handle_input(self, turn: Turn) -> Reply:
        """Take turn.incoming as input to the open dialogue. Raises Refusals: the place and the answers stay."""
        position = self._position(turn)
        if position is None:
            self._close(turn)
            return Reply(goto=HOME)
        try:
            reply = self._handle_input(turn, position)
        except Refusal:
            turn.db.expire(position.draft)  # whatever was written to it is rolled back
            raise
        return replace(reply, wipe_incoming=True) if hides(turn, position) else reply

    def current(self, turn: Turn) -> Screen:
        """The screen of the dialogue that the chat shows now, changing nothing."""
        position = self._position(turn)
        if position is None:
            return Screen(t("nav.cancelled"), ((button(t("nav.home"), HOME.action),),))
        return rendered_step(turn, position).screen(position)

    def refusal(self, turn: Turn) -> Refusal | None:
        """Why the open dialogue is not for this person (any more); None where it is. Only reads."""
        dialogue = self.dialogues.get(turn.chat.dialogue or "")
        if dialogue is None or turn.draft is None:
            return None
        if turn.role not in dialogue.roles:
            return NotAllowed()
        try:
            if dialogue.guard is not None:
                dialogue.guard(turn)
        except Refusal as refusal:
            return refusal
        return None

    def press_belongs(self, press: Press) -> bool:
        """Whether a button is the engine's own (its actions begin with "d.")."""
        return press.action.startswith("d.")
