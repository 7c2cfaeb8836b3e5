"""Passwords and the mobile of an account, on both databases."""

import pytest
from sqlmodel import Session

from bot.core.context import Actor
from bot.core.refusals import NotAllowed, Throttled
from bot.services import accounts
from storage.enums import AccountState, RequestKind, RequestState, Role
from storage.tables import Account, Chat, QualificationRequest
from tests.bot.services.accounts.actions import (
    CODE,
    MOBILE,
    OTHER_CODE,
    new_chat,
    owner,
    pushes,
    register,
    register_on_both,
)
from tests.support.factories.reference_data import NOW
from tests.support.services import as_unit, refused


def change_password(db: Session, actor: Actor, chat: Chat) -> None:
    accounts.change_password(db, actor=actor, chat=chat, password_hash="second", system_made=False, now=NOW)


@as_unit
def test_changing_the_password(db: Session) -> None:
    account, chat, bale = register_on_both(db)
    change_password(db, owner(account), chat)
    assert (account.password_hash, account.credentials_pending) == ("second", False)
    assert [push.chat_row_id for push in pushes(db, "N2")] == [chat.id, bale.id]
    assert "رمز عبور حساب شما تغییر کرد" in pushes(db, "N2")[-1].text
    with refused(NotAllowed):
        change_password(db, Actor(999, Role.OFFICER), chat)


@as_unit
def test_a_password_that_was_never_seen_is_made_anew(db: Session) -> None:
    account, _ = register(db)
    assert accounts.renew(db, actor=owner(account), password_hash="second", now=NOW) is not None
    assert (account.password_hash, account.credentials_pending) == ("second", True)
    account.credentials_pending = False
    db.flush()
    assert accounts.renew(db, actor=owner(account), password_hash="third", now=NOW) is None
    assert account.password_hash == "second"


def recover(db: Session, chat: Chat, code: str = CODE, mobile: str = MOBILE) -> Account | None:
    return accounts.recover(db, chat=chat, national_code=code, mobile=mobile, password_hash="new", now=NOW)


@as_unit
def test_forgotten_password_by_the_verified_mobile(db: Session) -> None:
    account, phone = register(db)
    chat = new_chat(db)
    found = recover(db, chat)
    assert found is not None
    assert (found.id, found.password_hash, found.credentials_pending) == (account.id, "new", True)
    assert chat.account_id == account.id
    assert [push.chat_row_id for push in pushes(db, "N2")] == [phone.id]


@pytest.mark.parametrize(
    ("code", "mobile", "verified", "state"),
    [
        (OTHER_CODE, MOBILE, True, AccountState.ACTIVE),
        (CODE, "+989129999999", True, AccountState.ACTIVE),
        (CODE, MOBILE, False, AccountState.ACTIVE),
        (CODE, MOBILE, True, AccountState.ANNULLED),
    ],
    ids=["other code", "other mobile", "mobile not verified", "annulled"],
)
@as_unit
def test_forgotten_password_has_one_answer_to_everything_else(
    db: Session, code: str, mobile: str, verified: bool, state: AccountState
) -> None:
    account, _ = register(db)
    account.mobile_verified, account.state = verified, state
    db.flush()
    chat = new_chat(db)
    assert [recover(db, chat, code, mobile) for _ in range(5)] == [None] * 5
    assert (account.password_hash, chat.account_id) == ("first", None)
    with refused(Throttled):
        recover(db, chat)


@as_unit
def test_the_mobile_changes_and_the_other_chats_hear_of_it(db: Session) -> None:
    account, chat, bale = register_on_both(db)

    def change(mobile: str, verified: bool) -> None:
        accounts.change_mobile(db, actor=owner(account), chat=chat, mobile=mobile, verified=verified, now=NOW)

    change("+989351234567", verified=False)
    assert (account.mobile, account.mobile_verified) == ("+989351234567", False)
    assert [push.chat_row_id for push in pushes(db, "N12")] == [bale.id]
    change("+989351234567", verified=True)
    assert account.mobile_verified
    assert len(pushes(db, "N12")) == 1
    new, submitted = RequestKind.NEW, RequestState.SUBMITTED
    db.add(QualificationRequest(account_id=account.id, kind=new, state=submitted, state_since=NOW))
    db.flush()
    with refused("mobile.in_circulation"):
        change(MOBILE, verified=True)
