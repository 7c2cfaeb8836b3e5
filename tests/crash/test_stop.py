"""SIGTERM in the middle of J2: what is in hand is finished within 5 s, and after the start it goes on as if nothing was."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence

import pytest

from tests.crash.arrivals import Arrivals
from tests.crash.killer import Killer
from tests.crash.patient import Patient
from tests.crash.reckoning import reckon
from tests.crash.rows import everything_arrives
from tests.crash.test_kill import EXPECTED
from tests.journeys import plays
from tests.support.bot_process import Stage

#: Seconds that the service may take to stop.
GRACE = 5.0


class Stopper(Killer):
    """Asks the bot to stop instead of killing it."""

    #: Seconds that each took.
    stops: list[float]

    @property
    def killed(self) -> int:
        return len(self.stops)

    async def _kill(self, victims: Sequence[Stage]) -> None:
        (one,) = victims
        began = time.monotonic()
        assert await one.stop() == 0
        assert time.monotonic() - began < GRACE
        self.stops.append(time.monotonic() - began)

    async def _cut_start(self, victims: Sequence[Stage]) -> None:
        await asyncio.sleep(0)

    def disturbed(self, since: float, until: float | None = None) -> bool:
        """Never: a stop is no excuse for anything."""
        return False


@pytest.mark.parametrize(
    ("messenger", "database_url"), [("telegram", "sqlite"), ("bale", "postgres")], indirect=["database_url"]
)
async def test_asked_to_stop_again_and_again(
    messenger: str,
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, there = stage.town.messengers if messenger == "telegram" else reversed(stage.town.messengers)
    stopper = Stopper([stage], random.Random(messenger), 4, 20)
    stopper.stops = []
    # They wait longer; as nothing counts as disturbed, they never do anything twice.
    monkeypatch.setattr(Patient, "killer", stopper, raising=False)
    for face in stage.town.messengers:
        face.person_class = Patient
    arrivals = Arrivals()
    arrivals.watch(stage.town)
    await stage.start()
    try:
        stopper.begin()
        play = next(one for one in plays.PLAYS if one.number == "J2")
        await play.act(plays.Scene(stage, here, there))
        await stopper.end()
        assert stopper.stops
        await everything_arrives(stage.town, stage.database_url)
        assert await stage.stop() == 0
        figures = await reckon(stage, stopper, arrivals, EXPECTED["J2"])
        print(f"{figures}; stopped after {[round(one, 2) for one in stopper.stops]} s")
        assert (figures.doubled, figures.shown_again, figures.orphans) == (0, 0, 0)
        assert stage.town.violations == []
        assert "Traceback" not in stage.log.read_text()
    except BaseException:
        print(stage.town.transcript)
        print(stage.log.read_text()[-6000:])
        raise
