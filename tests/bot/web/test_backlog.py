"""What waits, as /metrics counts it: each row that does not count differs in one thing."""

from datetime import timedelta
from typing import Any

from sqlmodel import Session, select

from bot.services.shared import notify
from bot.web.metrics import read_backlog
from storage.enums import (
    AttemptState,
    InboxState,
    LetterState,
    Messenger,
    PushChannel,
    PushState,
    RequestState,
)
from storage.tables import Chat, InboxUpdate, Letter, Push
from tests.support.factories.people import participants
from tests.support.factories.qualification import add_request, attempt_row
from tests.support.factories.reference_data import NOW
from tests.support.services import as_unit

MINUTE = timedelta(minutes=1)


def update(db: Session, number: int, state: InboxState, minutes: int) -> None:
    came = {"received_at": NOW - minutes * MINUTE, "raw": "{}"}
    db.add(InboxUpdate(messenger=Messenger.BALE, update_id=number, state=state, **came))


def push(db: Session, number: int, channel: PushChannel, state: PushState, minutes: int, **more: Any) -> None:
    made = {"created_at": NOW - minutes * MINUTE, "next_at": NOW, "kind": "N1", "text": "خبر"}
    db.add(Push(key=f"k{number}", channel=channel, state=state, **made | more))


@as_unit
def test_nothing_waits_in_an_empty_service(db: Session) -> None:
    found = read_backlog(db, now=NOW)
    assert (found.unfinished, found.oldest_unfinished, found.oldest_queued, found.alerts) == (0, 0, 0, 0)
    assert set(found.queued.values()) == set(found.given_up.values()) == set(found.payments.values()) == {0}
    assert found.chats_resting == found.longest_rest == {"telegram": 0, "bale": 0}


@as_unit
def test_what_waits_and_for_how_long(db: Session) -> None:
    people = participants(db)
    for number, (state, minutes) in enumerate(
        [
            (InboxState.RECEIVED, 3),
            (InboxState.RECEIVED, 7),
            (InboxState.DONE, 50),
            (InboxState.ANSWERED, 60),
            (InboxState.FAILED, 70),
            (InboxState.QUARANTINED, 80),
        ]
    ):
        update(db, number, state, minutes)
    letter = Letter(created_by=people.staff.account_id, title="ن", text="م", state=LetterState.SENDING)
    db.add(letter)
    db.flush()
    chat, sms = PushChannel.CHAT, PushChannel.SMS
    for number, (channel, state, minutes, more) in enumerate(
        [
            (chat, PushState.QUEUED, 4, {}),
            (chat, PushState.SENDING, 9, {}),
            (sms, PushState.QUEUED, 2, {}),
            (chat, PushState.QUEUED, 90, {"letter_id": letter.id}),
            (chat, PushState.SENT, 95, {}),
            (chat, PushState.SKIPPED, 96, {}),
            (chat, PushState.GIVEN_UP, 97, {}),
            (sms, PushState.GIVEN_UP, 98, {}),
            (sms, PushState.GIVEN_UP, 99, {}),
        ]
    ):
        push(db, number, channel, state, minutes, **more)
    request = add_request(db, people.sara, RequestState.SUBMITTED)
    states = [AttemptState.UNCERTAIN, AttemptState.UNCERTAIN, AttemptState.REFUND_DUE, AttemptState.PAID]
    for number, state in enumerate([*states, AttemptState.FAILED, AttemptState.CREATED]):
        db.add(attempt_row(request.id, ref=f"A{number}", state=state))
    for key in ("a:1", "a:2", "a:3"):
        notify.alert_staff(db, key=key, text="هشدار", now=NOW)
    notify.close_alert(db, key="a:2", now=NOW)
    chats = db.exec(select(Chat).where(Chat.messenger == Messenger.TELEGRAM)).all()
    for one, minutes in zip(chats, (5, 8, 0, -3), strict=False):
        one.rest_until = NOW + minutes * MINUTE
    db.flush()
    before = [
        row.id for row in db.exec(select(Push).where(Push.kind == "alert", Push.state == PushState.QUEUED))
    ]

    found = read_backlog(db, now=NOW)
    assert (found.unfinished, found.oldest_unfinished) == (2, 7 * 60)
    assert found.queued == {"CHAT": 3 + len(before), "SMS": 1}
    assert found.given_up == {"CHAT": 1, "SMS": 2}
    assert found.oldest_queued == 9 * 60
    assert {state: number for state, number in found.payments.items() if number} == {
        "UNCERTAIN": 2,
        "REFUND_DUE": 1,
    }
    assert found.alerts == 2
    assert found.chats_resting == {"telegram": 2, "bale": 0}
    assert found.longest_rest == {"telegram": 8 * 60, "bale": 0}
