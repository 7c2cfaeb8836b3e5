"""Which chats an account speaks from: linking, logging out, signing out elsewhere.

See docs/specification.md 2.1.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from bot.core.context import Actor
from bot.core.refusals import NotAllowed, Stale
from bot.rules.account import preferred
from bot.services.accounts import known_chats, queries
from bot.services.shared import audit
from storage.enums import Role
from storage.tables import Account, Chat

#: What a chat remembers of the lists of one person in one role: the next one there begins without it.
NO_LIST: dict[str, Any] = {"list_view": None, "listing": {}}


def session_mark(chat: Chat) -> int:
    """Names one login in a chat, for buttons: a later login there has another mark."""
    return int(chat.linked_at.timestamp()) if chat.linked_at is not None else 0


def link(db: Session, *, chat: Chat, account: Account, now: datetime) -> Actor:
    """Log this chat in, with the role the account begins with.

    Raises NotAllowed("error.no_role") where no role is in force.
    """
    assert account.id is not None
    grants = queries.grants_of(db, account.id)
    role = preferred(grant.role for grant in grants)
    if role is None:
        raise NotAllowed("error.no_role")
    act_as(chat, account_id=account.id, role=role)
    chat.linked_at, chat.dead = now, False
    db.add(chat)
    db.flush()
    known_chats.remember_chat(db, chat=chat, account_id=account.id, now=now)
    acting_grant = next(grant for grant in grants if grant.role is role)
    return Actor(account.id, role, acting_grant.university_code, chat.messenger, acting_grant.distributor_id)


def act_as(chat: Chat, *, account_id: int | None, role: Role | None) -> None:
    """The chat is this person's in this role from now on, or a guest's; the lists of who was there before are forgotten."""
    if (chat.account_id, chat.role) != (account_id, role):
        chat.account_id, chat.role = account_id, role
        for column, value in NO_LIST.items():
            setattr(chat, column, value)


def logout(db: Session, *, actor: Actor, chat: Chat, now: datetime) -> None:
    """Unlink the chat that speaks. No more pushes go there."""
    queries.need_owner(actor, chat.account_id or 0)
    assert actor.account_id is not None
    act_as(chat, account_id=None, role=None)
    chat.linked_at = None
    db.add(chat)
    db.flush()
    audit.record(db, now=now, actor=actor, event="logged_out", subject="account", subject_id=actor.account_id)


def sign_out(db: Session, *, actor: Actor, chat_row_id: int, mark: int, now: datetime) -> Chat:
    """Unlink another chat of the acting account («خروج از آن گفت‌وگو»).

    Raises NotAllowed for another account's chat, Stale where the login with `mark` is over.
    """
    if actor.account_id is None:
        raise NotAllowed("error.not_allowed")
    queries.lock_account(db, actor.account_id)
    chat = db.get(Chat, chat_row_id, populate_existing=True)
    if chat is None:
        raise NotAllowed("error.not_allowed")
    if chat.account_id != actor.account_id or (mark and session_mark(chat) != mark):
        raise Stale("chats.gone")
    unlink(db, account_id=actor.account_id, chats=[chat])
    known_chats.forget_chats(db, account_id=actor.account_id, chat_ids=[chat_row_id])
    audit.record(
        db,
        now=now,
        actor=actor,
        event="signed_out",
        subject="account",
        subject_id=actor.account_id,
        chat=chat_row_id,
    )
    return chat


def unlink(db: Session, *, account_id: int, chats: list[Chat]) -> None:
    """Turn chats of this account into guests' chats; what they showed belongs to it and goes with it."""
    db.exec(
        update(Chat)
        .where(col(Chat.id).in_([chat.id for chat in chats]), col(Chat.account_id) == account_id)
        .values(
            account_id=None,
            role=None,
            linked_at=None,
            dialogue=None,
            draft_id=None,
            dialogue_state={},
            view=None,
            version=Chat.version + 1,
            **NO_LIST,
        )
        .execution_options(synchronize_session=False)
    )
    for chat in chats:
        db.refresh(chat)


def change_role(db: Session, *, chats: list[Chat], role: Role) -> None:
    """Give chats another role of their account; a dialogue of the old role is left (its draft stays)."""
    db.exec(
        update(Chat)
        .where(col(Chat.id).in_([chat.id for chat in chats]))
        .values(
            role=role,
            dialogue=None,
            draft_id=None,
            dialogue_state={},
            view=None,
            version=Chat.version + 1,
            **NO_LIST,
        )
        .execution_options(synchronize_session=False)
    )
    for chat in chats:
        db.refresh(chat)
