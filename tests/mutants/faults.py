"""Where faults can be planted, and a random choice of them."""

from __future__ import annotations

import difflib
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosmic_ray.ast import get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator

from tests.mutants.operators import KINDS

STATEMENTS = frozenset(
    ["simple_stmt", "if_stmt", "while_stmt", "for_stmt", "try_stmt", "with_stmt", "funcdef", "classdef"]
)
LOGGERS = frozenset({"log", "logger", "_log", "log_unless_outage"})
#: Migrations are released and stay; tables only declare the schema, which `check-migrations` holds to them.
NOT_PRODUCT = ("storage/migrations/", "storage/tables/")


@dataclass(frozen=True, slots=True)
class Fault:
    """One mutant: `operator` applied to its `occurrence`-th place in a file."""

    path: str
    kind: str
    operator: Operator
    occurrence: int
    first: int
    last: int
    #: The first line of the statement that it stands in.
    statement: int
    #: Names by which other code uses the place where it stands in no function; None in a function.
    names: tuple[str, ...] | None

    @property
    def area(self) -> str:
        parts = self.path.split("/")
        return "/".join(parts[: 2 if parts[0] == "bot" else 1])

    def mutated(self, source: str) -> str:
        changed = mutate_code(source, self.operator, self.occurrence)
        assert changed is not None
        return changed

    def diff(self, source: str) -> str:
        lines = difflib.unified_diff(
            source.splitlines(), self.mutated(source).splitlines(), self.path, self.path, lineterm="", n=2
        )
        return "\n".join(lines)


def choose(top: Path, areas: list[str], number: int, seed: int) -> list[Fault]:
    """`number` places of all files below `areas`, each as likely as any other, and one of the faults possible there."""
    chance = random.Random(seed)
    places = [place for path in sources(top, areas) for place in places_of(top, path)]
    chosen = chance.sample(places, min(number, len(places)))
    return [chance.choice(alternatives) for alternatives in chosen]


def sources(top: Path, areas: list[str]) -> list[str]:
    found = (path.relative_to(top).as_posix() for area in areas for path in (top / area).rglob("*.py"))
    return sorted({path for path in found if not path.startswith(NOT_PRODUCT)})


def places_of(top: Path, path: str) -> list[list[Fault]]:
    """The places of a file; each is the faults of one kind that are possible at one position."""
    places: dict[tuple[str, Any], list[Fault]] = defaultdict(list)
    counts: dict[Operator, int] = defaultdict(int)
    for node in nodes(get_ast((top / path).read_text(encoding="utf-8"))):
        skipped = is_silent(node)
        for kind, operators in KINDS.items():
            for operator in operators:
                for start, end in operator.mutation_positions(node):
                    occurrence = counts[operator]
                    counts[operator] += 1
                    if not skipped:
                        fault = Fault(path, kind, operator, occurrence, start[0], end[0], *context(node))
                        places[kind, place_of(node, kind, start)].append(fault)
    return list(places.values())


def place_of(node: Any, kind: str, start: tuple[int, int]) -> tuple[int, int]:
    return node.start_pos if kind in ("comparison", "guard") else start  # type: ignore[no-any-return]


def nodes(node: Any) -> Iterator[Any]:
    """All nodes in the order in which Cosmic Ray visits them."""
    yield node
    for child in getattr(node, "children", ()):
        yield from nodes(child)


def is_silent(node: Any) -> bool:
    """Whether a change here is one of a type, an assertion for the type checker, a log line or a decorator."""
    child, parent = node, node.parent
    while parent is not None:
        if parent.type in ("decorator", "import_from", "import_name", "assert_stmt"):
            return True
        if is_type(child, parent) or is_for_types(parent) or is_log_call(parent):
            return True
        child, parent = parent, parent.parent
    return node.type == "assert_stmt" or is_for_types(node) or is_log_call(node)


def is_type(child: Any, parent: Any) -> bool:
    match parent.type:
        case "annassign":
            return child is parent.children[1]
        case "tfpdef":
            return child is parent.children[-1]
        case "funcdef":
            return child is parent.annotation
    return False


def is_for_types(node: Any) -> bool:
    return node.type == "if_stmt" and node.children[1].get_code().strip() == "TYPE_CHECKING"


def is_log_call(node: Any) -> bool:
    if node.type == "simple_stmt":
        node = node.children[0]
    return node.type == "atom_expr" and node.get_first_leaf().value in LOGGERS


def context(node: Any) -> tuple[int, tuple[str, ...] | None]:
    """The first line of the statement of a node, and the names of what it defines where it runs at import.

    A parameter's default counts as part of the first statement of its function, the first to use it.
    """
    statement, names, inside, first = node, [], False, 0
    while node is not None:
        if node.type in STATEMENTS and statement.type not in STATEMENTS:
            statement = node
        if node.type == "parameters":
            first = first_statement(node.parent)
        if node.type in ("funcdef", "lambdef"):
            inside = True
        if node.type == "classdef":
            names.append(node.name.value)
        if node.type == "simple_stmt" and not names:
            names.extend(name.value for name in getattr(node.children[0], "get_defined_names", list)())
        node = node.parent
    return first or statement.start_pos[0], None if inside else tuple(names)


def first_statement(function: Any) -> int:
    """The line of a function's first statement that is no docstring."""
    body = function.children[-1]
    statements = [child for child in getattr(body, "children", [body]) if child.type != "newline"]
    documented = len(statements) > 1 and statements[0].get_first_leaf().type == "string"
    return statements[int(documented)].start_pos[0]  # type: ignore[no-any-return]
