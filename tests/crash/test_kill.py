"""kill -9 in the middle of J2, J4 and J6 at random instants: nothing is lost, nothing happens twice.

CRASH_ROUNDS=n plays each n times on both databases (once, on one of them), CRASH_KILLS=n kills about so often in each (8),
CRASH_SEED=n begins with that seed. The same seed gives the same plan, though never the same instants.
"""

import os
import random

import pytest

from tests.crash.killer import Killer
from tests.crash.run_journey import run_journey
from tests.support.bot_process import BotProcess

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "0"))
QUICK = [("J2", "sqlite"), ("J4", "postgres"), ("J6", "sqlite")]
CROSSED = [("J2", "postgres"), ("J4", "sqlite"), ("J6", "postgres")]
KILLS = int(os.environ.get("CRASH_KILLS", "8"))
SEED = int(os.environ.get("CRASH_SEED", "0"))
#: About how much happens in each journey.
HAPPENINGS = {"J2": 110, "J4": 180, "J6": 140}


@pytest.mark.parametrize("turn", range(ROUNDS or 1))
@pytest.mark.parametrize(
    ("number", "database_url"), QUICK + CROSSED * bool(ROUNDS), indirect=["database_url"]
)
async def test_killed_again_and_again(
    number: str, turn: int, bot: BotProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = SEED + turn
    bale = (turn + int(number[1:]) // 2 + bot.database_url.startswith("sqlite")) % 2 == 1
    killer = Killer([bot], random.Random(f"{number} {seed}"), KILLS, HAPPENINGS[number] / KILLS)
    print(f"seed {seed}")
    await run_journey(number, bot, killer, monkeypatch, bale=bale, exact=False)
