"""The declaration of a dialogue: data plus a few functions (docs/architecture.md, "Dialogues").

Answers are JSON values by key and belong to a draft row; the chat's row only says which dialogue and step it shows.
The route (which steps are open) is recomputed from the answers at every touch.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Literal

from bot.application.resources import Resources
from bot.application.routes import Roles
from bot.core.context import Turn
from bot.core.incoming import Contact, FileTaken, Incoming
from bot.core.screens import Attachment, Button, Press, Reply
from storage.tables import Draft

if TYPE_CHECKING:
    from conversations.engine.steps import Question

Answers = Mapping[str, Any]
HOME = Press("home")


class InputKind(Enum):
    """What kind of message a question takes besides its buttons."""

    TEXT = auto()
    CONTACT = auto()  # a shared phone number, or text
    FILE = auto()


@dataclass(frozen=True, slots=True)
class OfferedAnswer:
    """One offered answer. It can be tapped, or typed by its label or its number on the screen."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a question shows. `choices` are rows in reading order."""

    text: str
    choices: tuple[tuple[OfferedAnswer, ...], ...] = ()
    #: Lines under the question: what was found, received, ticked so far.
    below: tuple[str, ...] = ()
    ask_contact: str | None = None
    attachments: tuple[Attachment, ...] = ()
    #: An earlier answer is shown below the text; not where the text shows it by itself.
    current: bool = True
    #: The stored answer may be kept as it is; not while something about it is asked.
    keeps: bool = True


@dataclass(frozen=True, slots=True)
class UserInput:
    """What the person gave: exactly one is set. `text` is as typed (the question normalises)."""

    text: str | None = None
    choice: str | None = None
    contact: Contact | None = None
    taken: FileTaken | None = None
    #: The album that the file came in: it is answered once, after a short quiet time.
    album: str | None = None


@dataclass(frozen=True, slots=True)
class Incomplete:
    """The question is not answered yet: keep `value` (if any) and ask again, with `notice` above the prompt.

    Used by search results, pages, and documents of several files. `question_state` is kept in the chat's row."""

    value: Any = None
    keep_value: bool = False
    notice: str | None = None
    question_state: Mapping[str, Any] = field(default_factory=dict)
    quiet: float | None = None
    #: Offered below the prompt together with `notice`: ways out of here, to show or act routes. (Unlike a Refusal,
    #: what the question wrote, e.g. a counted try, is kept.)
    next_buttons: tuple[Button, ...] = ()
    #: Answers of other steps that change with it.
    others: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """The question is answered with `value`, and more is to be said or done: `others` are answers of other steps
    that change with it, `notice` stands above the next screen."""

    value: Any
    others: Mapping[str, Any] = field(default_factory=dict)
    notice: str | None = None
    quiet: float | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is said of an answer on the screen after it, and the label of the button that adds to it."""

    text: str
    more: str | None = None


@dataclass(frozen=True, slots=True)
class FinishRejected:
    """`finish` is not satisfied, yet what the unit changed must stay (a counted try): nothing is rolled back, the
    answers under `forget` are dropped and step `at` (or the first without an answer) is asked under `notice`."""

    notice: str
    forget: tuple[str, ...] = ()
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """Everything is answered at once: `finish` gets `answers` besides those that are there, and none of them is written."""

    answers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Preparation:
    """What an update needs before its unit, outside any transaction."""

    #: Fetch, inspect and encrypt the offered file first; `turn.prepared` is then a FileTaken.
    file: bool = False
    #: Or this work (argon2, a gateway); its result is `turn.prepared`. It must not touch the turn's session.
    work: Callable[[Resources], Awaitable[Any]] | None = None
    #: The message holds a password: it is wiped and deleted whatever comes of it, also after a refusal or a crash.
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was worked out before the unit, for the question and for `finish`."""

    question: Any
    finish: Any


@dataclass(frozen=True, slots=True)
class Step:
    """One step. Text keys follow from `key`: "ask.<key>" is the prompt, "field.<key>" the label in the summary."""

    key: str
    question: Question
    #: Open only where true; None: always.
    when: Callable[[Turn, Answers], bool] | None = None
    #: May be left open, which stores None.
    optional: bool = False
    #: The label of that button, instead of the text "skip.<key>" or its kind's.
    skip: str | None = None
    #: Nothing there means that nobody asked yet («ثبت نشده»), not that the person has none.
    unasked: bool = False
    #: Not shown in the summary (passwords). Every text that answers it is deleted and wiped (`Reply.wipe_incoming`),
    #: also where it is refused.
    hidden: bool = False
    #: Offers «بعداً می‌فرستم»: the later questions come first, and it is asked again at the end.
    deferrable: bool = False
    #: Counted with the steps of the same part, under the text "part.<part>"; None: with those of no part.
    part: str | None = None
    #: Instead of the texts that follow from `key` (documents are named by staff, in the database).
    prompt: str | None = None
    label: str | None = None


#: Steps may depend on data: a function from the turn and the answers so far.
Steps = Callable[[Turn, Answers], Iterable[Step]]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One dialogue.

    `finish(turn, answers)` runs in the unit of the last answer (or of the summary's ✅) and returns where to go;
    it raises Refusal to stay, or returns `FinishRejected` to stay and keep what it changed. It gets the answers of the open
    steps, and those under keys that begin with "_": given to `Engine.start`, never asked. `prepare_finish` runs before
    that unit, outside any transaction; its result is `turn.prepared`.
    """

    name: str
    steps: Steps | tuple[Step, ...]
    finish: Callable[[Turn, dict[str, Any]], Reply | FinishRejected]
    #: For whom it is, at every step (None: guests). Nobody by default.
    roles: Roles = frozenset()
    #: Raises a Refusal where this person may not see the subject (any more), or may not do this now. Asked by
    #: `Engine.start` and at every step, before anything of it is shown or taken.
    guard: Callable[[Turn], object] | None = None
    version: int = 1
    #: Ends on a summary with an edit button per answer, and this text key above it.
    summary: str | None = None
    #: Which part of the summary a step belongs to: "summary.part_<part>" is its name. Each part is a screen, and after an
    #: edit only what changed is shown. None: the summary is one.
    part_of: Callable[[Step], str] | None = None
    #: Label key of the summary's confirm button.
    confirm: str = "form.confirm"
    #: A text key asked once more before `finish` ("submit.confirm"), or what makes the sentence; None: no second question.
    #: The sentence may name steps as `{key}`: the answer is put in as people read it. «خیر» leads to the summary, or to
    #: the last step where there is none.
    second_question: str | Callable[[Turn, Answers], str] | None = None
    #: Of a sentence that is made: its buttons are the texts "<this>_yes" and "<this>_no"; where there is none, «بله» and
    #: «خیر، برگرد». Of a text key, that key.
    second_buttons: str = ""
    #: Before the second question: raises the Refusal that says why this cannot be finished as it stands; the summary stays.
    obstacle: Callable[[Turn, dict[str, Any]], object] | None = None
    #: A sentence above the second question, or above the summary where there is none: what may have been forgotten.
    caution: Callable[[Turn, Answers], str | None] | None = None
    #: Kept over restarts, chats and messengers, offered again: «💾 بعداً ادامه می‌دهم». Otherwise «انصراف» drops it.
    keeps_draft: bool = False
    #: Offers «🗑 حذف پیش‌نویس» in the summary and before it; called on the confirmed deletion.
    discard: Callable[[Turn], None] | None = None
    #: Where «انصراف» and «بعداً» lead; a function where it depends on the draft's subject.
    exit: Press | Callable[[Turn], Press] = HOME
    prepare_finish: Callable[[Resources, Incoming, Answers], Awaitable[Any]] | None = None
    #: May change `answers` after each accepted answer (a new province clears the city). Pure.
    after: Callable[[Turn, str, dict[str, Any]], dict[str, Any]] | None = None
    #: How the summary says one answer, given it as people read it; None: «label: value».
    line: Callable[[Turn, Step, Answers, str], str] | None = None
    #: The summary's whole text, in the place of its title and the answers line by line.
    overview: Callable[[Turn, Answers], str] | None = None
    #: An unfinished one is dropped after so many days.
    days_kept: int = 365
    #: The audit events that `finish` records; staff read each by its text "trail.<event>".
    events: tuple[str, ...] = ()
    #: What becomes of a guest's kept draft in a chat where a person logs in or registers.
    on_login: Literal["drop", "move"] = "drop"

    def is_expired(self, draft: Draft, now: datetime) -> bool:
        return draft.updated_at < now - timedelta(days=self.days_kept)
