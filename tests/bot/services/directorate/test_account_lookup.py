"""Staff look accounts, files and the record up: whom they find, what is recorded, for how long it opens."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import NotAllowed, Stale
from bot.services.directorate import account_lookup
from bot.services.shared import audit
from storage.enums import AccountState, Messenger, RequestKind, RequestState, Role
from storage.tables import Account, AuditEvent, Chat, CooperationRequest, Grant
from tests.support.factories.cooperation import Parties, active_contract, cooperation_request
from tests.support.factories.people import Participants, account, expert, granted, staff
from tests.support.factories.qualification import add_request, submitted_request
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

LOOK = {"now": NOW}


def found(db: Session, actor: Actor, typed: str) -> list[int | None]:
    return [one.id for one in account_lookup.look_up(db, actor=actor, typed=typed, now=NOW)]


def test_an_account_is_found_by_each_of_its_numbers_and_by_nothing_else(
    db: Session, people: Participants
) -> None:
    sara = db.get_one(Account, people.sara.account_id)
    stranger = account(db, "ناشناس", "دیگر", national_code="0012345679", mobile="+989350000009")
    annulled = account(
        db, "سارا", "قدیم", national_code=None, mobile=sara.mobile, state=AccountState.ANNULLED
    )
    assert found(db, people.staff, sara.national_code or "") == [sara.id]
    assert found(db, people.staff, f" {sara.user_code} ") == [sara.id]
    assert found(db, people.staff, "09350000009") == [stranger.id]
    # The living first, though the annulled one is newer.
    assert found(db, people.staff, sara.mobile or "") == [sara.id, annulled.id]
    assert found(db, people.staff, "99999") == []
    noted = db.exec(select(AuditEvent).where(AuditEvent.event == "account_looked_up")).all()
    assert [(one.subject, one.subject_id, one.actor_id) for one in noted[:2]] == [
        ("account", sara.id, people.staff.account_id)
    ] * 2
    with refused(NotAllowed):
        found(db, people.in_charge, "99999")
    for number in range(11):
        account(
            db, "مریم", f"{number}", national_code=None, mobile="+989350000008", state=AccountState.ANNULLED
        )
    assert len(found(db, people.staff, "09350000008")) == 10


def test_a_look_up_opens_the_account_for_a_day_to_who_made_it(db: Session, people: Participants) -> None:
    sara, ali = people.sara.account_id or 0, people.ali.account_id or 0
    other = staff(db)
    account_lookup.note_account(db, actor=people.staff, account=db.get_one(Account, sara), now=NOW)
    # Neither another event about her, nor a look-up of what has her number and is no account.
    audit.record(db, now=NOW, actor=other, event="suspended", subject="account", subject_id=sara)
    audit.record(db, now=NOW, actor=other, event="account_looked_up", subject="file", subject_id=sara)
    day = timedelta(days=1)

    def opened(actor: Actor, account_id: int, after: timedelta) -> bool:
        try:
            one = account_lookup.open_account(db, actor=actor, account_id=account_id, now=NOW + after)
        except Stale:
            return False
        return one.id == account_id

    assert opened(people.staff, sara, timedelta(0))
    assert opened(people.staff, sara, day - timedelta(seconds=1))
    assert not opened(people.staff, sara, day)
    assert not opened(other, sara, timedelta(0))
    assert not opened(people.staff, ali, timedelta(0))
    assert not opened(people.staff, 10**9, timedelta(0))


def test_the_accounts_that_were_looked_up_lately(db: Session, people: Participants) -> None:
    other, now = staff(db), NOW
    looked = [people.sara, people.ali, people.zahra, people.ali]
    for minutes, person in enumerate(looked):
        at = now + timedelta(minutes=minutes)
        account_lookup.note_account(
            db, actor=people.staff, account=db.get_one(Account, person.account_id), now=at
        )
    account_lookup.note_account(
        db, actor=other, account=db.get_one(Account, people.foreign.account_id), now=now
    )
    foreign = {"subject": "account", "subject_id": people.foreign.account_id or 0}
    audit.record(db, now=now, actor=people.staff, event="suspended", **foreign)

    def recent(after: timedelta, limit: int = 8) -> list[int | None]:
        listed = account_lookup.recent(db, actor=people.staff, now=now + after, limit=limit)
        return [one.id for one in listed]

    ids = [people.ali.account_id, people.zahra.account_id, people.sara.account_id]
    assert recent(timedelta(minutes=5)) == ids
    assert recent(timedelta(minutes=5), limit=2) == ids[:2]
    assert recent(timedelta(days=1)) == ids[:2]
    # Those of the last fifty look-ups.
    for times, left in ((48, 3), (1, 2)):
        for _ in range(times):
            sara = db.get_one(Account, people.sara.account_id)
            account_lookup.note_account(db, actor=people.staff, account=sara, now=NOW + timedelta(minutes=4))
        assert recent(timedelta(minutes=5)) == [ids[2], *ids[:2]][:left]
    with refused(NotAllowed):
        account_lookup.recent(db, actor=people.in_charge, now=now, limit=8)


def facts(db: Session, actor: Actor, of: Actor) -> account_lookup.Facts:
    return account_lookup.facts(db, actor=actor, account=db.get_one(Account, of.account_id))


def test_what_staff_read_about_an_officer(db: Session, parties: Parties) -> None:
    free, mina = facts(db, parties.staff, parties.unqualified), facts(db, parties.staff, parties.mina)
    assert not any((free.has_files, free.employed, free.qualified, free.revoked, free.open_request))
    assert (mina.qualified, mina.employed) == (True, False)
    active_contract(db, parties.kian, parties.sara, parties.ali)
    assert facts(db, parties.staff, parties.sara).employed
    draft = add_request(db, parties.unqualified, RequestState.DRAFT)
    read = facts(db, parties.staff, parties.unqualified)
    assert (read.has_files, read.open_request) == (False, draft)
    draft.state = RequestState.WITHDRAWN
    add_request(db, parties.unqualified, RequestState.REVOKED, kind=RequestKind.AMENDMENT)
    read = facts(db, parties.staff, parties.unqualified)
    assert (read.has_files, read.open_request, read.revoked) == (True, None, False)
    add_request(db, parties.unqualified, RequestState.REVOKED)
    assert facts(db, parties.staff, parties.unqualified).revoked
    assert [one.role for one in read.grants] == [Role.OFFICER]
    assert len(read.chats) == 1
    with refused(NotAllowed):
        facts(db, parties.ali, parties.sara)


def test_the_trail_of_an_account_is_what_it_did_and_what_it_met(db: Session, people: Participants) -> None:
    sara, ali = people.sara, people.ali
    made = {
        "met": (people.staff, "account", sara.account_id),
        "did": (sara, "qualification", 77),
        "another": (people.staff, "account", ali.account_id),
        "number": (people.staff, "qualification", sara.account_id),
    }
    for event, (actor, subject, subject_id) in made.items():
        audit.record(db, now=NOW, actor=actor, event=event, subject=subject, subject_id=subject_id or 0)
    with refused(Stale):
        account_lookup.trail(
            db, actor=people.staff, account_id=sara.account_id or 0, now=NOW, offset=0, limit=9
        )
    account_lookup.note_account(db, actor=people.staff, account=db.get_one(Account, sara.account_id), now=NOW)

    def trail(offset: int = 0, limit: int = 9) -> list[str]:
        entries = account_lookup.trail(
            db, actor=people.staff, account_id=sara.account_id or 0, now=NOW, offset=offset, limit=limit
        )
        return [entry.event.event for entry in entries]

    assert trail() == ["account_looked_up", "did", "met"]
    assert trail(1, 1) == ["did"]


def test_the_trail_of_a_file_is_of_this_file_of_this_kind(db: Session, people: Participants) -> None:
    for event, subject, number in (
        ("first", "qualification", 5),
        ("other", "qualification", 6),
        ("kind", "cooperation", 5),
        ("last", "qualification", 5),
    ):
        audit.record(db, now=NOW, actor=people.ali, event=event, subject=subject, subject_id=number)
    audit.record(db, now=NOW, actor=SYSTEM, event="timer", subject="qualification", subject_id=5)
    of = {"request_id": 5, "subject": "qualification", "offset": 0, "limit": 9}
    entries = account_lookup.trail_of_file(db, actor=people.staff, **of)  # type: ignore[arg-type]
    told = [(entry.event.event, entry.actor.id if entry.actor else None) for entry in entries]
    ali = people.ali.account_id
    assert told == [("timer", None), ("last", ali), ("first", ali)]
    page = {"now": NOW, "offset": 0, "limit": 9}
    [newest, *_] = account_lookup.recorded(db, actor=people.staff, **page)  # type: ignore[arg-type]
    assert (newest.event.event, newest.actor) == ("timer", None)
    with refused(NotAllowed):
        account_lookup.trail_of_file(db, actor=people.in_charge, **of)  # type: ignore[arg-type]


def test_a_file_is_found_by_its_tracking_code(db: Session, parties: Parties) -> None:
    request = submitted_request(db, parties.unqualified)
    case = cooperation_request(db, parties.kian, parties.sara)
    case = db.get_one(CooperationRequest, case.id)
    case.tracking_code = "140509019999"
    db.flush()
    find = account_lookup.file_of_code
    assert find(db, actor=parties.staff, code=request.tracking_code or "", now=NOW) == (
        "qualification",
        request.id,
    )
    assert find(db, actor=parties.staff, code="140509019999", now=NOW) == ("cooperation", case.id)
    assert find(db, actor=parties.staff, code="140509010000", now=NOW) is None
    events = db.exec(
        select(AuditEvent.subject, AuditEvent.subject_id)
        .where(AuditEvent.event == "file_looked_up")
        .order_by(col(AuditEvent.id))
    ).all()
    assert [tuple(event) for event in events] == [("qualification", request.id), ("cooperation", case.id)]
    with refused(NotAllowed):
        find(db, actor=parties.in_charge, code="140509019999", now=NOW)
    account_lookup.note_look_up(db, actor=parties.in_charge, requests=[request], now=NOW)
    assert len(db.exec(select(AuditEvent).where(AuditEvent.event == "file_looked_up")).all()) == 2


def test_the_record_between_two_instants(db: Session, people: Participants) -> None:
    hour = timedelta(hours=1)
    for number in (0, 1, 3, 2):  # the clock was set back meanwhile
        about = {"subject": "qualification", "subject_id": number % 2 or 9}
        audit.record(db, now=NOW + number * hour, actor=people.ali, event=f"e{number}", **about)

    def recorded(**more: Any) -> list[str]:
        page = {"now": NOW + 5 * hour, "offset": 0, "limit": 9} | more
        return [entry.event.event for entry in account_lookup.recorded(db, actor=people.staff, **page)]

    assert recorded() == ["e3", "e2", "e1", "e0"]
    assert recorded(since=NOW + hour, until=NOW + 2 * hour) == ["e2", "e1"]
    assert recorded(request_id=1, subject="qualification") == ["e3", "e1"]
    assert recorded(request_id=1, subject="cooperation") == []
    assert recorded(offset=1, limit=2) == ["e2", "e1"]
    ali = people.ali.account_id or 0
    with refused(Stale):
        recorded(account_id=ali)
    # Of an account: what it did and what was done to it, nothing about a file with the same number.
    for subject, event in (("account", "met"), ("qualification", "another's")):
        audit.record(db, now=NOW + 4 * hour, actor=people.zahra, event=event, subject=subject, subject_id=ali)
    account_lookup.note_account(db, actor=people.staff, account=db.get_one(Account, ali), now=NOW + 5 * hour)
    assert recorded(account_id=ali) == ["account_looked_up", "met", "e3", "e2", "e1", "e0"]
    with refused(NotAllowed):
        account_lookup.recorded(db, actor=people.ali, now=NOW, offset=0, limit=1)


def grant_of(db: Session, person: Actor) -> Grant:
    return db.exec(select(Grant).where(Grant.account_id == person.account_id, col(Grant.active))).one()


def test_a_role_is_taken_away_once_and_by_staff(db: Session, people: Participants) -> None:
    def withdraw(actor: Actor, of: Actor | int, why: str = "پایان کار") -> Grant:
        number = of if isinstance(of, int) else grant_of(db, of).id or 0
        return account_lookup.withdraw_role(db, actor=actor, grant_id=number, reason=why, now=NOW)

    colleague, extra = staff(db), expert(db, "اضافی")
    with refused(NotAllowed, db=db):
        withdraw(people.in_charge, extra)
    with refused("error.own_account", db=db):
        withdraw(people.staff, people.staff)
    with refused("error.not_allowed", db=db):
        withdraw(people.staff, people.sara)
    with refused(Stale, db=db):
        withdraw(people.staff, 10**9)
    for person in (extra, colleague):
        number = grant_of(db, person).id or 0
        assert not withdraw(people.staff, person).active
        (event,) = db.exec(
            select(AuditEvent).where(
                AuditEvent.event == "role_withdrawn", AuditEvent.subject_id == person.account_id
            )
        )
        assert (event.data["role"], event.data["reason"]) == (person.role, "پایان کار")
        with refused(Stale, db=db):
            withdraw(people.staff, number)
    # Another role of one's own goes.
    both = db.get_one(Account, people.staff.account_id)
    granted(db, both, Role.EXPERT, "sums")
    own = db.exec(select(Grant).where(Grant.account_id == both.id, Grant.role == Role.EXPERT)).one()
    assert not withdraw(people.staff, own.id or 0).active


@pytest.mark.parametrize("logged_in", [True, False])
def test_a_stuck_chat_is_set_free(db: Session, people: Participants, logged_in: bool) -> None:
    chat = db.exec(select(Chat).where(Chat.account_id == people.sara.account_id)).one()
    if not logged_in:
        chat = Chat(messenger=Messenger.BALE, chat_id=5)
        db.add(chat)
    chat.dialogue, chat.view, chat.dialogue_state = "registration", "x", {"step": "a"}
    db.flush()
    free: dict[str, Any] = {"chat_row_id": chat.id, "now": NOW, "expected": chat.version}
    with refused(NotAllowed):
        account_lookup.free_chat(db, actor=people.in_charge, **free)
    with refused(NotAllowed):
        account_lookup.chat(db, actor=people.in_charge, chat_row_id=chat.id or 0)
    with refused(Stale):
        account_lookup.free_chat(db, actor=people.staff, **free | {"expected": 7})
    with refused(Stale):
        account_lookup.chat(db, actor=people.staff, chat_row_id=10**9)
    assert account_lookup.chat(db, actor=people.staff, chat_row_id=chat.id or 0) is chat
    freed = account_lookup.free_chat(db, actor=people.staff, **free)
    assert (freed.dialogue, freed.draft_id, freed.view, freed.dialogue_state) == (None, None, None, {})
    assert (freed.show_at, freed.version) == (NOW, free["expected"] + 1)
    event = db.exec(select(AuditEvent).where(AuditEvent.event == "session_reset")).one()
    subject = ("account", people.sara.account_id) if logged_in else ("chat", chat.id)
    assert ((event.subject, event.subject_id), event.data["dialogue"]) == (subject, "registration")
