"""Every figure that the code has by name stands in docs/limits.md or is promised by another page."""

import ast
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any

from tests.bot.test_limits import DEFAULTS, FIGURES, literal_defaults
from tests.bot.test_promised_figures import PROMISES
from tests.docs.packages import TOPS
from tests.docs.references import ROOT

#: Statuses, codes, units and colours: neither a bound nor a time.
GIVEN = {
    "bot.documents.pictures.orientation.ORIENTATION",
    *(f"bot.gateways.kavenegar.{name}" for name in ("NO_CREDIT", "OK")),
    *(f"bot.gateways.zarinpal.{name}" for name in ("INTERNAL", "NOT_SUCCESSFUL", "PAID", "PAID_BEFORE")),
    *(f"bot.gateways.zarinpal.{name}" for name in ("TOO_MANY_ATTEMPTS", "WRONG_AMOUNT")),
    *(f"bot.gateways.zibal.{name}" for name in ("BAD_TRACK", "NOT_SUCCESSFUL", "NO_MERCHANT", "OK")),
    "bot.gateways.zibal.VERIFIED_BEFORE",
    *(f"bot.jobs.schedule.{name}" for name in ("HOUR", "MINUTE")),
    *(f"bot.legacy_import.readers.calamine_process.{name}" for name in ("BROKEN", "LOCKED", "TOO_LARGE")),
    *(f"bot.reports.chart_shapes.{name}" for name in ("COLOURS", "INK", "RULE", "SOFT")),
    *(f"bot.operations.archive.{name}" for name in ("FORMAT", "UNSIGNED_FORMAT")),
    "bot.services.review.held_decisions.NO_UNDO",
    "bot.services.review.working_days.FRIDAY",
    *(f"bot.startup.errors.{name}" for name in ("FAILED", "REFUSED")),
    *(f"handlers.common.branch_list.{name}" for name in ("ALL", "VACANT")),
    "storage.database.postgres.SERVING",
}


def figures() -> Iterator[str]:
    """The constants of all modules whose value is a number, a time, or a tuple of these."""
    for path in sorted(path for top in TOPS for path in (ROOT / top).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if "migrations" in parts or "tables" in parts:
            continue
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(statement, ast.Assign | ast.AnnAssign) and has_number(statement.value):
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                for target in (node for one in targets for node in ast.walk(one)):
                    name = target.id if isinstance(target, ast.Name) else ""
                    if name.isupper() and name[0] != "_" and is_figure(value_of(".".join(parts), name)):
                        yield ".".join((*parts, name))


def value_of(module: str, name: str) -> Any:
    return getattr(import_module(module), name)


def has_number(value: ast.expr | None) -> bool:
    constants = (node for node in ast.walk(value) if isinstance(node, ast.Constant)) if value else ()
    return any(type(constant.value) in (int, float) for constant in constants)


def is_figure(value: Any) -> bool:
    if is_dataclass(value):
        value = tuple(getattr(value, one.name) for one in fields(value))
    if isinstance(value, tuple):
        return bool(value) and all(is_figure(one) for one in value)
    return isinstance(value, int | float | timedelta)


def test_every_figure_is_listed() -> None:
    """One that is missing gets a line in docs/limits.md: what it bounds, the figure with its unit, the name."""
    known = {where for _, where in FIGURES} | {where for _, _, where, _ in PROMISES} | GIVEN
    assert sorted(set(figures()) - known) == []


def test_no_line_is_of_a_figure_that_is_gone() -> None:
    found = set(figures())
    assert [where for _, where in FIGURES if where not in found] == []
    assert sorted(GIVEN - found) == []


def test_every_default_is_listed_and_none_that_is_gone() -> None:
    """A number in the head of a function or class that has no line gets one; better still is a named figure."""
    assert sorted(where for _, where in DEFAULTS) == sorted(literal_defaults())
