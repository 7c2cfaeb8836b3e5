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


def names_document(name: str | None, *wanted: str | None) -> bool:
    """Whether a file's name speaks of the document (`wanted`: its name, short name, code). True where there
    is no name: photos have none, and no hint is due then."""
    given = search_key(re.sub(r"\.[A-Za-z0-9]{1,5}$", "", name or ""))
    if not given:
        return True
    words = {search_key(word) for text in wanted if text for word in re.split(r"[\s()/_،]+", text)}
    telling = {word for word in words if len(word) >= 3 and word not in _EMPTY} or words
    return any(word in given for word in telling)
