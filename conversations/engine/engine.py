"""The dialogue engine: moves one chat through one dialogue (docs/architecture.md, "Dialogues").

It owns back, cancel, skip, save for later, continue, deleting a draft, editing from the summary, the wrong kind of
input, resuming in another chat or after a restart, and two chats on one draft. It keeps nothing between two updates:
answers are in the draft's row, the place in the chat's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.application.resources import Resources
from bot.core.context import Turn
from bot.core.refusals import NotAllowed, Refusal
from bot.core.screens import Press, Reply, Screen, button
from bot.services.drafts import store as draft_store
from bot.texts import t
from conversations.engine.declaration import HOME, Dialogue, InputKind, Preparation, Prepared
from conversations.engine.rendering import StepButton, rendered_step, step_button_of
from conversations.engine.steps import (
    SECOND_QUESTION,
    SUMMARY,
    Position,
    Question,
    aside_of,
    end_of,
    finish_answers,
    is_answered,
    is_secret,
    step_of_album,
)
from conversations.engine.transitions import DialogueTransitions

if TYPE_CHECKING:
    from sqlmodel import Session

#: Commands in the middle of a dialogue, and what they show.
COMMANDS: Mapping[str, Press] = {
    "start": HOME,
    "menu": HOME,
    "help": Press("help"),
    "privacy": Press("privacy"),
    "requirements": Press("requirements"),
    "status": Press("qual.track"),
    "queue": Press("desk.queue"),
    "mine": Press("desk.mine"),
}


class Engine(DialogueTransitions):
    """Moves one chat through one dialogue; this is its public face, with `leave` and `adopt` of `DialogueTransitions`.

    Raises ValueError at start for a doubled name or a missing text."""

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
        may_continue = draft is not None and dialogue.keeps_draft and not dialogue.is_expired(draft, turn.now)
        if draft is None:
            draft = draft_store.begin_draft(turn, name, dialogue.version, subject_id, dict(answers or {}))
        elif not may_continue:
            draft.subject_id = subject_id
            draft_store.write_draft(turn, draft, dialogue.version, dict(answers or {}))
        turn.draft = draft
        turn.chat.dialogue = name
        turn.chat.draft_id = draft.id
        if dialogue.guard is not None:
            dialogue.guard(turn)
        self._stand(turn, at or "", editing=at is not None and dialogue.summary is not None)
        position = self._position(turn)
        assert position is not None
        resumed: dict[str, Any] = {"resumed": True} if may_continue and draft.answers else {}
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

    def open_drafts(self, turn: Turn) -> list[tuple[str, int]]:
        """(dialogue, subject_id) of this person's kept drafts, newest first."""
        drafts = []
        for draft in draft_store.all_of(turn):
            dialogue = self.dialogues.get(draft.dialogue)
            if dialogue is not None and dialogue.keeps_draft and not dialogue.is_expired(draft, turn.now):
                drafts.append((draft.dialogue, draft.subject_id))
        return drafts

    def is_open(self, turn: Turn) -> bool:
        """Whether a dialogue is open in this chat."""
        return self._position(turn) is not None

    def drop(self, turn: Turn, name: str, subject_id: int = 0) -> None:
        """Delete this person's draft of a dialogue, wherever it is open (its subject was settled elsewhere)."""
        draft = draft_store.find_draft(turn, name, subject_id)
        if draft is None:
            return
        if turn.chat.draft_id == draft.id:
            self._close(turn)
        draft_store.drop_draft(turn.db, draft, now=turn.now)

    def delete_expired_drafts(self, db: Session, now: datetime, *, limit: int = 10) -> int:
        """Delete drafts past their dialogue's days, at most `limit`; return how many. Those of dialogues with a
        `discard` of their own stay: their subject must be settled too."""
        before = {
            dialogue.name: now - timedelta(days=dialogue.days_kept)
            for dialogue in self.dialogues.values()
            if dialogue.discard is None
        }
        return draft_store.drop_expired(db, before, limit=limit)


def preparation_of(turn: Turn, position: Position) -> Preparation | None:
    """None: nothing. Only reads."""
    incoming, step = turn.incoming, position.open_step
    if incoming.command is not None:
        return None
    if incoming.file is not None:
        step = step_of_album(turn, position) or step
    if step is not None and step.question.wants is InputKind.FILE and incoming.file is not None:
        return Preparation(file=True)
    work, secret = work_for(turn, position), hides(turn, position)
    return Preparation(work=work, secret=secret) if work is not None or secret else None


def work_for(turn: Turn, position: Position) -> Callable[[Resources], Awaitable[Any]] | None:
    """The question's and the ending's work before the unit, where this update may need them."""
    step, dialogue, incoming = position.open_step, position.dialogue, turn.incoming
    prepares = step is not None and type(step.question).prepare is not Question.prepare
    if not prepares and dialogue.prepare_finish is None:
        return None
    key = step_button_of(turn, position)
    if incoming.pressed and key is None:
        return None
    if key is not None and key.action == "meant":
        incoming = replace(incoming, text=aside_of(turn, position).get("text"))
    asks_question = prepares and (key is None or key.action in ("choose", "meant"))
    ends = dialogue.prepare_finish is not None and _may_finish(position, key)
    if not asks_question and not ends:
        return None
    answers = finish_answers(position.route, position.answers)

    async def work(resources: Resources) -> Prepared:
        question = (
            await step.question.prepare(resources, incoming, answers) if step and asks_question else None
        )
        finish = None
        if ends and dialogue.prepare_finish is not None:
            finish = await dialogue.prepare_finish(resources, incoming, answers)
        return Prepared(question, finish)

    return work


def _may_finish(position: Position, key: StepButton | None) -> bool:
    """Whether this update may be the last of the dialogue. In doubt, yes: the work is then done for nothing."""
    open_step, dialogue = position.open_step, position.dialogue
    if open_step is None:
        last = "yes" if dialogue.second_question else "confirm"
        return key is not None and key.action == last and position.step in (SUMMARY, SECOND_QUESTION)
    if end_of(dialogue) is not None or (
        key is not None and key.action not in ("choose", "skip", "next", "meant")
    ):
        return False
    missing = [
        step
        for step in position.route
        if not is_answered(step, position.answers) and step.key != open_step.key
    ]
    return callable(dialogue.steps) or all(step.when is not None for step in missing)


def hides(turn: Turn, position: Position) -> bool:
    """Whether the message holds something that must not stay in chat and inbox."""
    incoming, step = turn.incoming, position.open_step
    if step is None or incoming.text is None or incoming.command is not None:
        return False
    return is_secret(step, incoming.text)
