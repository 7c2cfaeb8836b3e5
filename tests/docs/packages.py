"""The imports between the packages of the product, read from the source."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

TOPS = ("bot", "conversations", "handlers", "storage")


@dataclass(frozen=True, slots=True)
class Tree:
    """Packages by dotted name. `imports`: package → the packages it imports, with the places that do."""

    docstrings: dict[str, str] = field(default_factory=dict)
    modules: Counter[str] = field(default_factory=Counter)
    imports: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(dict))
    #: module → the modules of the product that it imports.
    of_modules: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def pairs(self) -> set[tuple[str, str]]:
        """Packages that import each other, in alphabetical order."""
        return {
            (one, other)
            for one in self.imports
            for other in self.imports[one]
            if one < other and one in self.imports.get(other, {})
        }


@cache
def read(root: Path, tops: tuple[str, ...] = TOPS) -> Tree:
    """Every import counts, also inside a function or for type checking only. Migrations are left out."""
    files = {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for top in tops
        for path in sorted((root / top).rglob("*.py"))
        if "versions" not in path.parts
    }
    packages = {name for name, path in files.items() if path.name == "__init__.py"}
    tree = Tree()
    for name, path in files.items():
        own = name if name in packages else name.rpartition(".")[0]
        parsed = ast.parse(path.read_text(encoding="utf-8"))
        if name in packages:
            tree.docstrings[name] = (ast.get_docstring(parsed) or "").split("\n")[0]
        else:
            tree.modules[own] += 1
        for line, target in _imports(parsed, files):
            tree.of_modules[name].add(target)
            other = target if target in packages else target.rpartition(".")[0]
            if other != own:
                tree.imports[own].setdefault(other, []).append(f"{path.relative_to(root)}:{line}")
    return tree


def _imports(parsed: ast.Module, known: dict[str, Path]) -> Iterator[tuple[int, str]]:
    for node in ast.walk(parsed):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in known else node.module for name in whole]
        yield from ((node.lineno, name) for name in names if name in known)
