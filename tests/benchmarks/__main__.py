"""`make bench`: the service against plain bots, in turns, and what it bears; writes bench.json.

Ours: intake, one durable transaction (`synchronous=FULL`) and one answer. The rivals (`rivals/`): two questions.
The ratio is what counts; absolute figures are the machine's. Ends with 1 where a goal is missed by more than the noise
of its rounds.

`QUICK=1`: under two minutes. `FULL=1`: at the sizes of the goals, half an hour and 5 GB. `BENCH_FOLDER`: a folder where
the database of a million officers is made once and kept; without it the large database is smaller, and the rows say so.
`ROWS="steps …"`: only these.
"""

import asyncio
import os
import sys
import traceback
from collections.abc import Awaitable, Callable

from tests.benchmarks import documents, legacy_import
from tests.benchmarks.bots import PROJECT
from tests.benchmarks.figures import HEADING, Figure, Results, broken
from tests.benchmarks.plan import Plan, Stopwatch, plan
from tests.benchmarks.rows import document, large, load, processes, steps


async def measure_rest(results: Results, plan: Plan) -> None:
    """What has no goal among the rows: files and the import, as ratios to what cannot be spared."""
    if not plan.rest:
        return
    for name, measured in {"documents": documents.measured, "import": legacy_import.measured}.items():
        found = await asyncio.to_thread(measured)
        results.add(*(_plain_figure(f"{name}_{key}", value) for key, value in found.items()))


def _plain_figure(name: str, value: object) -> Figure:
    if not isinstance(value, dict):
        return Figure(name, float(str(value)), "")
    if "ratio" in value:
        return Figure(name, value.get("ours_ms"), "ms", value.get("plain_ms"), value["ratio"])
    first, *others = value.items()
    return Figure(name, first[1], first[0], note=", ".join(f"{key} {number}" for key, number in others))


ROWS: dict[str, Callable[[Results, Plan], Awaitable[None]]] = {
    "steps": steps.measure,
    "large": large.measure,
    "load": load.measure,
    "document": document.measure,
    "processes": processes.measure,
    "rest": measure_rest,
}


async def _measured(name: str, results: Results, plan: Plan) -> None:
    """One that breaks down is named, and the others are measured all the same."""
    try:
        await ROWS[name](results, plan)
    except Exception as error:
        traceback.print_exc()
        results.add(broken(name, error))


async def main() -> int:
    only = os.environ.get("ROWS", "").split() or list(ROWS)
    results, watch = Results(), Stopwatch()
    with plan() as made:
        print(HEADING, flush=True)
        for name in only:
            own = Stopwatch()
            await _measured(name, results, made)
            print(f"    {name}: {own}", flush=True)
    results.write(PROJECT / "bench.json")
    print(f"{results.ending()} ({watch}; bench.json)")
    return 1 if results.missed or results.broken else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
