"""What a step costs: ours and the rivals' in turns, with 32 chats and with one."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.bots import KEPT, OURS, PLAIN, PROJECT, cpu_seconds, resident_mb, running, settings
from tests.benchmarks.figures import Goal, Results, at_most, not_measured, paired, repeated
from tests.benchmarks.messenger import BusyMessenger, Person
from tests.benchmarks.plan import Plan, own_folder
from tests.benchmarks.rivals.packages import NotMeasured, python_with_aiogram, redis
from tests.support.identities import national_code

KNOWN_CHATS = 10_000


def plain_script(_: int) -> Iterator[str]:
    yield "/start"
    while True:
        yield "سارا"
        yield "کریمی"


def our_script(chat: int) -> Iterator[str]:
    """Into the registration, then to and fro between two of its questions."""
    yield "/start"
    yield "📝 ثبت‌نام"
    yield national_code(chat)
    yield "1365/04/12"
    while True:
        yield "سارا"
        yield "بازگشت"


@dataclass(slots=True)
class Rounds:
    """Of one bot, a number a round."""

    cpu_us: list[float] = field(default_factory=list)
    wait_ms: list[float] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Contender:
    command: tuple[str, ...]
    script: Callable[[int], Iterator[str]]
    env: Callable[[Path], dict[str, str]]
    #: Fewer, where each takes long.
    steps: int
    warm_up: int


async def one_round(bot: Contender, rounds: Rounds, plan: Plan, chats: int) -> None:
    people = [Person(chat, bot.script(chat)) for chat in range(1, chats + 1)]
    with own_folder(plan.folder) as folder:
        async with (
            BusyMessenger(people) as messenger,
            running(bot.command, folder, messenger.url, bot.env(folder)) as process,
        ):
            messenger.begin()
            await messenger.until(bot.warm_up)
            at, before, since = messenger.answers, cpu_seconds(process), messenger.last_answer
            await messenger.until(at + bot.steps)
            answers, took = messenger.answers - at, messenger.last_answer - since
            rounds.cpu_us.append(1e6 * (cpu_seconds(process) - before) / answers)
            rounds.wait_ms.append(1000 * statistics.median(messenger.waits(since)))
            rounds.rss_mb.append(resident_mb(process))
            rounds.rate.append(answers / took)


def contenders(plan: Plan, stack: ExitStack) -> tuple[dict[str, Contender], dict[str, str]]:
    """By name; and why the others are missing."""
    usual = {"steps": plan.steps, "warm_up": plan.warm_up}
    bots = {
        "plain": Contender(PLAIN, plain_script, lambda folder: {}, **usual),
        "ours": Contender(OURS, our_script, settings, **usual),
        "kept": Contender(
            KEPT,
            plain_script,
            lambda folder: {
                "PERSISTENCE_FILE": str(folder / "kept.pickle"),
                "KNOWN_CHATS": str(KNOWN_CHATS),
            },
            plan.kept_steps,
            40,
        ),
    }
    missing = {}
    try:
        aiogram = (python_with_aiogram(plan.cache), str(PROJECT / "tests/benchmarks/rivals/aiogram_bot.py"))
    except NotMeasured as error:
        return bots, {"aiogram": str(error), "aiogram_redis": str(error)}
    bots["aiogram"] = Contender(aiogram, plain_script, lambda folder: {}, **usual)
    try:
        url = stack.enter_context(redis(plan.folder))
        bots["aiogram_redis"] = Contender(aiogram, plain_script, lambda folder: {"REDIS_URL": url}, **usual)
    except NotMeasured as error:
        missing["aiogram_redis"] = str(error)
    return bots, missing


async def measure(results: Results, plan: Plan) -> None:
    with ExitStack() as stack:
        bots, missing = contenders(plan, stack)
        for chats, names in ((32, list(bots)), (1, ["plain", "ours", "aiogram"])):
            rounds = {name: Rounds() for name in names if name in bots}
            for _ in range(plan.rounds):
                for name, kept in rounds.items():
                    await one_round(bots[name], kept, plan, chats)
            _tell(results, rounds, missing, chats)


def _tell(results: Results, rounds: dict[str, Rounds], missing: dict[str, str], chats: int) -> None:
    where = f"{chats}_chats" if chats > 1 else "1_chat"
    goals: dict[str, Goal | None] = {
        "plain": at_most(0.35 if chats > 1 else 0.8),
        "aiogram": at_most(1.2),
        "kept": at_most(0.1),
        "aiogram_redis": None,
    }
    notes = {
        "plain": "python-telegram-bot in memory",
        "aiogram": "aiogram 3 in memory",
        "kept": f"PicklePersistence flushed after each update, {KNOWN_CHATS:,} known chats",
        "aiogram_redis": "aiogram 3 with its storage in Redis, appendfsync always; CPU of the bot alone, without Redis",
    }
    ours = rounds["ours"]
    for rival, goal in goals.items():
        name = f"step_cpu_{where}_vs_{rival}"
        if rival in missing and (chats > 1 or rival == "aiogram"):
            results.add(not_measured(name, "µs", goal, missing[rival]))
        elif rival in rounds:
            results.add(paired(name, ours.cpu_us, rounds[rival].cpu_us, "µs", goal, notes[rival]))
    if chats == 1:
        wall = "update to answer, median of the steps"
        results.add(
            paired("wait_1_chat_vs_plain", ours.wait_ms, rounds["plain"].wait_ms, "ms", at_most(1.5), wall)
        )
    else:
        busy = "at work, after some thousand steps of 32 chats"
        results.add(repeated("memory_at_work", ours.rss_mb, "MB", None, busy))
