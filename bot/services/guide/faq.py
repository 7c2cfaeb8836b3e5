"""Frequent questions: what everybody reads, and how a typed question finds its answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from bot.core.refusals import Stale
from bot.core.screens import Press
from bot.services.guide import requirements
from bot.services.guide.word_search import best_matches
from bot.texts import formats, t
from storage.tables import FaqEntry

#: What an answer may hold in braces, put in when it is shown.
VALUES = ("documents", "documents_men", "documents_optional", "fee", "fee_amendment", "support")
_IN_BRACES = re.compile(r"\{(\w*)\}")


def shown_entries(db: Session) -> list[FaqEntry]:
    """Those that people see, in order."""
    query = select(FaqEntry).where(col(FaqEntry.active).is_(True))
    return list(db.exec(query.order_by(col(FaqEntry.position), col(FaqEntry.code))))


def shown_entry(db: Session, code: str) -> FaqEntry:
    """Raises Stale where it is gone or hidden."""
    entry = db.get(FaqEntry, code)
    if entry is None or not entry.active:
        raise Stale
    return entry


def found(db: Session, text: str) -> list[FaqEntry]:
    """The entries that this text asks for, the best alone where one is; none where no word is known."""
    entries = {entry.code: entry for entry in shown_entries(db)}
    words = {code: entry.search_words or entry.question for code, entry in entries.items()}
    return [entries[code] for code in best_matches(text, words)]


def press_for(db: Session, text: str) -> Press | None:
    """The screen that answers a typed question: the entry that fits best, or those that fit as well."""
    entries = found(db, text)
    if not entries:
        return None
    codes = ",".join(entry.code for entry in entries)
    return Press("faq" if len(entries) == 1 else "faq.found", arg=codes)


def unknown_values(answer: str) -> Sequence[str]:
    """The names in braces that stand for nothing."""
    return [name for name in _IN_BRACES.findall(answer) if name not in VALUES]


def answer_text(db: Session, entry: FaqEntry, *, now: datetime, contact: str) -> str:
    """The answer with its values: documents and fees as they are in force."""
    if "{" not in entry.answer:
        return entry.answer
    values = _values(db, now=now, contact=contact)
    return _IN_BRACES.sub(lambda match: values.get(match.group(1), match.group()), entry.answer)


def _values(db: Session, *, now: datetime, contact: str) -> Mapping[str, str]:
    known = requirements.in_force(db, now=now)

    def listed(names: Sequence[str]) -> str:
        return "، ".join(names) or t("guide.nothing")

    return {
        "documents": listed(known.all),
        "documents_men": listed(known.men),
        "documents_optional": listed(known.optional),
        "fee": fee_text(known.fee_new),
        "fee_amendment": fee_text(known.fee_amendment),
        "support": contact,
    }


def fee_text(rial: int | None) -> str:
    """A fee as people read it."""
    if rial is None:
        return t("guide.fee_unset")
    if rial == 0:
        return t("guide.fee_none")
    return t("guide.fee", amount=formats.number(rial), toman=formats.toman(rial))
