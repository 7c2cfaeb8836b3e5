"""Logging a chat in by user code and password, with the throttles of docs/specification.md 2.1."""

from datetime import datetime, timedelta
from hashlib import blake2b
from math import ceil

from sqlmodel import Session

from bot.core.refusals import Stale, Throttled
from bot.core.screens import Button, Press, button
from bot.rules.account import LIVING
from bot.security.passwords import normal
from bot.services.accounts import known_chats, queries, sessions
from bot.services.shared import audit, notify, rate_limit
from bot.services.shared.rate_limit import WRONG_PASSWORDS_PER_ACCOUNT, WRONG_PASSWORDS_PER_CHAT
from bot.texts import t
from bot.texts.formats import digits, jalali_time
from storage.tables import Account, Chat


def _chat_key(chat: Chat) -> str:
    return f"login:chat:{chat.id}"


def _account_key(account_id: int | None, user_code: str) -> str:
    """A code without an account is counted like one with an account: its lock must not tell them apart."""
    if account_id is not None:
        return f"login:account:{account_id}"
    return f"login:nobody:{blake2b(normal(user_code).encode(), digest_size=16).hexdigest()}"


def refuse_if_locked(
    db: Session, *, chat: Chat, account_id: int | None, user_code: str = "", now: datetime
) -> None:
    """Raises Throttled with the minutes left: for the chat, or, from a chat that the account was never logged in to, for
    the account of `user_code` (None: no account has it)."""
    waits = [
        rate_limit.time_to_wait(db, key=_chat_key(chat), limit=WRONG_PASSWORDS_PER_CHAT, now=now),
        account_lock(db, chat=chat, account_id=account_id, user_code=user_code, now=now),
    ]
    longest = max((wait for wait in waits if wait is not None), default=None)
    if longest is not None:
        raise Throttled("error.login_locked", m=digits(ceil(longest / timedelta(minutes=1))))


def account_lock(
    db: Session, *, chat: Chat, account_id: int | None, user_code: str = "", now: datetime
) -> timedelta | None:
    """How long guesses from elsewhere keep this chat from the account; None: they do not. Its own chats have a budget of
    their own, that of every chat."""
    if known_chats.is_known(db, chat=chat, account_id=account_id):
        return None
    key = _account_key(account_id, user_code)
    return rate_limit.time_to_wait(db, key=key, limit=WRONG_PASSWORDS_PER_ACCOUNT, now=now)


def count_wrong(
    db: Session, *, chat: Chat, account_id: int | None, user_code: str = "", now: datetime
) -> None:
    """Note a wrong password, or a `user_code` without an account (`account_id` None)."""
    rate_limit.count_try(db, key=_chat_key(chat), now=now)
    if not known_chats.is_known(db, chat=chat, account_id=account_id):
        rate_limit.count_try(db, key=_account_key(account_id, user_code), now=now)


def login(
    db: Session,
    *,
    chat: Chat,
    account_id: int,
    checked_hash: str,
    new_hash: str | None,
    now: datetime,
) -> Account:
    """Link the chat after the password was found right against `checked_hash`, outside this transaction.

    `new_hash` replaces a hash of outgrown parameters. The chats already linked are told (N2). Raises Throttled,
    Stale("error.login_wrong") where the password has changed meanwhile, NotAllowed without a role in force.
    """
    refuse_if_locked(db, chat=chat, account_id=account_id, now=now)
    account = queries.lock_account(db, account_id)
    if account.password_hash != checked_hash or account.state not in LIVING:
        raise Stale("error.login_wrong")
    if new_hash is not None or account.credentials_pending:
        # A person who logs in has seen the password, whatever delivery knows.
        queries.save_account(db, account, password_hash=new_hash or checked_hash, credentials_pending=False)
    actor = sessions.link(db, chat=chat, account=account, now=now)
    audit.record(db, now=now, actor=actor, event="logged_in", subject="account", subject_id=account_id)
    tell_other_chats(db, account=account, chat=chat, now=now)
    return account


def tell_other_chats(db: Session, *, account: Account, chat: Chat, now: datetime) -> None:
    """N2: what the account's other chats are told, with the two ways to defend it."""
    assert account.id is not None
    assert chat.id is not None
    sign_out = Press("me.signout", chat.id, sessions.session_mark(chat))
    notify.push(
        db,
        kind="N2",
        event_key=f"login:{chat.id}:{now.timestamp()}",
        account_id=account.id,
        text=t("push.N2", messenger=t(f"messenger.{chat.messenger}"), time=jalali_time(now)),
        rows=[
            [Button(t("chats.sign_out"), sign_out)],
            [button(t("password.button"), "password.change")],
        ],
        now=now,
        except_chat=chat.id,
    )
