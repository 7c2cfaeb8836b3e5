"""Many at once: an hour's backlog, many open conversations, a broadcast that the messenger slows down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlmodel import Session

from bot.messengers.delivery.outbox import RATES
from storage.database.database import open_database
from storage.enums import Messenger
from storage.tables import Letter, LetterRecipient
from tests.benchmarks.bots import OURS, PLAIN, cpu_seconds, resident_mb, running, settings
from tests.benchmarks.databases import SMALL, Filled, filled
from tests.benchmarks.figures import Figure, Results, at_least, at_most
from tests.benchmarks.messenger import BusyMessenger, Line, Person
from tests.benchmarks.plan import Plan, own_folder
from tests.benchmarks.rows.large import Live, add_lookers, longest_wait, watched
from tests.support.identities import national_code

FIRST_CHAT = 10_000
TITLE = "اطلاعیه سنجش"


async def measure(results: Results, plan: Plan) -> None:
    await _backlog(results, plan)
    await _broadcast(results, plan)


# ── a backlog, and open conversations ──


def backlog(updates: int, people: int, plain: bool) -> Iterator[tuple[int, Line]]:
    """In the order in which they came: everybody's first line, everybody's second, …"""
    for number in range(updates):
        chat, turn = FIRST_CHAT + number % people, number // people
        lines = (
            ("/start", "سارا", "کریمی") if plain else ("/start", "📝 ثبت‌نام", national_code(number % people))
        )
        yield chat, lines[turn]


async def worked_off(
    messenger: BusyMessenger, process: psutil.Process, lines: list[tuple[int, Line]]
) -> tuple[float, float]:
    """Answers a second, and µs of the bot's CPU an answer, from the first one to the last; TimeoutError where it takes much
    longer than it should."""
    before, seen = messenger.answers, messenger.last_answer
    messenger.fill(lines)
    await messenger.until(before + 1, 60)
    began, used, first = messenger.last_answer, cpu_seconds(process), messenger.answers
    while messenger.answers < before + len(lines):
        seen = messenger.answers
        await asyncio.sleep(0.5)
        if messenger.answers == seen and time.perf_counter() - messenger.last_answer > 30:
            raise TimeoutError(f"{before + len(lines) - messenger.answers} updates were not answered")
    answers = messenger.answers - first
    return answers / (messenger.last_answer - began), 1e6 * (cpu_seconds(process) - used) / answers


async def _backlog(results: Results, plan: Plan) -> None:
    people = plan.backlog * 2 // 5
    with own_folder(plan.folder) as folder:
        async with (
            BusyMessenger() as messenger,
            running(PLAIN, folder, messenger.url) as process,
        ):
            theirs, their_cpu = await worked_off(
                messenger, process, list(backlog(plan.backlog, people, plain=True))
            )
        async with (
            BusyMessenger() as messenger,
            running(OURS, folder, messenger.url, settings(folder)) as process,
        ):
            ours, our_cpu = await worked_off(
                messenger, process, list(backlog(plan.backlog, people, plain=False))
            )
            # What is loaded at first use is there now.
            memory = await _memory(process)
            more = range(FIRST_CHAT + people, FIRST_CHAT + people + plan.conversations)
            lines = [(chat, line) for line in ("/start", "📝 ثبت‌نام") for chat in more]
            await worked_off(messenger, process, lines)
            after = await _memory(process)
    size = f"{plan.backlog:,} updates of {people:,} people"
    size += "" if plan.backlog == 50_000 else " (the goal is for 50,000 of 20,000)"
    size += "; without the messenger's limit of 30 messages a second, at which both are as fast"
    opened = f"{plan.conversations:,} conversations more"
    opened += "" if plan.conversations == 100_000 else " (the goal is for 100,000)"
    results.add(
        Figure("backlog_vs_plain", ours, "updates/s", theirs, ours / theirs, at_least(2), 0.1, size),
        Figure(
            "backlog_cpu_vs_plain", our_cpu, "µs", their_cpu, our_cpu / their_cpu, note="CPU an answer of it"
        ),
        Figure("memory_of_open_conversations", after - memory, "MB", goal=at_most(5), noise=1, note=opened),
    )


async def _memory(process: psutil.Process) -> float:
    await asyncio.sleep(2)
    return resident_mb(process)


# ── a broadcast ──


@dataclass(frozen=True, slots=True)
class Sent:
    share: float
    lost: int
    doubled: int
    refused: int
    longest_ms: float
    lag_ms: float


async def _broadcast(results: Results, plan: Plan) -> None:
    officers = max(SMALL, 2 * plan.letters + 400)
    with own_folder(plan.folder) as folder:
        made = await asyncio.to_thread(filled, plan.cache, folder, officers)
        chats = await _send_off(made, plan.letters)
        sent = await _watched_broadcast(folder, made, chats)
    limit = RATES[Messenger.TELEGRAM]
    note = f"{plan.letters:,} recipients, one send in a hundred refused with 429 ({sent.refused} times)"
    note += "" if plan.letters == 20_000 else " (the goal is for 20,000)"
    whole = f"of {limit:g} pushes a second, what the service allows itself on Telegram; {note}"
    results.add(
        Figure("broadcast_share_of_limit", sent.share, "", goal=at_least(0.97), noise=0.01, note=whole),
        Figure("broadcast_lost", sent.lost, "letters", goal=at_most(0), note=note),
        Figure("broadcast_doubled", sent.doubled, "letters", goal=at_most(0), note=note),
        Figure(
            "broadcast_longest_wait_of_others",
            sent.longest_ms,
            "ms",
            goal=at_most(250),
            noise=sent.lag_ms,
            note=note,
        ),
    )


async def _send_off(made: Filled, most: int) -> set[int]:
    """A letter to the first of the officers with Telegram; the chats of these. The people who look on get none."""
    database = await open_database(made.url)
    accounts = [chat - 500_000_000 for chat in range(500_000_402, 500_000_402 + 2 * most, 2)]

    def unit(db: Session) -> None:
        letter = Letter(title=TITLE, text="متن", created_by=1, recipients=len(accounts))
        db.add(letter)
        db.flush()
        assert letter.id is not None
        db.add_all(
            [
                LetterRecipient(letter_id=letter.id, account_id=account, delivered_at=None)
                for account in accounts
            ]
        )

    await database.run(unit)
    await database.close()
    return {500_000_000 + account for account in accounts}


async def _watched_broadcast(folder: Path, made: Filled, chats: set[int]) -> Sent:
    first = Person(made.officer_chats[-1], iter(["/menu"]))
    async with BusyMessenger([first]) as messenger:
        messenger.begin()
        messenger.refuse_one_in, messenger.marked = 100, TITLE
        env = settings(folder, made.url) | {"CLOCK_AHEAD": str(made.ahead)}
        async with running(OURS, folder, messenger.url, env) as process, watched() as lag:
            await messenger.until(1)
            people = add_lookers(Live(process, messenger, made, 0.0))
            limit = len(chats) / RATES[Messenger.TELEGRAM]
            until = time.monotonic() + 60 + 2 * limit
            while len(messenger.marked_chats) < len(chats) and time.monotonic() < until:
                await asyncio.sleep(0.2)
            await asyncio.sleep(3)  # a doubled one would come now
            longest = longest_wait(people)
    times = messenger.marked_times
    during = [at for at in messenger.push_times if times[0] <= at <= times[-1]]
    rate = (len(during) - 1) / (times[-1] - times[0])
    counted = messenger.marked_chats
    return Sent(
        rate / RATES[Messenger.TELEGRAM],
        len(chats - set(counted)),
        sum(number - 1 for number in counted.values()),
        messenger.refused,
        longest,
        1000 * lag.longest,
    )
