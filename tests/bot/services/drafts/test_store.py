"""Whose drafts and files these are, which drafts are over, what goes with one: the others differ in one thing."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.services.drafts import files, store
from storage.enums import Messenger
from storage.tables import Chat, Draft, StoredFile
from tests.support.factories.people import Participants, officer
from tests.support.factories.qualification import stored_file
from tests.support.factories.reference_data import NOW

#: What is written and asked for does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def draft(db: Session, account_id: int | None, name: str = "a", **values: Any) -> Draft:
    given = {"dialogue_version": 1, "subject_id": 0, "created_at": NOW, "updated_at": NOW}
    row = Draft(account_id=account_id, dialogue=name, **given | values)
    db.add(row)
    db.flush()
    return row


def test_drafts_that_nobody_went_on_with_are_over(db: Session, people: Participants) -> None:
    ids = [officer(db, chat=False).account_id for _ in range(4)]
    before = {"a": NOW - DAY, "b": NOW - DAY, "c": NOW - 9 * DAY}

    def left() -> list[tuple[str, timedelta]]:
        rows = db.exec(select(Draft).order_by(col(Draft.id)))
        return [(one.dialogue, NOW - one.updated_at) for one in rows]

    for number, (name, age) in enumerate(
        (
            ("a", DAY + SECOND),
            ("a", DAY),
            ("b", 9 * DAY),
            ("c", 9 * DAY),
            ("c", 9 * DAY + SECOND),
            ("d", 99 * DAY),
        )
    ):
        draft(db, ids[number % 4], name, updated_at=NOW - age)
    assert store.drop_expired(db, before, limit=2) == 2
    assert store.drop_expired(db, before, limit=2) == 1
    assert store.drop_expired(db, before, limit=2) == 0
    assert left() == [("a", DAY), ("c", 9 * DAY), ("d", 99 * DAY)]
    for number in range(3):
        draft(db, ids[number], "b", updated_at=NOW - 2 * DAY)
    draft(db, ids[1], "c", updated_at=NOW - 10 * DAY)
    assert [store.drop_expired(db, before, limit=3) for _ in range(3)] == [3, 1, 0]


@pytest.mark.parametrize("documents", [True, False])
def test_what_goes_with_a_draft(db: Session, people: Participants, documents: bool) -> None:
    """The chats that show it close it; its files go where that is asked for, and nothing else names them."""
    sara = people.sara.account_id
    card, other = stored_file(db, people.sara), stored_file(db, people.sara)
    mine = draft(db, sara, answers={"doc.card": [card, other]})
    draft(db, sara, "b", answers={"doc.card": [other]})
    shown = Chat(messenger=Messenger.BALE, chat_id=5, dialogue="a", draft_id=mine.id, dialogue_state={"x": 1})
    elsewhere = Chat(messenger=Messenger.BALE, chat_id=6, dialogue="b", dialogue_state={"x": 1})
    db.add_all([shown, elsewhere])
    db.flush()
    store.drop_draft(db, mine, now=NOW if documents else None)
    db.flush()
    db.expire_all()
    assert (shown.dialogue, shown.draft_id, shown.dialogue_state) == (None, None, {})
    assert (elsewhere.dialogue, elsewhere.dialogue_state) == ("b", {"x": 1})
    assert [one.dialogue for one in db.exec(select(Draft))] == ["b"]
    removed = {one.id: one.removed_at for one in db.exec(select(StoredFile))}
    assert removed == {card: NOW if documents else None, other: None}


def test_the_files_of_an_account(db: Session, people: Participants) -> None:
    sara, mina = people.sara.account_id or 0, officer(db)
    mine, theirs = stored_file(db, people.sara), stored_file(db, mina)
    third = stored_file(db, people.sara)
    db.get_one(StoredFile, third).sha256 = "1" * 64
    db.flush()
    assert list(files.own_files(db, account_id=sara, ids=[mine, theirs, 999])) == [mine]
    assert files.ids_of_content(db, account_id=sara, sha256="0" * 64) == [mine]
    checked = StoredFile(**db.get_one(StoredFile, theirs).model_dump(exclude={"id"}))
    kept = files.keep(db, account_id=sara, file=checked)
    assert (kept.account_id, kept.sha256, checked.id) == (sara, "0" * 64, None)
    assert kept.id not in (mine, theirs, third)
