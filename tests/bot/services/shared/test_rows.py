"""What pushes, alerts, pay messages and checks of rights write and ask for; each row that is not meant differs in one thing."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select, update

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import NotAllowed, Unavailable
from bot.core.screens import Press
from bot.services.directorate import alert_list
from bot.services.shared import alert_deeds, notify, pay_messages, tracking_code
from bot.services.shared.permissions import require
from storage.enums import AccountState, Messenger, PushChannel, PushState, RequestState, Role
from storage.tables import Account, Chat, DailySequence, Grant, PayMessage, Push, StaffAlert, Termination
from tests.support.effects import alerts, pushes
from tests.support.factories.cooperation import Parties, active_contract
from tests.support.factories.people import account, granted, officer, staff
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

#: What is written and asked for does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)


def opens(push: Push) -> list[str]:
    presses = [Press.unpack(row[0]["press"]) for row in push.buttons]
    return [f"{one.action} {one.id or ''}{one.arg}".strip() for one in presses]


# ── alerts ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_open_alert_has_the_present_words(db: Session, parties: Parties) -> None:
    for text in ("یک", "دو"):
        notify.alert_staff(db, key="disk", text=text, now=NOW)
    notify.alert_staff(db, key="disk:2", text="دیگر", now=NOW)
    notify.close_alert(db, key="disk", now=NOW)
    notify.alert_staff(db, key="disk", text="سه", now=NOW + HOUR)
    notify.alert_staff(db, key="disk", text="چهار", now=NOW + HOUR)
    found = db.exec(select(StaffAlert).order_by(col(StaffAlert.id))).all()
    assert [(one.key, one.text, one.resolved_at) for one in found] == [
        ("disk", "دو", NOW),
        ("disk:2", "دیگر", None),
        ("disk", "چهار", None),
    ]
    assert [push.text for push in pushes(db, parties.staff)] == ["یک", "دیگر", "سه"]


def test_who_is_alerted(db: Session, parties: Parties) -> None:
    """Staff whose role and account are in force, in that role."""
    others = [staff(db) for _ in range(2)]
    db.exec(update(Grant).where(col(Grant.account_id) == others[0].account_id).values(active=False))
    db.get_one(Account, others[1].account_id).state = AccountState.SUSPENDED
    granted(db, db.get_one(Account, parties.ali.account_id), Role.STAFF)
    db.flush()
    notify.alert_staff(db, key="disk", text="پر", now=NOW)
    found = db.exec(select(Push).order_by(col(Push.id))).all()
    assert [push.account_id for push in found] == sorted(
        [parties.ali.account_id or 0, parties.staff.account_id or 0]
    )
    for push in found:
        grant = db.get_one(Grant, push.grant_id)
        assert (grant.account_id, grant.role, push.kind) == (push.account_id, Role.STAFF, "alert")
        assert opens(push) == [f"staff.alert {db.exec(select(StaffAlert.id)).one()}"]


def test_alerts_are_told_again_some_at_a_time(
    db: Session, parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert notify.ALERTS_AT_ONCE == 3
    for number in range(5):
        notify.alert_staff(db, key=f"a{number}", text="x", now=NOW)
    notify.close_alert(db, key="a4", now=NOW)
    assert notify.repeat_alerts(db, now=NOW + DAY - SECOND) == 0
    later = NOW + DAY
    assert [notify.repeat_alerts(db, now=later) for _ in range(3)] == [3, 1, 0]
    told = db.exec(select(StaffAlert.notified_at).where(col(StaffAlert.resolved_at).is_(None)))
    assert set(told) == {later}
    # Another process tells the second one while this tells the first.
    tell = notify._push_to_staff

    def telling(db: Session, *given: Any) -> None:
        other = update(StaffAlert).values(notified_at=later + DAY + SECOND)
        db.exec(other.execution_options(synchronize_session=False))
        tell(db, *given)

    monkeypatch.setattr(notify, "_push_to_staff", telling)
    assert notify.repeat_alerts(db, now=later + DAY) == 1


def test_alerts_are_closed_by_their_keys(db: Session, parties: Parties) -> None:
    for key in ("gateway:a:1", "gateway:a:2", "gateway:ab:1", "gatewayXa:1", "other"):
        notify.alert_staff(db, key=key, text="x", now=NOW)
    notify.close_alert(db, key="gateway:a:2", now=NOW)
    ids = {one.key: one.id for one in db.exec(select(StaffAlert))}
    assert notify.open_keys(db, "gateway:a:") == ["gateway:a:1"]
    assert sorted(notify.open_keys(db, "gateway:")) == ["gateway:a:1", "gateway:ab:1"]
    assert notify.open_keys(db, "%") == notify.open_keys(db, "gateway_") == []
    closed = notify.close_alerts(db, keys=["other", "gateway:a:1", "gateway:a:2", "none"], now=NOW + HOUR)
    assert closed == sorted([ids["other"] or 0, ids["gateway:a:1"] or 0])
    times = {one.key: one.resolved_at for one in db.exec(select(StaffAlert))}
    assert (times["gateway:a:2"], times["other"], times["gateway:ab:1"]) == (NOW, NOW + HOUR, None)
    assert notify.close_alerts(db, keys=[], now=NOW) == []


def test_where_the_cause_of_an_alert_is_removed(db: Session, parties: Parties) -> None:
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    ended = Termination(contract_id=contract.id, account_id=parties.sara.account_id, reason="محل کار دور است")
    db.add(ended)
    db.flush()

    def deeds(key: str) -> list[str]:
        buttons = [button for row in alert_deeds.deed_rows(db, key) for button in row]
        presses = [button.press for button in buttons if button.press is not None]
        assert len(presses) == len(buttons)
        return [f"{one.action} {one.id or ''}{one.arg}".strip() for one in presses]

    assert {
        key: deeds(key)
        for key in (
            "no_tariff:NEW",
            "refund:7",
            "wrong_amount:7",
            "no-expert:sums",
            "push.given_up:7",
            "push.given_up:letter:9",
            "push.given_up:letter:x",
            "push.given_up:x",
            f"no-manager-mobile:{ended.id}",
            "no-manager-mobile:999",
            "no-manager-mobile:x",
            "disk",
            "disk:7",
        )
    } == {
        "no_tariff:NEW": ["staff.new_tariff"],
        "refund:7": ["staff.refunds"],
        "wrong_amount:7": ["staff.wrong"],
        "no-expert:sums": ["staff.new_expert sums", "staff.university sums"],
        "push.given_up:7": ["staff.undelivered_push 7"],
        "push.given_up:letter:9": ["staff.letter 9"],
        "push.given_up:letter:x": [],
        "push.given_up:x": [],
        f"no-manager-mobile:{ended.id}": [f"staff.dist {parties.kian.id}"],
        "no-manager-mobile:999": [],
        "no-manager-mobile:x": [],
        "disk": [],
        "disk:7": [],
    }
    notify.alert_staff(db, key="refund:7", text="x", now=NOW)
    alert_id = db.exec(select(StaffAlert.id).where(StaffAlert.key == "refund:7")).one()
    assert opens(pushes(db, parties.staff)[-1]) == ["staff.refunds", f"staff.alert {alert_id}"]
    [[button]] = alert_list.deed_rows(db, actor=parties.staff, alert_id=alert_id or 0)
    assert button.press is not None
    assert button.press.action == "staff.refunds"
    assert alerts(db) == ["refund:7"]


# ── pushes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_waits_is_taken_back_for_the_chat_that_shows_it(db: Session) -> None:
    person = account(db)
    first = db.exec(select(Chat)).one()
    second = Chat(messenger=Messenger.BALE, chat_id=5, account_id=person.id)
    db.add(second)
    db.flush()
    number = person.id or 0
    for event in ("a", "b"):
        notify.push(db, kind="N7", event_key=event, account_id=number, text="x", now=NOW)

    def left() -> list[str]:
        return sorted(one.key for one in db.exec(select(Push)))

    def drop(event: str, chat: Chat) -> bool:
        return notify.drop_waiting(db, event_key=event, account_id=number, chat_row_id=chat.id or 0)

    assert drop("a", first)
    assert not drop("a", first)
    others = [f"a:{number}:{second.id}", f"b:{number}:{first.id}", f"b:{number}:{second.id}"]
    assert left() == sorted(others)
    for push in db.exec(select(Push)):
        push.state = PushState.SENDING
    db.flush()
    assert not drop("b", first)
    assert left() == sorted(others)


def test_an_sms_is_sent_once_whoever_has_a_chat(db: Session) -> None:
    given = {"kind": "N19", "event_key": "x", "mobile": "+989121234567", "text": "متن", "now": NOW}
    for expected in (True, False):
        assert notify.sms(db, template="t", tokens=("a", "b"), **given) is expected  # type: ignore[arg-type]
    one = db.exec(select(Push)).one()
    assert (one.key, one.channel, one.state, one.attempts) == ("x:sms", PushChannel.SMS, PushState.QUEUED, 0)
    assert (one.mobile, one.text, one.buttons, one.next_at) == ("+989121234567", "متن", [], NOW)
    assert one.sms == {"template": "t", "tokens": ["a", "b"], "whole": True}


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_role_is_in_force_for_an_active_account(db: Session, parties: Parties) -> None:
    def may(actor: Actor, *roles: Role, reading: bool = False) -> bool:
        try:
            require(db, actor, *roles, reading=reading)
        except NotAllowed:
            return False
        return True

    ali, sara = parties.ali, parties.sara
    assert all([may(ali), may(ali, Role.EXPERT), may(ali, Role.STAFF, Role.EXPERT)])
    assert not may(ali, Role.STAFF)
    assert all([may(SYSTEM), may(SYSTEM, Role.SYSTEM)])
    assert not may(SYSTEM, Role.STAFF)
    for person, role in ((ali, Role.EXPERT), (sara, Role.OFFICER)):
        db.get_one(Account, person.account_id).state = AccountState.SUSPENDED
        db.flush()
        assert (may(person), may(person, reading=True)) == (False, role is Role.OFFICER)
        db.get_one(Account, person.account_id).state = AccountState.ANNULLED
        db.flush()
        assert not may(person, reading=True)
        db.get_one(Account, person.account_id).state = AccountState.ACTIVE
        db.flush()
        assert may(person)
        grant = db.exec(select(Grant).where(Grant.account_id == person.account_id)).one()
        grant.active = False
        db.flush()
        assert not may(person, reading=True)


# ── pay messages ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_messages_with_a_pay_button(db: Session, parties: Parties) -> None:
    chat, other_chat = (
        db.exec(select(Chat).where(Chat.account_id == one.account_id)).one()
        for one in (parties.unqualified, parties.mina)
    )
    request = add_request(
        db,
        parties.unqualified,
        RequestState.AWAITING_PAYMENT,
        fee_rial=5,
        pay_token="t",
        tracking_code="140509010001",
    )
    other = add_request(db, officer(db), RequestState.AWAITING_PAYMENT, fee_rial=5, pay_token="u")

    def note(of: Any, message: int, to: Chat = chat, bot: int = 1) -> None:
        given = {"request_id": of.id, "chat_row_id": to.id, "bot_id": bot, "message_id": message}
        pay_messages.record(db, now=NOW, **given)

    def known() -> list[tuple[int, int | None, int, int]]:
        rows = db.exec(select(PayMessage).order_by(col(PayMessage.id)))
        return [(one.request_id, one.chat_row_id, one.bot_id, one.message_id) for one in rows]

    def marked() -> list[bool]:
        db.expire_all()
        return [one.has_pay_message for one in (chat, other_chat)]

    assert marked() == [False, False]
    for of, message, to, bot in ((request, 7, chat, 1), (request, 7, chat, 2), (request, 8, chat, 1)):
        note(of, message, to, bot)
    note(other, 7, other_chat)
    note(other, 8)  # that message shows another request by now
    mine, theirs = request.id, other.id
    assert known() == [
        (mine, chat.id, 1, 7),
        (mine, chat.id, 2, 7),
        (theirs, other_chat.id, 1, 7),
        (theirs, chat.id, 1, 8),
    ]
    assert (marked(), db.exec(select(Push)).all()) == ([True, True], [])
    pay_messages.forget(db, chat_row_id=other_chat.id or 0, bot_id=1, message_id=9)
    pay_messages.forget(db, chat_row_id=chat.id or 0, bot_id=2, message_id=7)
    assert (len(known()), marked()) == (3, [True, True])
    pay_messages.forget(db, chat_row_id=other_chat.id or 0, bot_id=1, message_id=7)
    assert marked() == [True, False]
    pay_messages.take_buttons_off(db, request, now=NOW)
    [push] = db.exec(select(Push)).all()
    assert (push.kind, push.chat_row_id, push.account_id) == (
        "pay_message",
        chat.id,
        parties.unqualified.account_id,
    )
    assert (push.next_at, push.state, opens(push)) == (
        NOW + 2 * SECOND,
        PushState.QUEUED,
        [f"qual.track {request.id}"],
    )
    for state, words in (
        (RequestState.COMPLETED, "پرداخت"),
        (RequestState.WITHDRAWN, "انصراف"),
        (RequestState.SUBMITTED, "لغو"),
    ):
        request.state = state
        db.flush()
        note(request, 20 + len(known()))
        late = db.exec(select(Push).order_by(col(Push.id).desc())).first()
        assert late is not None
        assert words in late.text, state
    waiting = db.exec(select(Push)).all()
    for push, state, pays in (
        (waiting[0], PushState.QUEUED, request.id),
        (waiting[1], PushState.SENT, request.id),
        (waiting[2], PushState.QUEUED, other.id),
    ):
        push.state, push.pays_request_id = state, pays
    db.flush()
    gone = waiting[0].id
    pay_messages.drop_waiting(db, request)
    db.expire_all()
    assert {one.id for one in waiting[1:]} == set(db.exec(select(Push.id))) - {gone}


# ── tracking codes ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_last_code_of_a_day(db: Session) -> None:
    assert tracking_code.next_code(db, NOW) == "140509010001"
    row = db.get_one(DailySequence, "14050901")
    row.last = 9998
    db.flush()
    assert tracking_code.next_code(db, NOW) == "140509019999"
    with refused(Unavailable, "error.no_code_left"):
        tracking_code.next_code(db, NOW)
    assert tracking_code.next_code(db, NOW + DAY) == "140509020001"
