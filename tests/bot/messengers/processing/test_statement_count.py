"""What a plain step of a dialogue asks of the database: counted, not timed. One statement more is a decision."""

from typing import Any

import pytest
from sqlalchemy import event

from storage.database.database import Database
from storage.database.sqlite import SqliteDatabase
from tests.support.handler_app import House

#: Chat, account and draft; the mark on the update; a savepoint; the chat. (Its intake, and the mark that it was answered,
#: are one statement for many updates.)
STEP = 4
#: Where an answer is stored: the draft as well.
ANSWER = STEP + 1


async def test_statements_of_a_step(database: Database) -> None:
    if not isinstance(database, SqliteDatabase):
        pytest.skip("the same units on both; counted on one")
    asked: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        asked.append(statement)

    house = await House.open(database)
    sara = house.visitor()
    await sara.commands("start")
    await sara.taps("ثبت‌نام")
    await sara.types("9991234561", "1365/04/12", "سارا", "بازگشت")
    event.listen(database._writer_engine.sync_engine, "before_cursor_execute", note)
    for typed, most in (("سارا", ANSWER), ("بازگشت", STEP)):
        asked.clear()
        await sara.types(typed)
        mine = [one for one in asked if not one.startswith("INSERT INTO inbox_update")]
        assert len(mine) <= most, "\n\n".join(mine)
        sara.sees("نام خانوادگی" if most == ANSWER else "نام")
