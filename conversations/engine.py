"""The engine of dialogues: moves one chat through one of them (DESIGN 4).

It owns back, cancel, skip, save for later, continue, deleting a draft, editing from the summary, the wrong kind of
input, resuming in another chat or after a restart, and two chats on one draft. It keeps nothing between two updates:
answers are in the draft's row, the place in the chat's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, false, or_
from sqlmodel import Session, col, select

from bot.desk import Desk
from bot.errors import FileRejected, InvalidInput, Refusal, Stale
from bot.incoming import FileTaken
from bot.messengers.serve import Preparation
from bot.screens import Button, Press, Reply, Screen, button
from bot.texts import has, t
from bot.turn import Turn
from conversations import drafts
from conversations.dialogue import (
    HOME,
    Again,
    Ask,
    Dialogue,
    Given,
    Question,
    Stay,
    Wants,
    has_label,
    label_of,
)
from conversations.faces import Key, face_of, shown
from conversations.route import (
    DISCARD,
    REALLY,
    SUMMARY,
    Position,
    end_of,
    first_open,
    handed_over,
    is_answered,
    steps_of,
    usable,
    where,
)
from storage.tables import Draft

#: Commands in the middle of a dialogue, and what they show. All but READING leave it.
COMMANDS: Mapping[str, Press] = {
    "start": HOME,
    "menu": HOME,
    "help": Press("help"),
    "privacy": Press("privacy"),
}
READING = frozenset({"help", "privacy"})
#: Of the route, in a turn's memo.
MEMO = "dialogue.route"


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What was worked out before the unit, for the question and for `finish`."""

    question: Any
    finish: Any


class Engine:
    """Knows every dialogue by name; moves one chat through one of them. Raises ValueError at start for a doubled
    name or a missing text."""

    def __init__(self, dialogues: Iterable[Dialogue], commands: Mapping[str, Press] = COMMANDS) -> None:
        self.dialogues: dict[str, Dialogue] = {}
        #: command without slash → the show it opens in the middle of a dialogue
        self.commands = commands
        for dialogue in dialogues:
            if dialogue.name in self.dialogues:
                raise ValueError(f"dialogue {dialogue.name!r} exists twice")
            check(dialogue)
            self.dialogues[dialogue.name] = dialogue

    # ── opening and leaving ──────────────────────────────────────────────────────────────────────────────────────

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

        Another dialogue that is open here is left: a kept draft stays, another is dropped."""
        dialogue = self.dialogues[name]
        draft = drafts.find(turn, name, subject_id)
        if turn.chat.draft_id is not None and (draft is None or turn.chat.draft_id != draft.id):
            self.leave(turn)
        kept = draft is not None and dialogue.keeps_draft and not drafts.expired(draft, dialogue, turn.now)
        if draft is None:
            draft = drafts.begin(turn, dialogue, subject_id, dict(answers or {}))
        elif not kept:
            draft.subject_id = subject_id
            drafts.write(turn, draft, dialogue, dict(answers or {}))
        turn.draft = draft
        turn.chat.dialogue = name
        turn.chat.draft_id = draft.id
        self._stand(turn, at or "", editing=at is not None and dialogue.summary is not None)
        position = self._position(turn)
        assert position is not None
        resumed = {"resumed": True} if kept and draft.answers else {}
        self._stand(turn, position.step, editing=position.editing and position.step == at, **resumed)
        return self._show(turn)

    def open_drafts(self, turn: Turn) -> list[tuple[str, int]]:
        """(dialogue, subject_id) of this person's kept drafts, newest first."""
        found = []
        for draft in drafts.all_of(turn):
            dialogue = self.dialogues.get(draft.dialogue)
            if (
                dialogue is not None
                and dialogue.keeps_draft
                and not drafts.expired(draft, dialogue, turn.now)
            ):
                found.append((draft.dialogue, draft.subject_id))
        return found

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
            and drafts.owned(turn, draft)
        ):
            drafts.drop(turn.db, draft)

    def drop(self, turn: Turn, name: str, subject_id: int = 0) -> None:
        """Delete this person's draft of a dialogue, wherever it is open (its subject was settled elsewhere)."""
        draft = drafts.find(turn, name, subject_id)
        if draft is None:
            return
        if turn.chat.draft_id == draft.id:
            self._close(turn)
        drafts.drop(turn.db, draft)

    def adopt(self, turn: Turn) -> None:
        """Somebody logged in or registered in this chat: the guest's drafts go, or move to the account where their
        dialogue says so. Done by itself after a dialogue's `finish`."""
        assert turn.chat.account_id is not None
        for draft in drafts.guests_of(turn):
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
                drafts.drop(turn.db, draft)

    def sweep(self, db: Session, now: datetime, *, limit: int = 500) -> int:
        """Delete drafts past their dialogue's days, at most `limit`; return how many. Those of dialogues with a
        `discard` of their own stay: their subject must be settled too."""
        old = [
            and_(col(Draft.dialogue) == one.name, col(Draft.updated_at) < now - timedelta(days=one.days_kept))
            for one in self.dialogues.values()
            if one.discard is None
        ]
        found = db.exec(select(Draft).where(or_(false(), *old)).limit(limit)).all()
        for draft in found:
            drafts.drop(db, draft)
        return len(found)

    # ── one update ───────────────────────────────────────────────────────────────────────────────────────────────

    def preparation(self, turn: Turn) -> Preparation | None:
        """What `take(turn)` needs to be done first, outside any transaction; None: nothing. Only reads."""
        position = self._position(turn)
        if position is None:
            return None
        incoming, ask = turn.incoming, position.ask
        secret = _hides(turn, position)
        if incoming.command is not None:
            return None
        if ask is not None and ask.question.wants is Wants.FILE and incoming.file is not None:
            return Preparation(file=True)
        work = self._work(turn, position)
        return Preparation(work=work, secret=secret) if work is not None or secret else None

    def take(self, turn: Turn) -> Reply:
        """Take turn.incoming as input to the open dialogue. Raises Refusals: the place and the answers stay."""
        position = self._position(turn)
        if position is None:
            self._close(turn)
            return Reply(goto=HOME)
        try:
            reply = self._take(turn, position)
        except Refusal:
            turn.db.expire(position.draft)  # whatever was written to it is rolled back
            raise
        return replace(reply, wipe_incoming=True) if _hides(turn, position) else reply

    def current(self, turn: Turn) -> Screen:
        """The screen of the dialogue that the chat shows now, changing nothing."""
        position = self._position(turn)
        if position is None:
            return Screen(t("nav.cancelled"), ((button(t("nav.home"), HOME.action),),))
        return face_of(turn, position).screen(position)

    def press_belongs(self, press: Press) -> bool:
        """Whether a button is the engine's own (its actions begin with "d.")."""
        return press.action.startswith("d.")

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _position(self, turn: Turn) -> Position | None:
        dialogue, draft = self.dialogues.get(turn.chat.dialogue or ""), turn.draft
        if (
            dialogue is None
            or draft is None
            or draft.id != turn.chat.draft_id
            or not drafts.owned(turn, draft)
        ):
            return None
        known = turn.memo.get(MEMO)
        if known is None or known[0] != (draft.id, draft.version):
            answers = usable(dialogue, turn, draft)
            known = ((draft.id, draft.version), answers, steps_of(dialogue, turn, answers))
            turn.memo[MEMO] = known
        _, answers, route = known
        place = turn.chat.place
        step = where(dialogue, route, answers, place.get("step"))
        return Position(dialogue, draft, answers, route, step, bool(place.get("editing")))

    def _stand(self, turn: Turn, step: str, *, editing: bool = False, **own: Any) -> None:
        turn.chat.place = {"step": step, "editing": editing, **own}

    def _close(self, turn: Turn) -> None:
        turn.chat.dialogue = None
        turn.chat.draft_id = None
        turn.chat.place = {}
        turn.draft = None

    def _show(self, turn: Turn, *above: str | None, doors: tuple[Button, ...] = ()) -> Reply:
        position = self._position(turn)
        assert position is not None
        screen = face_of(turn, position).screen(position, *above)
        return Reply(screens=(screen.below(*((door,) for door in doors)),))

    def _take(self, turn: Turn, position: Position) -> Reply:
        incoming, ask = turn.incoming, position.ask
        prepared = turn.prepared
        if incoming.command is not None:
            return self._commanded(turn, position, incoming.command)
        key = self._key(turn, position)
        if key is not None:
            return self._pressed(turn, position, key)
        if incoming.pressed:
            raise Stale()
        if ask is None:
            raise InvalidInput("error.unknown")
        wants = ask.question.wants
        if incoming.file is not None and wants is Wants.FILE:
            if not isinstance(prepared, FileTaken):
                raise FileRejected("error.download_failed")
            return self._answer(turn, position, ask, Given(taken=prepared, album=incoming.album is not None))
        if incoming.contact is not None and wants is Wants.CONTACT:
            return self._answer(turn, position, ask, Given(contact=incoming.contact))
        if incoming.text is not None and wants is not Wants.FILE:
            return self._answer(turn, position, ask, Given(text=incoming.text))
        raise InvalidInput("error.want_file" if wants is Wants.FILE else "error.want_text")

    def _commanded(self, turn: Turn, position: Position, command: str) -> Reply:
        if command in ("cancel", "stop"):
            return self._out(turn, position)
        shows = self.commands.get(command)
        if shows is None:
            raise Refusal("error.unknown")
        if command in READING:
            return Reply(goto=shows)
        return replace(self._out(turn, position), goto=shows)

    def _key(self, turn: Turn, position: Position) -> Key | None:
        """The button that was pressed, or typed by its label or number; None where there is no such button now."""
        incoming, ask = turn.incoming, position.ask
        if incoming.press is not None:
            return face_of(turn, position).pressed(incoming.press, position)
        if incoming.text is None:
            return None
        return face_of(turn, position).typed(
            incoming.text, numbered=ask is not None and ask.question.numbered
        )

    def _pressed(self, turn: Turn, position: Position, key: Key) -> Reply:
        ask = position.ask
        if ask is not None:
            match key.word:
                case "choose":
                    return self._answer(turn, position, ask, Given(choice=key.arg))
                case "skip":
                    return self._store(turn, position, ask, ask.question.skipped)
                case "back":
                    return self._back(turn, position, ask)
                case "next":
                    return self._next(turn, position, ask)
        match key.word:
            case "edit":
                self._stand(turn, key.arg, editing=True)
            case "page":
                self._stand(turn, SUMMARY, page=int(key.arg))
            case "confirm":
                return self._end(turn, position)
            case "yes" if position.step == DISCARD:
                return self._discard(turn, position)
            case "yes":
                return self._finish(turn, position, handed_over(position.route, position.answers))
            case "no":
                before = turn.chat.place.get("from") or SUMMARY
                self._stand(turn, str(before), editing=bool(turn.chat.place.get("editing")))
            case "discard":
                self._stand(turn, DISCARD, editing=position.editing, **{"from": position.step})
            case "later" | "cancel":
                return self._out(turn, position)
        return self._show(turn)

    def _answer(self, turn: Turn, position: Position, ask: Ask, given: Given) -> Reply:
        """The question takes what was given. Raises InvalidInput."""
        unwrapped = turn.prepared
        if isinstance(unwrapped, _Prepared):
            turn.prepared = unwrapped.question
        answer = ask.question.accept(turn, ask, position.answers, given)
        turn.prepared = unwrapped
        if isinstance(answer, Stay):
            if answer.keep_value:
                drafts.write(
                    turn, position.draft, position.dialogue, position.answers | {ask.key: answer.value}
                )
            self._stand(turn, ask.key, editing=position.editing, **answer.place)
            if answer.quiet is not None:
                return Reply(quiet=answer.quiet)
            return self._show(turn, answer.notice, doors=answer.doors)
        if ask.question.secret:
            return self._finish(
                turn, position, handed_over(position.route, position.answers) | {ask.key: answer}
            )
        echo = None
        if given.text is None and not ask.hidden and not ask.question.own_next and has_label(ask):
            echo = t("form.echo", field=label_of(ask), value=shown(turn, ask, answer))
        return self._store(turn, position, ask, answer, echo=echo)

    def _store(
        self, turn: Turn, position: Position, ask: Ask, value: Any, *, echo: str | None = None
    ) -> Reply:
        answers = position.answers | {ask.key: value}
        if position.dialogue.after is not None:
            answers = position.dialogue.after(turn, ask.key, answers)
        drafts.write(turn, position.draft, position.dialogue, answers)
        route = steps_of(position.dialogue, turn, answers)
        turn.memo[MEMO] = ((position.draft.id, position.draft.version), answers, route)
        position = replace(position, answers=answers, route=route)
        missing = first_open(route, answers)
        if missing is None:
            return self._end(turn, position, echo)
        self._stand(turn, missing.key, editing=position.editing)
        return self._show(turn, echo)

    def _end(self, turn: Turn, position: Position, echo: str | None = None) -> Reply:
        """All is answered: the summary, the second question, or the end, whichever comes next."""
        end = end_of(position.dialogue)
        if position.step == SUMMARY and position.dialogue.really:
            end = REALLY
        if end is None or end == position.step:
            return self._finish(turn, position, handed_over(position.route, position.answers))
        self._stand(turn, end)
        return self._show(turn, echo)

    def _back(self, turn: Turn, position: Position, ask: Ask) -> Reply:
        if position.returns:
            self._stand(turn, SUMMARY)
        else:
            keys = [one.key for one in position.route]
            self._stand(turn, keys[max(keys.index(ask.key) - 1, 0)], editing=position.editing)
        return self._show(turn)

    def _next(self, turn: Turn, position: Position, ask: Ask) -> Reply:
        """On with the answer that is there."""
        keys = [one.key for one in position.route]
        after = keys.index(ask.key) + 1
        if after == len(keys):
            missing = first_open(position.route, position.answers)
            if missing is None:
                return self._end(turn, position)
            keys.append(missing.key)
        self._stand(turn, keys[after])
        return self._show(turn)

    def _finish(self, turn: Turn, position: Position, answers: dict[str, Any]) -> Reply:
        dialogue, draft = position.dialogue, position.draft
        if isinstance(turn.prepared, _Prepared):
            turn.prepared = turn.prepared.finish
        guest = turn.account is None
        # Whoever finishes the same draft in another chat at this instant waits here and then finds it gone.
        drafts.write(turn, draft, dialogue, position.answers)
        result = dialogue.finish(turn, answers)
        if isinstance(result, Again):
            kept = {key: value for key, value in position.answers.items() if key not in result.forget}
            if kept != position.answers:
                drafts.write(turn, draft, dialogue, kept)
            self._stand(turn, result.at or "")
            fresh = self._position(turn)
            assert fresh is not None
            self._stand(turn, fresh.step)
            return self._show(turn, result.notice)
        if turn.chat.draft_id == draft.id:
            self._close(turn)
        drafts.drop(turn.db, draft)
        if guest and turn.chat.account_id is not None:
            self.adopt(turn)
        return result

    def _out(self, turn: Turn, position: Position) -> Reply:
        sentence = t("form.later_done" if position.dialogue.keeps_draft else "nav.cancelled")
        way_out = self._exit(turn, position)
        self.leave(turn)
        return Reply(screens=(Screen(sentence),), goto=way_out)

    def _discard(self, turn: Turn, position: Position) -> Reply:
        way_out = self._exit(turn, position)
        if position.dialogue.discard is not None:
            position.dialogue.discard(turn)
        self._close(turn)
        drafts.drop(turn.db, position.draft)
        return Reply(screens=(Screen(t("form.discarded")),), goto=way_out)

    def _exit(self, turn: Turn, position: Position) -> Press:
        way_out = position.dialogue.exit
        return way_out if isinstance(way_out, Press) else way_out(turn)

    def _work(self, turn: Turn, position: Position) -> Callable[[Desk], Awaitable[Any]] | None:
        """The question's and the ending's work before the unit, where this update may need them."""
        ask, dialogue, incoming = position.ask, position.dialogue, turn.incoming
        prepares = ask is not None and type(ask.question).prepare is not Question.prepare
        if not prepares and dialogue.prepare_finish is None:
            return None
        key = self._key(turn, position)
        if incoming.pressed and key is None:
            return None
        asks = prepares and (key is None or key.word == "choose")
        ends = dialogue.prepare_finish is not None and _may_finish(position, key)
        if not asks and not ends:
            return None
        answers = handed_over(position.route, position.answers)

        async def work(desk: Desk) -> _Prepared:
            question = await ask.question.prepare(desk, incoming, answers) if ask and asks else None
            finish = None
            if ends and dialogue.prepare_finish is not None:
                finish = await dialogue.prepare_finish(desk, incoming, answers)
            return _Prepared(question, finish)

        return work


def _may_finish(position: Position, key: Key | None) -> bool:
    """Whether this update may be the last of the dialogue. In doubt, yes: the work is then done for nothing."""
    ask, dialogue = position.ask, position.dialogue
    if ask is None:
        last = "yes" if dialogue.really else "confirm"
        return key is not None and key.word == last and position.step in (SUMMARY, REALLY)
    if end_of(dialogue) is not None or (key is not None and key.word not in ("choose", "skip", "next")):
        return False
    missing = [one for one in position.route if not is_answered(one, position.answers) and one.key != ask.key]
    return callable(dialogue.steps) or all(one.when is not None for one in missing)


def _hides(turn: Turn, position: Position) -> bool:
    """Whether the message holds something that must not stay in chat and inbox."""
    incoming, ask = turn.incoming, position.ask
    return ask is not None and ask.hidden and incoming.text is not None and incoming.command is None


def check(dialogue: Dialogue) -> None:
    """Raise ValueError for mistakes of a declaration that show without a database."""
    for key in (dialogue.summary, dialogue.really, dialogue.confirm):
        if key is not None and not has(key):
            raise ValueError(f"dialogue {dialogue.name!r}: no text {key!r}")
    if callable(dialogue.steps):
        return
    keys = [ask.key for ask in dialogue.steps]
    if not keys or len(set(keys)) != len(keys):
        raise ValueError(f"dialogue {dialogue.name!r}: no steps, or one twice: {keys}")
    for ask in dialogue.steps:
        check_step(dialogue, ask, last=ask is dialogue.steps[-1])


def check_step(dialogue: Dialogue, ask: Ask, *, last: bool) -> None:
    """Raise ValueError for a step whose texts are missing or whose secret would have to be written down."""
    wanted = {
        f"ask.{ask.key}": ask.prompt or ask.question.name,
        f"field.{ask.key}": ask.label or ask.question.name,
    }
    missing = [
        key
        for key, given in wanted.items()
        if not given and not (has(key) or (ask.hidden and "field" in key))
    ]
    if missing:
        raise ValueError(f"dialogue {dialogue.name!r}: no texts {missing}")
    if ask.question.secret and (not last or dialogue.summary or dialogue.really or not ask.hidden):
        raise ValueError(
            f"dialogue {dialogue.name!r}: secret {ask.key!r} must be hidden, last, and finish at once"
        )
