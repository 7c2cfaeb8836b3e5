"""Facts of the published Bot API, kept in facts.json: methods with their parameters, objects with their fields.

A field is written as its type, or several joined by " or ", with "!" at the end where it is required. An object that is one of
several others is a list of their names. `tests/botapi/test_facts.py` holds the file against python-telegram-bot."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FACTS = Path(__file__).with_name("facts.json")
SCALARS = frozenset({"Integer", "String", "Boolean", "True", "Float"})


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    #: As the API writes them; "Array of X" for a list.
    types: tuple[str, ...]
    required: bool


@dataclass(frozen=True, slots=True)
class Type:
    """An object: its fields, or the types that it is one of."""

    fields: tuple[Field, ...] = ()
    subtypes: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        return frozenset(field.name for field in self.fields)

    @property
    def required(self) -> frozenset[str]:
        return frozenset(field.name for field in self.fields if field.required)


@dataclass(frozen=True, slots=True)
class Api:
    version: str
    #: Parameters by method.
    methods: dict[str, Type]
    types: dict[str, Type]


@cache
def published() -> Api:
    """The whole file."""
    facts = json.loads(FACTS.read_text(encoding="utf-8"))
    return Api(
        facts["version"],
        {name: _type(made) for name, made in facts["methods"].items()},
        {name: _type(made) for name, made in facts["types"].items()},
    )


def item(kind: str) -> str:
    """The type of what a list holds, at any depth; any other type itself."""
    while kind.startswith("Array of "):
        kind = kind.removeprefix("Array of ")
    return kind


def _type(made: dict[str, str] | list[str]) -> Type:
    if isinstance(made, list):
        return Type(subtypes=tuple(made))
    return Type(tuple(_field(name, written) for name, written in made.items()))


def _field(name: str, written: str) -> Field:
    return Field(name, tuple(written.removesuffix("!").split(" or ")), written.endswith("!"))
