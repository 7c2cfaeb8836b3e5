"""Which tests execute which line: recorded once by a run of the suite with branch coverage, a context a test.

Only the test's own process is measured. A line that runs in a started process alone (`bot.py run` of a journey, a command) counts
as executed by no test, and so does one that only campaigns execute: a mutant there says "no test", which is to be looked at by hand.
"""

import ast
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from coverage import CoverageData

from tests.mutants.faults import Fault

CONFIG = "[run]\nbranch = True\ndata_file = {data}\nsource =\n    bot\n    conversations\n    handlers\n    storage\n"
#: Tests of the source text, of other programs, and campaigns: none of them says what a mutant does.
LEFT_OUT = ("tests/docs/", "tests/deploy/", "tests/mutants/", "tests/benchmarks/", "tests/botapi/")


def record(folder: Path, tests: list[str], workers: int) -> None:
    """Run `tests` (none: the whole suite, in about three times its time) and write `coverage` and `durations` to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "settings.ini"
    config.write_text(CONFIG.format(data=folder / "coverage"))
    (folder / "durations").unlink(missing_ok=True)
    plain = ["-p", "tests.mutants.coverage_map", "-q", "-n", str(workers), "-m", "not campaign", *tests]
    measured = ["--cov", f"--cov-config={config}", "--cov-context=test", "--cov-report="]
    subprocess.run(
        [sys.executable, "-m", "pytest", *plain, *measured],
        env=os.environ | {"MUTANTS_DURATIONS": str(folder / "durations")},
        check=False,
    )


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """As a plugin of that run: note how long each test takes and whether it passes."""
    if "PYTEST_XDIST_WORKER" in os.environ:  # the controller is told of the same
        return
    with open(os.environ["MUTANTS_DURATIONS"], "a") as file:
        file.write(json.dumps([report.nodeid, report.outcome, report.duration]) + "\n")


class CoverageMap:
    """Tests by line, and what each of them takes. `root` is where the sources were when it was recorded."""

    def __init__(self, data: Path, durations: Path, root: Path) -> None:
        self._data = CoverageData(str(data))
        self._data.read()
        self._root = root
        self.seconds: dict[str, float] = defaultdict(float)
        failed: set[str] = set()
        for line in durations.read_text().splitlines():
            test, outcome, seconds = json.loads(line)
            self.seconds[test] += float(seconds)
            if outcome != "passed":
                failed.add(test)
        for test in failed:
            del self.seconds[test]

    @cache  # noqa: B019 - lives as long as the run
    def lines(self, path: str) -> dict[int, set[str]]:
        """The tests of each line of a file that passed when it was recorded."""
        found = self._data.contexts_by_lineno(str(self._root / path))
        return {
            line: {test for context in contexts if (test := context.rpartition("|")[0]) in self.seconds}
            for line, contexts in found.items()
        }

    def tests_of(self, fault: Fault, top: Path) -> set[str]:
        """The tests that execute a fault; where it takes effect at import, those that execute a line with its names."""
        if fault.names is None:
            lines = self.lines(fault.path)
            found = {test for line in range(fault.first, fault.last + 1) for test in lines.get(line, ())}
            return found or lines.get(fault.statement, set())
        found, names, searched = set[str](), list(fault.names[:1]), set[str]()
        while names and not found:
            searched.add(name := names.pop())
            used, defined = uses(top, name)
            found = {test for path, line in used for test in self.lines(path).get(line, ())}
            names += defined - searched
        # A test of a table of constants has the name of the constant in its own.
        said = (
            f"{fault.path.removesuffix('.py').replace('/', '.')}.{fault.names[0]}-" if fault.names else None
        )
        return found | {test for test in self.seconds if said is not None and said in test}

    def in_order(
        self, tests: set[str], fault: Fault, *, slowest: float, nearest: int, most: int
    ) -> list[str]:
        """The `nearest` tests, then the fastest of each file among the others, then the second of each; `most` in all.

        Those in the mirror place are the nearest, then the fastest; slow ones only where nothing else executes the fault.
        """
        tests = {test for test in tests if not test.startswith(LEFT_OUT)}
        quick = {test for test in tests if self.seconds[test] <= slowest}
        ordered = sorted(quick or tests, key=lambda test: (distance(test, fault.path), self.seconds[test]))
        turns: dict[str, int] = defaultdict(int)
        others: list[tuple[int, str]] = []
        for test in ordered[nearest:]:
            turns[file := test.partition("::")[0]] += 1
            others.append((turns[file], test))
        others.sort(key=lambda turn: turn[0])
        return [*ordered[:nearest], *(test for _, test in others)][:most]


def distance(test: str, path: str) -> int:
    """How far a test is from the mirror place of a module; tests on PostgreSQL come last, its server starts slowly."""
    folder = Path("tests") / Path(path).parent
    far = 0 if Path(test.partition("::")[0]).is_relative_to(folder) else 2
    return far + ("postgres" in test)


def uses(top: Path, name: str) -> tuple[set[tuple[str, int]], set[str]]:
    """The lines with `name`, and what is defined by those that run at import."""
    wanted, lines, defined = re.compile(rf"\b{name}\b"), set[tuple[str, int]](), set[str]()
    for path in product_files(top):
        for number, line in enumerate(source_lines(top, path), start=1):
            if wanted.search(line):
                lines.add((path, number))
                defined |= {
                    target for first, last, target in definitions(top, path) if first <= number <= last
                }
    return lines, defined


@cache
def definitions(top: Path, path: str) -> list[tuple[int, int, str]]:
    """The values that a module assigns at import: first line, last line, name."""
    return [
        (statement.lineno, statement.end_lineno or statement.lineno, target.id)
        for statement in ast.parse((top / path).read_text(encoding="utf-8")).body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
        if isinstance(target, ast.Name)
    ]


@cache
def product_files(top: Path) -> list[str]:
    folders = ("bot", "conversations", "handlers", "storage")
    return [
        path.relative_to(top).as_posix()
        for folder in folders
        for path in sorted((top / folder).rglob("*.py"))
    ]


@cache
def source_lines(top: Path, path: str) -> list[str]:
    return (top / path).read_text(encoding="utf-8").splitlines()
