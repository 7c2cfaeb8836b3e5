"""Tens of thousands of updates that no messenger sends, over HTTP to the real bot: by getUpdates and by its webhook.

The queue goes on, raw bodies stay, nobody is changed, and who is in the middle of the form is served all the while.
HOSTILE_UPDATES says how many for each messenger (`make hostile`: 10050).
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from sqlmodel import Session, func, select

from bot.messengers.intake.receiver import MAX_BODY, update_number
from bot.web.webhooks import MAX_UPDATE
from demo.emulators import EmulatedMessenger, Emulators
from storage.database.database import Database, open_database
from storage.enums import InboxState, Messenger
from storage.tables import InboxUpdate
from tests.abuse.bystander import Bystander, addresses, belongings
from tests.abuse.hostile import NOT_HERS, Hostile, Maker
from tests.support.bot_process import Stage

COUNT = int(os.environ.get("HOSTILE_UPDATES", "250"))
CHUNK = 125
SECRET = "X-Telegram-Bot-Api-Secret-Token"
#: Bytes that the process may grow by, however much comes.
GROWTH = 150 * 1024 * 1024
#: Numbers below are the wounds' (0, 7): a messenger's own never fall together with them.
FIRST_UPDATE = 1000


@pytest.fixture
async def stage(intake: str, database_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    town = await Emulators.start(first_update_id=FIRST_UPDATE)
    stage = Stage(town, tmp_path, database_url, {"UPDATES": intake})
    yield stage
    await stage.close()


@pytest.mark.parametrize("intake", ["polling", "webhook"])
async def test_the_queue_always_goes_on(intake: str, stage: Stage) -> None:
    await stage.start()
    database = await open_database(stage.database_url)
    try:
        people = [await Bystander.comes(stage, face) for face in stage.town.messengers]
        who = {Messenger(one.face.kind): one.person.user.id for one in people}
        for one in people:
            await one.works()
        before, rss = await database.read(lambda db: belongings(db, who)), memory(stage)
        for one in people:
            started, sent = time.monotonic(), await pour(intake, one)
            await settled(database)
            seconds = time.monotonic() - started
            counters = await look_up(database, Messenger(one.face.kind), sent)
            report(stage, intake, one, sent, counters, seconds)
        assert await database.read(lambda db: belongings(db, who)) == before
        assert await database.read(addresses) == [one.addresses[-1] for one in people]
        assert memory(stage) - rss < GROWTH
        print(f"{intake}: RSS {rss >> 20} MB before, {memory(stage) >> 20} MB after")
        # The next person is served.
        for face in stage.town.messengers:
            person = face.person("پس از همه")
            await person.start()
            await person.sees("ثبت‌نام")
        log = stage.log.read_text()
        assert "Traceback" not in log
        assert NOT_HERS not in "".join(await database.read(addresses))
        assert await stage.stop() == 0
    except BaseException:
        print(stage.log.read_text()[-6000:])
        raise
    finally:
        await database.close()


async def pour(intake: str, her: Bystander) -> list[Hostile]:
    """COUNT of them; now and then she goes on with her form. What was sent."""
    face = her.face
    strangers = [face.person("غریبه"), face.person("رهگذر")]
    for one in strangers:
        await one.start()
        await one.sees("ثبت‌نام")
    ids = (*(one.user.id for one in strangers), face.group("گروه").id)
    maker = Maker(random.Random(f"{intake} {face.kind}"), strangers=ids, her=her.person.user.id)
    sent = list[Hostile]()
    while len(sent) < COUNT:
        count = min(CHUNK, COUNT - len(sent))
        sent += await (polled(face, maker, count) if intake == "polling" else posted(face, maker, count))
        await her.works()
    return sent


async def polled(face: EmulatedMessenger, maker: Maker, count: int) -> list[Hostile]:
    queue, sent = face.server.state.queues[face.token], list[Hostile]()
    for _ in range(count):
        sent.append(maker.next(queue.next_id))
        face.server.inject_raw(sent[-1].raw)
    return sent


async def posted(face: EmulatedMessenger, maker: Maker, count: int) -> list[Hostile]:
    """Eight at once, as a messenger does; the messenger's own numbers are far below."""
    webhook = face.server.state.queues[face.token].webhook
    assert webhook is not None
    number = 10_000_000 + maker.chance.randrange(10**9) * 1000
    sent = [maker.next(number + one) for one in range(count)]
    headers = {SECRET: webhook.secret} if webhook.secret else {}
    waiting = iter(sent)

    async def deliver(client: httpx.AsyncClient) -> None:
        for one in waiting:
            answer = await client.post(webhook.url, content=one.raw, headers=headers)
            assert answer.status_code == (413 if len(one.raw) > MAX_UPDATE else 200), one.raw[:300]

    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        await asyncio.gather(*(deliver(client) for _ in range(8)))
    return sent


async def settled(database: Database) -> None:
    """Until everything that came was done, and answered where somebody can be."""

    def open_ones(db: Session) -> int:
        unfinished = InboxUpdate.state.in_([InboxState.RECEIVED, InboxState.DONE])  # type: ignore[attr-defined]
        return db.exec(select(func.count()).select_from(InboxUpdate).where(unfinished)).one()

    async with asyncio.timeout(300):
        while await database.read(open_ones):
            await asyncio.sleep(0.1)


async def look_up(database: Database, messenger: Messenger, sent: list[Hostile]) -> Counter[str]:
    """Every body that came is in the inbox, once for each number, as it was sent. In which state, by kind."""
    rows = {
        row.update_id: row
        for row in await database.read(
            lambda db: db.exec(select(InboxUpdate).where(InboxUpdate.messenger == messenger)).all()
        )
    }
    assert not [row for row in rows.values() if row.state is InboxState.FAILED]
    asides = [row.raw for row in rows.values() if row.state is InboxState.QUARANTINED]
    numbered: dict[int, list[str]] = {}
    counters = Counter[str]()
    for one in sent:
        update = parsed(one.raw)
        if len(one.raw) > MAX_UPDATE:
            counters[f"{one.kind}: refused"] += 1
            continue
        raw = one.raw.decode("utf-8", "backslashreplace") if update is None else json.dumps(update)
        number = update_number(update) if isinstance(update, dict) else None
        if number is None:
            assert any(raw[:MAX_BODY] in kept for kept in asides), one.raw[:500]
            counters[f"{one.kind}: without a number"] += 1
            continue
        numbered.setdefault(number, []).append(raw[:MAX_BODY])
        if len(numbered[number]) == 1:
            counters[f"{one.kind}: {rows[number].state}"] += 1
        else:
            counters[f"{one.kind}: a number that was there"] += 1
    for number, bodies in numbered.items():
        assert rows[number].raw in bodies or is_wiped(rows[number]) or number < FIRST_UPDATE, bodies
    return counters


def is_wiped(row: InboxUpdate) -> bool:
    """A stranger came to where a password is typed."""
    return row.raw == "{}" and row.state is InboxState.ANSWERED


def parsed(raw: bytes) -> Any:
    """None where it is no JSON."""
    try:
        update = json.loads(raw)
        json.dumps(update)
    except (ValueError, RecursionError):
        return None
    return update


def memory(stage: Stage) -> int:
    assert stage.process is not None
    return int(psutil.Process(stage.process.pid).memory_info().rss)


def report(
    stage: Stage, intake: str, one: Bystander, sent: list[Hostile], counters: Counter[str], seconds: float
) -> None:
    where = f"{intake}, {one.face.kind}, {stage.database_url.partition(':')[0]}"
    print(f"{where}: {len(sent)} in {seconds:.0f} s, she went on {one.rounds} times")
    for name, count in sorted(counters.items()):
        print(f"    {count:6} {name}")
