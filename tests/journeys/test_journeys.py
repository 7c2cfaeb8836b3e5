"""Every journey of docs/specification.md 6, on both messengers and both databases.

`make test` plays the main ones once each; the campaign plays all of them twice, so that every messenger and every
database has its turn; JOURNEYS=all crosses them (`make journey` plays both messengers on SQLite).
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from demo.emulators import Emulators
from tests.journeys import plays_card, plays_cooperation, plays_data, plays_legacy_import, plays_letters  # noqa: F401  their plays join the others
from tests.journeys.plays import PLAYS, Play, Scene
from tests.support.bot_process import Stage

QUICK = [("telegram", "sqlite"), ("bale", "postgres")]
CROSSED = [("telegram", "postgres"), ("bale", "sqlite")]
WHERE = QUICK + (CROSSED if os.environ.get("JOURNEYS") == "all" else [])
#: What `make test` plays, and where.
MAIN = {f"J{number}": QUICK[number % 2] for number in range(1, 7)}


def played(play: Play, where: tuple[str, str]) -> Any:
    marks = () if MAIN.get(play.number) == where else (pytest.mark.campaign,)
    return pytest.param(play, *where, id="-".join((play.number, *where)), marks=marks)


@pytest.fixture
async def stage(database_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(await Emulators.start(), tmp_path, database_url)
    yield stage
    await stage.close()


@pytest.mark.parametrize(
    ("play", "messenger", "database_url"),
    [played(play, where) for play in PLAYS for where in WHERE],
    indirect=["database_url"],
)
async def test_journey(play: Play, messenger: str, stage: Stage) -> None:
    here, there = stage.town.messengers if messenger == "telegram" else reversed(stage.town.messengers)
    await stage.start()
    try:
        await play.act(Scene(stage, here, there))
        assert stage.town.violations == []
        assert "Traceback" not in stage.log.read_text()
    except BaseException:
        print(stage.town.transcript)
        print(stage.log.read_text()[-6000:])
        raise
