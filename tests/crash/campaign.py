"""The crash campaign: many users on both messengers, and a killer."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass

from tests.crash import staff
from tests.crash.arrivals import Arrivals
from tests.crash.campaign_check import Result
from tests.crash.checks import Figures
from tests.crash.crowd import Crowd
from tests.crash.killer import LONG_PAUSES, Killer
from tests.crash.officer import University
from tests.crash.retrying_person import Browser, RetryingPerson
from tests.crash.scenarios import SCENARIOS
from tests.support.fleet import Deployment
from tests.support.pending import everything_arrives

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
    #: Officers at once.
    crowd: int
    #: Seconds that somebody waits in all, and of quiet before they look again.
    patience: float
    quiet: float = 4.0
    #: Nobody leaves it to the reconciler to find a payment, which takes minutes.
    hurry: bool = False
    distributors: int = 6


async def run(deployment: Deployment, plan: Plan, kind: type[Killer] = Killer) -> Result:
    """Run until the kills are done, everybody has come to an end and the bot has stopped by itself. AssertionError
    where somebody is left without what they wait for."""
    began = time.monotonic()
    killer = kind(
        deployment.members,
        random.Random(f"killer {plan.seed}"),
        plan.kills,
        every=EVERY * plan.crowd,
        long_pauses=LONG_PAUSES,
    )
    emulators, arrivals = deployment.emulators, Arrivals()
    settings = {"killer": killer, "patience": plan.patience, "quiet": plan.quiet}
    for face in emulators.messengers:
        # A class of its own: people of another campaign have another killer and other patience.
        face.person_class = type("CampaignPerson", (RetryingPerson,), settings)
    arrivals.watch(emulators)
    universities = [University("فارس", "شیراز", "sums"), University("اصفهان", "اصفهان", "mui")]
    rng, browser = random.Random(f"crowd {plan.seed}"), Browser(killer, plan.patience)
    crowd = Crowd(deployment.members[0], rng, killer, browser, universities, SCENARIOS, plan.hurry)
    await deployment.start()
    employees = await staff.create(crowd, distributors=plan.distributors)
    crowd.candidates_left = PICKS * len(employees.managers)
    print(f"{len(employees.experts)} experts and {len(employees.managers)} managers work; the kills begin")
    killer.begin()
    try:
        async with asyncio.TaskGroup() as tasks:
            progress = tasks.create_task(_progress(crowd, began))
            tasks.create_task(employees.work(crowd, hurry=plan.hurry))
            await crowd.run_officers(plan.crowd)
            await killer.end()
            await employees.finish(crowd)
            progress.cancel()
    except BaseException:
        await killer.cancel()
        raise
    await everything_arrives(emulators, deployment.database_url, within=plan.patience)
    await deployment.stop()
    return Result(crowd, employees.managers, arrivals, time.monotonic() - began)


async def _progress(crowd: Crowd, began: float) -> None:
    while True:
        await asyncio.sleep(PROGRESS)
        done = sum(officer.finished for officer in crowd.officers)
        print(
            f"{time.monotonic() - began:5.0f} s: {crowd.killer.killed} kills, {done} officers done, "
            f"{len(crowd.officers) - done} at work"
        )


def report(result: Result, figures: Figures, plan: Plan) -> str:
    """What is printed at the end."""
    crowd = result.crowd
    events: Counter[str] = Counter(crowd.other_effects.events)
    for officer in crowd.officers:
        events.update(officer.expected.events)
    people = sum(len(face.people) for face in crowd.emulators.messengers)
    return "\n".join(
        [
            f"seed {plan.seed}, {len(crowd.killer.members)} process(es), {result.seconds:.0f} s, {people} users",
            f"officers     {len(crowd.officers)}: {dict(Counter(one.scenario for one in crowd.officers))}",
            f"audit events {events.total()}: {dict(events)}",
            f"lost 0, done twice 0; {figures}",
        ]
    )
