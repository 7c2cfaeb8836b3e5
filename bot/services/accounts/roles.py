"""The roles an account holds, and switching between them."""

from datetime import datetime

from sqlmodel import Session, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed, Refusal
from bot.rules.account import UNIVERSITY_ROLES, preferred
from bot.services.accounts import queries, sessions
from bot.services.shared import audit
from storage.enums import Role
from storage.tables import Account, Chat, Distributor, Grant, University


def active_grants(db: Session, account_id: int) -> list[Grant]:
    """The roles in force, oldest first."""
    return queries.grants_of(db, account_id)


def choose(db: Session, *, actor: Actor, chat: Chat, role: Role, now: datetime) -> Role:
    """Act as `role` in this chat from now on. Raises NotAllowed where the account does not hold it."""
    queries.need_owner(actor, chat.account_id or 0)
    assert actor.account_id is not None
    if role not in {grant.role for grant in active_grants(db, actor.account_id)}:
        raise NotAllowed("error.not_allowed")
    if chat.role is not role:
        sessions.act_as(chat, account_id=chat.account_id, role=role)
        db.add(chat)
        db.flush()
        audit.record(
            db,
            now=now,
            actor=actor,
            event="role_chosen",
            subject="account",
            subject_id=actor.account_id,
            role=role,
        )
    return role


def grant(
    db: Session,
    *,
    account: Account,
    role: Role,
    university_code: str | None = None,
    distributor_id: int | None = None,
    now: datetime,
) -> Grant:
    """Give a role. One account holds a role once: an expert belongs to one university, a manager to one
    distributor.

    Raises Refusal("error.university_needed"), ("error.distributor_needed"), ("error.role_held") or
    ("error.manager_held") where it holds the role already.
    """
    assert account.id is not None
    queries.lock_account(db, account.id)
    if role in UNIVERSITY_ROLES:
        if university_code is None or db.get(University, university_code) is None:
            raise Refusal("error.university_needed")
        conflicting = UNIVERSITY_ROLES
    else:
        university_code, conflicting = None, frozenset({role})
    if role is not Role.DISTRIBUTOR:
        distributor_id = None
    elif distributor_id is None or db.get(Distributor, distributor_id) is None:
        raise Refusal("error.distributor_needed")
    if any(grant.role in conflicting for grant in active_grants(db, account.id)):
        raise Refusal("error.manager_held" if role is Role.DISTRIBUTOR else "error.role_held")
    former = db.exec(
        select(Grant).where(
            Grant.account_id == account.id,
            Grant.role == role,
            Grant.university_code == university_code,
            Grant.distributor_id == distributor_id,
        )
    ).first()
    if former is None:
        former = Grant(
            account_id=account.id,
            role=role,
            university_code=university_code,
            distributor_id=distributor_id,
            created_at=now,
        )
    former.active = True
    db.add(former)
    db.flush()
    return former


def revoke(db: Session, *, grant: Grant) -> None:
    """Take a role away: chats that act in it fall back to another role, or are logged out."""
    queries.lock_account(db, grant.account_id)
    grant.active = False
    db.add(grant)
    db.flush()
    acting = [chat for chat in queries.chats_of(db, grant.account_id) if chat.role is grant.role]
    if not acting:
        return
    left = preferred(grant.role for grant in active_grants(db, grant.account_id))
    if left is None:
        sessions.unlink(db, account_id=grant.account_id, chats=acting)
    else:
        sessions.change_role(db, chats=acting, role=left)
