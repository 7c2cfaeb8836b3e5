"""Each race with a few rounds, on both databases. `make races` runs a thousand."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.races.environment import PROCESSES, Environment, running
from tests.races.scenarios import RACES, check_all, set_fee
from tests.support.fleet import deployment

ROUNDS = 16


@pytest.fixture(params=PROCESSES)
async def environment(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Environment]:
    url = request.getfixturevalue(f"{request.param}_url")
    async with deployment(PROCESSES[request.param], tmp_path, url) as opened, running(opened) as environment:
        await set_fee(environment)
        yield environment


async def test_one_winner_each(environment: Environment) -> None:
    for name, race in RACES.items():
        figures = await race.hold(environment, ROUNDS, random.Random(name))
        print(figures)
        assert figures.rounds == ROUNDS
        assert figures.deadlocks == 0
    await check_all(environment)
