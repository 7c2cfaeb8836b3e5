"""Every sentence by key. Catalogues are TOML files under `fa/`, one a subject; nested tables make dotted keys.

A sentence is plain text without markup. Values are put in with `{name}`; whatever holds Latin letters or ASCII digits
is wrapped in bidi isolates, so that codes and addresses do not turn the line around.
"""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

LRI, FSI, PDI = "\u2066", "\u2068", "\u2069"
_LATIN = re.compile(r"[A-Za-z0-9]")
#: Marks that turn text around; never let in from people's input (ZWNJ, U+200C, stays).
BIDI_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u061c]")


class MissingText(KeyError):
    """A key that no catalogue has: a mistake of ours, found by the tests."""


def _flatten(table: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            flat |= _flatten(value, f"{name}.")
        else:
            flat[name] = value
    return flat


@cache
def catalogue() -> dict[str, str]:
    """All sentences. Raises ValueError where two files give one key."""
    sentences: dict[str, str] = {}
    for path in sorted(files(__name__).joinpath("fa").iterdir(), key=lambda path: path.name):
        if not path.name.endswith(".toml"):
            continue
        found = _flatten(tomllib.loads(path.read_text(encoding="utf-8")))
        doubled = sentences.keys() & found.keys()
        if doubled:
            raise ValueError(f"{path.name}: texts given twice: {sorted(doubled)}")
        sentences |= found
    return sentences


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


def t(key: str, **values: Any) -> str:
    """The sentence of `key` with its values. Raises MissingText; a missing value is a KeyError."""
    try:
        sentence = catalogue()[key]
    except KeyError:
        raise MissingText(key) from None
    if not values:
        return sentence
    return sentence.format(**{name: isolate(str(value)) for name, value in values.items()})


def has(key: str) -> bool:
    return key in catalogue()
