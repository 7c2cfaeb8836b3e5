"""Names of files: labels for people, never paths, never a reason to refuse (R23)."""

import re

from bot.rules.validators import search_key
from bot.texts.written_text import written

LONGEST = 120
#: Words that say nothing about which document it is.
_EMPTY = {
    search_key(word)
    for word in ("تصویر", "گواهی", "کارت", "مدرک", "مدارک", "سایر", "عدم", "دوره", "محل", "قبلی")
}


def label(name: str | None) -> str | None:
    """A sent file's name without folders, marks that turn text around, and excess; None where nothing is
    left."""
    last = re.split(r"[/\\]", name or "")[-1]
    cleaned = written(last if len(last) <= 5 * LONGEST else last[: 4 * LONGEST] + last[-LONGEST:]).strip(". ")
    if len(cleaned) <= LONGEST:
        return cleaned or None
    stem, dot, ending = cleaned.rpartition(".")
    ending = dot + ending if stem and len(ending) <= 8 else ""
    return cleaned[: LONGEST - len(ending)] + ending


def likeness(text: str | None, *wanted: str | None) -> int:
    """How many of the words that tell a document (`wanted`: its name, short name, code) stand in a text. Short words
    must stand alone: «ملی» is not in «تکمیلی»."""
    given = {search_key(word) for word in re.split(r"[\W\d_]+", text or "")}
    joined = search_key(text or "")
    return sum(word in given if len(word) <= 3 else word in joined for word in _telling_words(wanted))


def names_document(name: str | None, *wanted: str | None) -> bool:
    """Whether a file's name speaks of the document (`wanted`: its name, short name, code). True where there
    is no name: photos have none, and no hint is due then."""
    given = search_key(re.sub(r"\.[A-Za-z0-9]{1,5}$", "", name or ""))
    if not given:
        return True
    return any(word in given for word in _telling_words(wanted))


def _telling_words(wanted: tuple[str | None, ...]) -> set[str]:
    words = {search_key(word) for text in wanted if text for word in re.split(r"[\s()/_،]+", text)}
    return {word for word in words if len(word) >= 3 and word not in _EMPTY} or words
