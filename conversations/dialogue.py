"""The declaration of a dialogue: data plus a few functions (DESIGN 4).

Answers are JSON values by key and belong to a draft row; the chat's row only says which dialogue and step it shows.
The route (which steps are open) is recomputed from the answers at every touch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from bot.desk import Desk
from bot.incoming import Contact, FileTaken, Incoming
from bot.screens import Button, Paper, Press, Reply
from bot.turn import Turn

Answers = Mapping[str, Any]


class Wants(Enum):
    """What kind of message a question takes besides its buttons."""

    TEXT = auto()
    CONTACT = auto()  # a shared phone number, or text
    FILE = auto()


@dataclass(frozen=True, slots=True)
class Choice:
    """One offered answer. It can be tapped, or typed by its label or its number on the screen."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a question shows. `choices` are rows in reading order."""

    text: str
    choices: tuple[tuple[Choice, ...], ...] = ()
    ask_contact: str | None = None
    papers: tuple[Paper, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """What the person gave: exactly one is set. `text` is as typed (the question normalises)."""

    text: str | None = None
    choice: str | None = None
    contact: Contact | None = None
    taken: FileTaken | None = None
    #: The file came as part of an album: answer once, after a short quiet time.
    album: bool = False


@dataclass(frozen=True, slots=True)
class Stay:
    """The question is not answered yet: keep `value` (if any) and ask again, with `notice` above the prompt.

    Used by search results, pages, and documents of several files. `place` is kept in the chat's row."""

    value: Any = None
    keep_value: bool = False
    notice: str | None = None
    place: Mapping[str, Any] = field(default_factory=dict)
    quiet: float | None = None
    #: Offered below the prompt together with `notice`: ways out of here, to show or act routes. (Unlike a Refusal,
    #: what the question wrote, e.g. a counted try, is kept.)
    doors: tuple[Button, ...] = ()


class Question(ABC):
    """A kind of question: owns parsing, validation, the error text, and how an answer is shown. Stateless."""

    wants: Wants = Wants.TEXT

    @abstractmethod
    def ask(self, turn: Turn, ask: Ask, answers: Answers) -> Prompt:
        """What to show. `turn.chat.place` holds this question's own page or search, if any."""

    @abstractmethod
    def accept(self, turn: Turn, ask: Ask, answers: Answers, given: Given) -> Any | Stay:
        """The JSON value of the answer. Raises InvalidInput with the sentence to show; the step stays open."""

    def show(self, turn: Turn, ask: Ask, value: Any) -> str:
        """The answer as people read it, in the summary and on the expert's card."""
        return str(value)

    async def prepare(self, desk: Desk, incoming: Incoming, answers: Answers) -> Any:
        """Work outside the transaction (checking a password …); becomes `turn.prepared`."""
        return None


@dataclass(frozen=True, slots=True)
class Ask:
    """One step. Text keys follow from `key`: "ask.<key>" is the prompt, "field.<key>" the label in the summary."""

    key: str
    question: Question
    #: Open only where true; None: always.
    when: Callable[[Turn, Answers], bool] | None = None
    #: Offers «رد کردن», which stores None.
    optional: bool = False
    #: Not shown in the summary (passwords). Every text that answers it is deleted and wiped (`Reply.wipe_incoming`),
    #: also where it is refused.
    hidden: bool = False
    #: Instead of the texts that follow from `key` (documents are named by staff, in the database).
    prompt: str | None = None
    label: str | None = None


#: Steps may depend on data: a function from the turn and the answers so far.
Steps = Callable[[Turn, Answers], Iterable[Ask]]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One dialogue.

    `finish(turn, answers)` runs in the unit of the last answer (or of the summary's ✅) and returns where to go;
    it raises Refusal to stay. `prepare_finish` runs before that unit, outside any transaction.
    """

    name: str
    steps: Steps | tuple[Ask, ...]
    finish: Callable[[Turn, dict[str, Any]], Reply]
    version: int = 1
    #: Ends on a summary with an edit button per answer, and this text key above it.
    summary: str | None = None
    #: Label key of the summary's confirm button.
    confirm: str = "form.confirm"
    #: A text key asked once more before `finish` ("submit.confirm"); None: no second question.
    really: str | None = None
    #: Kept over restarts, chats and messengers, offered again: «💾 بعداً ادامه می‌دهم». Otherwise «انصراف» drops it.
    keeps_draft: bool = False
    #: Offers «🗑 حذف پیش‌نویس» in the summary and before it; called on the confirmed deletion.
    discard: Callable[[Turn], None] | None = None
    #: Where «انصراف» and «بعداً» lead.
    exit: Press = Press("home")
    prepare_finish: Callable[[Desk, Incoming, Answers], Awaitable[Any]] | None = None
    #: May change `answers` after each accepted answer (a new province clears the city). Pure.
    after: Callable[[Turn, str, dict[str, Any]], dict[str, Any]] | None = None
    #: An unfinished one is dropped after so many days.
    days_kept: int = 365
