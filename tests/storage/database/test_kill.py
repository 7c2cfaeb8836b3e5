"""kill -9 at random instants: everything that was acknowledged is there, and nothing is half there."""

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import String, cast, select

from storage.database.database import open_database
from storage.tables import DailySequence, Throttle
from storage.tables.column_types import utcnow

WRITER = """
import asyncio, sys
from sqlmodel import Session
from storage.database.database import open_database
from storage.tables import DailySequence, Throttle
from storage.tables.column_types import utcnow

def unit(number):
    def write(session: Session):
        session.add(DailySequence(day=str(number), last=number))
        session.flush()
        session.add(Throttle(key=str(number), at=utcnow()))
    return write

async def one(database, number):
    await database.run(unit(number))
    print(number, flush=True)

async def main():
    database = await open_database(sys.argv[1])
    start = int(sys.argv[2])
    for first in range(start, start + 1_000_000, 40):
        await asyncio.gather(*(one(database, number) for number in range(first, first + 40)))

asyncio.run(main())
"""


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.campaign) for seed in (1, 2))])
async def test_what_was_acknowledged_survives(database_url: str, seed: int) -> None:
    acknowledged: set[int] = set()
    for round_ in range(2):
        acknowledged |= _killed_after(random.Random(seed * 10 + round_).randint(1, 900), database_url, round_)

    database = await open_database(database_url)
    # In one look: a server may still commit what the killed process sent it last.
    both = select(cast(DailySequence.last, String)).union_all(select(Throttle.key))
    written = Counter(int(one) for one in await database.read(lambda session: session.scalars(both).all()))
    assert acknowledged <= written.keys()
    assert set(written.values()) == {2}, "each number stands in both tables"
    await database.run(lambda session: session.add(Throttle(key="alive", at=utcnow())))
    await database.close()


def _killed_after(lines: int, url: str, round_: int) -> set[int]:
    """Numbers that a writing process acknowledged before it was killed in the middle of its work."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, url, str(round_ * 2_000_000)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        text=True,
    )
    assert writer.stdout is not None
    numbers = [int(writer.stdout.readline()) for _ in range(lines)]
    writer.kill()
    numbers += [int(line) for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    writer.wait()
    writer.stdout.close()
    return set(numbers)
