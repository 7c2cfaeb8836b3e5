"""The officer's card: who has one, that it stays the same, what its QR code says later."""

import pytest
from sqlmodel import Session, select

from bot.core.refusals import NotAllowed
from bot.services.officers import card
from storage.enums import AccountState
from storage.tables import Account, AuditEvent, Officer
from tests.support.factories.people import Participants, qualified_officer
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
