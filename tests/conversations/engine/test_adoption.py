"""What a guest had begun, once the chat belongs to an account: what is shown stays shown, or is closed with its draft."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import Turn
from bot.core.screens import Press, Reply
from conversations.engine.declaration import Dialogue, Step
from conversations.engine.engine import Engine
from conversations.questions import Text
from storage.tables import Draft
from tests.support.dialogue_driver import Person, new_account


def dialogue(name: str, **options: Any) -> Dialogue:
    steps = (Step("a", Text(), prompt="الف؟", label="الف"), Step("b", Text(), prompt="ب؟", label="ب"))
    return Dialogue(name, steps, lambda turn, answers: Reply(goto=Press("done")), **options)


MOVES = dialogue("moves", keeps_draft=True, on_login="move")
STAYS_BEHIND = dialogue("stays_behind", keeps_draft=True)


@pytest.mark.parametrize(
    ("shown", "closed", "left"),
    [
        pytest.param("moves", False, ["moves"], id="the one that moves is shown"),
        pytest.param("stays_behind", True, ["moves"], id="the one that is dropped is shown"),
    ],
)
def test_the_chat_shows_what_is_left(db: Session, shown: str, closed: bool, left: list[str]) -> None:
    account = new_account(db)
    engine = Engine([MOVES, STAYS_BEHIND])
    person = Person(db, engine)
    others = {"moves", "stays_behind"} - {shown}
    for name in (*others, shown):
        person.starts(name).types("یک")

    def log_in(turn: Turn) -> Reply:
        turn.chat.account_id = account.id
        engine.adopt(turn)
        assert (turn.draft is None) == closed
        return Reply()

    person.does(log_in)

    assert (person.chat.dialogue is None) == closed
    assert (person.chat.draft_id is None) == closed
    drafts = db.exec(select(Draft).where(Draft.account_id == account.id)).all()
    assert [draft.dialogue for draft in drafts] == left


def test_a_draft_of_the_account_goes_before_the_guests(db: Session) -> None:
    account = new_account(db)
    engine = Engine([MOVES])
    Person(db, engine, account).starts("moves").types("از پیش")
    person = Person(db, engine).starts("moves").types("مهمان")

    def log_in(turn: Turn) -> Reply:
        turn.chat.account_id = account.id
        engine.adopt(turn)
        return Reply()

    person.does(log_in)

    drafts = db.exec(select(Draft).where(Draft.dialogue == "moves", Draft.account_id == account.id)).all()
    assert [draft.answers["a"] for draft in drafts] == ["از پیش"]
    assert db.exec(select(Draft).where(Draft.guest_chat_id == person.chat_row)).all() == []
    assert person.chat.dialogue is None
