"""Every sentence by key. Catalogues are TOML files under `fa/`, one a subject; nested tables make dotted keys.

A sentence is plain text without markup. Values are put in with `{name}`; whatever holds Latin letters or ASCII digits
is wrapped in bidi isolates, so that codes and addresses do not turn the line around.

Every value is taken for words of a person unless `OURS` names its placeholder or it is itself a sentence of `t`: it
is put on one line and holds no live address. What people wrote at length goes under a name in `WRITTEN`, as
`quoted(text, by)`, and is set off from the bot's own words (`bot/texts/words.py`).
"""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from bot.texts.words import BIDI_MARKS, FSI, LRI, PDI, Quoted, inside, isolate, one_line, quoted, settled

#: Placeholders of what a person wrote in whole sentences.
WRITTEN = frozenset({"reason", "note", "reply", "text"})
#: Placeholders that only the program and the operator's settings fill: numbers, times, codes, checked phone numbers,
#: titles of the directorate's letters (which may hold addresses), texts that were made of sentences.
OURS = frozenset(
    {
        *(
            "age",
            "amount",
            "attempt",
            "bar",
            "code",
            "contact",
            "date",
            "day",
            "days",
            "delivered",
            "high",
            "i",
        ),
        *(
            "id",
            "kind",
            "least",
            "link",
            "low",
            "m",
            "max",
            "messenger",
            "min",
            "mobile",
            "most",
            "n",
            "number",
        ),
        *(
            "over",
            "page",
            "pages",
            "password",
            "path",
            "percent",
            "phone",
            "read",
            "recipients",
            "ref",
            "row",
        ),
        *(
            "sentence",
            "since",
            "until",
            "state",
            "status",
            "support",
            "time",
            "notified",
            "toman",
            "user_code",
        ),
        *("alert", "sms", "title"),
    }
)


class Sentence(str):
    """What `t` returned: the bot's own words, with those of others already made harmless."""

    __slots__ = ()


def checked(value: str) -> str:
    """A value whose form was checked (an e-mail address): it is shown as it is."""
    return Sentence(value)


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
        flat = _flatten(tomllib.loads(path.read_text(encoding="utf-8")))
        doubled = sentences.keys() & flat.keys()
        if doubled:
            raise ValueError(f"{path.name}: texts given twice: {sorted(doubled)}")
        sentences |= {key: Sentence(value) for key, value in flat.items()}
    return sentences


def t(key: str, **values: Any) -> str:
    """The sentence of `key` with its values. Raises MissingText; a missing value is a KeyError."""
    try:
        sentence = catalogue()[key]
    except KeyError:
        raise MissingText(key) from None
    if not values:
        return sentence if type(sentence) is Sentence else Sentence(sentence)
    between = _in_quotes(key)
    put = {name: _put(name, value, in_quotes=name in between) for name, value in values.items()}
    return Sentence(settled(sentence.format(**put)))


@cache
def _in_quotes(key: str) -> frozenset[str]:
    """The placeholders that stand between «»."""
    return frozenset(re.findall(r"«\{(\w+)\}»", catalogue()[key]))


def placeholders(key: str) -> frozenset[str]:
    """The names of the values that the sentence of `key` wants. Raises MissingText."""
    try:
        sentence = catalogue()[key]
    except KeyError:
        raise MissingText(key) from None
    return frozenset(re.findall(r"\{(\w+)", sentence))


def _put(name: str, value: Any, *, in_quotes: bool) -> str:
    """A value as it appears in a sentence."""
    if isinstance(value, Quoted):
        return inside(value)
    if name in OURS or isinstance(value, Sentence):
        return isolate(str(value))
    if name in WRITTEN:
        return inside(quoted(str(value)))
    return isolate(one_line(str(value), in_quotes=in_quotes))


def has(key: str) -> bool:
    return key in catalogue()


__all__ = [
    "BIDI_MARKS",
    "FSI",
    "LRI",
    "OURS",
    "PDI",
    "WRITTEN",
    "MissingText",
    "Quoted",
    "Sentence",
    "catalogue",
    "checked",
    "has",
    "isolate",
    "one_line",
    "placeholders",
    "quoted",
    "t",
]
