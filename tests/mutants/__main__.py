"""`make mutants N=150 SEED=…`: how many of N random faults the tests notice. AREAS="bot/rules handlers" narrows it.

The first run records under .mutants/ which tests execute which line; `MAP=1` records it anew, which is needed once lines or tests
have moved. `T=tests/bot/rules` records and runs only these tests, for a quick look at one package.
"""

import os
import random
import sys
from collections import Counter
from pathlib import Path

from tests.mutants.coverage_map import CoverageMap, record
from tests.mutants.faults import Fault, choose
from tests.mutants.run import Result, copy_tree, examine

AREAS = "bot conversations handlers storage"


def main() -> int:
    top = Path.cwd()
    tests = (os.environ.get("T") or "").split()
    folder = top / ".mutants" / ("-".join(tests).replace("/", ".") or "suite")
    number, seed = int(os.environ.get("N") or 20), int(os.environ.get("SEED") or random.randrange(1_000_000))
    if os.environ.get("MAP") or not (folder / "durations").exists():
        record(folder, tests, workers=os.cpu_count() or 1)
    known = CoverageMap(folder / "coverage", folder / "durations", top)
    tree = folder / "tree"
    copy_tree(top, tree)
    faults = choose(tree, (os.environ.get("AREAS") or AREAS).split(), number, seed)
    print(f"{len(faults)} mutants, SEED={seed}", flush=True)
    results: list[tuple[Fault, Result]] = []
    for place, fault in enumerate(faults, start=1):
        result = examine(fault, known, tree, tree)
        results.append((fault, result))
        report(place, fault, result, tree)
    summarise(results)
    return 0


def report(place: int, fault: Fault, result: Result, tree: Path) -> None:
    print(
        f"{place:4} {result.verdict:9} {fault.kind:10} {fault.path}:{fault.first} ({result.tests} tests) {result.by}"
    )
    if result.verdict != "killed":
        print(fault.diff((tree / fault.path).read_text(encoding="utf-8")))
    sys.stdout.flush()


def summarise(results: list[tuple[Fault, Result]]) -> None:
    """A line an area: how many were planted, killed, survived and executed by no test."""
    print(f"{'area':24} {'mutants':>8} {'killed':>8} {'survived':>9} {'no test':>8}")
    areas = sorted({fault.area for fault, _ in results})
    for area in [*areas, "all"]:
        ended = Counter(result.verdict for fault, result in results if area in (fault.area, "all"))
        print(f"{area:24} {ended.total():8} {ended['killed']:8} {ended['survived']:9} {ended['no test']:8}")


if __name__ == "__main__":
    sys.exit(main())
