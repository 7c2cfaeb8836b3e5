"""What was given up is shown by cause, queued again or put away; updates that went wrong are found by their number."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.refusals import NotAllowed, Stale
from bot.services.directorate import alert_list, undelivered
from bot.services.shared import notify
from bot.services.shared.alert_deeds import GIVEN_UP
from storage.enums import InboxState, Messenger, PushChannel, PushState
from storage.tables import AuditEvent, Chat, InboxUpdate, Letter, Push, StaffAlert
from tests.support.effects import alerts
from tests.support.factories.people import Participants
from tests.support.factories.reference_data import NOW
from tests.support.services import refused


def push(db: Session, number: int, note: str | None = "blocked", **values: Any) -> Push:
    given = {"channel": PushChannel.CHAT, "state": PushState.GIVEN_UP, "attempts": 40, "created_at": NOW}
    row = Push(key=f"k{number}", kind="N1", text="خبر", note=note, **given | values)
    db.add(row)
    db.flush()
    return row


def some(db: Session, people: Participants) -> dict[str, Push]:
    """Three of one cause, one of the same words by SMS, one without a reason, one that is still queued."""
    later = NOW + timedelta(hours=1)
    return {
        "first": push(db, 1, account_id=people.sara.account_id),
        "sms": push(db, 2, channel=PushChannel.SMS, mobile="+989120000007"),
        "second": push(db, 3, created_at=later),
        "silent": push(db, 4, None),
        "queued": push(db, 5, state=PushState.QUEUED),
        "third": push(db, 6),
        "other": push(db, 7, "too long"),
    }


def test_what_was_given_up_is_counted_by_cause(db: Session, people: Participants) -> None:
    made = some(db, people)
    causes = undelivered.undelivered_causes(db, actor=people.staff)
    assert [(one.first, one.channel, one.note, one.count) for one in causes] == [
        (made["first"].id, PushChannel.CHAT, "blocked", 3),
        (made["sms"].id, PushChannel.SMS, "blocked", 1),
        (made["silent"].id, PushChannel.CHAT, None, 1),
        (made["other"].id, PushChannel.CHAT, "too long", 1),
    ]
    for name in ("first", "sms", "silent", "other"):
        cause = undelivered.cause_of(db, actor=people.staff, push_id=made[name].id or 0)
        assert cause == next(one for one in causes if one.first == made[name].id)
    assert undelivered.cause_of(db, actor=people.staff, push_id=made["third"].id or 0) == causes[0]
    with refused(NotAllowed):
        undelivered.undelivered_causes(db, actor=people.in_charge)


def test_those_of_one_cause_are_listed_with_whom_they_were_for(db: Session, people: Participants) -> None:
    made = some(db, people)
    listed = undelivered.undelivered_pushes(
        db, actor=people.staff, push_id=made["third"].id or 0, limit=9, offset=0
    )
    assert [one.push.id for one in listed] == [made[name].id for name in ("first", "second", "third")]
    assert [one.recipient.id if one.recipient else None for one in listed] == [
        people.sara.account_id,
        None,
        None,
    ]
    page = undelivered.undelivered_pushes(
        db, actor=people.staff, push_id=made["first"].id or 0, limit=1, offset=1
    )
    assert [one.push.id for one in page] == [made["second"].id]
    one = undelivered.undelivered_push(db, actor=people.staff, push_id=made["first"].id or 0)
    assert one.recipient is not None
    assert one.recipient.id == people.sara.account_id
    for number in (made["queued"].id or 0, 10**9):
        with refused(Stale):
            undelivered.undelivered_push(db, actor=people.staff, push_id=number)
    with refused(NotAllowed):
        undelivered.undelivered_push(db, actor=people.ali, push_id=made["first"].id or 0)


def test_one_push_is_sent_again_or_put_away(db: Session, people: Participants) -> None:
    made, later = some(db, people), NOW + timedelta(hours=2)
    for name in ("first", "second"):
        notify.alert_staff(db, key=f"{GIVEN_UP}:{made[name].id}", text="نرسید", now=NOW)
    undelivered.resend(db, actor=people.staff, push_id=made["first"].id or 0, now=later)
    undelivered.give_up(db, actor=people.staff, push_id=made["second"].id or 0, now=later)
    for row in made.values():
        db.refresh(row)
    first, second = made["first"], made["second"]
    assert (first.state, first.attempts, first.next_at, first.note) == (PushState.QUEUED, 0, later, None)
    assert (second.state, second.note) == (PushState.SKIPPED, "put away by staff")
    assert {made[name].state for name in ("third", "sms", "silent", "other")} == {PushState.GIVEN_UP}
    assert [key for key in alerts(db) if key.startswith(GIVEN_UP)] == []
    events = db.exec(select(AuditEvent).where(AuditEvent.subject == "push").order_by(col(AuditEvent.id)))
    assert [(one.event, one.subject_id, one.from_state, one.to_state) for one in events] == [
        ("push_resent", first.id, "GIVEN_UP", "QUEUED"),
        ("push_put_away", second.id, "GIVEN_UP", "SKIPPED"),
    ]
    for number in (first.id or 0, second.id or 0, made["queued"].id or 0):
        with refused(Stale):
            undelivered.resend(db, actor=people.staff, push_id=number, now=later)
    with refused(NotAllowed):
        undelivered.give_up(db, actor=people.ali, push_id=made["third"].id or 0, now=later)


def test_all_of_one_cause_are_sent_again(
    db: Session, people: Participants, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, later = some(db, people), NOW + timedelta(hours=2)
    assert (undelivered.AT_ONCE, alert_list.AT_ONCE) == (500, 500)
    monkeypatch.setattr(undelivered, "AT_ONCE", 2)
    number = made["third"].id or 0
    assert undelivered.resend_cause(db, actor=people.staff, push_id=number, now=later) == 2
    for row in made.values():
        db.refresh(row)
    states = {name: row.state for name, row in made.items()}
    assert [name for name, state in states.items() if state is PushState.QUEUED] == [
        "first",
        "second",
        "queued",
    ]
    first = made["first"]
    assert (first.attempts, first.next_at, first.note, first.leased_until) == (0, later, None, None)
    assert undelivered.resend_cause(db, actor=people.staff, push_id=number, now=later) == 1
    events = db.exec(select(AuditEvent.subject_id).where(AuditEvent.event == "push_resent"))
    assert sorted(events) == sorted(made[name].id or 0 for name in ("first", "second", "third"))


def test_the_alert_of_a_letter_goes_with_the_last_of_its_pushes(db: Session, people: Participants) -> None:
    letter = Letter(created_by=people.staff.account_id, title="ابلاغ", text="متن", created_at=NOW)
    db.add(letter)
    db.flush()
    first, last = (push(db, number, letter_id=letter.id) for number in (1, 2))
    push(db, 3)
    key = f"{GIVEN_UP}:letter:{letter.id}"
    notify.alert_staff(db, key=key, text="نرسید", now=NOW)
    undelivered.resend(db, actor=people.staff, push_id=first.id or 0, now=NOW)
    assert key in alerts(db)
    undelivered.resend(db, actor=people.staff, push_id=last.id or 0, now=NOW)
    assert key not in alerts(db)


def test_the_mobile_of_whom_a_push_did_not_reach(db: Session, people: Participants) -> None:
    made = some(db, people)

    def mobile(name: str) -> str | None:
        return undelivered.mobile_of(db, actor=people.staff, push_id=made[name].id or 0, now=NOW)

    assert mobile("sms") == "+989120000007"
    assert mobile("first") == "+989121234567"
    assert mobile("second") is None
    events = db.exec(
        select(AuditEvent).where(AuditEvent.event == "mobile_viewed").order_by(col(AuditEvent.id))
    )
    assert [(one.subject_id, one.data.get("account")) for one in events] == [
        (made["sms"].id, None),
        (made["first"].id, people.sara.account_id),
    ]


def update(db: Session, number: int, state: InboxState, lane: int | None, **values: Any) -> InboxUpdate:
    given = {"messenger": Messenger.TELEGRAM, "raw": "{}", "received_at": NOW} | values
    row = InboxUpdate(update_id=number, state=state, lane=lane, **given)
    db.add(row)
    db.flush()
    return row


def test_an_update_that_went_wrong_is_found_by_its_number(db: Session, people: Participants) -> None:
    chat = db.exec(select(Chat).where(Chat.account_id == people.sara.account_id)).one()
    failed = update(db, 1, InboxState.FAILED, chat.chat_id)
    elsewhere = update(db, 2, InboxState.FAILED, chat.chat_id, messenger=Messenger.BALE)
    odd = update(db, 3, InboxState.QUARANTINED, None)
    done = update(db, 4, InboxState.DONE, chat.chat_id)
    assert undelivered.odd_updates(db, actor=people.staff) == {
        InboxState.FAILED: 2,
        InboxState.QUARANTINED: 1,
    }
    found = undelivered.odd_update(db, actor=people.staff, number=failed.id or 0)
    assert (found.chat, found.account and found.account.id) == (chat, people.sara.account_id)
    for row in (elsewhere, odd):
        found = undelivered.odd_update(db, actor=people.staff, number=row.id or 0)
        assert (found.update.id, found.chat, found.account) == (row.id, None, None)
    for number in (done.id or 0, 10**9):
        with refused("error.no_such_error"):
            undelivered.look_up(db, actor=people.staff, number=number, now=NOW)
    for row in (failed, odd):
        undelivered.look_up(db, actor=people.staff, number=row.id or 0, now=NOW)
    events = db.exec(select(AuditEvent.subject_id).where(AuditEvent.event == "account_looked_up")).all()
    assert list(events) == [people.sara.account_id]
    for actor in (people.in_charge, people.sara):
        with refused(NotAllowed):
            undelivered.odd_update(db, actor=actor, number=failed.id or 0)
        with refused(NotAllowed):
            undelivered.odd_updates(db, actor=actor)


# ── alerts ───────────────────────────────────────────────────────────────────────────────────────────────────────


def alert(db: Session, key: str) -> StaffAlert:
    notify.alert_staff(db, key=key, text="هشدار", now=NOW)
    return db.exec(select(StaffAlert).where(StaffAlert.key == key)).one()


def test_open_alerts_are_counted_and_listed(db: Session, people: Participants) -> None:
    rows = [alert(db, key) for key in ("no_expert:sums", "no_expert:mui", "no_expert_at_all:x", "tariff")]
    gone = alert(db, "no_expert:gone")
    notify.close_alert(db, key=gone.key, now=NOW)
    db.expire_all()
    staff = people.staff
    assert alert_list.count_open(db, actor=staff, most=99) == 4
    assert alert_list.count_open(db, actor=staff, most=2) == 3
    assert [one.id for one in alert_list.open_alerts(db, actor=staff, limit=9, offset=0)] == [
        row.id for row in rows
    ]
    assert [one.id for one in alert_list.open_alerts(db, actor=staff, limit=1, offset=1)] == [rows[1].id]
    assert alert_list.open_alert(db, actor=staff, alert_id=rows[0].id or 0).key == "no_expert:sums"
    for number in (gone.id or 0, 10**9):
        with refused(Stale):
            alert_list.open_alert(db, actor=staff, alert_id=number)
    alike = alert_list.similar(db, actor=staff, alert_id=rows[0].id or 0)
    assert [one.key for one in alike] == ["no_expert:sums", "no_expert:mui"]
    assert [one.key for one in alert_list.similar(db, actor=staff, alert_id=rows[3].id or 0)] == ["tariff"]
    for refuse in (
        lambda: alert_list.count_open(db, actor=people.in_charge, most=9),
        lambda: alert_list.open_alerts(db, actor=people.in_charge, limit=9, offset=0),
        lambda: alert_list.open_alert(db, actor=people.in_charge, alert_id=rows[0].id or 0),
    ):
        with refused(NotAllowed):
            refuse()


def test_alerts_are_settled_one_by_one_or_by_cause(
    db: Session, people: Participants, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (alert(db, f"no_expert:{code}") for code in ("sums", "mui", "fasa"))
    other, staff = alert(db, "tariff"), people.staff
    with monkeypatch.context() as patch:
        patch.setattr(alert_list, "AT_ONCE", 2)
        oldest = alert_list.similar(db, actor=staff, alert_id=third.id or 0)
        assert [one.id for one in oldest] == [first.id, second.id]
    settled = alert_list.resolve_similar(
        db, actor=staff, alert_id=first.id or 0, last=second.id or 0, now=NOW
    )
    assert settled == 2
    assert sorted(alerts(db)) == ["no_expert:fasa", "tariff"]
    alert_list.resolve_alert(db, actor=staff, alert_id=other.id or 0, now=NOW)
    assert alerts(db) == [third.key]
    with refused(Stale):
        alert_list.resolve_alert(db, actor=staff, alert_id=other.id or 0, now=NOW)
    events = db.exec(
        select(AuditEvent).where(AuditEvent.event == "alert_settled").order_by(col(AuditEvent.id))
    )
    assert [(one.subject_id, one.data["key"]) for one in events] == [
        (first.id, "no_expert:sums"),
        (second.id, "no_expert:mui"),
        (other.id, "tariff"),
    ]
