"""The service on a large database and on a small one, in turns: start, waits while every job is due, a step, screens, reports."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil

from bot.texts import t
from tests.benchmarks.bots import OURS, cpu_seconds, resident_mb, running, settings
from tests.benchmarks.databases import SMALL, Filled, filled
from tests.benchmarks.figures import Figure, Results, at_most, not_measured, paired, repeated
from tests.benchmarks.messenger import Answer, Ask, BusyMessenger, Line, Person, Script
from tests.benchmarks.plan import Plan
from tests.benchmarks.rows.steps import our_script

#: Seconds between an answer and the next line, of five people who look at the menu.
PAUSE = 0.2
#: CPU seconds a second up to which a bot is at rest.
QUIET = 0.06
#: Chats of the steps begin here: nobody of the database has such a number.
STRANGERS = 900_000


@dataclass(slots=True)
class Live:
    """A bot that runs on a database."""

    process: psutil.Process
    messenger: BusyMessenger
    filled: Filled
    #: Seconds from its start to the answer of an update that waited for it.
    started: float


@asynccontextmanager
async def live(plan: Plan, made: Filled) -> AsyncIterator[Live]:
    first = Person(made.officer_chats[-1], iter(["/menu"]))
    async with BusyMessenger([first]) as messenger:
        messenger.begin()
        env = settings(plan.folder, made.url) | {"CLOCK_AHEAD": str(made.ahead)}
        began = time.perf_counter()
        async with running(OURS, plan.folder, messenger.url, env) as process:
            await messenger.until(1, 120)
            yield Live(process, messenger, made, messenger.last_answer - began)


async def measure(results: Results, plan: Plan) -> None:
    small = await asyncio.to_thread(filled, plan.cache, plan.folder, SMALL)
    large = await asyncio.to_thread(filled, plan.cache, plan.folder, plan.officers)
    size = f"{plan.officers:,} officers" + (
        "" if plan.officers == 1_000_000 else " (the goal is for 1,000,000)"
    )
    await _starts(results, plan, small, large, size)
    async with live(plan, small) as one, live(plan, large) as other:
        await _steps(results, plan, one, other, size)
        await _screens(results, plan, one, other, size)
    # The last: it leaves a day's reminders that are still to be sent.
    await _waits_and_reports(results, plan, small, large, size)


async def _starts(results: Results, plan: Plan, small: Filled, large: Filled, size: str) -> None:
    seconds: dict[int, list[float]] = {small.officers: [], large.officers: []}
    memory = []
    for _ in range(plan.rounds):
        for made in (small, large):
            async with live(plan, made) as bot:
                seconds[made.officers].append(bot.started)
                if made is small:
                    await asyncio.sleep(2)  # the jobs have begun; what they load belongs to it
                    memory.append(resident_mb(bot.process))
    results.add(
        repeated("start_to_first_answer", seconds[large.officers], "s", at_most(1.5), size),
        paired("start_vs_small", seconds[large.officers], seconds[small.officers], "s", None, size),
        repeated("memory_idle", memory, "MB", at_most(110), "two seconds after the first answer"),
    )


# ── waits ──


def looks_at_menu() -> Script:
    while True:
        yield Ask("/menu", t("menu.logout"))


class Lag:
    """How long this program's own loop was held: what a wait may contain without the bot's fault."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def watch(self) -> None:
        while True:
            at = time.perf_counter()
            await asyncio.sleep(0.005)
            self.longest = max(self.longest, time.perf_counter() - at - 0.005)


@contextlib.asynccontextmanager
async def watched() -> AsyncIterator[Lag]:
    lag = Lag()
    task = asyncio.create_task(lag.watch())
    try:
        yield lag
    finally:
        task.cancel()


def add_lookers(bot: Live, most: int = 5) -> list[Person]:
    people = [Person(chat, looks_at_menu(), PAUSE) for chat in bot.filled.officer_chats[:most]]
    for person in people:
        bot.messenger.people[person.chat] = person
        bot.messenger.say(person.chat, person.next_line(None))
    return people


def longest_wait(people: list[Person], since: float = 0.0) -> float:
    """Of any of them in ms, also of who is not answered yet."""
    now = time.perf_counter()
    waits = [wait for person in people for at, wait in person.waits if at >= since]
    open_ones = [
        now - person.asked_at
        for person in people
        if not person.waits or person.waits[-1][0] < person.asked_at
    ]
    return 1000 * max(waits + [one for one in open_ones if one > 2 * PAUSE], default=0.0)


async def _waits_and_reports(results: Results, plan: Plan, small: Filled, large: Filled, size: str) -> None:
    longest, noise = {}, 0.0
    for made in (small, large):
        async with live(plan, made.on_the_next_working_day()) as bot, watched() as lag:
            people = add_lookers(bot)
            await asyncio.sleep(plan.watched)
            longest[made.officers] = longest_wait(people)
            noise = max(noise, 1000 * lag.longest)
            if made is large:
                await _reports(results, bot, people, size)
    limit = "" if plan.watched == 180 else " of the goal's 180 s"
    note = (
        f"five people type /menu for {plan.watched:g} s{limit} while all jobs have a day's work to do, {size}"
    )
    ours, theirs = longest[large.officers], longest[small.officers]
    results.add(
        Figure("longest_wait", ours, "ms", goal=at_most(250), noise=noise, note=note),
        Figure(
            "longest_wait_vs_small",
            ours,
            "ms",
            theirs,
            ours / theirs,
            at_most(1.5),
            noise / theirs,
            "noise: the longest that this program's own loop was held",
        ),
    )


def asks_for_reports(found: dict[str, float]) -> Script:
    """Staff's report on the screen, and as a spreadsheet: seconds until the file is there."""
    answer = yield Ask("/menu", t("menu.logout"))
    began = time.perf_counter()
    answer = yield Ask(answer.data(t("report.button")), t("report.spreadsheet"))
    found["screen"] = time.perf_counter() - began
    began = time.perf_counter()
    press = answer.data(t("report.spreadsheet"))
    answer = yield press
    while answer.method != "senddocument":
        answer = yield None
    found["file"] = time.perf_counter() - began
    yield None


async def _reports(results: Results, bot: Live, people: list[Person], size: str) -> None:
    found: dict[str, float] = {}
    since = time.perf_counter()
    staff = Person(bot.filled.staff_chat, asks_for_reports(found))
    bot.messenger.people[staff.chat] = staff
    async with watched() as lag:
        bot.messenger.say(staff.chat, staff.next_line(None))
        async with asyncio.timeout(90):
            while len(found) < 2:
                await asyncio.sleep(0.05)
        await asyncio.sleep(1)
    longest = longest_wait(people, since)
    note = f"staff's report, {size}"
    results.add(
        Figure("report_on_screen", found["screen"], "s", goal=at_most(5), note=note),
        Figure("report_as_file", found["file"], "s", goal=at_most(5), note=note),
        Figure(
            "report_longest_wait_of_others",
            longest,
            "ms",
            goal=at_most(250),
            noise=1000 * lag.longest,
            note=note,
        ),
    )


# ── a step ──


async def _at_rest(bot: Live, seconds: float) -> float:
    """CPU seconds a second while nobody writes: the jobs."""
    before = cpu_seconds(bot.process)
    await asyncio.sleep(seconds)
    return (cpu_seconds(bot.process) - before) / seconds


async def _settled(bot: Live, plan: Plan) -> float:
    """Wait until the jobs have caught up, or not; what they take now."""
    until, taken = time.monotonic() + plan.settling, await _at_rest(bot, plan.at_rest)
    while time.monotonic() < until and taken > QUIET:
        taken = await _at_rest(bot, plan.at_rest)
    return taken


async def _steps(results: Results, plan: Plan, small: Live, large: Live, size: str) -> None:
    """32 strangers register, in turns on both; what the jobs take meanwhile is in it."""
    name, goal = "step_cpu_vs_small_database", at_most(1.1)
    taken = [1000 * await _settled(bot, plan) for bot in (small, large)]
    note = f"nobody writes, {plan.settling:g} s after the start of the looks, {size}"
    results.add(Figure("jobs_cpu_at_rest", taken[1], "ms/s", taken[0], note=note))
    if max(taken) > 1000 * QUIET:
        why = f"jobs still catch up after {plan.settling:g} s and take {max(taken):.0f} ms of CPU a second ({size})"
        results.add(not_measured(name, "µs", goal, why))
        return
    spent: dict[int, list[float]] = {small.filled.officers: [], large.filled.officers: []}
    for number in range(plan.rounds + 1):
        for bot in (small, large):
            cost = await _cost_of_steps(bot, plan, STRANGERS + 100 * number)
            if number:  # the first round only warms up
                spent[bot.filled.officers].append(cost)
    ours, theirs = spent[large.filled.officers], spent[small.filled.officers]
    results.add(paired(name, ours, theirs, "µs", goal, f"32 chats, jobs go on meanwhile, {size}"))


async def _cost_of_steps(bot: Live, plan: Plan, first: int) -> float:
    """µs of CPU a step."""
    people = [Person(first + chat, our_script(first + chat)) for chat in range(32)]
    for person in people:
        bot.messenger.people[person.chat] = person
        bot.messenger.say(person.chat, person.next_line(None))
    await bot.messenger.until(bot.messenger.answers + plan.warm_up)
    at, before = bot.messenger.answers, cpu_seconds(bot.process)
    await bot.messenger.until(at + plan.steps)
    cost = 1e6 * (cpu_seconds(bot.process) - before) / (bot.messenger.answers - at)
    for person in people:
        person.script = iter(())
    await asyncio.sleep(0.3)
    return cost


# ── screens ──


EXPERT = ("queue_page", "own_files", "search_by_code")
STAFF = ("account_search", "account_look_up")


def expert_looks(made: Filled, times: int) -> Script:
    for _ in range(times):
        yield Ask("/queue", "📥")
        yield Ask("/mine", "🗂")
        yield Ask(made.tracking_code, made.tracking_code)


def staff_looks(made: Filled, times: int) -> Script:
    """The account is found by its national code, then opened by its button."""
    for _ in range(times):
        answer = yield Ask(made.national_code, "🔎")
        yield answer.data("۱")


async def _screens(results: Results, plan: Plan, small: Live, large: Live, size: str) -> None:
    looks: list[tuple[tuple[str, ...], Callable[[Filled, int], Script], Callable[[Filled], int]]] = [
        (EXPERT, expert_looks, lambda made: made.expert_chat),
        (STAFF, staff_looks, lambda made: made.staff_chat),
    ]
    for names, script, chat_of in looks:
        waits: dict[tuple[int, str], list[list[float]]] = {}
        try:
            for number in range(plan.rounds + 1):
                for bot in (small, large):
                    found = await _looked(
                        bot, chat_of(bot.filled), script(bot.filled, plan.presses), names, plan
                    )
                    if number:
                        for name, times in found.items():
                            waits.setdefault((bot.filled.officers, name), []).append(times)
        except LookupError as error:
            for name in names:
                results.add(not_measured(f"{name}_vs_small", "ms", at_most(1.2), str(error)))
            continue
        for name in names:
            ours, theirs = (
                [statistics.median(times) for times in waits[officers, name]]
                for officers in (large.filled.officers, small.filled.officers)
            )
            note = f"update to answer, median of {plan.presses} in a round, {size}"
            results.add(paired(f"{name}_vs_small", ours, theirs, "ms", at_most(1.2), note))


async def _looked(
    bot: Live, chat: int, script: Script, names: tuple[str, ...], plan: Plan
) -> dict[str, list[float]]:
    """The waits of each kind of screen, in ms."""
    ended = asyncio.Event()

    def with_end() -> Generator[Line, Answer, None]:
        yield from script
        ended.set()

    person = Person(chat, with_end(), 0.01)
    bot.messenger.people[chat] = person
    bot.messenger.say(chat, person.next_line(None))
    try:
        await asyncio.wait_for(ended.wait(), 60)
    except TimeoutError:
        raise LookupError(f"{person.words!r} is not in {person.beside!r}") from None
    waits = [1000 * wait for _, wait in person.waits]
    return {name: waits[place :: len(names)] for place, name in enumerate(names)}
