"""The officer's card and certificate: who has one, that it stays the same, what it says, and its QR code later."""

from datetime import datetime

import pytest
from sqlmodel import Session, select

from bot.core.refusals import NotAllowed
from bot.services.officers import card, certificate
from storage.enums import AccountState, RequestKind, RequestState
from storage.tables import Account, AuditEvent, Officer
from tests.support.factories.people import Participants, qualified_officer
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW
from tests.support.services import refused


def test_a_card_is_made_once_for_who_is_qualified(db: Session, people: Participants) -> None:
    mina, other = qualified_officer(db, "مینا"), qualified_officer(db, "لیلا")
    first = card.issue_card(db, actor=mina, now=NOW)
    theirs = card.issue_card(db, actor=other, now=NOW)
    again = card.issue_card(db, actor=mina, now=NOW)
    assert first == again
    assert first.token != theirs.token
    assert len(first.token) == 22, "too many to guess, and few enough for a code to be scanned"
    assert (first.account_id, first.valid, first.qualified) == (mina.account_id, True, True)
    code = db.get_one(Account, mina.account_id).national_code or ""
    assert code not in first.masked_code
    assert card.token_of(db, account_id=mina.account_id or 0) == first.token
    assert card.token_of(db, account_id=people.sara.account_id or 0) is None
    events = db.exec(select(AuditEvent.subject_id).where(AuditEvent.event == "card_issued")).all()
    assert sorted(events) == sorted([mina.account_id, other.account_id])
    for actor, why in ((people.sara, "card.not_yet"), (people.ali, NotAllowed)):
        with refused(why):
            card.issue_card(db, actor=actor, now=NOW)


@pytest.mark.parametrize(
    ("state", "qualified", "valid"),
    [
        (AccountState.ACTIVE, True, True),
        (AccountState.ACTIVE, False, False),
        (AccountState.SUSPENDED, True, False),
        (AccountState.SUSPENDED, False, False),
    ],
)
def test_what_the_code_on_a_card_says_later(
    db: Session, people: Participants, state: AccountState, qualified: bool, valid: bool
) -> None:
    mina, other = qualified_officer(db, "مینا"), qualified_officer(db, "لیلا")
    token = card.issue_card(db, actor=mina, now=NOW).token
    card.issue_card(db, actor=other, now=NOW)
    account, profile = db.get_one(Account, mina.account_id), db.get_one(Officer, mina.account_id)
    account.state = state
    if not qualified:
        profile.qualified_at = None
    db.flush()
    seen = card.look_up(db, token=token)
    assert seen is not None
    assert (seen.account_id, seen.valid, seen.qualified) == (mina.account_id, valid, qualified)
    assert card.may_have(db, account=account) is valid
    assert card.look_up(db, token="other") is None


def test_what_a_certificate_says(db: Session, people: Participants) -> None:
    """Of the approved file; nothing where an officer of the old system has no such entry."""
    mina, profile = people.sara, db.get_one(Officer, people.sara.account_id)
    with refused("card.not_yet", db=db):
        certificate.issue_certificate(db, actor=mina, now=NOW)
    profile.qualified_at, profile.university_code = NOW, "mui"
    states = RequestState.COMPLETED, RequestState.WITHDRAWN
    new, other = RequestKind.NEW, RequestKind.AMENDMENT
    for number, (who, state, kind) in enumerate(
        (
            (qualified_officer(db), states[0], new),
            (mina, states[1], new),
            (mina, states[0], other),
            (mina, states[0], new),
            (mina, states[0], new),
        )
    ):
        code = f"14050901000{number}"
        add_request(db, who, state, kind=kind, tracking_code=code, closed_at=NOW)

    def read() -> tuple[str | None, str | None, str | None, datetime | None, str | None]:
        db.flush()
        one = certificate.issue_certificate(db, actor=mina, now=NOW)
        assert one.card == card.issue_card(db, actor=mina, now=NOW)
        return one.level, one.field, one.university, one.qualified_at, one.tracking_code

    isfahan, code = "دانشگاه علوم پزشکی اصفهان", "140509010003"
    assert read() == ("کارشناسی", "مهندسی پزشکی", isfahan, NOW, code)
    profile.field_note = "رباتیک"
    assert read()[1] == "مهندسی پزشکی", "a note is of fields that must be described"
    profile.field_code = "other"
    assert read()[1] == "رباتیک"
    profile.field_note = None
    assert read()[1] == "سایر"
    profile.level_code = profile.field_code = profile.university_code = profile.qualified_at = None
    profile.legacy_qualified = True
    assert read() == (None, None, None, None, code)
