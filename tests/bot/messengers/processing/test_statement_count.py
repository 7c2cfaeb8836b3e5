"""What a plain step of a dialogue asks of the database: counted, not timed. One statement more is a decision."""

import sqlite3
from functools import partial
from typing import Any

from sqlalchemy import event

from storage.migrations.seed import seed
from tests.support.chat_driver import App

#: Chat, account and draft; the mark on the update; a savepoint; the chat. (Its intake, and the mark that it was answered,
#: are one statement for many updates.)
STEP = 4
#: Where an answer is stored: the draft as well.
ANSWER = STEP + 1
#: Who writes for the first time. A command: the chat, and the drafts that the menu shows. The button, typed: the drafts again,
#: the form that may be open, a new one. The national code: an answer, the tries of the day, this one, who has that code.
FIRST = [STEP + 2, STEP + 3, ANSWER + 3]
FIRST_TEXTS = ("ثبت‌نام", "9991234561")


def test_a_step_compiles_no_statement_anew(sqlite_url: str) -> None:
    """SQLite asks the authorizer when it compiles: the second time a step finds its statements compiled."""
    app = App(sqlite_url)
    app.run(seed)
    sara = app.person().command("start").tap("ثبت‌نام").type("9991234561", "1365/04/12", "سارا", "بازگشت")
    writer: Any = app.database
    driver = writer._writer.sync_connection.connection.dbapi_connection.driver
    compiled: list[tuple[Any, ...]] = []

    def note(*asked: Any) -> int:
        compiled.append(asked)
        return sqlite3.SQLITE_OK

    driver.set_authorizer(note)
    sara.type("سارا", "بازگشت", "سارا", "بازگشت")  # the authorizer itself lets all be compiled once more
    assert compiled
    compiled.clear()
    sara.type("سارا", "بازگشت")
    hot = {"chat", "account", "draft", "inbox_update"}
    assert [asked for asked in compiled if asked[1] in hot] == []
    driver.set_authorizer(None)
    app.close()


def test_statements_of_a_step(sqlite_url: str) -> None:
    """Counted on one database: the units are the same on the other."""
    asked: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        asked.append(statement)

    app = App(sqlite_url)
    app.run(seed)
    writer: Any = app.database
    sara = app.person().command("start").tap("ثبت‌نام").type("9991234561", "1365/04/12", "سارا", "بازگشت")
    event.listen(writer._writer_engine.sync_engine, "before_cursor_execute", note)
    for typed, most in (("سارا", ANSWER), ("بازگشت", STEP)):
        asked.clear()
        sara.type(typed)
        mine = [one for one in asked if not one.startswith("INSERT INTO inbox_update")]
        assert len(mine) <= most, "\n\n".join(mine)
        sara.sees("نام خانوادگی" if most == ANSWER else "نام")
    app.close()


def test_statements_of_a_strangers_first_messages(sqlite_url: str) -> None:
    """After an outage these are most of what waits."""
    asked: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        asked.append(statement)

    app = App(sqlite_url)
    app.run(seed)
    writer: Any = app.database
    event.listen(writer._writer_engine.sync_engine, "before_cursor_execute", note)
    stranger = app.person()
    counts = []
    for send in (partial(stranger.command, "start"), *(partial(stranger.type, text) for text in FIRST_TEXTS)):
        asked.clear()
        send()
        counts.append(len([one for one in asked if not one.startswith("INSERT INTO inbox_update")]))
    stranger.sees("تاریخ تولد")
    assert all(count <= most for count, most in zip(counts, FIRST, strict=True)), counts
    app.close()
