"""Prepared statements do what the same statements do through SQLAlchemy, on both databases; also where they fail."""

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from bot.core.incoming import Incoming
from bot.messengers.processing import inbox_store
from storage.database.database import Database
from storage.database.unit_of_work import SwallowedError, flush_row, savepoint, table_of
from storage.enums import AccountState, Messenger, Role
from storage.prepared import LoadedRow, NewRow, Prepared, connection_of
from storage.tables import Account, Chat, Draft, Grant
from tests.support.factories.reference_data import NOW

_CHAT = table_of(Chat)
_VIEW = Prepared(
    update(_CHAT).where(_CHAT.c.chat_id == bindparam("chat")).values(view=bindparam("to"), dead=False)
)
_MESSENGER = Prepared(update(_CHAT).where(_CHAT.c.chat_id == 7).values(messenger=bindparam("to")))
_READ = Prepared(select(*LoadedRow(Chat).columns).where(_CHAT.c.chat_id == bindparam("chat")))
_READ_ALL = Prepared(
    select(*LoadedRow(Chat).columns).where(_CHAT.c.chat_id == bindparam("chat")).order_by(_CHAT.c.id)
)
INCOMING = Incoming(Messenger.BALE, 1, 7)


def conversation(db: Session) -> None:
    """A chat in the middle of a dialogue, of somebody who is logged in."""
    account = Account(
        user_code="1000",
        password_hash="x",
        last_name="کریمی",
        state=AccountState.ACTIVE,
        national_code="9991234561",
        first_name="سارا",
        created_at=NOW,
    )
    db.add(account)
    db.flush()
    draft = Draft(account_id=account.id, dialogue="qualification", answers={"نام": [1, None, "۲"]})
    db.add(draft)
    db.add(Grant(account_id=account.id, role=Role.OFFICER))
    db.flush()
    db.add(
        Chat(
            messenger=Messenger.BALE,
            chat_id=7,
            account_id=account.id,
            role=Role.OFFICER,
            draft_id=draft.id,
            dialogue="qualification",
            dialogue_state={"step": "x", "editing": False},
            show_at=datetime(2026, 2, 28, 23, 59, 59, 999999, tzinfo=UTC),
            keyboard=True,
        )
    )
    db.add(Chat(messenger=Messenger.TELEGRAM, chat_id=7))


async def test_a_turn_begins_with_the_rows_that_the_orm_reads(database: Database) -> None:
    await database.run(conversation)

    def compare(db: Session) -> None:
        turn = inbox_store.load_turn(db, INCOMING, NOW, None)  # type: ignore[arg-type]
        loaded = {type(row): row.model_dump() for row in (turn.chat, turn.account, turn.draft) if row}
        assert turn.holds_role
        assert not db.dirty
        db.expunge_all()
        of_orm = {model: db.exec(select_rows(model)).first().model_dump() for model in (Account, Draft)}
        of_orm[Chat] = db.exec(select_rows(Chat).where(Chat.messenger == Messenger.BALE)).one().model_dump()
        assert loaded == of_orm

    await database.run(compare)


async def test_what_a_turn_changes_in_its_rows_is_written(database: Database) -> None:
    """By the one statement of `flush_row`, and by the flush of the session where more is waiting."""
    await database.run(conversation)
    for view, name in (("one", "سارا"), ("two", "سمیرا")):

        def change(db: Session, view: str = view, name: str = name) -> None:
            turn = inbox_store.load_turn(db, INCOMING, NOW, None)  # type: ignore[arg-type]
            turn.chat.view = view
            assert turn.account is not None
            turn.account.first_name = name
            flush_row(db, turn.chat)

        await database.run(change)
        turn = await database.read(lambda db: inbox_store.load_turn(db, INCOMING, NOW, None, reading=True))  # type: ignore[arg-type]
        assert turn.account is not None
        assert (turn.chat.view, turn.account.first_name) == (view, name)


async def test_rows_are_read_anew_after_an_attempt_that_failed(database: Database) -> None:
    await database.run(conversation)

    def attempt(db: Session) -> str | None:
        turn = inbox_store.load_turn(db, INCOMING, NOW, None)  # type: ignore[arg-type]
        with contextlib.suppress(ZeroDivisionError), savepoint(db):
            turn.chat.view = "lost"
            db.flush()
            raise ZeroDivisionError
        inbox_store.load_again(turn)
        assert turn.chat.dialogue_state == {"step": "x", "editing": False}
        return turn.chat.view

    assert await database.run(attempt) is None


async def test_an_unknown_chat_has_no_row(database: Database) -> None:
    assert await database.read(lambda db: _READ.first(connection_of(db), {"chat": 8})) is None
    turn = await database.run(lambda db: inbox_store.load_turn(db, INCOMING, NOW, None))  # type: ignore[arg-type]
    assert (turn.chat.id, turn.account, turn.draft) == (None, None, None)


async def test_the_rows_that_were_changed_are_counted(database: Database) -> None:
    await database.run(conversation)
    for chat, changed in ((7, 2), (8, 0)):
        values = {"chat": chat, "to": "here"}
        assert (
            await database.run(lambda db, values=values: _VIEW.change(connection_of(db), values)) == changed
        )
    seen = await database.read(lambda db: db.exec(select_rows(Chat.view).order_by(col(Chat.id))).all())
    assert seen == ["here", "here"]


async def test_a_statement_that_fails_is_told_as_any_other(database: Database) -> None:
    await database.run(conversation)

    def fail(db: Session) -> None:
        _MESSENGER.change(connection_of(db), {"to": Messenger.BALE})

    with pytest.raises(IntegrityError):
        await database.run(fail)


async def test_a_failure_that_was_caught_is_noticed(database: Database) -> None:
    """Nothing of such a unit is committed."""
    await database.run(conversation)

    def swallow(db: Session) -> None:
        _VIEW.change(connection_of(db), {"chat": 7, "to": "lost"})
        with pytest.raises(IntegrityError):
            _MESSENGER.change(connection_of(db), {"to": Messenger.BALE})

    with pytest.raises(SwallowedError):
        await database.run(swallow)
    assert (await database.read(lambda db: db.exec(select_rows(Chat.view)).first())) is None


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Chat, {"messenger": Messenger.BALE, "chat_id": 9, "created_at": NOW}),
        (
            Draft,
            {
                "guest_chat_id": 9,
                "dialogue": "registration",
                "answers": {"نام": [1, None]},
                "created_at": NOW,
                "updated_at": NOW,
            },
        ),
    ],
)
async def test_a_new_row_is_the_one_that_the_orm_stores(
    database: Database, model: Any, values: dict[str, Any]
) -> None:
    """With the model's defaults; and what is changed in it later is written."""
    new = NewRow(model)

    def begin(db: Session) -> dict[str, Any]:
        row = new.make(**values)
        assert row.model_dump() == model(**values).model_dump()
        assert new.insert(db, row)
        assert (row in db, list(db.dirty), list(db.new)) == (True, [], [])
        stored: dict[str, Any] = row.model_dump()
        db.expunge_all()
        assert db.exec(select_rows(model)).one().model_dump() == stored
        return stored

    stored = await database.run(begin)
    assert stored["id"] is not None

    def change(db: Session) -> None:
        values_again = values | {"dialogue": "login"} if model is Draft else values | {"chat_id": 10}
        row = new.make(**values_again)
        assert new.insert(db, row)
        row.version = 7

    await database.run(change)
    versions = await database.read(lambda db: db.exec(select_rows(model.version).order_by(model.id)).all())
    assert versions == [0, 7]


async def test_a_new_row_under_a_key_that_is_taken_is_not_stored(database: Database) -> None:
    await database.run(conversation)
    new = NewRow(Chat)

    def begin(db: Session) -> tuple[bool, int | None, bool]:
        chat = new.make(messenger=Messenger.BALE, chat_id=7)
        return new.insert(db, chat), chat.id, chat in db

    assert await database.run(begin) == (False, None, False)


async def test_a_row_that_the_session_has_is_not_read_over(database: Database) -> None:
    """What was changed in it and not written yet stays."""
    await database.run(conversation)
    loaded = LoadedRow(Chat)

    def twice(db: Session) -> str | None:
        values = {"chat": 7}
        first = [loaded.found(db, row) for row in _READ_ALL.all(connection_of(db), values)]
        first[0].view = "changed"
        again = [loaded.found(db, row) for row in _READ_ALL.all(connection_of(db), values)]
        assert len(again) == 2
        assert all(one is other for one, other in zip(first, again, strict=True))
        return again[0].view

    assert await database.run(twice) == "changed"


async def test_a_new_row_is_gone_with_the_attempt_that_made_it(database: Database) -> None:
    new = NewRow(Chat)

    def attempt(db: Session) -> int:
        with contextlib.suppress(ZeroDivisionError), savepoint(db):
            assert new.insert(db, new.make(messenger=Messenger.BALE, chat_id=7))
            raise ZeroDivisionError
        assert new.insert(db, new.make(messenger=Messenger.BALE, chat_id=7))
        return len(db.exec(select_rows(Chat)).all())

    assert await database.run(attempt) == 1
