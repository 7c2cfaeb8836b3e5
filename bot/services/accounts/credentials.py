"""Passwords of accounts: changing, forgetting, and one that was never shown.

See docs/specification.md 2.1, Q29, Q30.
"""

from datetime import datetime

from sqlmodel import Session

from bot.core.context import Actor
from bot.core.refusals import Throttled
from bot.core.screens import button
from bot.rules.account import LIVING
from bot.rules.validators import Mobile, NationalCode
from bot.services.accounts import queries, sessions
from bot.services.accounts.login import tell_other_chats
from bot.services.shared import audit, notify, rate_limit
from bot.services.shared.rate_limit import RECOVERIES_PER_CHAT
from bot.texts import t
from storage.tables import Account, Chat


def change_password(
    db: Session,
    *,
    actor: Actor,
    chat: Chat,
    password_hash: str,
    system_made: bool,
    now: datetime,
) -> Account:
    """Set a new password of the acting account from one of its own chats.

    See no old password is asked, docs/specification.md 2.1.

    A system-made one stays pending until its screen is delivered. The other chats are told.
    """
    queries.need_owner(actor, chat.account_id or 0)
    assert actor.account_id is not None
    account = queries.lock_account(db, actor.account_id)
    queries.save_account(db, account, password_hash=password_hash, credentials_pending=system_made)
    audit.record(
        db,
        now=now,
        actor=actor,
        event="password_changed",
        subject="account",
        subject_id=actor.account_id,
        system_made=system_made,
    )
    notify.push(
        db,
        kind="N2",
        event_key=f"password:{account.version}",
        account_id=actor.account_id,
        text=t("push.password_changed"),
        rows=[[button(t("chats.button"), "me.chats")], [button(t("password.button"), "password.change")]],
        now=now,
        except_chat=chat.id,
    )
    return account


def renew(db: Session, *, actor: Actor, password_hash: str, now: datetime) -> Account | None:
    """Replace a password whose screen is not known to have arrived; None where nothing is pending.

    Call it from a chat of that account with a freshly made password, and show it with `Reply.credentials_of`.
    """
    assert actor.account_id is not None
    account = queries.lock_account(db, actor.account_id)
    if not account.credentials_pending:
        return None
    queries.save_account(db, account, password_hash=password_hash)
    audit.record(
        db,
        now=now,
        actor=actor,
        event="password_renewed",
        subject="account",
        subject_id=actor.account_id,
    )
    return account


def _recovery_key(chat: Chat) -> str:
    return f"recover:chat:{chat.id}"


def refuse_recovery_if_throttled(db: Session, *, chat: Chat, now: datetime) -> None:
    """Raises Throttled after five tries of this chat today."""
    if rate_limit.time_to_wait(db, key=_recovery_key(chat), limit=RECOVERIES_PER_CHAT, now=now) is not None:
        raise Throttled


def count_recovery(db: Session, *, chat: Chat, now: datetime) -> None:
    """Note one try of this chat to show who it is by a mobile. Raises Throttled after five today."""
    refuse_recovery_if_throttled(db, chat=chat, now=now)
    rate_limit.count_try(db, key=_recovery_key(chat), now=now)


def recover(
    db: Session, *, chat: Chat, national_code: NationalCode, mobile: Mobile, password_hash: str, now: datetime
) -> Account | None:
    """«فراموشی کد یا رمز»: a new password for the person who shares the verified mobile of this national code, and link
    the chat. `mobile` must come from the sender's own contact card.

    None is the one answer to everything else (no such account, other mobile, never verified, no role), so that
    nobody learns who is registered; the try is counted either way. Raises Throttled.
    """
    count_recovery(db, chat=chat, now=now)
    owner = queries.by_national_code(db, national_code)
    if owner is None or owner.id is None:
        return None
    account = queries.lock_account(db, owner.id)
    if (
        account.state not in LIVING
        or not account.mobile_verified
        or account.mobile != mobile
        or not queries.grants_of(db, owner.id)
    ):
        return None
    queries.save_account(db, account, password_hash=password_hash, credentials_pending=True)
    actor = sessions.link(db, chat=chat, account=account, now=now)
    audit.record(db, now=now, actor=actor, event="access_recovered", subject="account", subject_id=owner.id)
    tell_other_chats(db, account=account, chat=chat, now=now)
    return account
