"""Updates that no messenger sends, HOSTILE_UPDATES of each to the real bot: the queue goes on, raw bodies stay, nobody is
changed, and who is in the middle of the form is served all the while."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from sqlmodel import Session, col, select

from bot.messengers.intake.receiver import MAX_BODY, update_number
from bot.texts import formats
from bot.web.webhooks import MAX_UPDATE
from demo.emulators import EmulatedMessenger
from demo.person import Person
from storage.enums import InboxState, Messenger
from storage.tables import Draft, InboxUpdate
from tests.abuse.changes import Change, Snapshot
from tests.abuse.hostile import Hostile, Maker
from tests.support import journey_steps
from tests.support.bot_process import BotProcess
from tests.support.identities import next_mobile
from tests.support.pending import UNANSWERED, until_none

COUNT = int(os.environ.get("HOSTILE_UPDATES", "250"))
CHUNK = 125
SECRET = "X-Telegram-Bot-Api-Secret-Token"
#: Bytes that the process may grow by, however much comes.
GROWTH = 150 * 1024 * 1024
ADDRESS, PHONE = "آدرس محل زندگی خود را کامل", "تلفن ثابت"
#: The messenger's own numbers begin here; those below are made ones.
FIRST_UPDATE = 1000


@dataclass(slots=True)
class Bystander:
    face: EmulatedMessenger
    person: Person
    rounds: int = 0
    addresses: list[str] = field(default_factory=list)

    @classmethod
    async def register(cls, bot: BotProcess, face: EmulatedMessenger) -> Bystander:
        """Registered, and asked for her address: half of the form is filled."""
        person = face.person("سارا", phone=next_mobile())
        await journey_steps.register(bot, person)
        await person.command("menu")
        await journey_steps.fill(person, until=ADDRESS)
        return cls(face, person)

    async def answer_again(self) -> None:
        """She answers, sees the next question, and goes back to the same one."""
        self.rounds += 1
        self.addresses.append(f"شیراز، خیابان دانشگاه، کوچه {formats.digits(self.rounds)}، پلاک ۱۲")
        await self.person.type(self.addresses[-1])
        await self.person.sees(PHONE)
        await self.person.tap("بازگشت")
        shown = await self.person.sees(ADDRESS)
        assert self.addresses[-1] in shown.text


def is_harmless(one: Change) -> bool:
    """A stranger's chat or draft, or what she herself changes: her address, and the message that shows it."""
    row = one.old or one.row
    if row.get("account_id", 0) is None:
        return one.row["account_id"] is None
    if one.old is None or one.new is None:
        return False
    if one.table == "draft":
        answers = [old_or_new["answers"] | {"postal_address": ""} for old_or_new in (one.old, one.new)]
        return answers[0] == answers[1] and one.columns <= {"answers", "version", "updated_at"}
    return one.table == "chat" and one.columns <= {"show_at", "version", "keyboard"}


def addresses(db: Session) -> list[str]:
    drafts = select(Draft).where(col(Draft.account_id).is_not(None)).order_by(col(Draft.account_id))
    return [formats.digits(one.answers["postal_address"]) for one in db.exec(drafts)]


@pytest.mark.parametrize("intake", ["polling", "webhook"])
async def test_the_queue_always_goes_on(intake: str, bot: BotProcess) -> None:
    people = [await Bystander.register(bot, face) for face in bot.emulators.messengers]
    for one in people:
        await one.answer_again()
    before, memory = await bot.read(Snapshot), bot.memory()
    for one in people:
        started, sent = time.monotonic(), await pour(intake, one)
        await until_none(bot, UNANSWERED, within=300, pause=0.1)
        seconds = time.monotonic() - started
        counters = await look_up(bot, Messenger(one.face.kind), sent)
        where = f"{intake}, {one.face.kind}, {bot.database_url.partition(':')[0]}"
        print(f"{where}: {len(sent)} in {seconds:.0f} s, she went on {one.rounds} times")
        print(*(f"    {count:6} {name}" for name, count in sorted(counters.items())), sep="\n")
    tables = {"account", "role_grant", "chat", "draft"}
    changes = await bot.read(lambda db: before.changes(db, tables))
    assert [str(one) for one in changes if not is_harmless(one)] == []
    assert await bot.read(addresses) == [one.addresses[-1] for one in people]
    assert bot.memory() - memory < GROWTH
    print(f"{intake}: RSS {memory >> 20} MB before, {bot.memory() >> 20} MB after")
    # The next user is served.
    for face in bot.emulators.messengers:
        person = face.person("پس از همه")
        await person.start()
        await person.sees("ثبت‌نام")
    assert await bot.stop() == 0


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
        await her.answer_again()
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


async def look_up(bot: BotProcess, messenger: Messenger, sent: list[Hostile]) -> Counter[str]:
    """Every body that came is in the inbox, once for each number, as it was sent. In which state, by kind."""
    query = select(InboxUpdate).where(InboxUpdate.messenger == messenger)
    rows = {row.update_id: row for row in await bot.read(lambda db: db.exec(query).all())}
    assert not [row for row in rows.values() if row.state is InboxState.FAILED]
    quarantined = [row.raw for row in rows.values() if row.state is InboxState.QUARANTINED]
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
            assert any(raw[:MAX_BODY] in kept for kept in quarantined), one.raw[:500]
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
