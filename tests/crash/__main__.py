"""`make crash`: kills the bot again and again while many people use it, and counts what was lost or doubled."""

import argparse
import asyncio
import sys
import traceback

from tests.crash.campaign import Plan, report, run
from tests.crash.campaign_check import check
from tests.crash.rows import read_rows
from tests.support.fleet import temporary_deployment

#: Set-up → processes, seconds that people wait in all, and until they look again. A dead member of three leaves pushes
#: behind that are leased for a minute and a half, screens for one, payments for three.
SETUPS = {"one": (1, 240.0, 4.0), "three": (3, 600.0, 8.0)}


def _say(line: str) -> None:
    print(line, flush=True)


async def _campaign(plan: Plan, processes: int) -> bool:
    """Whether everything held."""
    async with temporary_deployment(processes) as deployment:
        _say(f"── {processes} process(es) on {deployment.database_url.partition(':')[0]}")
        try:
            result = await run(deployment, plan, _say)
            figures = await check(result, await read_rows(deployment.database_url), deployment)
            _say(report(result, figures, plan))
        except BaseException:
            traceback.print_exc(chain=False)
            _say(f"seed {plan.seed}; the end of the log:\n{deployment.logs[-6000:]}")
            return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--setup", choices=[*SETUPS], help="one of the two (both)")
    parser.add_argument("--kills", type=int, default=300, help="at least so many in each (300)")
    parser.add_argument("--seed", type=int, default=1, help="of the plan; the instants always differ (1)")
    parser.add_argument("--crowd", type=int, default=12, help="officers at once (12)")
    given = parser.parse_args()
    held = True
    for setup in [given.setup] if given.setup else [*SETUPS]:
        processes, patience, quiet = SETUPS[setup]
        plan = Plan(given.kills, given.seed, given.crowd, patience=patience, quiet=quiet)
        held = asyncio.run(_campaign(plan, processes)) and held
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
