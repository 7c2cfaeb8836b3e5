"""The frequent questions as staff keep them: order, hidden or shown, words, answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.core.context import Actor
from bot.core.refusals import InvalidInput
from bot.services.directorate import reference_rows
from bot.services.guide import faq
from bot.services.shared.permissions import require
from storage.enums import Role
from storage.tables import FaqEntry

LONGEST_QUESTION, LONGEST_SHORT, LONGEST_ANSWER, LONGEST_WORDS = 120, 20, 1500, 400
#: More would not fit below each other.
MOST = 30


def all_entries(db: Session, *, actor: Actor) -> list[FaqEntry]:
    """Also what is hidden, in order."""
    require(db, actor, Role.STAFF)
    return reference_rows.in_order(db, FaqEntry)


def change_entry(
    db: Session, *, actor: Actor, code: str, expected: int, now: datetime, event: str, **values: Any
) -> FaqEntry:
    """Write some of `question`, `short_name`, `answer`, `search_words`, `active`.

    `expected` is the mark of the row as it was shown. Raises NotAllowed, Stale, InvalidInput."""
    require(db, actor, Role.STAFF)
    row = reference_rows.lock_row(db, FaqEntry, code, expected=expected)
    _check(db, values, but=code)
    reference_rows.change(db, row, actor=actor, now=now, event=event, subject="faq_entry", **values)
    return row


def _check(db: Session, values: dict[str, Any], *, but: str | None = None) -> None:
    if "answer" in values and (unknown := faq.unknown_values(values["answer"])):
        raise InvalidInput("error.faq_value", names="، ".join(unknown), known="، ".join(faq.VALUES))
    if "short_name" in values:
        reference_rows.need_free_name(db, FaqEntry, values["short_name"], but=but, column="short_name")


def add_entry(
    db: Session,
    *,
    actor: Actor,
    question: str,
    short_name: str,
    answer: str,
    search_words: str,
    now: datetime,
) -> FaqEntry:
    """A question that people see from now on, the last one. Raises NotAllowed, InvalidInput."""
    require(db, actor, Role.STAFF)
    every = all_entries(db, actor=actor)
    if len(every) >= MOST:
        raise InvalidInput("error.faq_many")
    _check(db, {"answer": answer, "short_name": short_name})
    row = FaqEntry(
        code=reference_rows.next_code(db, FaqEntry),
        question=question,
        short_name=short_name,
        answer=answer,
        search_words=search_words,
        position=max((entry.position for entry in every), default=0) + 1,
    )
    reference_rows.add(
        db, row, actor=actor, now=now, event="faq_added", subject="faq_entry", question=question
    )
    return row


def move_entry(db: Session, *, actor: Actor, code: str, up: bool, expected: int, now: datetime) -> None:
    """Change places with the neighbour before (`up`) or after it. Raises NotAllowed, Stale at the ends."""
    require(db, actor, Role.STAFF)
    reference_rows.move(
        db,
        FaqEntry,
        code,
        actor=actor,
        up=up,
        expected=expected,
        now=now,
        event="faq_moved",
        subject="faq_entry",
    )
