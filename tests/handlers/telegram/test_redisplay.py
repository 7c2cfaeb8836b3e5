"""Which chats are shown their screen again, and that each of several processes takes its own."""

import asyncio
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import Session, col, select

from handlers.telegram import redisplay
from handlers.telegram.redisplay import BATCH, LEASE, Ticker
from storage.database.database import Database
from storage.enums import Messenger
from storage.tables import Chat
from tests.support.factories.reference_data import NOW

SECOND = timedelta(seconds=1)
READY = [Messenger.TELEGRAM]


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("sqlite_url")
    return url


class Dispatcher:
    def __init__(self) -> None:
        self.shown: list[tuple[Messenger, int, int]] = []
        self.done: list[Any] = []

    def put_screen(
        self, messenger: Messenger, chat_id: int, row_id: int, *, due: datetime, done: Any
    ) -> None:
        self.shown.append((messenger, chat_id, row_id))
        self.done.append(done)


def make_ticker(database: Database, *ready: Messenger) -> tuple[Ticker, Dispatcher]:
    dispatcher = Dispatcher()
    channels: Any = {one: SimpleNamespace(ready=one in (ready or READY)) for one in Messenger}
    resources: Any = SimpleNamespace(database=database, clock=lambda: NOW)
    return Ticker(resources, dispatcher, channels), dispatcher  # type: ignore[arg-type]


async def chats(database: Database, *rows: dict[str, Any]) -> list[int]:
    def unit(db: Session) -> list[int]:
        made = [
            Chat(**{"messenger": Messenger.TELEGRAM, "chat_id": 100 + number, "show_at": NOW} | row)
            for number, row in enumerate(rows)
        ]
        db.add_all(made)
        db.flush()
        return [one.id or 0 for one in made]

    return await database.run(unit)


async def times(database: Database) -> list[datetime | None]:
    return await database.read(lambda db: list(db.exec(select(Chat.show_at).order_by(col(Chat.id)))))


async def test_each_chat_that_is_due_is_shown_once_the_longest_waiting_first(database: Database) -> None:
    first, second, _, _, _, _, _, rested = await chats(
        database,
        {"show_at": NOW - SECOND},
        {"show_at": NOW - 2 * SECOND},
        {"show_at": NOW + SECOND},
        {"show_at": None},
        {"messenger": Messenger.BALE},
        {"dead": True},
        {"rest_until": NOW + SECOND},
        {"rest_until": NOW},
    )
    ticker, dispatcher = make_ticker(database)
    assert await ticker.tick() == 3
    assert dispatcher.shown == [
        (Messenger.TELEGRAM, 101, second),
        (Messenger.TELEGRAM, 100, first),
        (Messenger.TELEGRAM, 107, rested),
    ]
    assert await ticker.tick() == 0
    lease = NOW + LEASE * SECOND
    assert await times(database) == [lease, lease, NOW + SECOND, None, NOW, NOW, NOW, lease]


async def test_of_two_chats_that_are_due_at_one_instant_each_has_its_own_time(database: Database) -> None:
    await chats(database, {}, {})
    ticker, dispatcher = make_ticker(database)
    await ticker.tick()
    lease = NOW + LEASE * SECOND
    dispatcher.done[0]()
    for _ in range(200):
        if (await times(database))[0] is None:
            break
        await asyncio.sleep(0.01)
    assert await times(database) == [None, lease], "the other one is still to be shown"


async def test_what_delivery_put_off_meanwhile_stays_so(database: Database) -> None:
    (chat,) = await chats(database, {})
    ticker, dispatcher = make_ticker(database)
    await ticker.tick()
    later = NOW + 30 * SECOND
    await database.run(lambda db: setattr(db.get_one(Chat, chat), "show_at", later))
    dispatcher.done[0]()
    await database.run(lambda db: None)
    assert await times(database) == [later]


async def test_what_another_process_took_is_left_to_it(database: Database) -> None:
    await chats(database, {}, {"show_at": NOW - SECOND})
    due = await database.read(lambda db: redisplay._due(db, NOW, READY))
    lease = NOW + LEASE * SECOND
    taken = await database.run(lambda db: redisplay._claim(db, due[:1], lease))
    won = await database.run(lambda db: redisplay._claim(db, due, lease))
    assert [one.chat_id for one in taken] == [101]
    assert [one.chat_id for one in won] == [100]


async def test_it_looks_again_at_once_while_a_whole_batch_was_due(monkeypatch: pytest.MonkeyPatch) -> None:
    ticker, _ = make_ticker(None)  # type: ignore[arg-type]
    results: list[Any] = [BATCH, BATCH, 3, OSError("the database"), asyncio.CancelledError()]
    looks: list[int] = []

    async def tick() -> int:
        looks.append(len(results))
        result = results.pop(0)
        if isinstance(result, BaseException):
            raise result
        return int(result)

    monkeypatch.setattr(ticker, "tick", tick)
    monkeypatch.setattr(redisplay, "IDLE", 0.01)
    with pytest.raises(asyncio.CancelledError):
        await ticker.run()
    assert looks == [5, 4, 3, 2, 1]


async def test_a_wish_to_look_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    ticker, _ = make_ticker(None)  # type: ignore[arg-type]
    looked = asyncio.Queue[None]()

    async def tick() -> int:
        looked.put_nowait(None)
        return 0

    monkeypatch.setattr(ticker, "tick", tick)
    monkeypatch.setattr(redisplay, "IDLE", 3600)
    running = asyncio.create_task(ticker.run())
    async with asyncio.timeout(30):
        await looked.get()
        ticker.wake(0.01)
        await looked.get()
    running.cancel()
