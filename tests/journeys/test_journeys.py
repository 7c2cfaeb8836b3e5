"""Every journey of docs/specification.md 6, on both messengers and both databases.

In the quick suite each is played twice, so that every messenger and every database has its turn; JOURNEYS=all crosses
them (`make journey` plays both messengers on SQLite).
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from demo.people import Town
from tests.journeys import plays_card, plays_cooperation, plays_data, plays_letters, plays_moving_in  # noqa: F401  their plays join the others
from tests.journeys.plays import PLAYS, Play, Scene
from tests.support.bot_process import Stage

QUICK = [("telegram", "sqlite"), ("bale", "postgres")]
CROSSED = [("telegram", "postgres"), ("bale", "sqlite")]
WHERE = QUICK + (CROSSED if os.environ.get("JOURNEYS") == "all" else [])


@pytest.fixture
async def stage(database_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(await Town.start(), tmp_path, database_url)
    yield stage
    await stage.close()


@pytest.mark.parametrize(("messenger", "database_url"), WHERE, indirect=["database_url"])
@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.number)
async def test_journey(play: Play, messenger: str, stage: Stage) -> None:
    here, there = stage.town.faces if messenger == "telegram" else reversed(stage.town.faces)
    await stage.start()
    try:
        await play.act(Scene(stage, here, there))
        assert stage.town.violations == []
        assert "Traceback" not in stage.log.read_text()
    except BaseException:
        print(stage.town.transcript)
        print(stage.log.read_text()[-6000:])
        raise
