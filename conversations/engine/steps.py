"""Steps: what a kind of question is, what a step is called, which steps are open and answered, and where a chat stands."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bot.application.resources import Resources
from bot.core.context import Turn
from bot.core.incoming import Incoming
from bot.texts import has, t
from bot.texts.formats import digits
from conversations.engine.declaration import (
    Answered,
    Answers,
    Dialogue,
    Finish,
    Incomplete,
    InputKind,
    Prompt,
    Receipt,
    Step,
    UserInput,
)
from storage.tables import Draft

#: Places in a dialogue that are no question.
#: Steps that are no question of the dialogue. The words are stored in `chat.dialogue_state` and, as hashes,
#: in buttons: they stay.
SUMMARY, SECOND_QUESTION, DISCARD = "@summary", "@really", "@discard"
#: Keys of answers that nobody is asked for, handed to `finish` as they are.
CONTEXT = "_"
#: Among them: the steps that were answered before the dialogue began, and how often each step was put off («بعداً می‌فرستم»), by key.
GIVEN, PUT_OFF = "_given", "_put_off"
#: A step that was put off so often is not asked any more: the summary names it.
PUT_OFF_FOR_GOOD = 2


#: In `chat.dialogue_state` of an edit from the summary: keys of the answers that it changed.
CHANGED = "changed"


class Question(ABC):
    """A kind of question: owns parsing, validation, the error text, and how an answer is shown. Stateless."""

    wants: ClassVar[InputKind] = InputKind.TEXT
    #: Among «(۳ از ۹)». Not the last word on what was answered.
    counted: ClassVar[bool] = True
    #: A choice may be typed as its number on the screen. Not where a number is an answer of its own.
    numbered: ClassVar[bool] = False
    #: The answer is handed to `finish` in the same unit and never written; only a last step may be secret.
    secret: ClassVar[bool] = False
    #: Offers its own way on («ادامه») in place of «بعدی».
    own_next: ClassVar[bool] = False
    #: Any words may answer it: those that look like a greeting, a command or a question are asked about first.
    free_text: ClassVar[bool] = False
    #: It is answered in sentences, to which greetings and questions belong.
    in_sentences: bool = False
    #: Text key of the button that goes on with the stored answer.
    keep_label: ClassVar[str] = "form.keep"
    #: What leaving an optional question open stores, and the text key of its button.
    skipped: Any = None
    skip_label: ClassVar[str] = "nav.skip"
    #: A typed answer is repeated above the next question, like a tapped one: it may not be what was meant.
    echoes_text: ClassVar[bool] = False
    #: Its choices are one yes and one no: no other way back or out is offered.
    decides: bool = False
    #: Its own names, for summary and edit button, where no text follows from the step's key.
    name: str | None = None
    short_name: str | None = None

    @abstractmethod
    def make_prompt(self, turn: Turn, step: Step, answers: Answers) -> Prompt:
        """What to show. `turn.chat.dialogue_state` holds this question's own page or search, if any."""

    @abstractmethod
    def accept(
        self, turn: Turn, step: Step, answers: Answers, given: UserInput
    ) -> Any | Answered | Incomplete | Finish:
        """The JSON value of the answer. Raises InvalidInput with the sentence to show; the step stays open."""

    def format_answer(self, turn: Turn, step: Step, value: Any) -> str:
        """The answer as people read it, in the summary and on the expert's card."""
        return str(value)

    def receipt(self, value: Any) -> Receipt | None:
        """What the next screen says of this answer; None: nothing."""
        return None

    def consequence(self, value: Any) -> str | None:
        """What follows from this answer, told together with its echo."""
        return None

    def answered(self, value: Any) -> bool:
        """Whether a stored value is a whole answer (a list of files that became empty is none)."""
        return True

    def is_compatible(self, turn: Turn, step: Step, answers: Answers, value: Any) -> bool:
        """Whether a value stored for another version of the dialogue may be kept. May raise: then it may not."""
        self.format_answer(turn, step, value)
        return True

    def hides(self, text: str) -> bool:
        """Whether this text must not stay in chat and inbox, though the step is not hidden."""
        return False

    async def prepare(self, resources: Resources, incoming: Incoming, answers: Answers) -> Any:
        """Work outside the transaction (checking a password …); becomes `turn.prepared`."""
        return None


def prompt_of(step: Step) -> str:
    return step.prompt if step.prompt is not None else t(f"ask.{step.key}")


def label_of(step: Step) -> str:
    """What the answer is called in the summary."""
    return step.label or step.question.name or t(f"field.{step.key}")


def has_label(step: Step) -> bool:
    return bool(step.label or step.question.name) or has(f"field.{step.key}")


def short_label_of(step: Step) -> str:
    """The same for a button."""
    if step.question.short_name:
        return step.question.short_name
    short = f"field_short.{step.key}"
    return t(short) if step.label is None and has(short) else label_of(step)


def skip_label_of(step: Step) -> str:
    """What an optional question is left with: «ایمیل ندارم»; text "skip.<key>", else of the kind of question."""
    own = f"skip.{step.key}"
    return step.skip or t(own if has(own) else step.question.skip_label)


def question_state_of(turn: Turn, step: Step) -> Mapping[str, Any]:
    """What this question itself keeps in the chat's row (`Incomplete.question_state`): its page, its search."""
    question_state = turn.chat.dialogue_state
    return question_state if question_state.get("step") == step.key else {}


def is_secret(step: Step, text: str) -> bool:
    """Whether this text may be a password: it is taken as it is, or not at all."""
    return step.hidden or step.question.secret or step.question.hides(text)


def aside_of(turn: Turn, position: Position) -> Mapping[str, Any]:
    """What was written at the open step that looks like no answer, until it is known what was meant: `text`, and `ask`,
    the text key under "aside." of what is asked back."""
    state = turn.chat.dialogue_state
    here = position.open_step is not None and state.get("step") == position.step
    aside = state.get("aside") if here else None
    return aside if isinstance(aside, dict) else {}


@dataclass(frozen=True, slots=True)
class Position:
    """One chat's place in one dialogue, as it is in force now."""

    dialogue: Dialogue
    draft: Draft
    answers: dict[str, Any]
    route: tuple[Step, ...]
    #: Key of a step of the route, or SUMMARY, SECOND_QUESTION, DISCARD.
    step: str
    #: Came here from the summary and goes back to it.
    editing: bool
    #: The question of `step`; None where that is none.
    open_step: Step | None = field(init=False)

    def __post_init__(self) -> None:
        open_step = next((step for step in self.route if step.key == self.step), None)
        object.__setattr__(self, "open_step", open_step)

    @property
    def returns(self) -> bool:
        """Whether «بازگشت» leads to the summary: nothing is to be asked before it."""
        return self.editing and next_open(self.route, self.answers) is None


def step_of_album(turn: Turn, position: Position) -> Step | None:
    """The step to which the file that came belongs because the first of its album does; None: the open one."""
    begun = turn.chat.dialogue_state.get("album")
    if (
        not isinstance(begun, Mapping)
        or turn.incoming.album is None
        or begun.get("id") != turn.incoming.album
    ):
        return None
    return next((step for step in position.route if step.key == begun.get("step")), None)


def steps_of(dialogue: Dialogue, turn: Turn, answers: Answers) -> tuple[Step, ...]:
    """The open steps, given these answers."""
    steps = dialogue.steps(turn, answers) if callable(dialogue.steps) else dialogue.steps
    return tuple(step for step in steps if step.when is None or step.when(turn, answers))


def is_answered(step: Step, answers: Answers) -> bool:
    if step.key not in answers:
        return False
    return step.optional or step.question.answered(answers[step.key])


def first_open(route: Sequence[Step], answers: Answers) -> Step | None:
    """The first step without an answer."""
    return next((step for step in route if not is_answered(step, answers)), None)


def put_off(answers: Answers) -> dict[str, int]:
    """How often each step was put off."""
    return dict(answers.get(PUT_OFF) or {})


def next_open(route: Sequence[Step], answers: Answers) -> Step | None:
    """The step to ask now: the first without an answer, those that were put off after all others. None where there is
    none, or only such as were put off for good."""
    times = put_off(answers)
    missing = [step for step in route if not is_answered(step, answers)]
    waiting = [step for step in missing if times.get(step.key, 0) < PUT_OFF_FOR_GOOD]
    return min(waiting, key=lambda step: times.get(step.key, 0), default=None)


def current_step_key(dialogue: Dialogue, route: Sequence[Step], answers: Answers, step: str | None) -> str:
    """The place in force for a person who was at `step`: that step while it is open, else the first without
    an answer, else the end of the dialogue."""
    if any(route_step.key == step for route_step in route):
        return str(step)
    if step == DISCARD:
        return DISCARD
    missing = next_open(route, answers)
    if missing is not None:
        return missing.key
    missing = first_open(route, answers)
    if missing is not None:
        return SUMMARY if dialogue.summary else missing.key
    if step == SECOND_QUESTION and dialogue.second_question:
        return SECOND_QUESTION
    return end_of(dialogue) or route[-1].key


def end_of(dialogue: Dialogue) -> str | None:
    """Where an answered dialogue stands before it is finished; None: it finishes at once."""
    if dialogue.summary:
        return SUMMARY
    return SECOND_QUESTION if dialogue.second_question else None


def before_end(dialogue: Dialogue, route: Sequence[Step]) -> str | None:
    """Where a person stands before the second question: at the summary, else at the last open step; None:
    nowhere."""
    if dialogue.summary:
        return SUMMARY
    return route[-1].key if route else None


def compatible_answers(dialogue: Dialogue, turn: Turn, draft: Draft) -> dict[str, Any]:
    """The draft's answers; those given to another version of the dialogue only where they still hold."""
    answers = dict(draft.answers)
    if draft.dialogue_version == dialogue.version:
        return answers
    for step in steps_of(dialogue, turn, answers):
        if step.key in answers and not _holds(step, turn, answers):
            del answers[step.key]
    return answers


def _holds(step: Step, turn: Turn, answers: Answers) -> bool:
    value = answers[step.key]
    if value is None or value == step.question.skipped:
        return step.optional
    try:
        return step.question.is_compatible(turn, step, answers, value)
    except Exception:  # an answer of a forgotten form, whatever it was, is asked again
        return False


def keeps(dialogue: Dialogue, answers: Answers) -> bool:
    """Whether leaving the dialogue keeps its draft: not one of nothing, unless more than the draft hangs on it."""
    given = any(not key.startswith(CONTEXT) for key in answers)
    return dialogue.keeps_draft and (given or dialogue.discard is not None)


def finish_answers(route: Sequence[Step], answers: Answers) -> dict[str, Any]:
    """What `finish` gets: answers of open steps, and the context."""
    context = {key: value for key, value in answers.items() if key.startswith(CONTEXT)}
    return context | {step.key: answers[step.key] for step in route if step.key in answers}


def progress_text(route: Sequence[Step], present: Step, answers: Answers) -> str:
    """Where a person stands among what is really asked: «(۳ از ۹)», or by part «بخش ۲ از ۳، مدارک: ۱ از ۷»; nothing for a
    single step, and for one that was answered before the dialogue began."""
    given = set(answers.get(GIVEN) or ())
    asked = [step for step in route if step.key not in given and step.question.counted]
    together = [step.key for step in asked if step.part == present.part]
    if present.key not in together:
        return ""
    count = {"i": digits(together.index(present.key) + 1), "n": digits(len(together))}
    if present.part is None:
        return t("form.progress", **count) if len(together) > 1 else ""
    parts = list(dict.fromkeys(step.part for step in asked if step.part))
    said = name = t(f"part.{present.part}")
    if len(parts) > 1:
        at = parts.index(present.part) + 1
        said = t("form.part", i=digits(at), n=digits(len(parts)), part=name)
    return t("form.in_part", part=said, **count) if len(together) > 1 else said
