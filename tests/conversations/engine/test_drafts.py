"""Drafts on both databases: written by compare-and-set, begun once, dropped everywhere, swept when old."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, select

from bot.core.context import Turn
from bot.core.incoming import Incoming
from bot.core.refusals import Stale
from bot.core.screens import Press, Reply
from bot.services.drafts import store as draft_store
from conversations.engine.declaration import Dialogue, Step
from conversations.engine.engine import Engine
from conversations.questions import Text
from storage.database.database import Database
from storage.enums import Messenger, Role
from storage.tables import Account, Chat, Draft
from tests.support.dialogue_driver import NOW, PUBLIC_INFO, new_account


def form(name: str, **options: Any) -> Dialogue:
    steps = (Step("x", Text(), prompt="چه؟", label="چه"), Step("y", Text(), prompt="که؟", label="که"))
    return Dialogue(name, steps, lambda turn, answers: Reply(goto=Press("done")), **options)


KEPT = form("kept", keeps_draft=True)


def turn_of(db: Session, chat_id: int, text: str | None = None) -> Turn:
    """What the serving side loads for an update of this chat; the chat is made at its first."""
    chat = db.exec(select(Chat).where(Chat.chat_id == chat_id)).first()
    if chat is None:
        account = db.exec(select(Account)).first()
        chat = Chat(messenger=Messenger.BALE, chat_id=chat_id, account_id=account.id if account else None)
        chat.role = Role.OFFICER
        db.add(chat)
        db.flush()
    account = db.get(Account, chat.account_id) if chat.account_id else None
    draft = db.get(Draft, chat.draft_id) if chat.draft_id else None
    return Turn(db, NOW, PUBLIC_INFO, chat, Incoming(Messenger.BALE, 1, chat_id, text=text), account, draft)


def make_account(db: Session) -> None:
    db.add(Account(user_code="1", password_hash="", first_name="سارا", last_name="کریمی"))


async def test_whoever_read_an_older_draft_writes_nothing(database: Database) -> None:
    await database.run(make_account)
    engine = Engine([KEPT])
    await database.run(lambda db: engine.start(turn_of(db, 1), "kept"))

    def two_at_once(db: Session) -> tuple[dict[str, Any], int]:
        turn = turn_of(db, 1)
        assert turn.draft is not None
        draft_store.write_draft(turn, turn.draft, KEPT.version, {"x": "نخست"})
        set_committed_value(turn.draft, "version", 0)  # as the other chat still holds it
        try:
            draft_store.write_draft(turn, turn.draft, KEPT.version, {"x": "دیر"})
        except Stale:
            return dict(turn.draft.answers), turn.draft.version
        return {}, -1

    assert await database.run(two_at_once) == ({"x": "نخست"}, 1)


async def test_a_draft_that_is_there_already_is_continued(database: Database) -> None:
    await database.run(make_account)

    def both(db: Session) -> tuple[bool, list[dict[str, Any]]]:
        turn = turn_of(db, 1)
        first = draft_store.begin_draft(turn, KEPT.name, KEPT.version, 5, {"x": "یک"})
        second = draft_store.begin_draft(turn, KEPT.name, KEPT.version, 5, {"x": "دو"})
        return first.id == second.id, [one.answers for one in db.exec(select(Draft)).all()]

    assert await database.run(both) == (True, [{"x": "یک"}])


async def test_a_form_begun_in_one_chat_is_finished_in_another(database: Database) -> None:
    await database.run(make_account)
    engine = Engine([KEPT])

    def start(chat: int) -> Any:
        return lambda db: engine.start(turn_of(db, chat), "kept").screens[0].text

    def take(chat: int, text: str) -> Any:
        return lambda db: engine.handle_input(turn_of(db, chat, text))

    assert "چه؟" in await database.run(start(1))
    await database.run(take(1, "یک"))
    assert "که؟" in await database.run(start(2))
    reply = await database.run(take(2, "دو"))
    assert reply.goto == Press("done")

    def left(db: Session) -> tuple[list[Any], list[Any]]:
        return [one.dialogue for one in db.exec(select(Chat)).all()], list(db.exec(select(Draft)).all())

    assert await database.run(left) == ([None, None], [])


async def test_old_drafts_are_swept(database: Database) -> None:
    await database.run(make_account)
    discards = form("discards", keeps_draft=True, discard=lambda turn: None)
    engine = Engine([KEPT, discards, form("short", days_kept=2)])

    def age(db: Session) -> None:
        for name in ("kept", "discards", "short"):
            draft_store.begin_draft(turn_of(db, 1), name, 1, 0, {}).updated_at = NOW - timedelta(days=3)
        draft_store.begin_draft(turn_of(db, 1), KEPT.name, KEPT.version, 9, {}).updated_at = NOW - timedelta(
            days=400
        )
        turn = turn_of(db, 1)
        turn.chat.dialogue, turn.chat.draft_id = (
            "kept",
            draft_store.begin_draft(turn, KEPT.name, KEPT.version, 9, {}).id,
        )

    await database.run(age)
    assert await database.run(lambda db: engine.delete_expired_drafts(db, NOW)) == 2

    def left(db: Session) -> tuple[list[tuple[str, int]], str | None]:
        found = db.exec(select(Draft.dialogue, Draft.subject_id).order_by(Draft.dialogue)).all()
        return [tuple(one) for one in found], db.exec(select(Chat.dialogue)).one()

    assert await database.run(left) == ([("discards", 0), ("kept", 0)], None)


def test_an_expired_draft_is_begun_anew(db: Session) -> None:
    account = new_account(db)
    engine = Engine([form("kept", keeps_draft=True, days_kept=10)])
    chat = Chat(messenger=Messenger.BALE, chat_id=777_000_1, account_id=account.id)
    db.add(chat)
    db.add(
        Draft(
            account_id=account.id, dialogue="kept", answers={"x": "کهنه"}, updated_at=NOW - timedelta(days=11)
        )
    )
    db.flush()
    turn = Turn(db, NOW, PUBLIC_INFO, chat, Incoming(Messenger.BALE, 1, 1), account)
    assert engine.open_drafts(turn) == []
    assert "چه؟" in engine.start(turn, "kept").screens[0].text
    assert engine.open_drafts(turn) == [("kept", 0)]
    engine.drop(turn, "kept")
    assert chat.dialogue is None
    assert engine.open_drafts(turn) == []
    db.rollback()
