"""Login, its locks, and the chats of an account, on both databases."""

from datetime import timedelta

from sqlmodel import Session

from bot.core.refusals import NotAllowed, Stale, Throttled
from bot.services import accounts
from storage.enums import Messenger, Role
from tests.bot.services.accounts.actions import (
    events,
    log_in,
    new_chat,
    owner,
    pushes,
    register,
    register_on_both,
)
from tests.support.effects import labels
from tests.support.factories.people import officer
from tests.support.factories.reference_data import NOW
from tests.support.services import as_unit, refused


@as_unit
def test_login_tells_the_other_chats(db: Session) -> None:
    account, phone = register(db)
    bale = new_chat(db, 1, Messenger.BALE)
    log_in(db, account, bale, NOW + timedelta(minutes=1))
    assert (bale.account_id, bale.role) == (account.id, Role.OFFICER)
    (told,) = pushes(db, "N2")
    assert told.chat_row_id == phone.id
    assert "بله" in told.text
    assert "۱۴۰۵/۰۹/۰۱ ساعت ۱۲:۳۱" in told.text
    assert labels(told) == ["خروج از آن گفت‌وگو", "تغییر رمز"]
    assert events(db)[-1].event == "logged_in"


@as_unit
def test_signing_out_there(db: Session) -> None:
    """Once, as it was shown, and no chat of another account."""
    account, _, there = register_on_both(db)
    there.dialogue, there.view = "something", "1|me|||"
    db.flush()
    mark, theirs = accounts.session_mark(there), new_chat(db, 7)
    other = officer(db).account_id
    theirs.account_id = other
    db.flush()

    def sign_out(chat_row_id: int, mark: int) -> None:
        accounts.sign_out(db, actor=owner(account), chat_row_id=chat_row_id, mark=mark, now=NOW)

    with refused(Stale):
        sign_out(there.id, mark - 1)
    sign_out(there.id, mark)
    assert (there.account_id, there.role, there.dialogue, there.view) == (None, None, None, None)
    for chat in (there, theirs):
        with refused(Stale):
            sign_out(chat.id, accounts.session_mark(chat))
    assert theirs.account_id == other
    with refused(NotAllowed):
        sign_out(999, 0)


@as_unit
def test_logout_stops_pushes(db: Session) -> None:
    account, chat = register(db)
    accounts.logout(db, actor=owner(account), chat=chat, now=NOW)
    assert (chat.account_id, chat.role) == (None, None)
    log_in(db, account, new_chat(db))
    assert pushes(db, "N2") == []


@as_unit
def test_five_wrong_passwords_lock_the_chat_for_a_quarter(db: Session) -> None:
    account, _ = register(db)
    chat, calm = new_chat(db, 5), new_chat(db, 6)
    for minute in range(5):
        at = NOW + timedelta(minutes=minute)
        accounts.refuse_if_locked(db, chat=chat, account_id=account.id, now=at)
        accounts.count_wrong(db, chat=chat, account_id=account.id, now=at)
    at = NOW + timedelta(minutes=5)
    with refused(Throttled, "error.login_locked") as caught:
        accounts.refuse_if_locked(db, chat=chat, account_id=account.id, now=at)
    assert caught.refusal.args_of_text == {"m": "۱۰"}
    with refused(Throttled):
        log_in(db, account, chat, at)
    accounts.refuse_if_locked(db, chat=calm, account_id=account.id, now=at)
    accounts.refuse_if_locked(db, chat=chat, account_id=account.id, now=NOW + timedelta(minutes=16))


@as_unit
def test_other_chats_lock_an_account_but_not_its_own_phone(db: Session) -> None:
    account, phone = register(db)
    for number in range(20):
        accounts.count_wrong(db, chat=new_chat(db, 100 + number), account_id=account.id, now=NOW)
    with refused(Throttled):
        accounts.refuse_if_locked(db, chat=new_chat(db, 50), account_id=account.id, now=NOW)
    accounts.refuse_if_locked(db, chat=phone, account_id=account.id, now=NOW)
    later = NOW + timedelta(minutes=61)
    accounts.refuse_if_locked(db, chat=new_chat(db, 51), account_id=account.id, now=later)


@as_unit
def test_user_codes_are_found_as_people_type_them(db: Session) -> None:
    account, _ = register(db)
    persian = account.user_code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    for typed in (account.user_code, f" {account.user_code} ", persian, f"\u200e{persian}\u200f"):
        found = accounts.by_user_code(db, typed)
        assert found is not None
        assert found.id == account.id
    assert accounts.by_user_code(db, "00000000") is None


@as_unit
def test_a_password_that_changed_meanwhile_is_wrong(db: Session) -> None:
    account, _ = register(db)
    with refused(Stale, "error.login_wrong"):
        log_in(db, account, new_chat(db), checked_hash="older")


@as_unit
def test_a_stronger_hash_is_kept_at_login(db: Session) -> None:
    account, _ = register(db)
    log_in(db, account, new_chat(db), new_hash="stronger")
    assert account.password_hash == "stronger"
