"""The figures that docs/limits.md lists are those of the code."""

import ast
import re
from collections.abc import Iterator
from dataclasses import astuple, is_dataclass
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.core.context import PublicInfo
from bot.jobs import schedule
from conversations.catalogue import ALL
from conversations.engine.declaration import Dialogue, Step

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
UNITS |= {"TiB": 1 << 40}

FIGURES = re.findall(r"^\| .* \| (.+) \| `([a-z_0-9.]+\.[A-Z0-9_]+)` \|$", PAGE, re.M)
#: Defaults of parameters and of fields, below the name of their function or class.
DEFAULTS = re.findall(r"^\| .* \| (.+) \| `([a-z_0-9.]+(?:\.[A-Z]\w*)?\.[a-z_]+)` \|$", PAGE, re.M)
INTERVALS = re.findall(r"^\| ((?:`[a-z-]+`(?:, )?)+) \| ([^|]+) \|$", PAGE, re.M)
LENGTHS = re.findall(r"^\| [^|]+ \| ([\d,]+)–([\d,]+) \| ((?:`[a-z_]+`(?:, )?)+) \|$", PAGE, re.M)


def read(figure: str) -> list[float]:
    """The numbers of a cell in seconds, in bytes, or as they stand."""
    numbers, unit = re.fullmatch(r"([\d,. ]*\d) ?([a-zA-Z]*)", figure).groups()  # type: ignore[union-attr]
    return [float(number.replace(",", "")) * UNITS[unit] for number in numbers.split(", ")]


def numbers_of(value: Any) -> list[float]:
    if isinstance(value, timedelta):
        return [value.total_seconds()]
    if is_dataclass(value):
        return numbers_of(astuple(value))  # type: ignore[arg-type]
    if isinstance(value, tuple):
        return [number for one in value for number in numbers_of(one)]
    return [float(value)]


@pytest.mark.parametrize(("figure", "where"), FIGURES, ids=[f"{where}-{figure}" for figure, where in FIGURES])
def test_a_figure_is_that_of_the_code(figure: str, where: str) -> None:
    module, _, name = where.rpartition(".")
    factor = 3600 if name == "BACKUP_HOURS" else 1
    assert numbers_of(getattr(import_module(module), name)) == [part / factor for part in read(figure)]


def literal_defaults() -> dict[str, Any]:
    """The numbers from two on that stand as such in the head of a function or in a field of a class. A `limit` is the
    caller's, a `status` that of HTTP."""
    found: dict[str, Any] = {}
    for path in sorted(
        path for top in ("bot", "conversations", "handlers", "storage") for path in (ROOT / top).rglob("*.py")
    ):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if "migrations" not in parts and "tables" not in parts:
            for name, value in defaults_of(ast.parse(path.read_text(encoding="utf-8")).body):
                number = number_in(value)
                if (
                    number is not None
                    and number >= 2
                    and not name.isupper()
                    and not name.endswith((".limit", ".status"))
                ):
                    found[".".join((*parts, name))] = number
    return found


def defaults_of(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for one in body:
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            given = [*one.args.posonlyargs, *one.args.args]
            pairs = [*zip(given[len(given) - len(one.args.defaults) :], one.args.defaults, strict=True)]
            pairs += [
                (arg, value)
                for arg, value in zip(one.args.kwonlyargs, one.args.kw_defaults, strict=True)
                if value
            ]
            prefix = "" if one.name == "__init__" else f"{one.name}."
            yield from ((prefix + arg.arg, value) for arg, value in pairs)
        elif isinstance(one, ast.ClassDef):
            yield from ((f"{one.name}.{name}", value) for name, value in defaults_of(one.body))
        elif isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and one.value is not None:
            yield one.target.id, one.value


def number_in(value: ast.expr) -> float | None:
    """A number, a time, or the default of `Field(…)`; None for everything else."""
    if isinstance(value, ast.Call) and ast.unparse(value.func) == "Field":
        value = next((one.value for one in value.keywords if one.arg == "default"), value)
    parts = [
        node
        for node in ast.walk(value)
        if not isinstance(node, ast.expr_context | ast.operator | ast.keyword)
    ]
    if not all(
        node.id in ("timedelta", "ByteSize")
        if isinstance(node, ast.Name)
        else type(node.value) in (int, float)
        if isinstance(node, ast.Constant)
        else isinstance(node, ast.BinOp | ast.Call)
        for node in parts
    ):
        return None
    read: Any = eval(ast.unparse(value), {"timedelta": timedelta, "ByteSize": int})
    number: float = numbers_of(read)[0]
    return number


def test_a_default_is_the_one_that_is_listed() -> None:
    held = literal_defaults()
    assert {where: read(figure)[0] for figure, where in DEFAULTS if where in held} == held


def test_every_job_runs_as_often_as_listed() -> None:
    resources: Any = SimpleNamespace(
        database=None, documents=None, public_info=PublicInfo("", ""), clock=None
    )
    listed = {name: read(every)[0] for names, every in INTERVALS for name in re.findall(r"[a-z-]+", names)}
    found = {name: every for name, every, _ in schedule.sweeps(resources, drafts=lambda db, now: None)}
    assert found == listed


def named_steps() -> Iterator[tuple[str, Step]]:
    """Each step below the names by which modules of the dialogues declare it."""
    for path in sorted((ROOT / "conversations").rglob("[a-z]*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            for target in getattr(statement, "targets", [getattr(statement, "target", None)]):
                if isinstance(target, ast.Name):
                    value = getattr(import_module(module), target.id, None)
                    yield from ((f"{module}.{target.id}", step) for step in steps_of(value))


def steps_of(value: Any) -> Iterator[Step]:
    if isinstance(value, Step):
        yield value
    elif isinstance(value, Dialogue):
        yield from steps_of(value.steps)
    elif isinstance(value, tuple):
        for one in value:
            yield from steps_of(one)


TYPED = [(where, step) for where, step in named_steps() if hasattr(step.question, "max")]


@pytest.mark.parametrize(("where", "step"), TYPED, ids=[f"{where}-{step.key}" for where, step in TYPED])
def test_an_answer_has_the_letters_that_are_listed(where: str, step: Step) -> None:
    listed = {
        key: (int(least.replace(",", "")), int(most.replace(",", "")))
        for least, most, keys in LENGTHS
        for key in re.findall("[a-z_]+", keys)
    }
    question: Any = step.question
    assert (getattr(question, "min", 0), question.max) == listed[step.key]


def test_the_page_lists_no_answer_that_is_not_asked() -> None:
    keys = {key for _, _, keys in LENGTHS for key in re.findall("[a-z_]+", keys)}
    assert keys == {step.key for _, step in TYPED}


def test_a_registration_is_kept_for_a_month_and_every_other_draft_for_a_year() -> None:
    assert "is kept for 30 days, that of every other dialogue for 365" in PAGE
    kept = {dialogue.name: dialogue.days_kept for dialogue in ALL}
    assert kept.pop("registration") == 30
    assert set(kept.values()) == {365}
