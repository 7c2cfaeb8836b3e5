"""Direction of writing: units of one direction inside a line, and the marks that could turn a line around."""

import re

LRI, FSI, PDI = "\u2066", "\u2068", "\u2069"
_LATIN = re.compile(r"[A-Za-z0-9]")
#: Marks that turn text around; never let in from people's input (ZWNJ, U+200C, stays).
BIDI_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u061c]")


def isolate(value: str) -> str:
    """`value` as one unit of direction: codes left-to-right, mixed text by its first strong letter. A break of the line
    ends an isolate, so each line has its own."""
    if not _LATIN.search(value):
        return value
    if "\n" in value:
        return "\n".join(map(isolate, value.split("\n")))
    first = re.search(r"[^\W\d_]", value)
    mark = FSI if first and not first.group().isascii() else LRI
    return f"{mark}{value}{PDI}"
