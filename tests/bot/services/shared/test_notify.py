"""Pushes and alerts are written once, to whoever can be reached."""

from datetime import timedelta

from sqlmodel import Session, col, select

from bot.core.screens import Button, button, rows_from_json
from bot.services.shared import notify
from storage.enums import Messenger, PushChannel, PushState
from storage.tables import Account, Chat, Push, StaffAlert
from tests.support.effects import alerts, pushes
from tests.support.factories import people
from tests.support.factories.reference_data import NOW, add_reference_data


def write(db: Session, account: Account, **other: object) -> int:
    facts = {"kind": "N4", "event_key": "request:7:deficient:1", "text": "متن", "now": NOW} | other
    return notify.push(db, account_id=account.id, **facts)


def test_every_live_chat_gets_the_push_once(db: Session) -> None:
    account = people.account(db)
    bale = Chat(messenger=Messenger.BALE, chat_id=5, account_id=account.id)
    dead = Chat(messenger=Messenger.BALE, chat_id=6, account_id=account.id, dead=True)
    other = Chat(messenger=Messenger.BALE, chat_id=7)
    db.add_all([bale, dead, other])
    db.flush()
    rows = [[button("مشاهده", "qual.track", 7)], [Button("پرداخت", url="https://x")]]
    assert write(db, account, rows=rows) == 2
    assert write(db, account, rows=rows) == 0  # the same event again
    assert write(db, account, event_key="request:7:deficient:2", except_chat=bale.id) == 1
    found = db.exec(select(Push).order_by(col(Push.id))).all()
    assert len(found) == 3
    assert bale.id in {one.chat_row_id for one in found}
    first = found[0]
    assert (first.state, first.channel, first.next_at) == (PushState.QUEUED, PushChannel.CHAT, NOW)
    see, pay = (row[0] for row in rows_from_json(first.buttons))
    assert see.press is not None
    assert see.press.fresh  # the push stays as it is when its button is pressed
    assert pay.url == "https://x"


def test_without_a_live_chat_a_short_message_goes_to_the_mobile(db: Session) -> None:
    account = people.account(db, chat=False)
    assert write(db, account, sms="یک جمله") == 0  # no mobile known
    account.mobile = "+989121234567"
    db.flush()
    assert write(db, account) == 0  # not an event that is worth an SMS
    assert [write(db, account, sms="یک جمله") for _ in range(2)] == [1, 0]
    (told,) = db.exec(select(Push)).all()
    assert (told.channel, told.mobile, told.chat_row_id) == (PushChannel.SMS, "+989121234567", None)
    assert "یک جمله" in told.text
    chat = Chat(messenger=Messenger.BALE, chat_id=5, account_id=account.id)
    db.add(chat)
    db.flush()
    # The chat that did it is a live chat.
    assert write(db, account, event_key="another", except_chat=chat.id, sms="یک جمله") == 0


def test_an_alert_is_open_once_told_to_staff_and_again_daily(db: Session) -> None:
    add_reference_data(db)
    actor, gone = people.staff(db), people.staff(db)
    people.end_role(db, gone)
    assert notify.alert_staff(db, key="no-expert:sums", text="بدون کارشناس", now=NOW)
    assert not notify.alert_staff(db, key="no-expert:sums", text="بدون کارشناس", now=NOW)
    assert [one.text for one in pushes(db, actor)] == ["بدون کارشناس"]
    assert pushes(db, gone) == []
    assert notify.repeat_alerts(db, now=NOW + timedelta(hours=23)) == 0
    for _ in range(2):  # two processes tick
        notify.repeat_alerts(db, now=NOW + timedelta(hours=24))
    assert len(pushes(db, actor)) == 2
    assert notify.close_alert(db, key="no-expert:sums", now=NOW)
    assert not notify.close_alert(db, key="no-expert:sums", now=NOW)
    assert notify.repeat_alerts(db, now=NOW + timedelta(days=9)) == 0
    assert alerts(db) == []
    assert notify.alert_staff(db, key="no-expert:sums", text="دوباره", now=NOW + timedelta(days=10))
    assert len(db.exec(select(StaffAlert)).all()) == 2
