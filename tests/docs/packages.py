"""The packages of the product and their imports: every import counts, also inside a function or for type checking only."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import grimp

TOPS = ("bot", "conversations", "handlers", "storage")


@cache
def graph() -> grimp.ImportGraph:
    """Of all modules. Released migrations are left out."""
    found = grimp.build_graph(*TOPS, cache_dir=None)
    for module in found.modules:
        if module.startswith("storage.migrations.versions"):
            found.remove_module(module)
    # The start script bot.py has the name of the package that hides it.
    found.remove_import(importer="bot", imported="bot.cli.main")
    return found


def first_lines(root: Path, tops: tuple[str, ...] = TOPS) -> dict[str, str]:
    """Package → the first line of its docstring."""
    files = sorted(file for top in tops for file in (root / top).rglob("__init__.py"))
    return {
        ".".join(file.parent.relative_to(root).parts): (
            ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        ).split("\n")[0]
        for file in files
    }


def is_package(module: str) -> bool:
    return module in TOPS or bool(graph().find_children(module))


def package_of(module: str) -> str:
    return module if is_package(module) else module.rpartition(".")[0]


def module_counts() -> Counter[str]:
    """Modules by package."""
    return Counter(package_of(module) for module in graph().modules if not is_package(module))


def package_imports() -> dict[str, set[str]]:
    """Package → the packages that it imports."""
    found: dict[str, set[str]] = {}
    for module in sorted(graph().modules):
        own = package_of(module)
        others = {package_of(other) for other in graph().find_modules_directly_imported_by(module)}
        found.setdefault(own, set()).update(others - {own})
    return found


def pairs(imports: dict[str, set[str]]) -> list[tuple[str, str]]:
    """Packages that import each other, in alphabetical order."""
    return sorted(
        (one, other)
        for one in imports
        for other in imports[one]
        if one < other and one in imports.get(other, ())
    )
