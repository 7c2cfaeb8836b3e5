"""Where a chat stands in a dialogue, and the drafts behind it: found, left, dropped, adopted, swept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, false, or_
from sqlmodel import Session, col, select

from bot.core.context import Turn
from bot.core.screens import Button, Press, Reply
from conversations.engine import draft_store
from conversations.engine.declaration import Dialogue
from conversations.engine.progress import Position, compatible_answers, current_step_key, steps_of
from conversations.engine.rendering import rendered_step
from conversations.engine.validation import check_dialogue
from storage.tables import Draft

#: Of the route, in a turn's memo.
MEMO = "dialogue.route"


class DialogueSessions:
    """Knows every dialogue by name. Raises ValueError at start for a doubled name or a missing text."""

    def __init__(self, dialogues: Iterable[Dialogue], commands: Mapping[str, Press]) -> None:
        self.dialogues: dict[str, Dialogue] = {}
        #: command without slash → the show it opens in the middle of a dialogue
        self.commands = commands
        for dialogue in dialogues:
            if dialogue.name in self.dialogues:
                raise ValueError(f"dialogue {dialogue.name!r} exists twice")
            check_dialogue(dialogue)
            self.dialogues[dialogue.name] = dialogue

    def open_drafts(self, turn: Turn) -> list[tuple[str, int]]:
        """(dialogue, subject_id) of this person's kept drafts, newest first."""
        drafts = []
        for draft in draft_store.all_of(turn):
            dialogue = self.dialogues.get(draft.dialogue)
            if (
                dialogue is not None
                and dialogue.keeps_draft
                and not draft_store.expired(draft, dialogue, turn.now)
            ):
                drafts.append((draft.dialogue, draft.subject_id))
        return drafts

    def is_open(self, turn: Turn) -> bool:
        """Whether a dialogue is open in this chat."""
        return self._position(turn) is not None

    def leave(self, turn: Turn) -> None:
        """Close the dialogue in this chat; a kept draft stays, another is dropped."""
        draft, dialogue = turn.draft, self.dialogues.get(turn.chat.dialogue or "")
        self._close(turn)
        if (
            draft is not None
            and dialogue is not None
            and not dialogue.keeps_draft
            and draft_store.owned(turn, draft)
        ):
            draft_store.drop_draft(turn.db, draft, now=turn.now)

    def drop(self, turn: Turn, name: str, subject_id: int = 0) -> None:
        """Delete this person's draft of a dialogue, wherever it is open (its subject was settled elsewhere)."""
        draft = draft_store.find_draft(turn, name, subject_id)
        if draft is None:
            return
        if turn.chat.draft_id == draft.id:
            self._close(turn)
        draft_store.drop_draft(turn.db, draft, now=turn.now)

    def adopt(self, turn: Turn) -> None:
        """A person logged in or registered in this chat: the guest's drafts go, or move to the account where their
        dialogue says so. Done by itself after a dialogue's `finish`."""
        assert turn.chat.account_id is not None
        for draft in draft_store.guests_of(turn):
            dialogue = self.dialogues.get(draft.dialogue)
            taken = select(Draft.id).where(
                Draft.account_id == turn.chat.account_id,
                Draft.dialogue == draft.dialogue,
                Draft.subject_id == draft.subject_id,
            )
            moves = dialogue is not None and dialogue.keeps_draft and dialogue.on_login == "move"
            if moves and turn.db.exec(taken).first() is None:
                draft.account_id, draft.guest_chat_id = turn.chat.account_id, None
            else:
                if turn.chat.draft_id == draft.id:
                    self._close(turn)
                draft_store.drop_draft(turn.db, draft, now=turn.now)

    def delete_expired_drafts(self, db: Session, now: datetime, *, limit: int = 500) -> int:
        """Delete drafts past their dialogue's days, at most `limit`; return how many. Those of dialogues with a
        `discard` of their own stay: their subject must be settled too."""
        old = [
            and_(
                col(Draft.dialogue) == dialogue.name,
                col(Draft.updated_at) < now - timedelta(days=dialogue.days_kept),
            )
            for dialogue in self.dialogues.values()
            if dialogue.discard is None
        ]
        drafts = db.exec(select(Draft).where(or_(false(), *old)).limit(limit)).all()
        for draft in drafts:
            draft_store.drop_draft(db, draft)
        return len(drafts)

    def _position(self, turn: Turn) -> Position | None:
        dialogue, draft = self.dialogues.get(turn.chat.dialogue or ""), turn.draft
        if (
            dialogue is None
            or draft is None
            or draft.id != turn.chat.draft_id
            or not draft_store.owned(turn, draft)
        ):
            return None
        known = turn.memo.get(MEMO)
        if known is None or known[0] != (draft.id, draft.version):
            answers = compatible_answers(dialogue, turn, draft)
            known = ((draft.id, draft.version), answers, steps_of(dialogue, turn, answers))
            turn.memo[MEMO] = known
        _, answers, route = known
        question_state = turn.chat.dialogue_state
        step = current_step_key(dialogue, route, answers, question_state.get("step"))
        return Position(dialogue, draft, answers, route, step, bool(question_state.get("editing")))

    def _stand(self, turn: Turn, step: str, *, editing: bool = False, **own: Any) -> None:
        turn.chat.dialogue_state = {"step": step, "editing": editing, **own}

    def _close(self, turn: Turn) -> None:
        turn.chat.dialogue = None
        turn.chat.draft_id = None
        turn.chat.dialogue_state = {}
        turn.draft = None
        # The next draft may get the id of one that was dropped, and the next person may be another one.
        turn.memo.clear()

    def _show(self, turn: Turn, *above: str | None, next_buttons: tuple[Button, ...] = ()) -> Reply:
        position = self._position(turn)
        assert position is not None
        screen = rendered_step(turn, position).screen(position, *above)
        return Reply(screens=(screen.below(*((next_button,) for next_button in next_buttons)),))
