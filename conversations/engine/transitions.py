"""Where a chat stands in a dialogue, and what an update does to it: answers, steps on and back, ends, ways out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from bot.core.context import Turn
from bot.core.incoming import FileTaken
from bot.core.refusals import FileRejected, InvalidInput, Refusal, Stale
from bot.core.screens import Button, Press, Reply, Screen
from bot.rules.recognised_words import Intent, intent_of
from bot.services.drafts import store as draft_store
from bot.services.guide import faq
from bot.texts import has, t
from bot.texts.answers import in_sentence
from conversations.engine.declaration import (
    Answered,
    Answers,
    Dialogue,
    Finish,
    FinishRejected,
    Incomplete,
    InputKind,
    Prepared,
    Step,
    UserInput,
)
from conversations.engine.rendering import (
    StepButton,
    button_for,
    rendered_question,
    rendered_step,
    shown,
    step_button_of,
)
from conversations.engine.steps import (
    CHANGED,
    DISCARD,
    PUT_OFF,
    SECOND_QUESTION,
    SUMMARY,
    Position,
    aside_of,
    before_end,
    compatible_answers,
    current_step_key,
    end_of,
    finish_answers,
    first_open,
    has_label,
    is_secret,
    keeps,
    label_of,
    next_open,
    put_off,
    step_of_album,
    steps_of,
)
from conversations.engine.validation import check_dialogue

#: Commands that only show something: the dialogue goes on below it.
READING = frozenset({"help", "privacy", "requirements"})
#: What belongs to a text in sentences.
_IN_SENTENCES = frozenset({Intent.GREETING, Intent.ACKNOWLEDGEMENT, Intent.REFUSAL, Intent.QUESTION})
#: Of the route and of the position in it, in a turn's memo.
MEMO, POSITION = "dialogue.route", "dialogue.position"


class DialogueTransitions:
    """The moves of one chat through one dialogue. Knows every dialogue by name."""

    def __init__(self, dialogues: Iterable[Dialogue], commands: Mapping[str, Press]) -> None:
        self.dialogues: dict[str, Dialogue] = {}
        #: command without slash → the show it opens in the middle of a dialogue
        self.commands = commands
        for dialogue in dialogues:
            if dialogue.name in self.dialogues:
                raise ValueError(f"dialogue {dialogue.name!r} exists twice")
            check_dialogue(dialogue)
            self.dialogues[dialogue.name] = dialogue

    # -- where a chat stands -------------------------------------------------------------------------

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
        stands, answers, route = known
        question_state = turn.chat.dialogue_state
        at, editing = question_state.get("step"), bool(question_state.get("editing"))
        stands_at, position = turn.memo.get(POSITION, (None, None))
        # Asked for several times a turn.
        if position is None or stands_at != (stands, at, editing) or position.draft is not draft:
            step = current_step_key(dialogue, route, answers, at)
            position = Position(dialogue, draft, answers, route, step, editing)
            turn.memo[POSITION] = (stands, at, editing), position
        return cast(Position, position)

    def _stand(
        self, turn: Turn, step: str, *, editing: bool = False, changed: Sequence[str] = (), **own: Any
    ) -> None:
        """`changed`: keys of the answers that an edit from the summary changed so far; kept while it goes on."""
        state = turn.chat.dialogue_state
        goes_on = editing and state.get("step") != SUMMARY
        keys = list(changed) or (state.get(CHANGED) if goes_on else None)
        if keys:
            own[CHANGED] = keys
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
        rendered, said = rendered_step(turn, position), [line for line in above if line]
        below = tuple((next_button,) for next_button in next_buttons)
        if said and turn.chat.keyboard and rendered.ask_contact is None:
            # The message that takes the contact keyboard away cannot carry buttons besides.
            return Reply(screens=(Screen("\n\n".join(said)), rendered.screen(position).below(*below)))
        return Reply(screens=(rendered.screen(position, *said).below(*below),))

    def leave(self, turn: Turn) -> None:
        """Close the dialogue in this chat; a kept draft with answers stays, another is dropped."""
        draft, dialogue = turn.draft, self.dialogues.get(turn.chat.dialogue or "")
        self._close(turn)
        if (
            draft is not None
            and dialogue is not None
            and not keeps(dialogue, draft.answers)
            and draft_store.owned(turn, draft)
        ):
            draft_store.drop_draft(turn.db, draft, now=turn.now)

    def adopt(self, turn: Turn) -> None:
        """A person logged in or registered in this chat: the guest's drafts go, or move to the account where their
        dialogue says so. Done by itself after a dialogue's `finish`."""
        assert turn.chat.account_id is not None
        for draft in draft_store.guests_of(turn):
            dialogue = self.dialogues.get(draft.dialogue)
            moves = dialogue is not None and dialogue.keeps_draft and dialogue.on_login == "move"
            if not (moves and draft_store.move_to_account(turn, draft)):
                if turn.chat.draft_id == draft.id:
                    self._close(turn)
                draft_store.drop_draft(turn.db, draft, now=turn.now)

    # -- moves ---------------------------------------------------------------------------------------

    def _handle_input(self, turn: Turn, position: Position) -> Reply:
        incoming, step = turn.incoming, position.open_step
        prepared = turn.prepared
        if incoming.command is not None:
            return self._commanded(turn, position, incoming.command)
        key = step_button_of(turn, position)
        if key is not None:
            return self._pressed(turn, position, key)
        if incoming.pressed:
            raise Stale()
        if incoming.file is not None and (album_step := step_of_album(turn, position)) is not None:
            step = album_step
        if (reply := self._spoken(turn, position)) is not None:
            return reply
        if step is None:
            raise InvalidInput("error.unknown")
        wants = step.question.wants
        if incoming.file is not None and wants is InputKind.FILE:
            if not isinstance(prepared, FileTaken):
                raise FileRejected("error.download_failed")
            return self._answer(turn, position, step, UserInput(taken=prepared, album=incoming.album))
        if incoming.contact is not None and wants is InputKind.CONTACT:
            return self._answer(turn, position, step, UserInput(contact=incoming.contact))
        if incoming.text is not None and wants is not InputKind.FILE:
            return self._answer(turn, position, step, UserInput(text=incoming.text))
        if wants is InputKind.FILE:
            raise InvalidInput("error.want_file")
        unread = f"error.unread_{incoming.unread}"
        raise InvalidInput(unread if has(unread) else "error.want_text")

    def _spoken(self, turn: Turn, position: Position) -> Reply | None:
        """What a text leads to that is no answer, or may be none: to the bot's help, back, on, out, or to a question
        what was meant. None: it is an answer like any other. Raises InvalidInput."""
        text, step = turn.incoming.text, position.open_step
        if text is None or (step is not None and is_secret(step, text)):
            return None
        intent = intent_of(text)
        if intent is None or (step is not None and step.question.in_sentences and intent in _IN_SENTENCES):
            return None
        rendered = rendered_step(turn, position) if step is None else rendered_question(turn, position, step)
        key = button_for(intent, list(rendered.buttons()), at_question=step is not None)
        if key is not None:
            return self._pressed(turn, position, key)
        if step is None:
            return Reply(goto=self.commands["help"]) if intent is Intent.HELP else None
        try:
            if step.question.wants is InputKind.FILE:
                raise InvalidInput("error.want_file")
            takes = self._accepted(turn, position, step, UserInput(text=text))
        except InvalidInput:
            return self._not_an_answer(turn, position, step, intent)
        if not step.question.free_text or isinstance(takes, Finish):
            return None
        return self._ask_what_is_meant(turn, position, "answer")

    def _not_an_answer(self, turn: Turn, position: Position, step: Step, intent: Intent) -> Reply | None:
        match intent:
            case Intent.GREETING if step.question.wants is not InputKind.FILE:
                return self._show(turn, t("spoken.greeting"))
            case Intent.HELP:
                return Reply(goto=self.commands["help"])
            case Intent.STOP | Intent.MENU:
                return self._ask_what_is_meant(turn, position, "stop")
            case Intent.QUESTION:
                answer = faq.press_for(turn.db, turn.incoming.text or "")
                if answer is not None:
                    return Reply(goto=answer)
                return self._ask_what_is_meant(turn, position, "question")
        return None

    def _ask_what_is_meant(self, turn: Turn, position: Position, ask: str) -> Reply:
        """Keep the text with the chat's place and ask about it; «بله» stores it as it was written."""
        text = turn.incoming.text if ask == "answer" else ""
        turn.chat.dialogue_state = {
            **turn.chat.dialogue_state,
            "step": position.step,
            "aside": {"text": text, "ask": ask},
        }
        return self._show(turn)

    @staticmethod
    def _accepted(turn: Turn, position: Position, step: Step, given: UserInput) -> Any:
        """What the question makes of what was given. Raises InvalidInput."""
        unwrapped = turn.prepared
        if isinstance(unwrapped, Prepared):
            turn.prepared = unwrapped.question
        try:
            return step.question.accept(turn, step, position.answers, given)
        finally:
            turn.prepared = unwrapped

    def _commanded(self, turn: Turn, position: Position, command: str) -> Reply:
        if command in ("cancel", "stop"):
            return self._out(turn, position)
        shows = self.commands.get(command)
        if shows is None:
            raise Refusal("error.unknown")
        if command in READING:
            return Reply(goto=shows)
        return replace(self._out(turn, position), goto=shows)

    def _pressed(self, turn: Turn, position: Position, key: StepButton) -> Reply:
        if position.open_step is not None:
            reply = self._pressed_at_step(turn, position, position.open_step, key)
            if reply is not None:
                return reply
        match key.action:
            case "edit" | "more":
                self._stand(turn, key.arg, editing=True, more=key.action == "more")
            case "page":
                self._stand(turn, SUMMARY, page=int(key.arg))
            case "confirm":
                return self._end(turn, position)
            case "yes" if position.step == DISCARD:
                return self._discard(turn, position)
            case "yes":
                return self._finish(turn, position, finish_answers(position.route, position.answers))
            case "no":
                return self._declined(turn, position)
            case "discard":
                self._stand(turn, DISCARD, editing=position.editing, **{"from": position.step})
            case "later" | "cancel":
                return self._out(turn, position)
        return self._show(turn)

    def _pressed_at_step(self, turn: Turn, position: Position, step: Step, key: StepButton) -> Reply | None:
        """A button that answers or leaves the present step; None where it is another kind of button."""
        match key.action:
            case "choose":
                return self._answer(turn, position, step, UserInput(choice=key.arg))
            case "skip":
                return self._store(turn, position, step, step.question.skipped)
            case "defer":
                return self._put_off(turn, position, step)
            case "back":
                return self._back(turn, position, step)
            case "next":
                return self._next(turn, position, step)
            case "meant":
                return self._answer(
                    turn, position, step, UserInput(text=aside_of(turn, position).get("text"))
                )
            case "help":
                kept = {name: value for name, value in turn.chat.dialogue_state.items() if name != "aside"}
                turn.chat.dialogue_state = kept
                return Reply(goto=self.commands["help"])
            case "stop":
                return self._out(turn, position)
            case "more":
                self._stand(turn, key.arg, editing=position.editing, more=True)
                return self._show(turn)
        return None

    def _declined(self, turn: Turn, position: Position) -> Reply:
        """«خیر»: back to where the second question came from; out where no step is left to go back to."""
        before = turn.chat.dialogue_state.get("from") or before_end(position.dialogue, position.route)
        if before is None:
            return self._out(turn, position)
        self._stand(turn, str(before), editing=bool(turn.chat.dialogue_state.get("editing")))
        return self._show(turn)

    def _answer(self, turn: Turn, position: Position, step: Step, given: UserInput) -> Reply:
        """The question takes what was given. Raises InvalidInput."""
        answer = self._accepted(turn, position, step, given)
        if isinstance(answer, Incomplete):
            if answer.keep_value:
                draft_store.write_draft(
                    turn,
                    position.draft,
                    position.dialogue.version,
                    position.answers | dict(answer.others) | {step.key: answer.value},
                )
            self._stand(
                turn, step.key, editing=position.editing, **_album(turn, step), **answer.question_state
            )
            if answer.quiet is not None:
                return Reply(quiet=answer.quiet)
            return self._show(turn, answer.notice, next_buttons=answer.next_buttons)
        if isinstance(answer, Answered):
            return self._store(
                turn,
                position,
                step,
                answer.value,
                others=answer.others,
                echo=answer.notice,
                quiet=answer.quiet,
            )
        if isinstance(answer, Finish):
            return self._finish(
                turn, position, finish_answers(position.route, position.answers) | dict(answer.answers)
            )
        if step.question.secret:
            return self._finish(
                turn, position, finish_answers(position.route, position.answers) | {step.key: answer}
            )
        echo = None
        repeated = given.text is None or turn.chat.keyboard or step.question.echoes_text
        if repeated and not step.hidden and not step.question.own_next and has_label(step):
            echo = t("form.echo", field=label_of(step), value=in_sentence(shown(turn, step, answer)))
            if consequence := step.question.consequence(answer):
                echo = f"{echo}\n{consequence}"
        return self._store(turn, position, step, answer, echo=echo)

    def _store(
        self,
        turn: Turn,
        position: Position,
        step: Step,
        value: Any,
        *,
        others: Answers | None = None,
        echo: str | None = None,
        quiet: float | None = None,
    ) -> Reply:
        """Keep the answer and go on. `quiet`: the next screen is shown after so many seconds."""
        answers = position.answers | dict(others or {}) | {step.key: value}
        if position.dialogue.after is not None:
            answers = position.dialogue.after(turn, step.key, answers)
        draft_store.write_draft(turn, position.draft, position.dialogue.version, answers)
        route = steps_of(position.dialogue, turn, answers)
        turn.memo[MEMO] = ((position.draft.id, position.draft.version), answers, route)
        position = replace(position, answers=answers, route=route)
        behind = _album(turn, step) | (
            {"after": step.key} if step.question.receipt(value) is not None else {}
        )
        missing = next_open(route, answers)
        before = turn.chat.dialogue_state.get(CHANGED) or []
        changed = [*before, step.key] if position.editing and position.dialogue.part_of else []
        end = end_of(position.dialogue)
        if missing is not None:
            self._stand(turn, missing.key, editing=position.editing, changed=changed, **behind)
        elif end is None:
            return self._end(turn, position, echo)
        else:
            self._stand(turn, end, changed=changed if end == SUMMARY else (), **behind)
            # What changed is on the screen; the echo is for the message that takes the contact keyboard away.
            echo = echo if not changed or turn.chat.keyboard else None
        return Reply(quiet=quiet) if quiet is not None else self._show(turn, echo)

    def _put_off(self, turn: Turn, position: Position, step: Step) -> Reply:
        """«بعداً می‌فرستم»: the other questions first."""
        times = put_off(position.answers)
        times[step.key] = times.get(step.key, 0) + 1
        return self._ask_next(turn, position, times)

    def _ask_missing(self, turn: Turn, position: Position) -> Reply:
        """From the summary: what was put off for good is asked once more."""
        return self._ask_next(turn, position, dict.fromkeys(put_off(position.answers), 1))

    def _ask_next(self, turn: Turn, position: Position, times: dict[str, int]) -> Reply:
        answers = position.answers | {PUT_OFF: times}
        draft_store.write_draft(turn, position.draft, position.dialogue.version, answers)
        missing = next_open(position.route, answers)
        self._stand(turn, missing.key if missing is not None else SUMMARY)
        return self._show(turn)

    def _end(self, turn: Turn, position: Position, echo: str | None = None) -> Reply:
        """All is answered: the summary, the second question, or the end, whichever comes next."""
        end = end_of(position.dialogue)
        if position.step == SUMMARY and first_open(position.route, position.answers) is not None:
            return self._ask_missing(turn, position)
        if position.step == SUMMARY and position.dialogue.second_question:
            if position.dialogue.obstacle is not None:
                position.dialogue.obstacle(turn, finish_answers(position.route, position.answers))
            end = SECOND_QUESTION
        if end is None or end == position.step:
            reply = self._finish(turn, position, finish_answers(position.route, position.answers))
            if echo and turn.chat.keyboard and not (reply.screens and not reply.screens[0].rows):
                # With the message that takes the contact keyboard away.
                reply = replace(reply, screens=(Screen(echo), *reply.screens))
            return reply
        self._stand(turn, end)
        return self._show(turn, echo)

    def _back(self, turn: Turn, position: Position, present: Step) -> Reply:
        if position.returns:
            self._stand(turn, SUMMARY, at=present.key)
        else:
            keys = [step.key for step in position.route]
            self._stand(turn, keys[max(keys.index(present.key) - 1, 0)], editing=position.editing)
        return self._show(turn, t("form.before") if turn.chat.keyboard else None)

    def _next(self, turn: Turn, position: Position, present: Step) -> Reply:
        """On with the answer that is there."""
        keys = [step.key for step in position.route]
        after = keys.index(present.key) + 1
        if after == len(keys):
            missing = next_open(position.route, position.answers)
            if missing is None:
                return self._end(turn, position)
            keys.append(missing.key)
        self._stand(turn, keys[after])
        return self._show(turn)

    def _finish(self, turn: Turn, position: Position, answers: dict[str, Any]) -> Reply:
        dialogue, draft = position.dialogue, position.draft
        if isinstance(turn.prepared, Prepared):
            turn.prepared = turn.prepared.finish
        guest = turn.account is None
        # A second chat that finishes the same draft at this instant waits here and then finds it gone.
        draft_store.write_draft(turn, draft, dialogue.version, position.answers)
        result = dialogue.finish(turn, answers)
        if isinstance(result, FinishRejected):
            kept_answers = {key: value for key, value in position.answers.items() if key not in result.forget}
            if kept_answers != position.answers:
                draft_store.write_draft(turn, draft, dialogue.version, kept_answers)
            self._stand(turn, result.at or "")
            fresh = self._position(turn)
            assert fresh is not None
            self._stand(turn, fresh.step)
            return self._show(turn, result.notice)
        if turn.chat.draft_id == draft.id:
            self._close(turn)
        draft_store.drop_draft(turn.db, draft, now=turn.now)
        if guest and turn.chat.account_id is not None:
            self.adopt(turn)
        return result

    def _out(self, turn: Turn, position: Position) -> Reply:
        kept = keeps(position.dialogue, position.answers)
        sentence = t("form.later_done" if kept else "nav.cancelled")
        exit_press = self._exit(turn, position)
        self.leave(turn)
        return Reply(screens=(Screen(sentence),), goto=exit_press)

    def _discard(self, turn: Turn, position: Position) -> Reply:
        exit_press = self._exit(turn, position)
        if position.dialogue.discard is not None:
            position.dialogue.discard(turn)
        self._close(turn)
        draft_store.drop_draft(turn.db, position.draft, now=turn.now)
        return Reply(screens=(Screen(t("form.discarded")),), goto=exit_press)

    def _exit(self, turn: Turn, position: Position) -> Press:
        exit_press = position.dialogue.exit
        return exit_press if isinstance(exit_press, Press) else exit_press(turn)


def _album(turn: Turn, step: Step) -> dict[str, Any]:
    """What a chat keeps of the album that a file came in: the others of it belong to the same step."""
    album = turn.incoming.album if turn.incoming.file is not None else None
    return {"album": {"id": album, "step": step.key}} if album is not None else {}
