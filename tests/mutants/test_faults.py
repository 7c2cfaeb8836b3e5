"""Which faults are planted where, and where none is."""

from __future__ import annotations

from pathlib import Path

import pytest
from cosmic_ray.ast import get_ast

from tests.mutants.coverage_map import uses
from tests.mutants.faults import choose, context, nodes, places_of

#: source, what it may become
PLACES: dict[str, tuple[str, set[str]]] = {
    "a bound": ("x = a < b", {"x = a <= b", "x = a >= b"}),
    "membership": ("x = a not in b", {"x = a in b"}),
    "a guard": ("def f():\n    if a:\n        return 1\n    g = 2\n", {"if False:", "if not a:"}),
    "a boolean operator": ("x = a or b", {"x = a and b"}),
    "a filter": (
        "q = select(a).where(a.id, b.id)",
        {"q = select(a).where( b.id)", "q = select(a).where(a.id)"},
    ),
    "columns": ("q = select(a, b)", {"q = select( b, a)"}),
    "a call": ("async def f():\n    await send(1)\n", {"    pass"}),
    "a raise": ("def f():\n    raise Stale\n", {"    pass"}),
    "a duration": ("x = timedelta(days=a)", {"x = timedelta(hours=a)"}),
    "an exception": ("try:\n    a = b\nexcept csv.Error:\n    a = c\n", {"except ():"}),
}
#: Nothing is planted in these.
SILENT = {
    "a type": "x: int | None = y",
    "a parameter's type": "def f(x: Literal[5] = y) -> Literal[6]: ...",
    "a log line": "def f():\n    log.info('x', 5, extra=a or b)\n",
    "an assertion": "assert a is not None",
    "a docstring": 'def f():\n    """5 < 6"""\n',
    "imports for types": "if TYPE_CHECKING:\n    x = 5\n",
    "a decorator": "@dataclass(frozen=True)\nclass A: ...\n",
}


def mutants(folder: Path, source: str) -> list[str]:
    (folder / "a.py").write_text(source)
    return [fault.mutated(source) for place in places_of(folder, "a.py") for fault in place]


@pytest.mark.parametrize(("source", "changed"), PLACES.values(), ids=PLACES)
def test_what_a_place_may_become(tmp_path: Path, source: str, changed: set[str]) -> None:
    found = mutants(tmp_path, source)

    for line in changed:
        assert any(line in one for one in found), found
    for one in found:
        assert one != source
        compile(one, "a.py", "exec")


@pytest.mark.parametrize("source", SILENT.values(), ids=SILENT)
def test_where_nothing_is_planted(tmp_path: Path, source: str) -> None:
    assert mutants(tmp_path, source) == []


def test_the_same_seed_chooses_the_same_faults(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("".join(f"x{number} = a < {number}\n" for number in range(50)))

    def chosen(seed: int) -> list[tuple[str, int]]:
        return [(fault.kind, fault.occurrence) for fault in choose(tmp_path, ["."], 10, seed)]

    assert chosen(1) == chosen(1) != chosen(2)
    assert len(set(chosen(1))) == 10


@pytest.mark.parametrize("body", ['    """What."""\n    x = a', "    x = a"])
def test_a_default_is_executed_where_its_function_begins(body: str) -> None:
    source = f"def f(a: int = 5) -> None:\n{body}\n"
    [number] = [node for node in nodes(get_ast(source)) if node.type == "number"]

    assert context(number) == (len(source.splitlines()), None)


def test_a_value_of_a_module_is_executed_where_the_values_made_of_it_are_used(tmp_path: Path) -> None:
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "a.py").write_text(
        "LINKS = 5\nQUERY = [\n    LINKS,\n]\ndef f():\n    return QUERY\n"
    )

    used, defined = uses(tmp_path, "LINKS")

    assert {line for _, line in used} == {1, 3}
    assert defined == {"LINKS", "QUERY"}
