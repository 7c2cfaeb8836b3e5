"""SIGTERM in the middle of J2: what has begun is finished within 5 s, and after the start it goes on as if nothing was."""

import asyncio
import random
import time
from collections.abc import Sequence

import pytest

from tests.crash.killer import Killer
from tests.crash.run_journey import run_journey
from tests.support.bot_process import BotProcess

#: Seconds that the service may take to stop.
GRACE = 5.0


class Stopper(Killer):
    """Asks the bot to stop instead of killing it."""

    #: Seconds that each took.
    stops: list[float]

    @property
    def killed(self) -> int:
        return len(self.stops)

    async def _kill(self, victims: Sequence[BotProcess]) -> None:
        (one,) = victims
        began = time.monotonic()
        assert await one.stop() == 0
        assert time.monotonic() - began < GRACE
        self.stops.append(time.monotonic() - began)

    async def _cut_start(self, victims: Sequence[BotProcess]) -> None:
        await asyncio.sleep(0)

    def disturbed(self, since: float, until: float | None = None) -> bool:
        """Never: a stop is no excuse for anything, and nobody does anything twice."""
        return False


@pytest.mark.parametrize(
    ("messenger", "database_url"), [("telegram", "sqlite"), ("bale", "postgres")], indirect=["database_url"]
)
async def test_asked_to_stop_again_and_again(
    messenger: str, bot: BotProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopper = Stopper([bot], random.Random(messenger), 4, 20)
    stopper.stops = []
    figures = await run_journey("J2", bot, stopper, monkeypatch, bale=messenger == "bale", exact=True)
    assert stopper.stops
    print(f"stopped after {[round(one, 2) for one in stopper.stops]} s")
    assert (figures.doubled, figures.shown_again, figures.orphans) == (0, 0, 0)
