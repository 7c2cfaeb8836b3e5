"""Three processes on one PostgreSQL and one S3 store behind a balancer: the same journeys, as if there were one."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from demo.emulators import Emulators
from tests.journeys import plays_cooperation  # noqa: F401  its plays join the others
from tests.journeys.plays import PLAYS, Scene
from tests.support.fleet import Fleet
from tests.support.s3 import Bucket, s3_serving

pytestmark = pytest.mark.campaign


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with s3_serving() as url:
        yield Bucket(url)


@pytest.fixture
async def fleet(postgres_url: str, tmp_path: Path, bucket: Bucket) -> AsyncIterator[Fleet]:
    fleet = await Fleet.gather(3, await Emulators.start(), tmp_path, postgres_url, bucket)
    yield fleet
    await fleet.close()


@pytest.mark.parametrize("number", ["J6", "J7"])
async def test_three_are_as_one(number: str, fleet: Fleet) -> None:
    here, there = fleet.town.messengers if number != "J6" else reversed(fleet.town.messengers)
    await fleet.start()
    try:
        play = next(one for one in PLAYS if one.number == number)
        await play.act(Scene(fleet.members[0], here, there))
        await fleet.stop()
        assert fleet.town.violations == []
        assert "Traceback" not in fleet.logs
        # Each had its share.
        assert len(fleet.balancer.answered) == 3
        assert min(fleet.balancer.answered.values()) > sum(fleet.balancer.answered.values()) / 5
    except BaseException:
        print(fleet.town.transcript)
        print(fleet.logs[-6000:])
        raise
