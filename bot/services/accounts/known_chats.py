"""Chats that an account was logged in to: wrong passwords from other chats do not lock them out."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from storage.tables import Account, Chat, KnownChat

#: Chats of an account, and accounts of a chat, that are remembered; the newest ones.
MAX_KNOWN_CHATS = 20


def remember_chat(db: Session, *, chat: Chat, account_id: int, now: datetime) -> None:
    """Remember that the account's owner speaks from this chat."""
    assert chat.id is not None
    forget_chats(db, account_id=account_id, chat_ids=[chat.id])
    db.add(KnownChat(account_id=account_id, chat_row_id=chat.id, at=now))
    db.flush()
    for column, value in ((KnownChat.account_id, account_id), (KnownChat.chat_row_id, chat.id)):
        old = (
            select(KnownChat.id)
            .where(column == value)
            .order_by(col(KnownChat.at).desc(), col(KnownChat.id).desc())
            .offset(MAX_KNOWN_CHATS)
        )
        if ids := db.exec(old).all():
            db.exec(delete(KnownChat).where(col(KnownChat.id).in_(ids)))


def is_known(db: Session, *, chat: Chat, account_id: int | None) -> bool:
    """Whether the account is, or was, logged in to this chat. The same work for a code without an account."""
    known_id = db.exec(
        select(KnownChat.id).where(
            KnownChat.chat_row_id == (chat.id or 0), KnownChat.account_id == (account_id or 0)
        )
    ).first()
    return account_id is not None and (known_id is not None or chat.account_id == account_id)


def forget_chats(db: Session, *, account_id: int, chat_ids: list[int] | None = None) -> None:
    """These chats, or all, are the account's own no longer: signed out as foreign, or access was given
    anew."""
    gone = delete(KnownChat).where(col(KnownChat.account_id) == account_id)
    if chat_ids is not None:
        gone = gone.where(col(KnownChat.chat_row_id).in_(chat_ids))
    db.exec(gone.execution_options(synchronize_session=False))


def prove(db: Session, *, chat: Chat, account: Account | None, mobile: str, now: datetime) -> bool:
    """Whether `mobile` (+989…, from the sender's own contact card) is the account's verified one; its chat is
    known then."""
    if account is None or account.id is None or not account.mobile_verified or account.mobile != mobile:
        return False
    remember_chat(db, chat=chat, account_id=account.id, now=now)
    return True
