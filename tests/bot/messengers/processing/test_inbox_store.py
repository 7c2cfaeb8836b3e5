"""Rows of updates: which are marked, found, shown again; each that is not differs in one thing."""

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import PublicInfo
from bot.core.incoming import Incoming
from bot.core.refusals import NotAllowed
from bot.messengers.processing import inbox_store
from bot.messengers.processing.inbox_store import InboxRow
from storage.enums import InboxState, Messenger, Role
from storage.tables import Chat, Grant, InboxUpdate
from tests.support.factories.people import officer
from tests.support.factories.reference_data import NOW, add_reference_data
from tests.support.services import as_unit

SECOND = timedelta(seconds=1)
LANE = 7
PRESS = json.dumps({"callback_query": {"message": {"message_id": 5}, "data": "1|home|||"}})


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("sqlite_url")
    return url


def row(db: Session, number: int, state: InboxState = InboxState.RECEIVED, **values: Any) -> InboxRow:
    given = {"messenger": Messenger.TELEGRAM, "lane": LANE, "raw": "{}", "received_at": NOW} | values
    made = InboxUpdate(update_id=number, state=state, **given)
    db.add(made)
    db.flush()
    return InboxRow(made.id or 0, made.messenger, number, made.lane, made.raw, made.bot_id)


def stored(db: Session, one: InboxRow) -> InboxUpdate:
    db.expire_all()
    return db.get_one(InboxUpdate, one.id)


def ids(rows: list[InboxRow]) -> list[int]:
    return [one.id for one in rows]


@as_unit
def test_an_update_is_finished_once_and_by_its_own_row(db: Session) -> None:
    one, other = row(db, 1), row(db, 2)
    for of in (
        InboxRow(one.id, Messenger.BALE, 1, LANE, "{}"),
        InboxRow(one.id, Messenger.TELEGRAM, 9, LANE, "{}"),
        InboxRow(10**6, Messenger.TELEGRAM, 1, LANE, "{}"),
    ):
        assert not inbox_store.mark_finished(db, of, NOW)
        assert not inbox_store.is_stored(db, of)
    assert stored(db, one).state is InboxState.RECEIVED
    assert inbox_store.is_stored(db, one)
    assert inbox_store.mark_finished(db, one, NOW, InboxState.FAILED, "E1")
    assert not inbox_store.mark_finished(db, one, NOW)
    left = stored(db, one)
    assert (left.state, left.note, left.done_at) == (InboxState.FAILED, "E1", NOW)
    assert inbox_store.mark_finished(db, other, NOW)
    assert (stored(db, other).state, stored(db, other).note) == (InboxState.DONE, None)


@as_unit
def test_only_what_is_done_counts_as_answered(db: Session) -> None:
    done, waiting, failed = (
        row(db, n, state) for n, state in enumerate((InboxState.DONE, InboxState.RECEIVED, InboxState.FAILED))
    )
    other = row(db, 9, InboxState.DONE)
    inbox_store.mark_answered(db, done.id, waiting.id, failed.id)
    states = [stored(db, one).state for one in (done, waiting, failed, other)]
    assert states == [InboxState.ANSWERED, InboxState.RECEIVED, InboxState.FAILED, InboxState.DONE]


@as_unit
def test_a_body_with_a_password_is_wiped_alone(db: Session) -> None:
    one, other = row(db, 1, raw='{"text": "secret"}'), row(db, 2, raw='{"text": "other"}')
    inbox_store.wipe_body(db, one)
    assert "secret" not in stored(db, one).raw
    assert stored(db, one).identity
    assert (stored(db, other).raw, stored(db, other).identity) == ('{"text": "other"}', None)


def values(number: int, raw: str, **other: Any) -> dict[str, Any]:
    given = {"messenger": Messenger.TELEGRAM, "bot_id": 3, "update_id": number, "lane": LANE, "raw": raw}
    times = {"received_at": NOW, "done_at": None, "note": None, "state": InboxState.RECEIVED}
    return given | times | other


@as_unit
def test_an_update_is_stored_once_and_another_under_its_number_too(db: Session) -> None:
    first = inbox_store.insert(db, [values(1, '{"a": 1}'), values(2, '{"a": 2}'), values(2, '{"a": 2}')])
    assert [(one.update_id, one.waits) for one in first] == [(1, True), (2, True)]
    assert inbox_store.insert(db, [values(1, '{"a": 1}')]) == []
    (again,) = inbox_store.insert(db, [values(1, '{"a": 5}')])
    (third,) = inbox_store.insert(db, [values(1, '{"a": 6}')])
    assert inbox_store.insert(db, [values(1, '{"a": 5}')]) == []
    assert [stored(db, one).again for one in (first[0], again, third)] == [0, 1, 2]
    others = [{"bot_id": 4}, {"messenger": Messenger.BALE}]
    assert [len(inbox_store.insert(db, [values(1, '{"a": 1}', **other)])) for other in others] == [1, 1]
    (odd,) = inbox_store.insert(db, [values(8, "x", state=InboxState.QUARANTINED)])
    assert not odd.waits
    assert (odd.bot_id, odd.lane, odd.raw) == (3, LANE, "x")


@as_unit
def test_updates_of_before_go_to_the_bot_that_starts_first(db: Session) -> None:
    mine, taken, theirs, bales = (
        row(db, 1), row(db, 2), row(db, 3, bot_id=9), row(db, 4, messenger=Messenger.BALE)
    )  # fmt: skip
    row(db, 2, bot_id=5)
    inbox_store.assign_bot_id(db, Messenger.TELEGRAM, 5)
    assert [stored(db, one).bot_id for one in (mine, taken, theirs, bales)] == [5, 0, 9, 0]


@as_unit
def test_what_is_not_done_yet_in_order(db: Session) -> None:
    first, second = row(db, 1), row(db, 2, received_at=NOW + SECOND)
    for number, state in enumerate((InboxState.DONE, InboxState.ANSWERED, InboxState.FAILED), 10):
        row(db, number, state)
    other, bales = row(db, 3, lane=8), row(db, 4, messenger=Messenger.BALE)
    last = row(db, 5)
    everything = [first, second, other, bales, last]
    assert ids(inbox_store.unfinished_updates(db)) == ids(everything)
    early = [first, other, bales, last]
    assert ids(inbox_store.unfinished_updates(db, NOW + SECOND)) == ids(early)
    assert ids(inbox_store.unfinished_updates(db, NOW)) == []
    assert ids(inbox_store.older_unfinished(db, last)) == ids([first, second])
    assert ids(inbox_store.older_unfinished(db, first)) == []
    assert inbox_store.older_unfinished(db, InboxRow(99, Messenger.TELEGRAM, 1, None, "{}")) == []
    assert ids(inbox_store.next_unfinished(db, first, 9)) == ids([second, last])
    assert ids(inbox_store.next_unfinished(db, first, 1)) == ids([second])
    assert inbox_store.next_unfinished(db, last, 9) == []


REPEATS: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"state": InboxState.ANSWERED}, True),
    ({"state": InboxState.RECEIVED}, False),
    ({"state": InboxState.FAILED}, False),
    ({"note": "refused"}, False),
    ({"lane": 8}, False),
    ({"messenger": Messenger.BALE}, False),
    ({"raw": PRESS.replace("home", "help")}, False),
    ({"received_at": NOW - 60 * SECOND}, True),
    ({"received_at": NOW - 61 * SECOND}, False),
]


@pytest.mark.parametrize(("earlier", "repeats"), REPEATS)
@as_unit
def test_the_second_of_two_taps(db: Session, earlier: dict[str, Any], repeats: bool) -> None:
    given = {"raw": PRESS, "state": InboxState.DONE} | earlier
    row(db, 1, given.pop("state"), **given)
    assert inbox_store.repeats_press(db, row(db, 2, raw=PRESS), NOW) is repeats


@as_unit
def test_what_came_between_two_taps_counts(db: Session) -> None:
    row(db, 1, InboxState.DONE, raw=PRESS)
    row(db, 2, InboxState.DONE, raw='{"message": {"text": "x"}}')
    assert not inbox_store.repeats_press(db, row(db, 3, raw=PRESS), NOW)
    assert not inbox_store.repeats_press(db, row(db, 4, raw=PRESS, lane=None), NOW)
    refused = row(db, 5, InboxState.DONE, raw=PRESS)
    inbox_store.note_refusal(db, refused)
    assert stored(db, refused).note == "refused"


@as_unit
def test_messages_that_are_still_to_be_deleted(db: Session) -> None:
    owed, later, waiting = (row(db, n, state) for n, state in ((1, "DONE"), (2, "DONE"), (3, "RECEIVED")))  # type: ignore[arg-type]
    plain = row(db, 4, InboxState.DONE)
    for one, at in ((owed, NOW), (later, NOW + SECOND), (plain, NOW)):
        stored(db, one).done_at = at
        db.flush()
    for one, message in ((owed, 71), (later, 72), (waiting, 73)):
        inbox_store.schedule_deletion(db, one.id, message)
    assert ids(inbox_store.pending_deletions(db, NOW)) == [owed.id]
    assert ids(inbox_store.pending_deletions(db, NOW - SECOND)) == []
    assert ids(inbox_store.pending_deletions(db, NOW + SECOND)) == [owed.id, later.id]
    found = [inbox_store.message_to_delete(db, one.id) for one in (owed, later, waiting, plain)]
    assert found == [71, 72, None, None]


@as_unit
def test_chats_whose_answer_may_not_have_left_are_shown_their_screen(db: Session) -> None:
    chats = {
        name: Chat(messenger=messenger, chat_id=number, dead=name == "dead")
        for name, messenger, number in (
            ("lost", Messenger.TELEGRAM, 1),
            ("late", Messenger.TELEGRAM, 2),
            ("answered", Messenger.TELEGRAM, 3),
            ("owes", Messenger.TELEGRAM, 4),
            ("dead", Messenger.TELEGRAM, 5),
            ("other", Messenger.BALE, 1),
        )
    }
    db.add_all(chats.values())
    db.flush()
    lost = row(db, 1, InboxState.DONE, lane=1, done_at=NOW)
    noted = row(db, 2, InboxState.DONE, lane=1, done_at=NOW, note="refused")
    late = row(db, 3, InboxState.DONE, lane=2, done_at=NOW + SECOND)
    row(db, 4, InboxState.ANSWERED, lane=3, done_at=NOW)
    owes = row(db, 5, InboxState.DONE, lane=4, done_at=NOW, note="delete message 7")
    dead = row(db, 6, InboxState.DONE, lane=5, done_at=NOW)
    at = NOW + 9 * SECOND
    assert inbox_store.show_unanswered(db, at, NOW) == 3
    assert inbox_store.show_unanswered(db, at, NOW) == 0
    db.expire_all()
    assert [name for name, chat in chats.items() if chat.show_at == at] == ["lost"]
    states = [stored(db, one).state for one in (lost, noted, late, owes, dead)]
    done, answered = InboxState.DONE, InboxState.ANSWERED
    assert states == [answered, answered, done, done, answered]
    assert stored(db, lost).note == "shown again"


@as_unit
def test_an_album_is_answered_when_it_is_quiet(db: Session) -> None:
    chat, one = Chat(messenger=Messenger.TELEGRAM, chat_id=1), row(db, 1, InboxState.DONE)
    inbox_store.mark_quiet(db, one.id, chat, NOW, 1.5)
    assert (chat.show_at, stored(db, one).state) == (NOW + 1.5 * SECOND, InboxState.ANSWERED)


@pytest.mark.parametrize(
    ("role", "active", "standing"),
    [
        (Role.OFFICER, True, True),
        (Role.OFFICER, False, False),
        (Role.EXPERT, True, False),
        (None, True, None),
    ],
)
@as_unit
def test_a_turn_knows_whether_the_role_of_its_chat_is_in_force(
    db: Session, role: Role | None, active: bool, standing: bool | None
) -> None:
    add_reference_data(db)
    sara, other = officer(db), officer(db)
    for grant in db.exec(select(Grant).where(Grant.account_id == sara.account_id)):
        grant.active = active
    chat = db.exec(select(Chat).where(Chat.account_id == sara.account_id)).one()
    chat.role = role
    db.flush()
    turn = inbox_store.load_turn(
        db, Incoming(Messenger.TELEGRAM, 1, chat.chat_id), NOW, PublicInfo("021", "https://x")
    )
    assert turn.chat is chat
    assert (turn.account.id if turn.account else None) == sara.account_id
    assert turn.standing == (None if standing is None else (sara.account_id, role, standing))
    stranger = inbox_store.load_turn(
        db, Incoming(Messenger.BALE, 1, chat.chat_id), NOW, PublicInfo("021", "https://x")
    )
    assert (stranger.account, stranger.chat.id, stranger.standing) == (None, None, None)
    assert other.account_id != sara.account_id


@as_unit
def test_a_guest_asks_for_nothing_that_is_prepared(db: Session) -> None:
    add_reference_data(db)
    made = officer(db)
    chat = db.exec(select(Chat)).one()
    chat.role = Role.OFFICER
    db.flush()
    common: dict[str, Any] = {"now": NOW, "public_info": PublicInfo("", "")}
    known = Incoming(chat.messenger, 1, chat.chat_id)
    assert inbox_store.read_actor(db, incoming=known, **common).account_id == made.account_id
    stranger = Incoming(chat.messenger, 1, chat.chat_id + 1)
    with pytest.raises(NotAllowed):
        inbox_store.read_actor(db, incoming=stranger, **common)


@pytest.mark.parametrize("direct", [True, False])
@as_unit
def test_an_unknown_chat_is_stored(db: Session, monkeypatch: pytest.MonkeyPatch, direct: bool) -> None:
    """Also where it cannot be written by a prepared statement: other rows wait to be written first."""
    chat = inbox_store.load_turn(db, Incoming(Messenger.BALE, 1, 77), NOW, PublicInfo("", "")).chat
    if not direct:
        monkeypatch.setattr(inbox_store, "_NEW_CHAT", SimpleNamespace(insert=lambda db, row: False))
    inbox_store.store_new_chat(db, chat)
    db.expire_all()
    assert [one.chat_id for one in db.exec(select(Chat))] == [77]
