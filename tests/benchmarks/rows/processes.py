"""One process and three of them on PostgreSQL, with webhooks handed to them in turn: steps a second, and whose CPU they take."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from tests.support.postgres import PostgresServer

from tests.benchmarks.bots import OURS, cpu_seconds, running, settings
from tests.benchmarks.figures import Figure, Results, at_least, not_measured, spread
from tests.benchmarks.messenger import BusyMessenger, Person
from tests.benchmarks.plan import Plan, own_folder
from tests.benchmarks.rows.steps import our_script

CHATS = 96
#: Three processes, the database and the messenger: with fewer the goal says nothing of the bot.
CORES = 5
GOAL = at_least(2.2)
NAME = "three_processes_on_postgresql_vs_one"


@dataclass(frozen=True, slots=True)
class Run:
    #: Steps a second.
    rate: float
    #: Of the CPU time that all took: the bots', the database's, the messenger's.
    bots: float
    database: float
    messenger: float
    #: Cores at work.
    cores: float


async def measure(results: Results, plan: Plan) -> None:
    try:
        from tests.support.postgres import PostgresServer

        server = await asyncio.to_thread(PostgresServer)
    except Exception as error:
        results.add(not_measured(NAME, "steps/s", GOAL, f"no PostgreSQL here ({error})"))
        return
    try:
        # As in production: a commit waits for the disk.
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            await server.sql(f"ALTER SYSTEM SET {name} = on")
        await server.sql("SELECT pg_reload_conf()")
        one, three = list[Run](), list[Run]()
        for _ in range(plan.rounds - 1):  # a round starts four processes
            one.append(await _run(plan, server, 1))
            three.append(await _run(plan, server, 3))
    finally:
        await asyncio.to_thread(server.stop)
    _tell(results, one, three)


def _tell(results: Results, one: Sequence[Run], three: Sequence[Run]) -> None:
    ratios = sorted(many.rate / alone.rate for alone, many in zip(one, three, strict=True))
    middle = len(ratios) // 2
    alone, many = (sorted(runs, key=lambda run: run.rate)[len(runs) // 2] for runs in (one, three))
    cores = os.cpu_count() or 1
    shares = "; ".join(
        f"{label}: {run.cores:.1f} cores at work, of that bots {run.bots:.0%}, database {run.database:.0%}, messenger {run.messenger:.0%}"
        for label, run in (("one", alone), ("three", many))
    )
    note = f"{CHATS} chats, {shares}"
    if cores < CORES:
        note += f". The goal is for {CORES} cores, here are {cores}: they bound it"
    goal = GOAL if cores >= CORES else None
    results.add(
        Figure(NAME, many.rate, "steps/s", alone.rate, ratios[middle], goal, spread(ratios), note),
        Figure(
            "database_share_of_cpu_three_processes",
            many.database,
            "",
            alone.database,
            note="PostgreSQL's part",
        ),
    )


async def _run(plan: Plan, server: PostgresServer, processes: int) -> Run:
    url = server.url(await asyncio.to_thread(server.lend))
    people = [Person(chat, our_script(chat)) for chat in range(1, CHATS + 1)]
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(own_folder(plan.folder))
        messenger = await stack.enter_async_context(BusyMessenger(people))
        bots = []
        for _ in range(processes):
            env = settings(folder, url) | {"UPDATES": "webhook"}
            messenger.webhooks.append(f"http://{env['LISTEN']}")
            bots.append(await stack.enter_async_context(running(OURS, folder, messenger.url, env)))
        await messenger.until_webhooks(processes)
        messenger.begin()
        await messenger.until(plan.warm_up)
        postmaster = psutil.Process(server.server.get_pid())
        own = psutil.Process()
        watched = {"bots": bots, "database": [postmaster], "messenger": [own]}
        before = {name: _spent(found, name) for name, found in watched.items()}
        at, since = messenger.answers, time.perf_counter()
        await messenger.until(at + plan.steps)
        seconds = time.perf_counter() - since
        spent = {name: _spent(found, name) - before[name] for name, found in watched.items()}
        rate = (messenger.answers - at) / seconds
    every = sum(spent.values())
    shares = (spent[name] / every for name in ("bots", "database", "messenger"))
    return Run(rate, *shares, cores=every / seconds)


def _spent(processes: Sequence[psutil.Process], name: str) -> float:
    if name == "messenger":  # the bots are children of this program
        times = processes[0].cpu_times()
        return float(times.user + times.system)
    return sum(cpu_seconds(process) for process in processes)
