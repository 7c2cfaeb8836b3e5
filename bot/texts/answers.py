"""How what people wrote is shown: as they wrote it, lone Latin numbers in Persian digits."""

from __future__ import annotations

import re

from bot.texts import FSI, LRI, PDI, Quoted, formats, quoted
from bot.texts.words import HAIR

#: A hair space stands inside of what was made harmless (`bot.texts.words`).
_WORD = re.compile(rf"[^\s{HAIR}](?:\S|{HAIR})*")
#: An address with or without scheme, an e-mail, a domain; Persian letters may be a part of its path.
_ADDRESS = re.compile(r"://|www\.|@|[A-Za-z0-9-]\.[A-Za-z]{2,}|[A-Za-z]\S*[=&]\S*")
#: Letters of codes and Latin words, together with the signs between them.
_RUN = re.compile(rf"[!-~{HAIR}{LRI}{FSI}{PDI}]+")
#: Around a number in a sentence.
_SIGNS = f"()[]{{}}<>.,:;!?'\"%*{HAIR}{LRI}{FSI}{PDI}"
_PLAIN_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?|[0-9]+(?:/[0-9]+){1,2}|[0-9]{1,3}(?:,[0-9]{3})+")


def with_persian_digits(text: str) -> str:
    """What a person wrote, with lone numbers in Persian digits; addresses, codes, and Latin words with the numbers beside
    them («ISO 13485») stay as they are."""
    if text.isascii() and not text.isdecimal() and any(letter.isalpha() for letter in text):
        return text
    parts: list[str] = []
    end = 0
    latin = False
    words = list(_WORD.finditer(text))
    for index, word in enumerate(words):
        parts.append(text[end : word.start()])
        end = word.end()
        following = words[index + 1].group() if index + 1 < len(words) else ""
        latin, shown = _shown(word.group(), before=latin, after=_begins_latin(following))
        parts.append(shown)
    return "".join([*parts, text[end:]])


def _begins_latin(word: str) -> bool:
    start = word.lstrip(_SIGNS)[:1]
    return start.isascii() and start.isalpha()


def _shown(word: str, *, before: bool, after: bool) -> tuple[bool, str]:
    """Whether a word ends in a Latin unit that a number behind it belongs to, and the word as it is shown."""
    if _ADDRESS.search(word.replace(HAIR, "")):
        return True, word
    kept = before
    shown: list[str] = []
    end = 0
    for run in _RUN.finditer(word):
        if run.start() > 0:
            kept = False
        shown.append(word[end : run.start()])
        end = run.end()
        beside = after and run.end() == len(word)
        if core := run.group().strip(f"{_SIGNS}/"):
            kept = kept or beside or not _PLAIN_NUMBER.fullmatch(core.replace(HAIR, ""))
        shown.append(run.group() if kept else formats.digits(run.group()))
    last = word.rstrip(_SIGNS)[-1:]
    return kept and last.isascii() and end == len(word), "".join([*shown, word[end:]])


def in_sentence(answer: str) -> str | Quoted:
    """An answer of the reader's own for a sentence: of several lines it is a block of its own."""
    return quoted(answer) if "\n" in answer else answer
