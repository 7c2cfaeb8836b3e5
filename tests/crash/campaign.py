"""The crash campaign: a crowd on both messengers, and a killer. See `python -m tests.crash --help`."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass

from tests.crash import house
from tests.crash.arrivals import Arrivals
from tests.crash.books import Played
from tests.crash.checks import Figures
from tests.crash.crowd import Crowd, Say
from tests.crash.killer import BREATH, Killer
from tests.crash.life import University
from tests.crash.lives import LIVES
from tests.crash.patient import Browser, Patient
from tests.crash.rows import everything_arrives
from tests.crash.settings import Setting

#: Seconds between two lines of progress.
PROGRESS = 20.0
#: Happenings between two kills for each person at once.
EVERY = 2.0
#: Officers that each distributor looks up; the rules allow 20 a day.
PICKS = 18


@dataclass(slots=True)
class Plan:
    kills: int
    seed: int
    crowd: int
    #: Seconds that somebody waits in all, and of quiet before they look again.
    patience: float
    quiet: float = 4.0
    #: Nobody leaves it to the reconciler to find a payment, which takes minutes.
    hurry: bool = False
    firms: int = 6


async def play(setting: Setting, plan: Plan, say: Say) -> Played:
    """Play until the kills are done, everybody has come to an end and the bot has stopped by itself. AssertionError
    where somebody is left without what they wait for."""
    began = time.monotonic()
    rng = random.Random(f"crowd {plan.seed}")
    killer = Killer(
        setting.members,
        random.Random(f"killer {plan.seed}"),
        plan.kills,
        every=EVERY * plan.crowd,
        breath=BREATH,
    )
    town, arrivals = setting.town, Arrivals()
    for face in town.messengers:
        face.person_class = _somebody(killer, plan)
    arrivals.watch(town)
    universities = [University("فارس", "شیراز", "sums"), University("اصفهان", "اصفهان", "mui")]
    stage = setting.members[0]
    crowd = Crowd(stage, rng, killer, Browser(killer, plan.patience), universities, LIVES, plan.hurry)
    await asyncio.gather(*(one.start() for one in setting.members))
    crew = await house.hire(crowd, firms=plan.firms)
    crowd.places = PICKS * len(crew.managers)
    say(
        f"{len(crew.experts)} experts and {len(crew.managers)} managers are at their desks; the killing begins"
    )
    killer.begin()
    try:
        async with asyncio.TaskGroup() as everybody:
            progress = everybody.create_task(_progress(crowd, say, began))
            everybody.create_task(crew.works(crowd, hurry=plan.hurry))
            await crowd.lives_on(plan.crowd)
            await killer.end()
            await crew.may_go(crowd)
            progress.cancel()
    except BaseException:
        await killer.drop()
        raise
    await everything_arrives(town, stage.database_url, within=plan.patience)
    statuses = [await one.stop() for one in setting.members]
    assert not any(statuses), statuses
    return Played(crowd, crew.managers, arrivals, time.monotonic() - began)


def _somebody(killer: Killer, plan: Plan) -> type[Patient]:
    """People of this play; those of another have their own killer and their own patience."""
    ways = {"killer": killer, "patience": plan.patience, "quiet": plan.quiet}
    return type("Somebody", (Patient,), ways)


async def _progress(crowd: Crowd, say: Say, began: float) -> None:
    while True:
        await asyncio.sleep(PROGRESS)
        over = sum(life.over for life in crowd.lives)
        say(
            f"{time.monotonic() - began:5.0f} s: {crowd.killer.killed} kills, {over} lives over, "
            f"{len(crowd.lives) - over} being lived"
        )


def block(played: Played, figures: Figures, plan: Plan) -> str:
    """What is printed at the end."""
    crowd = played.crowd
    deeds: Counter[str] = Counter(crowd.house.deeds)
    for life in crowd.lives:
        deeds.update(life.book.deeds)
    people = sum(len(face.people) for face in crowd.town.messengers)
    lives = ", ".join(f"{kind} {count}" for kind, count in sorted(crowd.by_kind.items()))
    done = ", ".join(f"{deed.partition('.')[2]} {count}" for deed, count in sorted(deeds.items()))
    return "\n".join(
        [
            f"seed {plan.seed}, {len(crowd.killer.members)} process(es), {played.seconds:.0f} s",
            f"kills               {figures.kills}, of a start {figures.cut}",
            f"updates             {figures.updates}, lost 0, done twice 0",
            f"people              {people}",
            f"lives               {len(crowd.lives)}: {lives}",
            f"deeds               {deeds.total()}: {done}",
            f"pushes              {figures.pushes}, lost 0, arrived twice {figures.doubled}",
            f"answers shown again {figures.shown_again}",
            f"looked again        {figures.repeats}",
            f"papers without row  {figures.orphans}",
        ]
    )
