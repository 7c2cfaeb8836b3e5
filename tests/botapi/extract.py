"""`python -m tests.botapi.extract DESCRIPTION`: write facts.json anew from a machine-readable description of the Bot API.

DESCRIPTION is JSON: {"version": …, "methods": {name: {"fields": […]}}, "types": {name: {"fields": […]} or {"subtypes": […]}}},
and a field is {"name": …, "types": […], "required": …}. Kept are the methods that the emulator has, and the objects that
an update or a keyboard can hold: names, types, and what is required. For a single new method it is simpler to write its line
by hand, from https://core.telegram.org/bots/api.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from demo.botapi.parameters import TELEGRAM
from tests.botapi import FACTS, SCALARS, item

ROOTS = ("Update", "InlineKeyboardButton", "KeyboardButton", "ReplyKeyboardMarkup")


def main(path: str) -> None:
    described = json.loads(Path(path).read_text())
    types, methods = described["types"], described["methods"]
    facts = {
        "version": described["version"],
        "methods": {name: _fields(methods[name]) for name in sorted(TELEGRAM.known)},
        "types": {
            name: made["subtypes"] if made.get("subtypes") else _fields(made)
            for name, made in types.items()
            if name in _reachable(types)
        },
    }
    FACTS.write_text(_lines(facts))


def _fields(made: dict[str, Any]) -> dict[str, str]:
    return {
        field["name"]: " or ".join(field["types"]) + ("!" if field["required"] else "")
        for field in made.get("fields", [])
    }


def _reachable(types: dict[str, Any]) -> set[str]:
    found, waiting = set[str](), list(ROOTS)
    while waiting:
        if (name := waiting.pop()) not in found and name not in SCALARS:
            found.add(name)
            waiting += _parts(types[name])
    return found


def _parts(made: dict[str, Any]) -> Iterator[str]:
    yield from map(item, made.get("subtypes", []))
    for field in made.get("fields", []):
        yield from map(item, field["types"])


def _lines(facts: dict[str, Any]) -> str:
    """JSON with one method or object a line, so that a change of the API is a readable difference."""
    parts = [f'{{\n"version": {json.dumps(facts["version"])}']
    for kind in ("methods", "types"):
        rows = (f"{json.dumps(name)}: {json.dumps(made)}" for name, made in facts[kind].items())
        parts.append(f'"{kind}": {{\n' + ",\n".join(rows) + "\n}")
    return ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    main(sys.argv[1])
