"""English of the bot's sentences, line by line, from gloss.toml: for who reads no Persian."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_CATALOGUE = Path(__file__).with_name("gloss.toml")
_MARKS = re.compile("[\u200e\u200f\u2066-\u2069]")
_PLACE = re.compile(r"\{(\w+)\}")
#: What these placeholders may stand for; the others for anything.
_KINDS = {
    "step": r"(?: \([۰-۹]+ از [۰-۹]+\))?",
    "n": "[۰-۹0-9]+",
    "m": "[۰-۹0-9]+",
    "code": "[۰-۹0-9]+",
    "label": "[^:؛.!؟]{2,40}?",  # in [words]
}
_STEP = re.compile(r"\(([۰-۹]+) از ([۰-۹]+)\)")
_LATIN = str.maketrans("۰۱۲۳۴۵۶۷۸۹٬،", "0123456789,,")


@dataclass(frozen=True, slots=True)
class _Line:
    pattern: re.Pattern[str]
    english: str
    #: Letters that are not a value: the more, the surer.
    words: int


@cache
def _catalogue() -> tuple[list[_Line], dict[str, str]]:
    read = tomllib.loads(_CATALOGUE.read_text("utf-8"))
    lines = [_line(persian, english) for persian, english in read["lines"].items()]
    return sorted(lines, key=lambda line: -line.words), read["words"]


def _line(persian: str, english: str) -> _Line:
    parts = _PLACE.split(persian)
    pattern = "".join(
        f"(?P<{part}>{_KINDS.get(part, '.+?')})" if place % 2 else re.escape(part)
        for place, part in enumerate(parts)
    )
    return _Line(re.compile(pattern), english, sum(len(part) for part in parts[::2]))


def line_in_english(line: str) -> str | None:
    """None where the catalogue has no such sentence; "" for an empty line."""
    line = _MARKS.sub("", line).strip()
    lines, words = _catalogue()
    if not line or line in words:
        return words.get(line, "")
    for known in lines:
        if found := known.pattern.fullmatch(line):
            if found.groupdict().get("label", next(iter(words))) not in words:
                continue
            values = {name: _value(value) for name, value in found.groupdict().items()}
            return known.english.format_map(values)
    return None


def _value(value: str) -> str:
    _, words = _catalogue()
    if (step := _STEP.fullmatch(value.strip())) is not None:
        value = f" ({step[1]} of {step[2]})"
    return words.get(value.strip(), value).translate(_LATIN)
