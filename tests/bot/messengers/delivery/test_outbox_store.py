"""Which pushes are due, what is claimed, what a result leaves behind; each that is not due differs in one thing."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.messengers.delivery import outbox_store
from bot.messengers.delivery.outbox_store import (
    FOREVER,
    LETTER_STOPPED,
    ROLE_LOST,
    ClaimedPush,
    RouteCapacity,
    SendResult,
    SentMessage,
    claim_pushes,
    due_pushes,
    record_result,
)
from storage.enums import LetterState, Messenger, PushChannel, PushState, RequestState, Role
from storage.tables import Account, Chat, Grant, Letter, PayMessage, Push
from tests.support.effects import alerts
from tests.support.factories.people import Participants, participants
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW
from tests.support.services import as_unit

SECOND = timedelta(seconds=1)
LEASE = NOW + timedelta(seconds=90)
MANY = RouteCapacity(16, 12)


class World:
    """Sara has a chat on each messenger, Ali one."""

    def __init__(self, db: Session) -> None:
        self.db = db
        self.people: Participants = participants(db)
        self.sara, self.ali = (self.people.sara.account_id or 0, self.people.ali.account_id or 0)
        self.telegram, self.alis = self._chat(self.sara), self._chat(self.ali)
        self.bale = Chat(messenger=Messenger.BALE, chat_id=55, account_id=self.sara)
        db.add(self.bale)
        letters = [
            Letter(created_by=self.ali, title="ن", text="م", state=state, finished_at=ended, created_at=NOW)
            for state, ended in ((LetterState.SENDING, None), (LetterState.STOPPED, NOW))
        ]
        db.add_all(letters)
        db.flush()
        self.letter, self.stopped = (letter.id for letter in letters)
        self.number = 0

    def _chat(self, account_id: int) -> Chat:
        return self.db.exec(select(Chat).where(Chat.account_id == account_id)).one()

    def push(self, chat: Chat | None = None, **values: Any) -> int:
        self.number += 1
        place: dict[str, Any] = {"channel": PushChannel.SMS, "mobile": "+989120000001"}
        if chat is not None:
            place = {"channel": PushChannel.CHAT, "chat_row_id": chat.id, "account_id": chat.account_id}
            place["messenger"] = chat.messenger
        given = {"kind": "N1", "text": f"خبر {self.number}", "next_at": NOW, "created_at": NOW}
        row = Push(key=f"e:{self.number}:{self.number}", **given | place | values)
        self.db.add(row)
        self.db.flush()
        return row.id or 0

    def due(self, route: Messenger | None = Messenger.TELEGRAM, capacity: RouteCapacity = MANY) -> list[int]:
        return due_pushes(self.db, NOW, {route: capacity})[0]

    def claim(self, *ids: int) -> list[ClaimedPush]:
        return claim_pushes(self.db, list(ids), NOW, LEASE)

    def row(self, push_id: int) -> Push:
        self.db.expire_all()
        return self.db.get_one(Push, push_id)


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("sqlite_url")
    return url


@as_unit
def test_what_is_due_on_each_way(db: Session) -> None:
    w = World(db)
    first, second = w.push(w.telegram), w.push(w.telegram)
    on_bale, of_ali, sms = w.push(w.bale), w.push(w.alis), w.push()
    w.push(next_at=NOW + SECOND)
    for state in (PushState.SENT, PushState.GIVEN_UP, PushState.SKIPPED):
        w.push(state=state)
    assert w.due() == [first, of_ali], "one a chat, the oldest"
    assert w.due(Messenger.BALE) == [on_bale]
    assert w.due(None) == [sms]
    assert w.due(capacity=RouteCapacity(1, 1)) == [first]
    db.get_one(Push, first).state = PushState.SENT
    db.flush()
    assert w.due() == [second, of_ali]


@as_unit
def test_what_is_due_for_longest_goes_first(db: Session) -> None:
    w = World(db)
    late, early = w.push(w.telegram), w.push(w.alis, next_at=NOW - SECOND)
    assert w.due() == [early, late]


@as_unit
def test_what_a_process_of_an_earlier_release_wrote_goes_too(db: Session) -> None:
    """While processes are upgraded one after the other; a messenger that is not served waits."""
    w = World(db)
    on_telegram, on_bale = w.push(w.telegram, messenger=None), w.push(w.bale, messenger=None)
    letter = w.push(w.alis, messenger=None, letter_id=w.letter)
    sms = w.push()
    for served, due in [
        ([], [sms]),
        ([Messenger.BALE], [on_bale, sms]),
        (list(Messenger), [on_telegram, on_bale, sms, letter]),
    ]:
        capacities = dict.fromkeys([*served, None], MANY)
        assert due_pushes(db, NOW, capacities)[0] == due


@pytest.mark.parametrize("of_letters", [False, True], ids=["urgent ones", "a letter's"])
@as_unit
def test_a_look_costs_no_more_where_thousands_are_due(db: Session, of_letters: bool) -> None:
    """Counted in instructions of SQLite; those to come later, and those of another messenger, cost nothing either."""
    w = World(db)
    driver: Any = db.connection().connection.driver_connection

    def instructions() -> int:
        number = 0

        def note() -> None:
            nonlocal number
            number += 1

        db.flush()
        driver._conn.set_progress_handler(note, 1)
        try:
            assert len(w.due(capacity=RouteCapacity(16, 16))) == 16
        finally:
            driver._conn.set_progress_handler(None, 0)
        return number

    def fill(number: int) -> None:
        chats = [
            Chat(messenger=messenger, chat_id=1000 + chat_id, account_id=w.ali)
            for messenger in Messenger
            for chat_id in range(number, 2 * number)
        ]
        db.add_all(chats)
        db.flush()
        given: dict[str, Any] = {"kind": "N9", "channel": PushChannel.CHAT, "text": "خبر", "created_at": NOW}
        given |= {"account_id": w.ali, "letter_id": w.letter if of_letters else None}
        db.add_all(
            Push(key=f"{chat.id}:{at}", chat_row_id=chat.id, messenger=chat.messenger, next_at=at, **given)
            for chat in chats
            for at in (NOW, NOW + SECOND)
        )

    fill(40)
    few = instructions()
    fill(200)
    assert instructions() < 1.2 * few


@pytest.mark.parametrize(("until", "due"), [(NOW - SECOND, True), (NOW, False), (LEASE, False)])
@as_unit
def test_a_lease_that_ran_out_is_due_again(db: Session, until: Any, due: bool) -> None:
    w = World(db)
    push = w.push(w.telegram, state=PushState.SENDING, leased_until=until)
    behind = w.push(w.telegram)
    assert w.due() == ([push] if due else [])
    assert [one.id for one in w.claim(push)] == ([push] if due else [])
    assert behind not in w.due()


@as_unit
def test_letters_wait_for_everything_else(db: Session) -> None:
    w = World(db)
    letter, alis_letter = w.push(w.telegram, letter_id=w.letter), w.push(w.alis, letter_id=w.letter)
    sms = [w.push(letter_id=w.letter) for _ in range(3)]
    urgent_sms = w.push()
    assert w.due(capacity=RouteCapacity(16, 1)) == [letter]
    assert w.due(capacity=RouteCapacity(16, 0)) == []
    urgent = w.push(w.telegram)
    assert w.due() == [urgent, alis_letter]
    assert w.due(None) == [urgent_sms, *sms]
    assert w.due(None, RouteCapacity(16, 2)) == [urgent_sms, *sms[:2]]
    assert w.due(None, RouteCapacity(2, 2)) == [urgent_sms, sms[0]]


@pytest.mark.parametrize(
    ("until", "due"), [(None, True), (NOW - SECOND, True), (NOW, True), (NOW + SECOND, False)]
)
@as_unit
def test_a_chat_that_rests_is_left_alone(db: Session, until: Any, due: bool) -> None:
    w = World(db)
    w.telegram.rest_until = until
    push = w.push(w.telegram)
    assert w.due() == ([push] if due else [])


@as_unit
def test_when_the_next_one_is_due(db: Session) -> None:
    w = World(db)

    def wait() -> float:
        ids, seconds = due_pushes(db, NOW, {Messenger.TELEGRAM: MANY, None: MANY})
        assert ids == []
        return seconds

    assert wait() == FOREVER == 3600
    w.push(state=PushState.SENT, next_at=NOW + SECOND)
    assert wait() == FOREVER
    w.push(w.telegram, next_at=NOW + 40 * SECOND)
    w.push(w.alis, state=PushState.SENDING, leased_until=NOW + 30 * SECOND, next_at=NOW + SECOND)
    assert wait() == 30
    w.push()
    assert due_pushes(db, NOW, {}) == ([], 30), "what no way takes now is no reason to look"
    db.execute(update(Push).where(col(Push.next_at) == NOW).values(state=PushState.SENT))
    w.push(next_at=NOW + 0.001 * SECOND)
    assert wait() == pytest.approx(0.05)


@as_unit
def test_a_claim_counts_the_try_and_tells_all_that_is_needed(db: Session) -> None:
    w = World(db)
    w.telegram.rest_until = NOW
    push = w.push(w.telegram, attempts=2, correlation_id="c", sms={"sentence": "س"})
    (taken,) = w.claim(push, 10**9)
    assert (taken.id, taken.key, taken.kind, taken.text) == (push, "e:1:1", "N1", "خبر 1")
    assert (taken.channel, taken.account_id, taken.chat_row_id) == (PushChannel.CHAT, w.sara, w.telegram.id)
    assert (taken.messenger, taken.chat_id) == (Messenger.TELEGRAM, w.telegram.chat_id)
    assert (taken.attempts, taken.correlation_id, taken.sms) == (3, "c", {"sentence": "س"})
    assert (taken.rest_until, taken.skip, taken.edits, taken.letter_id) == (NOW, None, None, None)
    row = db.get_one(Push, push)
    assert (row.state, row.leased_until, row.attempts) == (PushState.SENDING, LEASE, 3)
    db.flush()
    assert w.claim(push) == []
    assert w.claim(w.push(w.alis, next_at=NOW + SECOND)) == [], "put off by another process meanwhile"
    sms = w.push()
    (taken,) = w.claim(sms)
    assert (taken.mobile, taken.messenger, taken.chat_id, taken.rest_until) == (
        "+989120000001",
        None,
        None,
        None,
    )


SKIPPED = {
    "nobody logged in": "nobody is logged in there any more",
    "another logged in": "nobody is logged in there any more",
    "dead": "the chat is dead",
    "letter stopped": "the letter was stopped",
    "SMS of a stopped letter": "the letter was stopped",
    "SMS of an invitation that is over": "what it says does not hold any more",
    "letter": None,
    "in force": None,
    "lost": ROLE_LOST,
    "suspended": ROLE_LOST,
    "button gone": "the message shows something else by now",
}


@pytest.mark.parametrize("case", SKIPPED)
@as_unit
def test_what_is_not_sent_any_more(db: Session, case: str) -> None:
    w = World(db)
    values: dict[str, Any] = {}
    chat = None if case.startswith("SMS") else w.telegram
    match case:
        case "nobody logged in":
            values["account_id"], w.telegram.account_id = w.sara, None
        case "another logged in":
            values["account_id"] = w.ali
        case "dead":
            w.telegram.dead = True
        case "letter stopped" | "letter" | "SMS of a stopped letter":
            values["letter_id"] = w.letter if case == "letter" else w.stopped
        case "SMS of an invitation that is over":
            values["sms"] = {"void": True}
        case "in force" | "lost" | "suspended":
            grant = db.exec(select(Grant).where(Grant.account_id == w.sara, Grant.role == Role.OFFICER)).one()
            values["grant_id"], grant.active = grant.id, case != "lost"
            if case == "suspended":
                db.get_one(Account, w.sara).state = "SUSPENDED"  # type: ignore[assignment]
        case "button gone":
            values["pay_message_id"] = 77
    db.flush()
    (taken,) = w.claim(w.push(chat, **values))
    assert taken.skip == SKIPPED[case]


@pytest.mark.parametrize("left", [False, True])
@as_unit
def test_a_button_to_the_pay_page_is_taken_off_its_message(db: Session, left: bool) -> None:
    w = World(db)
    request = add_request(db, w.people.sara, RequestState.SUBMITTED)
    message = PayMessage(request_id=request.id, chat_row_id=w.telegram.id, bot_id=3, message_id=9)
    db.add(message)
    db.flush()
    push = w.push(w.telegram, pay_message_id=message.id, buttons=[[{"label": "x"}]])
    if left:
        w.telegram.account_id = w.ali
        db.flush()
    (taken,) = w.claim(push)
    assert taken.edits == SentMessage(3, 9)
    assert (taken.skip, taken.text, bool(taken.buttons)) == (None, "" if left else "خبر 1", not left)
    record_result(db, taken, SendResult(PushState.QUEUED, pause=5), NOW)
    assert db.exec(select(PayMessage)).all() == [message]
    record_result(db, taken, SendResult(PushState.SENT), NOW)
    assert db.exec(select(PayMessage.id)).all() == []


@pytest.mark.parametrize(
    ("result", "left"),
    [
        (SendResult(PushState.SENT, provider_id="p"), (PushState.SENT, None, 3, NOW, NOW, "p")),
        (
            SendResult(PushState.QUEUED, "502", pause=7),
            (PushState.QUEUED, "502", 3, NOW + 7 * SECOND, None, None),
        ),
        (
            SendResult(PushState.QUEUED, pause=7, free=True),
            (PushState.QUEUED, None, 2, NOW + 7 * SECOND, None, None),
        ),
        (SendResult(PushState.GIVEN_UP, "no"), (PushState.GIVEN_UP, "no", 3, NOW, None, None)),
        (SendResult(PushState.SKIPPED, "dead", dead=True), (PushState.SKIPPED, "dead", 3, NOW, None, None)),
    ],
)
@as_unit
def test_what_a_result_leaves(db: Session, result: SendResult, left: tuple[Any, ...]) -> None:
    w = World(db)
    w.telegram.show_at = NOW
    push, other = w.push(w.telegram, attempts=2), w.push(w.alis)
    (taken,) = w.claim(push)
    record_result(db, taken, result, NOW)
    row = w.row(push)
    assert row.leased_until is None
    assert (row.state, row.note, row.attempts, row.next_at, row.sent_at, row.provider_id) == left
    assert (w.row(other).state, w.alis.dead) == (PushState.QUEUED, False)
    chat = db.get_one(Chat, w.telegram.id)
    assert (chat.dead, chat.show_at) == ((True, None) if result.dead else (False, NOW))
    assert alerts(db) == ([f"{outbox_store.GIVEN_UP}:{push}"] if left[0] is PushState.GIVEN_UP else [])


@pytest.mark.parametrize(
    ("kind", "letter", "told"), [("N1", False, True), ("alert", False, False), ("N9", True, True)]
)
@as_unit
def test_staff_hear_of_what_was_given_up_and_of_a_letter_once(
    db: Session, kind: str, letter: bool, told: bool
) -> None:
    w = World(db)
    push = w.push(w.telegram, kind=kind, letter_id=w.letter if letter else None)
    record_result(db, w.claim(push)[0], SendResult(PushState.GIVEN_UP, "no"), NOW)
    key = f"letter:{w.letter}" if letter else push
    assert alerts(db) == ([f"{outbox_store.GIVEN_UP}:{key}"] if told else [])


@pytest.mark.parametrize(
    ("case", "sent"),
    [
        ("last chat", True),
        ("another chat", False),
        ("no sentence", False),
        ("no mobile", False),
        ("sent", False),
        ("role lost", False),
        ("letter stopped", False),
        ("sms", False),
    ],
)
@as_unit
def test_who_has_no_chat_left_is_told_by_sms_once(db: Session, case: str, sent: bool) -> None:
    w = World(db)
    if case != "another chat":
        w.bale.dead = True
    if case == "no mobile":
        db.get_one(Account, w.sara).mobile = None
    sentence = {} if case == "no sentence" else {"sentence": "جمله کوتاه"}
    push = w.push(None if case == "sms" else w.telegram, sms=sentence, correlation_id="c")
    (taken,) = w.claim(push)
    if case in ("role lost", "letter stopped"):
        skip = ROLE_LOST if case == "role lost" else LETTER_STOPPED
        taken = ClaimedPush(**{name: getattr(taken, name) for name in taken.__slots__} | {"skip": skip})
    state = PushState.SENT if case == "sent" else PushState.SKIPPED
    for _ in range(2):
        record_result(db, taken, SendResult(state, "dead", dead=case != "sent"), NOW)
    found = db.exec(select(Push).where(Push.text == "جمله کوتاه")).all()
    assert len(found) == sent
    for row in found:
        assert (row.key, row.kind, row.channel, row.account_id) == ("e:1:sms", "N1", PushChannel.SMS, w.sara)
        assert (row.mobile, row.state, row.attempts, row.next_at) == (
            "+989121234567",
            PushState.QUEUED,
            0,
            NOW,
        )
        assert (row.chat_row_id, row.correlation_id, row.created_at) == (None, "c", NOW)


@pytest.mark.parametrize(("pays", "sent"), [(True, True), (False, True), (True, False)])
@as_unit
def test_a_message_with_a_button_to_the_pay_page_is_remembered(db: Session, pays: bool, sent: bool) -> None:
    w = World(db)
    request = add_request(db, w.people.sara, RequestState.AWAITING_PAYMENT, pay_token="t", fee_rial=5)
    (taken,) = w.claim(w.push(w.telegram, pays_request_id=request.id if pays else None))
    record_result(db, taken, SendResult(PushState.SENT, sent=SentMessage(3, 9) if sent else None), NOW)
    kept = db.exec(select(PayMessage.request_id, PayMessage.bot_id, PayMessage.message_id)).all()
    assert [tuple(one) for one in kept] == ([(request.id, 3, 9)] if pays and sent else [])
