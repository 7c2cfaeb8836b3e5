"""Reading and changing account rows, for the services of this package."""

from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed, Stale
from bot.rules.account import LIVING
from bot.security.passwords import normal
from bot.services.search import index as search_index
from storage.enums import IN_CIRCULATION, OPEN_REQUEST, AccountState, Messenger, RequestState
from storage.tables import Account, Chat, Grant, QualificationRequest

#: Columns that a search finds an account by, beside those that have an index of their own.
_FOUND_BY = {"first_name", "last_name", "national_code"}


def load_account(db: Session, account_id: int) -> Account:
    """The account. Raises NotAllowed where there is none (a forged button)."""
    account = db.get(Account, account_id)
    if account is None:
        raise NotAllowed("error.not_allowed")
    return account


def lock_account(db: Session, account_id: int) -> Account:
    """The account as it is now, locked until this transaction ends. Raises NotAllowed.

    Every function that links or unlinks chats begins with it: a login with a password that is being replaced
    at this instant comes before and is undone, or after and fails."""
    # Not the whole row: who tells this person something refers to it, and must not wait.
    lock = {"key_share": True}
    account = db.get(Account, account_id, with_for_update=lock, populate_existing=True)
    if account is None:
        raise NotAllowed("error.not_allowed")
    return account


def save_account(db: Session, account: Account, **values: Any) -> None:
    """Compare-and-set on the version that was read. Raises Stale where another change was faster."""
    changed = db.exec(
        update(Account)
        .where(col(Account.id) == account.id, col(Account.version) == account.version)
        .values(version=account.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    if not changed.rowcount:
        raise Stale
    db.refresh(account)
    if values.keys() & _FOUND_BY:
        search_index.index_account(db, account)


def by_user_code(db: Session, typed: str) -> Account | None:
    """The living account of a user code, which may be a legacy one with letters: as typed, then
    normalised."""
    for code in dict.fromkeys((typed.strip(), normal(typed))):
        account = db.exec(
            select(Account).where(Account.user_code == code, col(Account.state).in_(LIVING))
        ).first()
        if account is not None:
            return account
    return None


def by_national_code(db: Session, national_code: str) -> Account | None:
    """The account of a national code, unless it was annulled."""
    return db.exec(
        select(Account).where(Account.national_code == national_code, Account.state != AccountState.ANNULLED)
    ).first()


def grants_of(db: Session, account_id: int) -> list[Grant]:
    """The roles in force, oldest first."""
    return list(
        db.exec(
            select(Grant)
            .where(Grant.account_id == account_id, col(Grant.active).is_(True))
            .order_by(col(Grant.id))
        )
    )


def chat_of(db: Session, *, messenger: Messenger, chat_id: int) -> Chat | None:
    """Our row of a chat, by the messenger's own number of it."""
    return db.exec(select(Chat).where(Chat.messenger == messenger, Chat.chat_id == chat_id)).first()


def chats_of(db: Session, account_id: int) -> list[Chat]:
    """The chats where this account is logged in, oldest link first."""
    return list(
        db.exec(select(Chat).where(Chat.account_id == account_id).order_by(col(Chat.linked_at), col(Chat.id)))
    )


def has_request(db: Session, account_id: int, states: frozenset[RequestState]) -> bool:
    return (
        db.exec(
            select(QualificationRequest.id)
            .where(
                QualificationRequest.account_id == account_id,
                col(QualificationRequest.state).in_(states),
            )
            .limit(1)
        ).first()
        is not None
    )


def has_open_request(db: Session, account_id: int) -> bool:
    return has_request(db, account_id, frozenset(OPEN_REQUEST))


def in_circulation(db: Session, account_id: int) -> bool:
    """R11: a request of this officer is under way."""
    return has_request(db, account_id, IN_CIRCULATION)


def need_owner(actor: Actor, account_id: int) -> None:
    """Raises NotAllowed where the actor is not the account."""
    if actor.account_id is None or actor.account_id != account_id:
        raise NotAllowed("error.not_allowed")
