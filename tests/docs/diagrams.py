"""Writes the parts of docs/architecture.md and docs/states.md that follow from the code: `make diagrams`."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bot.rules import account, cooperation, payment, qualification
from bot.rules.state_machine import Machine
from tests.docs.packages import Tree, read
from tests.docs.references import ROOT

PAGES = [ROOT / "docs" / name for name in ("architecture.md", "states.md")]
BLOCK = re.compile(r"(?<=<!-- generated: )(\w+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)
SHARED = "bot.services.shared"
#: The packages that an update passes.
WAY = ("bot.messengers.intake", "bot.messengers.processing", "bot.messengers.delivery", "handlers.telegram")


def table(tree: Tree) -> str:
    rows = [f"| `{name.replace('.', '/')}/` | {words} |" for name, words in sorted(tree.docstrings.items())]
    return "\n".join(["| package | what it is for |", "| --- | --- |", *rows])


def imports(tree: Tree) -> str:
    """Arrows between subjects (two levels deep); one that follows from others is left out."""
    arrows: dict[str, set[str]] = {}
    for one, others in tree.imports.items():
        arrows.setdefault(_subject(one), set()).update(_subject(other) for other in others)
    for one in arrows:
        arrows[one].discard(one)
    direct = {(one, other) for one, others in arrows.items() for other in others}
    kept = [
        (one, other)
        for one, other in sorted(direct)
        if not any(_leads(arrows, third, other) for third in arrows[one] - {other})
    ]
    return _mermaid(kept)


def update(tree: Tree) -> str:
    """Imports between the modules that an update passes."""
    return _mermaid(
        sorted(
            (one, other)
            for one, others in tree.of_modules.items()
            for other in others
            if one.startswith(WAY)
            and other.startswith(WAY)
            and one.rpartition(".")[0] != other.rpartition(".")[0]
            and other.count(".") > 1
        ),
        "LR",
    )


def _subject(package: str) -> str:
    if package.startswith(SHARED):
        return SHARED  # below the application's types; the other services are above them
    top, _, rest = package.partition(".")
    return f"{top}.{rest.partition('.')[0]}" if top == "bot" and rest else top


def _leads(arrows: dict[str, set[str]], start: str, end: str) -> bool:
    seen, open_ = set(), [start]
    while open_:
        one = open_.pop()
        if one == end:
            return True
        if one not in seen:
            seen.add(one)
            open_ += arrows.get(one, ())
    return False


def _mermaid(arrows: list[tuple[str, str]], direction: str = "TD") -> str:
    lines = (f"    {one} --> {other}" for one, other in arrows)
    return "\n".join(["```mermaid", f"graph {direction}", *lines, "```"])


def _states(machine: Machine[Any, Any, Any, Any], tree: Tree) -> str:
    return f"```mermaid\n{machine.mermaid()}\n```"


PARTS: dict[str, Callable[[Tree], str]] = {
    "table": table,
    "imports": imports,
    "update": update,
    "qualification": partial(_states, qualification.MACHINE),
    "cooperation": partial(_states, cooperation.MACHINE),
    "contract": partial(_states, cooperation.CONTRACT),
    "termination": partial(_states, cooperation.TERMINATION),
    "account": partial(_states, account.MACHINE),
    "payment": partial(_states, payment.MACHINE),
}


def rendered(page: str, root: Path = ROOT) -> str:
    """The page with its generated parts as the code is now."""
    tree = read(root)
    return BLOCK.sub(lambda found: f"{found[1]}{found[2]}{PARTS[found[1]](tree)}\n", page)


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(rendered(path.read_text(encoding="utf-8")), encoding="utf-8")
