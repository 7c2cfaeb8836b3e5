"""Three processes on one PostgreSQL and one S3 store behind a balancer: the same journeys, as if there were one."""

import pytest

from tests.journeys import cooperation  # noqa: F401  its journeys join the others
from tests.journeys.qualification import JourneySetup, find_journey
from tests.support.fleet import Deployment

pytestmark = pytest.mark.campaign


@pytest.mark.parametrize(("number", "messenger"), [("J6", "bale"), ("J7", "telegram")])
async def test_three_are_as_one(number: str, messenger: str, fleet: Deployment) -> None:
    await find_journey(number).act(JourneySetup.on(fleet.members[0], messenger))
    await fleet.stop()
    # Each had its share.
    assert len(fleet.balancer.answered) == 3
    assert min(fleet.balancer.answered.values()) > sum(fleet.balancer.answered.values()) / 5
