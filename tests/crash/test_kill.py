"""kill -9 in the middle of J2, J4 and J6 at random instants: nothing is lost, nothing happens twice.

CRASH_ROUNDS=n plays each n times on both databases (once, on one of them), CRASH_KILLS=n kills about so often in each (8), CRASH_SEED=n begins with that seed.
The seed of every round is printed; the same seed gives the same plan, though never the same instants.
"""

from __future__ import annotations

import os
import random

import pytest

from storage.enums import RequestState
from tests.crash.arrivals import Arrivals
from tests.crash.killer import Killer
from tests.crash.patient import Browser, Patient
from tests.crash.reckoning import Expected, reckon
from tests.crash.rows import everything_arrives
from tests.journeys import plays
from tests.support.bot_process import Stage

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "0"))
QUICK = [("J2", "sqlite"), ("J4", "postgres"), ("J6", "sqlite")]
CROSSED = [("J2", "postgres"), ("J4", "sqlite"), ("J6", "postgres")]
KILLS = int(os.environ.get("CRASH_KILLS", "8"))
SEED = int(os.environ.get("CRASH_SEED", "0"))

#: About how much happens in each play.
HAPPENINGS = {"J2": 110, "J4": 180, "J6": 140}
_REQUEST = {"registered": 1, "started": 1, "submitted": 1}
_OFFICE = {"tariff_set": 1, "account_created": 1, "logged_in": 1}
_ROUND = {"claimed": 1, "deficiencies_declared": 1, "resolved": 1}
_PAYMENT = {"payment_not_paid": 1, "payment_paid": 1, "completed": 1}
EXPECTED = {
    "J2": Expected(RequestState.SUBMITTED, _REQUEST, {"N3": 1}, stray_files=1),
    "J4": Expected(
        RequestState.AWAITING_PAYMENT,
        _REQUEST | _OFFICE | _ROUND | {"approved": 1},
        {"N3": 1, "N10": 1, "N4": 1, "N11": 1, "N6": 1},
    ),
    "J6": Expected(
        RequestState.COMPLETED,
        _REQUEST | _OFFICE | {"approved": 1} | _PAYMENT,
        {"N3": 1, "N10": 1, "N6": 1, "N8": 1, "N7": 1},
        paid=1,
    ),
}


@pytest.mark.parametrize("turn", range(ROUNDS or 1))
@pytest.mark.parametrize(
    ("number", "database_url"), QUICK + CROSSED * bool(ROUNDS), indirect=["database_url"]
)
async def test_killed_again_and_again(
    number: str, turn: int, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = SEED + turn
    bale = (turn + int(number[1:]) // 2 + stage.database_url.startswith("sqlite")) % 2
    here, there = reversed(stage.town.messengers) if bale else stage.town.messengers
    killer = Killer([stage], random.Random(f"{number} {seed}"), KILLS, HAPPENINGS[number] / KILLS)
    arrivals, browser = Arrivals(), Browser(killer)
    arrivals.watch(stage.town)
    monkeypatch.setattr(Patient, "killer", killer, raising=False)
    for face in stage.town.messengers:
        face.person_class = Patient
    for name in ("pay_page", "click_to_bank", "come_back"):
        monkeypatch.setattr(plays, name, getattr(browser, name))
    print(f"seed {seed}, {here.kind}, {stage.database_url.partition(':')[0]}")
    await stage.start()
    try:
        killer.begin()
        play = next(one for one in plays.PLAYS if one.number == number)
        await play.act(plays.Scene(stage, here, there, exact=False))
        await killer.end()
        await everything_arrives(stage.town, stage.database_url)
        assert await stage.stop() == 0
        figures = await reckon(stage, killer, arrivals, EXPECTED[number])
        print(f"{figures}, {killer.happenings} happenings")
        assert stage.town.violations == []
        assert "Traceback" not in stage.log.read_text()
    except BaseException:
        alive = stage.process is not None and stage.process.returncode is None
        print(f"killed at {killer.killed_at}; the bot is {'alive' if alive else 'dead'}")
        print(stage.town.transcript)
        print(stage.log.read_text()[-6000:])
        raise
