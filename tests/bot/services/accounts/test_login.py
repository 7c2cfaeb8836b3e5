"""Login, its locks, the chats of an account, passwords and the mobile; on both databases."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from bot.core.context import Actor
from bot.core.refusals import NotAllowed, Stale, Throttled
from bot.services import accounts
from storage.enums import AccountState, Messenger, RequestState, Role
from storage.tables import Account, Chat
from tests.bot.services.accounts import actions
from tests.support.effects import labels
from tests.support.factories.people import officer
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW
from tests.support.services import refused


def test_login_tells_the_other_chats(db: Session) -> None:
    account, phone = actions.register(db)
    bale = actions.new_chat(db, 1, Messenger.BALE)
    actions.log_in(db, account, bale, NOW + timedelta(minutes=1))
    assert (bale.account_id, bale.role) == (account.id, Role.OFFICER)
    (told,) = actions.pushes(db, "N2")
    assert told.chat_row_id == phone.id
    assert "بله" in told.text
    assert "۱۴۰۵/۰۹/۰۱ ساعت ۱۲:۳۱" in told.text
    assert labels(told) == ["بستن این ورود", "تغییر رمز"]
    assert actions.events(db)[-1].event == "logged_in"


def test_signing_out_there(db: Session) -> None:
    """Once, as it was shown, and no chat of another account."""
    account, _, there = actions.register_on_both(db)
    there.dialogue, there.view = "something", "1|me|||"
    db.flush()
    mark, theirs = accounts.session_mark(there), actions.new_chat(db, 7)
    other = officer(db).account_id
    theirs.account_id = other
    db.flush()

    def sign_out(chat_row_id: int, mark: int) -> None:
        accounts.sign_out(db, actor=actions.owner(account), chat_row_id=chat_row_id, mark=mark, now=NOW)

    with refused(Stale, "chats.gone"):
        sign_out(there.id, mark - 1)
    sign_out(there.id, mark)
    assert (there.account_id, there.role, there.dialogue, there.view) == (None, None, None, None)
    for chat in (there, theirs):
        with refused(Stale):
            sign_out(chat.id, accounts.session_mark(chat))
    assert theirs.account_id == other
    with refused(NotAllowed):
        sign_out(999, 0)


def test_five_wrong_passwords_lock_the_chat_for_a_quarter(db: Session) -> None:
    account, _ = actions.register(db)
    chat, calm = actions.new_chat(db, 5), actions.new_chat(db, 6)
    for minute in range(5):
        at = NOW + timedelta(minutes=minute)
        accounts.refuse_if_locked(db, chat=chat, account_id=account.id, now=at)
        accounts.count_wrong(db, chat=chat, account_id=account.id, now=at)
    at = NOW + timedelta(minutes=5)
    with refused(Throttled, "error.login_locked") as caught:
        accounts.refuse_if_locked(db, chat=chat, account_id=account.id, now=at)
    assert caught.refusal.args_of_text == {"m": "۱۰"}
    with refused(Throttled):
        actions.log_in(db, account, chat, at)
    accounts.refuse_if_locked(db, chat=calm, account_id=account.id, now=at)
    accounts.refuse_if_locked(db, chat=chat, account_id=account.id, now=NOW + timedelta(minutes=16))


def test_other_chats_lock_an_account_but_not_its_own_phone(db: Session) -> None:
    account, phone = actions.register(db)
    for number in range(20):
        accounts.count_wrong(db, chat=actions.new_chat(db, 100 + number), account_id=account.id, now=NOW)
    with refused(Throttled):
        accounts.refuse_if_locked(db, chat=actions.new_chat(db, 50), account_id=account.id, now=NOW)
    other = officer(db).account_id
    accounts.refuse_if_locked(db, chat=actions.new_chat(db, 52), account_id=other, now=NOW)
    accounts.refuse_if_locked(db, chat=phone, account_id=account.id, now=NOW)
    later = NOW + timedelta(minutes=61)
    accounts.refuse_if_locked(db, chat=actions.new_chat(db, 51), account_id=account.id, now=later)


def test_user_codes_are_found_as_people_type_them(db: Session) -> None:
    account, _ = actions.register(db)
    persian = account.user_code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    for typed in (account.user_code, f" {account.user_code} ", persian, f"\u200e{persian}\u200f"):
        found = accounts.by_user_code(db, typed)
        assert found is not None
        assert found.id == account.id
    assert accounts.by_user_code(db, "00000000") is None


def test_logout_stops_pushes(db: Session) -> None:
    account, chat = actions.register(db)
    accounts.logout(db, actor=actions.owner(account), chat=chat, now=NOW)
    assert (chat.account_id, chat.role) == (None, None)
    with refused(Stale, "error.login_wrong"):  # it changed while it was checked
        actions.log_in(db, account, actions.new_chat(db, 3), checked_hash="older")
    actions.log_in(db, account, actions.new_chat(db), new_hash="stronger")
    assert account.password_hash == "stronger"
    assert actions.pushes(db, "N2") == []


def test_a_login_keeps_the_account_as_it_is_but_for_an_outgrown_hash(db: Session) -> None:
    account, chat = actions.register(db)
    actions.log_in(db, account, chat)
    assert not account.credentials_pending, "who logs in has seen the password"
    for new_hash, kept, more in ((None, "first", 0), ("stronger", "stronger", 1)):
        before = account.version
        actions.log_in(db, account, chat, new_hash=new_hash)
        assert (account.password_hash, account.version) == (kept, before + more)


def change_password(db: Session, actor: Actor, chat: Chat) -> None:
    accounts.change_password(db, actor=actor, chat=chat, password_hash="second", system_made=False, now=NOW)


def test_changing_the_password(db: Session) -> None:
    account, chat, bale = actions.register_on_both(db)
    change_password(db, actions.owner(account), chat)
    assert (account.password_hash, account.credentials_pending) == ("second", False)
    assert [push.chat_row_id for push in actions.pushes(db, "N2")] == [chat.id, bale.id]
    assert "رمز عبور حساب شما تغییر کرد" in actions.pushes(db, "N2")[-1].text
    with refused(NotAllowed):
        change_password(db, Actor(999, Role.OFFICER), chat)


def test_a_password_that_was_never_seen_is_made_anew(db: Session) -> None:
    account, _ = actions.register(db)
    assert accounts.renew(db, actor=actions.owner(account), password_hash="second", now=NOW) is not None
    assert (account.password_hash, account.credentials_pending) == ("second", True)
    account.credentials_pending = False
    db.flush()
    assert accounts.renew(db, actor=actions.owner(account), password_hash="third", now=NOW) is None
    assert account.password_hash == "second"


def recover(
    db: Session, chat: Chat, code: str = actions.CODE, mobile: str = actions.MOBILE
) -> Account | None:
    return accounts.recover(db, chat=chat, national_code=code, mobile=mobile, password_hash="new", now=NOW)


def test_forgotten_password_by_the_verified_mobile(db: Session) -> None:
    account, phone = actions.register(db)
    chat = actions.new_chat(db)
    found = recover(db, chat)
    assert found is not None
    assert (found.id, found.password_hash, found.credentials_pending) == (account.id, "new", True)
    assert chat.account_id == account.id
    assert [push.chat_row_id for push in actions.pushes(db, "N2")] == [phone.id]


@pytest.mark.parametrize(
    ("code", "mobile", "verified", "state"),
    [
        (actions.OTHER_CODE, actions.MOBILE, True, AccountState.ACTIVE),
        (actions.CODE, "+989129999999", True, AccountState.ACTIVE),
        (actions.CODE, actions.MOBILE, False, AccountState.ACTIVE),
        (actions.CODE, actions.MOBILE, True, AccountState.ANNULLED),
    ],
    ids=["other code", "other mobile", "mobile not verified", "annulled"],
)
def test_forgotten_password_has_one_answer_to_everything_else(
    db: Session, code: str, mobile: str, verified: bool, state: AccountState
) -> None:
    account, _ = actions.register(db)
    account.mobile_verified, account.state = verified, state
    db.flush()
    chat = actions.new_chat(db)
    assert [recover(db, chat, code, mobile) for _ in range(5)] == [None] * 5
    assert (account.password_hash, chat.account_id) == ("first", None)
    with refused(Throttled):
        recover(db, chat)


def test_the_mobile_changes_and_the_other_chats_hear_of_it(db: Session) -> None:
    account, chat, bale = actions.register_on_both(db)

    def change(mobile: str, verified: bool) -> None:
        accounts.change_mobile(
            db, actor=actions.owner(account), chat=chat, mobile=mobile, verified=verified, now=NOW
        )

    change("+989351234567", verified=False)
    assert (account.mobile, account.mobile_verified) == ("+989351234567", False)
    assert [push.chat_row_id for push in actions.pushes(db, "N12")] == [bale.id]
    change("+989351234567", verified=True)
    assert account.mobile_verified
    for verified in (True, False):
        change("+989351234567", verified=verified)
        assert account.mobile_verified, "the same number again says nothing new"
    assert [one.event for one in actions.events(db)][-2:] == ["mobile_changed", "mobile_verified"]
    assert len(actions.pushes(db, "N12")) == 1
    add_request(db, account, RequestState.SUBMITTED)
    with refused("mobile.in_circulation"):
        change(actions.MOBILE, verified=True)
