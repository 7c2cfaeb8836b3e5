"""`make races`: every race a thousand times on both databases, each round with one winner; exit 0 only if all held."""

import argparse
import asyncio
import random
import sys
import time

from tests.races.environment import PROCESSES, running
from tests.races.scenarios import RACES, check_all, set_fee
from tests.support.fleet import temporary_deployment


async def hold(database: str, names: list[str], rounds: int, seed: int) -> bool:
    """Print each race's figures as it ends. True if all held."""
    held = True
    async with (
        temporary_deployment(PROCESSES[database]) as deployment,
        running(deployment) as environment,
    ):
        await set_fee(environment)
        for name in names:
            try:
                figures = await RACES[name].hold(environment, rounds, random.Random(f"{name} {seed}"))
                print("  ", figures, flush=True)
            except AssertionError as problem:
                held = False
                print(f"   ✘ {name}: {problem}", flush=True)
        await check_all(environment)
    return held


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.races", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", choices=list(RACES), action="append", help="may be given several times")
    parser.add_argument("--database", choices=list(PROCESSES), action="append")
    asked = parser.parse_args()
    held = []
    for database in asked.database or PROCESSES:
        print(f"{database}, processes: {PROCESSES[database]} (seed {asked.seed})", flush=True)
        held.append(asyncio.run(hold(database, asked.only or list(RACES), asked.rounds, asked.seed)))
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
