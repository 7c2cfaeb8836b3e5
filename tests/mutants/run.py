"""Plants one fault at a time in a copy of the tree and runs the tests that execute it."""

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray import testing
from cosmic_ray.work_item import TestOutcome

from tests.mutants.coverage_map import CoverageMap
from tests.mutants.faults import Fault

#: Tests a mutant: so many of the nearest, then in turns those of each other file that executes the fault, so many in all.
NEAREST_TESTS, MOST_TESTS = 25, 60
#: Tests that take more seconds than this are only run where no others execute the fault.
SLOWEST = 10.0
#: Seconds for start and imports, and how many times as long as recorded the tests may take.
START, PATIENCE = 60.0, 6.0
OPTIONS = "-x -q --no-header -p no:cacheprovider -p no:cov -p tests.mutants.selection"


@dataclass(frozen=True, slots=True)
class Result:
    #: "killed", "survived" or "no test".
    verdict: str
    tests: int = 0
    #: The test that failed and what it said.
    by: str = ""


def copy_tree(top: Path, to: Path) -> None:
    """The files of the working tree that git knows or would know."""
    shutil.rmtree(to, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=top,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (top / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(top / name, to / name)


def examine(fault: Fault, known: CoverageMap, top: Path, tree: Path) -> Result:
    """Plant `fault` in the copy `tree`, run its tests until one fails, and take it out again."""
    found = known.tests_of(fault, top)
    tests = known.in_order(found, fault, slowest=SLOWEST, nearest=NEAREST_TESTS, most=MOST_TESTS)
    tests = [test for test in tests if (tree / test.partition("::")[0]).is_file()]
    if not tests:
        return Result("no test")
    source = (tree / fault.path).read_text(encoding="utf-8")
    (tree / fault.path).write_text(fault.mutated(source), encoding="utf-8")
    try:
        return run_tests(tests, tree, START + PATIENCE * sum(known.seconds[test] for test in tests))
    finally:
        (tree / fault.path).write_text(source, encoding="utf-8")


def run_tests(tests: list[str], tree: Path, seconds: float) -> Result:
    wanted, outcome = tree.parent / "tests.json", tree.parent / "outcome.json"
    wanted.write_text(json.dumps(tests))
    outcome.unlink(missing_ok=True)
    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
    os.environ |= {"MUTANTS_TESTS": str(wanted), "MUTANTS_OUTCOME": str(outcome)}
    command = [sys.executable, "-m", "pytest", *OPTIONS.split(), *files]
    with contextlib.chdir(tree):
        verdict, output = testing.run_tests(shlex.join(command), seconds)
    if output == "timeout":
        return Result("killed", len(tests), f"no end after {seconds:.0f} s")
    if not outcome.exists():
        return Result("killed", len(tests), "the test run does not start")
    ended = json.loads(outcome.read_text())
    if ended["failed"]:
        test, message = ended["failed"][0]
        return Result("killed", ended["ran"], f"{test}: {(message or '').strip().splitlines()[:1]}")
    if not ended["ran"]:
        return Result("no test")
    return Result("survived" if verdict is TestOutcome.SURVIVED else "killed", ended["ran"])
