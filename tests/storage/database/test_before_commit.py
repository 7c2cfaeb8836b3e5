"""What follows from a unit may be written with it: both are there, or neither, and one that fails does not undo the other."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session

from bot.messengers.processing import inbox_store
from storage.database.database import Database, open_database
from storage.enums import InboxState, Messenger
from storage.tables import DailySequence
from tests.storage.database.test_unit_of_work import days, write
from tests.support.factories.reference_data import NOW


def first(session: Session) -> str:
    session.add(DailySequence(day="first", last=1))
    return "first"


class Follower:
    """A task that is begun by what came out of a unit, and writes."""

    def __init__(self, database: Database, unit: Any) -> None:
        self._database, self._unit = database, unit
        self.heard: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    def begin(self, result: str) -> None:
        self.heard.append(result)
        if not self.tasks:
            self.tasks.append(asyncio.create_task(self._database.run(self._unit)))


async def test_a_unit_that_follows_is_written_too(database: Database) -> None:
    follower = Follower(database, write("second"))
    assert await database.run(first, before_commit=follower.begin) == "first"
    await follower.tasks[0]
    assert follower.heard == ["first"]
    assert await days(database) == ["first", "second"]


async def test_on_sqlite_they_are_one_commit(sqlite_url: str) -> None:
    sqlite_database: Any = await open_database(sqlite_url)
    commits: list[str] = []
    event.listen(
        sqlite_database._writer_engine.sync_engine, "commit", lambda connection: commits.append("commit")
    )
    follower = Follower(sqlite_database, write("second"))
    await sqlite_database.run(first, before_commit=follower.begin)
    await follower.tasks[0]
    assert commits == ["commit"]
    assert await days(sqlite_database) == ["first", "second"]
    await sqlite_database.close()


async def test_a_unit_that_follows_and_fails_undoes_nothing(database: Database) -> None:
    def broken(session: Session) -> None:
        session.add(DailySequence(day="broken", last=1))
        session.flush()
        raise ZeroDivisionError

    follower = Follower(database, broken)
    assert await database.run(first, before_commit=follower.begin) == "first"
    with pytest.raises(ZeroDivisionError):
        await follower.tasks[0]
    # Run anew on SQLite, it is told anew.
    assert set(follower.heard) == {"first"}
    assert await days(database) == ["first"]


async def test_one_that_fails_tells_nothing(database: Database) -> None:
    def broken(session: Session) -> str:
        raise ZeroDivisionError

    follower = Follower(database, write("second"))
    with pytest.raises(ZeroDivisionError):
        await database.run(broken, before_commit=follower.begin)
    assert (follower.heard, follower.tasks) == ([], [])


async def test_each_is_told_where_one_follows_the_other(database: Database) -> None:
    heard: list[str] = []

    def second(session: Session) -> str:
        session.add(DailySequence(day="second", last=1))
        return "second"

    def begin(result: str) -> None:
        heard.append(result)
        tasks.append(asyncio.create_task(database.run(second, before_commit=heard.append)))

    tasks: list[asyncio.Task[str]] = []
    await database.run(first, before_commit=begin)
    assert await tasks[0] == "second"
    assert heard == ["first", "second"]


async def test_the_id_of_a_row_that_was_never_committed_marks_no_other_update(database: Database) -> None:
    """A chat's unit holds the id; meanwhile another update was stored under it."""
    values = {
        "messenger": Messenger.BALE,
        "bot_id": 1,
        "update_id": 7,
        "lane": 5,
        "raw": "{}",
        "state": InboxState.RECEIVED,
        "note": None,
        "done_at": None,
        "received_at": NOW,
    }
    (row,) = await database.run(lambda db: inbox_store.insert(db, [values]))
    for other in (replace(row, update_id=8), replace(row, messenger=Messenger.TELEGRAM)):
        assert not await database.run(lambda db, other=other: inbox_store.mark_finished(db, other, NOW))
    assert await database.run(lambda db: inbox_store.mark_finished(db, row, NOW))
    assert not await database.run(lambda db: inbox_store.mark_finished(db, row, NOW))
