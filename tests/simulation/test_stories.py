"""Stories run in the order of their moments; what lies after the end does not happen."""

from datetime import UTC, datetime, timedelta
from random import Random

from bot.core.refusals import NotAllowed
from bot.services.review.working_days import is_working_day
from bot.texts.formats import TEHRAN
from simulation.clock import StoryClock
from simulation.stories import AT_WORK, Outside, Stories, Story
from storage.database.database import Database

END = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
BEGUN = END - timedelta(days=100)


def stories_of(database: Database) -> Stories:
    return Stories(database, StoryClock(BEGUN), END, Random(1))


async def test_side_by_side(database: Database) -> None:
    stories, happened = stories_of(database), list[tuple[str, timedelta]]()

    def story(name: str, every: int) -> Story:
        while True:
            happened.append((name, stories.now - BEGUN))
            yield stories.now + timedelta(days=every)

    stories.tell(story("a", 30), BEGUN + timedelta(days=1))
    stories.tell(story("b", 40), BEGUN + timedelta(days=2))
    await stories.run()
    assert happened == [(name, timedelta(days=days)) for name, days in
                        (("a", 1), ("b", 2), ("a", 31), ("b", 42), ("a", 61), ("b", 82), ("a", 91))]  # fmt: skip
    assert stories.now == END


async def test_work_outside_comes_back_with_its_outcome(database: Database) -> None:
    stories, heard = stories_of(database), list[int]()

    async def asked() -> int:
        return 7

    def story() -> Story:
        heard.append((yield Outside(asked)))

    stories.tell(story(), BEGUN)
    await stories.run()
    assert heard == [7]


async def test_a_refusal_ends_its_story_alone_and_is_told(database: Database) -> None:
    stories, done = stories_of(database), list[str]()

    def refused() -> Story:
        yield stories.now + timedelta(days=1)
        raise NotAllowed("error.not_yours")

    def other() -> Story:
        yield stories.now + timedelta(days=2)
        done.append("other")

    stories.tell(refused(), BEGUN)
    stories.tell(other(), BEGUN)
    await stories.run()
    assert done == ["other"]
    assert stories.refused == ["error.not_yours in refused"]


async def test_experts_decide_on_working_days(database: Database) -> None:
    stories = stories_of(database)
    moments = [stories.ago(days, AT_WORK) for days in range(1, 60)]
    assert all(is_working_day(moment.astimezone(TEHRAN).date()) for moment in moments)
    assert all(BEGUN < moment < END for moment in moments)
