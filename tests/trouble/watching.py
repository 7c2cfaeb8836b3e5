"""What operators have: the log, the figures, the health page. And what a failed test shows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families
from sqlmodel import select

from storage.database.database import open_database
from storage.database.unit_of_work import T, Unit
from storage.enums import InboxState
from storage.tables import InboxUpdate
from tests.support.bot_process import BotProcess


@contextmanager
def shown(bot: BotProcess) -> Iterator[None]:
    """Where it fails, with what people saw and what the bot logged."""
    try:
        yield
    except BaseException:
        print(bot.emulators.transcript)
        if bot.log.exists():
            print(bot.logs[-8000:])
        raise


def lines(bot: BotProcess, part: str = "") -> list[dict[str, Any]]:
    """Lines of the log that hold the words, oldest first."""
    found = (json.loads(line) for line in bot.logs.splitlines() if line.startswith("{"))
    return [one for one in found if part in one["event"]]


def nothing_crashed(bot: BotProcess) -> None:
    """No traceback, and nobody was shown an error number."""
    assert "Traceback" not in bot.logs
    told = [
        message.text
        for face in bot.emulators.messengers
        for person in face.people
        for message in person.history()
        if message.from_bot and "خطایی رخ داد" in message.text
    ]
    assert not told
    assert bot.emulators.violations == []


async def figure(bot: BotProcess, name: str, **labels: str) -> float:
    """One of the figures at METRICS_LISTEN."""
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        page = await client.get(f"http://{bot.env['METRICS_LISTEN']}/metrics")
    for family in text_string_to_metric_families(page.text):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    raise AssertionError(f"no figure {name} {labels}")


async def health(bot: BotProcess) -> int:
    """What a balancer is answered."""
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        return (await client.get(f"{bot.env['PUBLIC_URL']}/health")).status_code


async def until(condition: Callable[[], Any], *, within: float = 30.0, what: str = "") -> None:
    """Wait for something that nobody reports: a line of the log, a figure, a row."""
    try:
        async with asyncio.timeout(within):
            while True:
                found = condition()
                if asyncio.iscoroutine(found):
                    found = await found
                if found:
                    return
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"in vain: {what}") from None


@asynccontextmanager
async def beside(bot: BotProcess) -> AsyncIterator[Callable[[Unit[T]], Any]]:
    """A look at the bot's database from outside: `await look(unit)`."""
    database = await open_database(bot.database_url)
    try:
        yield database.read
    finally:
        await database.close()


async def everything_done(bot: BotProcess) -> None:
    """Every update that was given out is stored once, done and answered, in the end."""
    async with beside(bot) as look:

        async def left() -> bool:
            rows: list[InboxUpdate] = await look(lambda db: list(db.exec(select(InboxUpdate))))
            for face in bot.emulators.messengers:
                queue = face.server.state.queues[face.token]
                mine = sorted(one.update_id for one in rows if one.messenger.value == face.kind)
                if queue.waiting or mine != list(range(face.server.state.first_update_id, queue.next_id)):
                    return False
            assert not [one.id for one in rows if one.state is InboxState.FAILED]
            return all(one.state is InboxState.ANSWERED for one in rows)

        await until(left, what="every update once, done and answered")
