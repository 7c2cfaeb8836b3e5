"""How an answer, which is stored with Latin digits, is shown to people."""

from __future__ import annotations

import re

from bot.texts import Quoted, formats, quoted

_NUMBER = re.compile(r"(?<![A-Za-z0-9@._/:-])[0-9]+(?![A-Za-z0-9@_/:-])")


def with_persian_digits(text: str) -> str:
    """What a person wrote, with Persian digits again except inside addresses and Latin codes."""
    return _NUMBER.sub(lambda match: formats.digits(match.group()), text)


def in_sentence(answer: str) -> str | Quoted:
    """An answer of the reader's own for a sentence: of several lines it is a block of its own."""
    return quoted(answer) if "\n" in answer else answer
