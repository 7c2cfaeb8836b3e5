"""`make crash`: kills the bot again and again under a crowd, and counts what was lost or doubled."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import traceback
from pathlib import Path

from tests.crash.books import reckon
from tests.crash.campaign import Plan, block, play
from tests.crash.rows import read_rows
from tests.crash.settings import alone, as_one
from tests.support.postgres import PostgresServer

#: Set-up → seconds that people wait in all, and until they look again. A dead member of three leaves pushes behind that
#: are leased for a minute and a half, screens for one, payments for three.
SETUPS = {"one": (240.0, 4.0), "three": (600.0, 8.0)}


def _say(line: str) -> None:
    print(line, flush=True)


async def _one(plan: Plan, folder: Path) -> bool:
    """On SQLite."""
    return await _campaign(plan, folder, f"sqlite:///{folder / 'bot.db'}")


async def _three(plan: Plan, folder: Path) -> bool:
    """On PostgreSQL."""
    server = PostgresServer()
    try:
        return await _campaign(plan, folder, server.url(server.lend()))
    finally:
        server.stop()


async def _campaign(plan: Plan, folder: Path, database_url: str) -> bool:
    """Whether everything held."""
    where = alone if database_url.startswith("sqlite") else as_one
    _say(f"── {where.__doc__} {database_url.partition(':')[0]}")
    async with where(folder, database_url) as setting:
        try:
            played = await play(setting, plan, _say)
            rows = await read_rows(database_url)
            figures = await reckon(played, rows, setting.store, setting.stored(), setting.logs)
            _say(block(played, figures, plan))
        except BaseException:
            traceback.print_exc(chain=False)
            _say(f"seed {plan.seed}; the last words of the log:\n{setting.logs[-6000:]}")
            return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--setup", choices=[*SETUPS], help="one of the two (both)")
    parser.add_argument("--kills", type=int, default=300, help="at least so many in each (300)")
    parser.add_argument(
        "--seed", type=int, default=1, help="of the plan; the instants are never the same (1)"
    )
    parser.add_argument("--crowd", type=int, default=12, help="officers at once (12)")
    given = parser.parse_args()
    held = True
    for setup in [given.setup] if given.setup else [*SETUPS]:
        patience, quiet = SETUPS[setup]
        plan = Plan(given.kills, given.seed, given.crowd, patience=patience, quiet=quiet)
        with tempfile.TemporaryDirectory(prefix="officer-crash-") as name:
            run = _one if setup == "one" else _three
            held = asyncio.run(run(plan, Path(name))) and held
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
