"""`make races`: every race a thousand times on both databases, each round with one winner; exit 0 only if all held."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.races.arena import PROCESSES, Arena, on_postgres, on_sqlite
from tests.races.programme import RACES, prepare, reckon
from tests.support.postgres import PostgresServer
from tests.support.s3 import Bucket, s3_serving

DATABASES = {"sqlite": "SQLite, one process", "postgres": f"PostgreSQL, {PROCESSES} processes"}


@contextlib.contextmanager
def a_server() -> Iterator[tuple[str, Bucket]]:
    """A new database on a throw-away PostgreSQL, and a bucket."""
    server = PostgresServer()
    try:
        with s3_serving() as url:
            yield server.url(server.lend()), Bucket(url)
    finally:
        server.stop()


async def hold(arena: Arena, names: list[str], rounds: int, seed: int) -> bool:
    """Print each race's figures as it ends. True if all held."""
    held = True
    await prepare(arena)
    for name in names:
        try:
            print("  ", await RACES[name].hold(arena, rounds, random.Random(f"{name} {seed}")), flush=True)
        except AssertionError as problem:
            held = False
            print(f"   ✘ {name}: {problem}", flush=True)
    await reckon(arena)
    return held


async def on(database: str, names: list[str], rounds: int, seed: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        if database == "sqlite":
            async with on_sqlite(Path(folder), f"sqlite:///{folder}/bot.db") as arena:
                return await hold(arena, names, rounds, seed)
        with a_server() as (url, bucket):
            async with on_postgres(Path(folder), url, bucket) as arena:
                return await hold(arena, names, rounds, seed)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.races", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", choices=list(RACES), action="append", help="may be given several times")
    parser.add_argument("--database", choices=list(DATABASES), action="append")
    asked = parser.parse_args()
    held = []
    for database in asked.database or DATABASES:
        print(f"{DATABASES[database]} (seed {asked.seed})", flush=True)
        held.append(asyncio.run(on(database, asked.only or list(RACES), asked.rounds, asked.seed)))
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
