"""Every journey of docs/specification.md 6, on both messengers and both databases.

`make test` plays the main ones once each; the campaign plays all of them twice, so that every messenger and every
database has its turn; JOURNEYS=all crosses them (`make journey ALL=1` plays both messengers on SQLite).
"""

import os
from typing import Any

import pytest

from tests.journeys import plays_card, plays_cooperation, plays_data, plays_legacy_import, plays_letters  # noqa: F401  their plays join the others
from tests.journeys.plays import MAIN, PLAYS, Play, Scene
from tests.support.bot_process import Stage

QUICK = [("telegram", "sqlite"), ("bale", "postgres")]
CROSSED = [("telegram", "postgres"), ("bale", "sqlite")]
WHERE = QUICK + (CROSSED if os.environ.get("JOURNEYS") == "all" else [])
#: Where `make test` plays the main ones.
MAIN_WHERE = {number: QUICK[place % 2] for place, number in enumerate(MAIN)}


def played(play: Play, where: tuple[str, str]) -> Any:
    marks = () if MAIN_WHERE.get(play.number) == where else (pytest.mark.campaign,)
    return pytest.param(play, *where, id="-".join((play.number, *where)), marks=marks)


@pytest.mark.parametrize(
    ("play", "messenger", "database_url"),
    [played(play, where) for play in PLAYS for where in WHERE],
    indirect=["database_url"],
)
async def test_journey(play: Play, messenger: str, stage: Stage) -> None:
    await play.act(Scene.on(stage, messenger))
