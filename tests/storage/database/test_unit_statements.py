"""A row written back, and an attempt that fails, on real databases."""

import contextlib

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from storage.database.database import Database
from storage.database.unit_of_work import flush_row, savepoint
from storage.enums import Messenger
from storage.tables import Chat, Throttle
from storage.tables.column_types import utcnow


def new_chat(db: Session) -> None:
    db.add(Chat(messenger=Messenger.BALE, chat_id=7, view="before"))


def the_chat(db: Session) -> Chat:
    return db.exec(select(Chat).where(Chat.chat_id == 7)).one()


async def test_a_changed_row_is_written_alone(database: Database) -> None:
    await database.run(new_chat)

    def change(db: Session) -> None:
        chat = the_chat(db)
        chat.dialogue_state, chat.view = {"step": "نام"}, None
        flush_row(db, chat)

    await database.run(change)
    chat = await database.read(the_chat)
    assert (chat.dialogue_state, chat.view, chat.dead) == ({"step": "نام"}, None, False)


async def test_others_that_wait_are_left_to_the_flush(database: Database) -> None:
    await database.run(new_chat)

    def change(db: Session) -> None:
        chat = the_chat(db)
        chat.view = "after"
        db.add(Throttle(key="k", at=utcnow()))
        flush_row(db, chat)

    await database.run(change)
    assert (await database.read(the_chat)).view == "after"
    assert await database.read(lambda db: db.exec(select(Throttle.key)).all()) == ["k"]


async def test_an_attempt_that_fails_leaves_nothing(database: Database) -> None:
    await database.run(new_chat)

    def change(db: Session) -> str | None:
        chat = the_chat(db)
        with contextlib.suppress(ZeroDivisionError), savepoint(db):
            chat.view = "flushed"
            db.add(Throttle(key="flushed", at=utcnow()))
            db.flush()
            chat.view = "waiting"
            db.add(Throttle(key="waiting", at=utcnow()))
            raise ZeroDivisionError
        # The id that the first had may be given again.
        db.add(Throttle(key="afterwards", at=utcnow()))
        db.flush()
        return chat.view

    assert await database.run(change) == "before"
    assert (await database.read(the_chat)).view == "before"
    keys = await database.read(lambda db: db.exec(select(Throttle.key).order_by(col(Throttle.id))).all())
    assert keys == ["afterwards"]


async def test_a_statement_that_fails_inside_is_healed(database: Database) -> None:
    await database.run(new_chat)

    def change(db: Session) -> None:
        try:
            with savepoint(db):
                db.connection().exec_driver_sql("INSERT INTO chat (id) VALUES (NULL)")
        except IntegrityError:
            the_chat(db).view = "healed"

    await database.run(change)
    assert (await database.read(the_chat)).view == "healed"
