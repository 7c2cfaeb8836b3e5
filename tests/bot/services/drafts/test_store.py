"""Whose drafts and files these are, which drafts are over, what goes with one: the others differ in one thing."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.context import Actor, Incoming, PublicInfo, Turn
from bot.services.drafts import files, store
from storage.enums import Messenger
from storage.tables import Account, Chat, Draft, StoredFile
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


def turn(db: Session, chat: Chat, who: Actor | None = None) -> Turn:
    account = db.get_one(Account, who.account_id) if who is not None else None
    return Turn(db, NOW, PublicInfo("", ""), chat, Incoming(chat.messenger, 0, chat.chat_id), account)


def guest(db: Session, number: int) -> Chat:
    chat = Chat(messenger=Messenger.BALE, chat_id=number)
    db.add(chat)
    db.flush()
    return chat


def test_whose_draft_it_is(db: Session, people: Participants) -> None:
    """An account's in all of its chats, a guest's in this chat alone while nobody is logged in."""
    here, elsewhere = guest(db, 1), guest(db, 2)
    sara = turn(db, here, people.sara)
    hers = [
        draft(db, people.sara.account_id, name, subject_id=subject, updated_at=NOW - age)
        for name, subject, age in (("a", 7, DAY), ("a", 8, SECOND), ("b", 7, 2 * DAY), ("c", 0, DAY))
    ]
    draft(db, people.ali.account_id, "a", subject_id=7)
    own, other = (draft(db, None, "a", subject_id=7, guest_chat_id=chat.id) for chat in (here, elsewhere))
    own_b = draft(db, None, "b", subject_id=7, guest_chat_id=here.id, updated_at=NOW + SECOND)
    theirs = draft(db, people.ali.account_id, "d", guest_chat_id=here.id)
    here_guest = turn(db, here)
    every = [*hers, own, other, own_b, theirs]
    assert [store.owned(sara, one) for one in every] == [True] * 4 + [False] * 4
    assert [store.owned(here_guest, one) for one in every] == [False] * 4 + [True, False, True, False]
    assert store.all_of(sara) == [hers[1], hers[3], hers[0], hers[2]]
    assert store.find_draft(sara, "a", 8) == hers[1]
    assert store.find_draft(sara, "b", 7) == hers[2]
    for name, subject in (("a", 9), ("d", 0)):
        assert store.find_draft(sara, name, subject) is None
    assert store.find_draft(here_guest, "a", 99) == own
    assert store.find_draft(here_guest, "c", 0) is None
    db.delete(theirs)
    db.flush()
    assert store.all_of(here_guest) == [own_b, own]
    assert sorted(one.dialogue for one in store.guests_of(here_guest)) == ["a", "b"]


def test_what_a_guest_began_goes_to_the_account_unless_it_has_one(db: Session, people: Participants) -> None:
    chat = guest(db, 1)
    chat.account_id = people.sara.account_id
    sara = turn(db, chat, people.sara)
    draft(db, people.ali.account_id, "a", subject_id=7)
    draft(db, people.sara.account_id, "a", subject_id=8)
    draft(db, people.sara.account_id, "b", subject_id=7)
    begun = draft(db, None, "a", subject_id=7, guest_chat_id=chat.id)
    assert store.move_to_account(sara, begun)
    assert (begun.account_id, begun.guest_chat_id) == (people.sara.account_id, None)
    db.flush()
    again = draft(db, None, "a", subject_id=7, guest_chat_id=chat.id)
    assert not store.move_to_account(sara, again)
    assert (again.account_id, again.guest_chat_id) == (None, chat.id)


def test_what_is_written_into_a_draft(db: Session, people: Participants) -> None:
    """Into this one alone, as it was read."""
    sara, other = turn(db, guest(db, 1), people.sara), draft(db, people.ali.account_id)
    begun = store.begin_draft(sara, "a", 3, 7, {"x": 1})
    stored = {"account_id": people.sara.account_id, "guest_chat_id": None, "subject_id": 7}
    assert {name: getattr(begun, name) for name in stored} == stored
    assert (begun.dialogue_version, begun.answers, begun.created_at, begun.version) == (3, {"x": 1}, NOW, 0)
    begun.updated_at = NOW - DAY
    db.flush()
    store.write_draft(sara, begun, 4, {"x": 2})
    told = (begun.dialogue_version, begun.answers, begun.updated_at, begun.version)
    db.refresh(begun)
    assert told == (begun.dialogue_version, begun.answers, begun.updated_at, begun.version)
    assert told == (4, {"x": 2}, NOW, 1)
    db.refresh(other)
    assert (other.answers, other.version) == ({}, 0)
    of_guest = store.begin_draft(turn(db, sara.chat), "a", 3, 7, {})
    assert (of_guest.account_id, of_guest.guest_chat_id) == (None, sara.chat.id)


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
