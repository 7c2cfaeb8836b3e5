"""Each race with a few rounds, on both databases. `make races` runs a thousand."""

import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.races.arena import Arena, on_postgres, on_sqlite
from tests.races.programme import RACES, prepare, reckon
from tests.support.s3 import Bucket, s3_serving

ROUNDS = 16


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with s3_serving() as url:
        yield Bucket(url)


@pytest.fixture(params=["sqlite", "postgres"])
async def arena(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Arena]:
    url = request.getfixturevalue(f"{request.param}_url")
    opened = (
        on_sqlite(tmp_path, url)
        if request.param == "sqlite"
        else on_postgres(tmp_path, url, request.getfixturevalue("bucket"))
    )
    async with opened as arena:
        await prepare(arena)
        yield arena


async def test_one_winner_each(arena: Arena) -> None:
    for name, race in RACES.items():
        figures = await race.hold(arena, ROUNDS, random.Random(name))
        print(figures)
        assert figures.rounds == ROUNDS
        assert figures.deadlocks == 0
    await reckon(arena)
