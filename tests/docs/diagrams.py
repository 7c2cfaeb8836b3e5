"""Writes the parts of docs/architecture.md and docs/states.md that follow from the code: `make diagrams`."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from bot.rules import account, cooperation, payment, qualification
from bot.rules.state_machine import Machine
from tests.docs.packages import first_lines, graph, package_imports
from tests.docs.references import ROOT

PAGES = [ROOT / "docs" / name for name in ("architecture.md", "states.md")]
BLOCK = re.compile(r"(?<=<!-- generated: )(\w+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)
SHARED = "bot.services.shared"
#: The packages that an update passes.
WAY = ("bot.messengers.intake", "bot.messengers.processing", "bot.messengers.delivery", "handlers.telegram")


def table() -> str:
    rows = [f"| `{name.replace('.', '/')}/` | {words} |" for name, words in sorted(first_lines(ROOT).items())]
    return "\n".join(["| package | what it is for |", "| --- | --- |", *rows])


def imports() -> str:
    """Arrows between subjects (two levels deep); one that follows from others is left out."""
    arrows: dict[str, set[str]] = {}
    for one, others in package_imports().items():
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


def update() -> str:
    """Imports between the modules that an update passes."""
    modules = [module for module in graph().modules if module.startswith(WAY)]
    arrows = [(one, other) for one in modules for other in graph().find_modules_directly_imported_by(one)]
    return _mermaid(
        sorted(
            (one, other)
            for one, other in arrows
            if other.startswith(WAY)
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


def _states(machine: Machine[Any, Any, Any, Any]) -> str:
    return f"```mermaid\n{machine.mermaid()}\n```"


PARTS: dict[str, Callable[[], str]] = {
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


def rendered(page: str) -> str:
    """The page with its generated parts as the code is now."""
    return BLOCK.sub(lambda found: f"{found[1]}{found[2]}{PARTS[found[1]]()}\n", page)


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(rendered(path.read_text(encoding="utf-8")), encoding="utf-8")
