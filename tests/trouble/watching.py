"""What operators have: the log, the figures, the health page."""

import json
import resource
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families
from sqlmodel import select

from storage.enums import InboxState
from storage.tables import InboxUpdate
from tests.support.bot_process import BotProcess
from tests.support.pending import until


def lines(bot: BotProcess, part: str = "") -> list[dict[str, Any]]:
    """Lines of the log that hold the words, oldest first."""
    found = (json.loads(line) for line in bot.logs.splitlines() if line.startswith("{"))
    return [one for one in found if part in one["event"]]


def messages(bot: BotProcess, words: str) -> list[str]:
    """What the bot wrote with these words, to whomever."""
    people = [person for face in bot.emulators.messengers for person in face.people]
    shown = [message for person in people for message in person.history() if message.from_bot]
    return [message.text for message in shown if words in message.text]


def nothing_crashed(bot: BotProcess) -> None:
    """No traceback, and nobody was shown an error number."""
    assert "Traceback" not in bot.logs
    assert not messages(bot, "خطایی رخ داد")
    assert bot.emulators.violations == []


async def figure(bot: BotProcess, name: str, **labels: str) -> float:
    """One of the figures at METRICS_LISTEN."""
    async with httpx.AsyncClient(trust_env=False, timeout=90) as client:
        page = await client.get(f"http://{bot.env['METRICS_LISTEN']}/metrics")
    for family in text_string_to_metric_families(page.text):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    raise AssertionError(f"no figure {name} {labels}")


async def health(bot: BotProcess) -> int:
    """What a balancer is answered."""
    async with httpx.AsyncClient(trust_env=False, timeout=90) as client:
        return (await client.get(f"{bot.env['PUBLIC_URL']}/health")).status_code


def limit_files(bot: BotProcess, size: int) -> None:
    """Files of the bot may be so large from now on, in bytes: a full disk without the rights that a disk of one's own needs,
    as the same system calls fail in the same places."""
    assert bot.process is not None
    hard = resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE, (size, hard))


async def database_is_away(bot: BotProcess) -> None:
    """It is in the log, and a balancer and an operator are told so."""
    # A lock is waited for half a minute.
    await until(lambda: lines(bot, "the database is unavailable"), within=120, what="a line of the log")
    assert await health(bot) == 503
    assert await figure(bot, "officer_database_up") == 0


async def everything_done(bot: BotProcess) -> None:
    """Every update that was given out is stored once, done and answered, in the end."""
    async with bot.database() as database:

        async def left() -> bool:
            rows: list[InboxUpdate] = await database.read(lambda db: list(db.exec(select(InboxUpdate))))
            for face in bot.emulators.messengers:
                queue = face.server.state.queues[face.token]
                mine = sorted(one.update_id for one in rows if one.messenger.value == face.kind)
                if queue.waiting or mine != list(range(face.server.state.first_update_id, queue.next_id)):
                    return False
            assert not [one.id for one in rows if one.state is InboxState.FAILED]
            return all(one.state is InboxState.ANSWERED for one in rows)

        await until(left, what="every update once, done and answered")
