"""The digital officer card: what it shows, and what a person who scans it is told.

See docs/specification.md 7.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.services.shared import eligibility
from bot.services.shared.audit import record
from bot.services.shared.permissions import require
from bot.texts import formats
from storage.enums import AccountState, Role
from storage.tables import Account, Officer

#: Bytes: too many to guess.
TOKEN_BYTES = 16


@dataclass(frozen=True, slots=True)
class Card:
    """All that a card says, to whomever; the national code is masked."""

    account_id: int
    token: str
    name: str
    masked_code: str
    #: False while the account is suspended, and once the qualification was revoked.
    valid: bool
    qualified: bool


def may_have(db: Session, *, account: Account) -> bool:
    """Whether there is a card for this account: an active officer who was found qualified."""
    return account.state is AccountState.ACTIVE and eligibility.is_qualified(db, account.id or 0)


def issue_card(db: Session, *, actor: Actor, now: datetime) -> Card:
    """The officer's card, always the same one. Raises NotAllowed where there is none for this account."""
    require(db, actor, Role.OFFICER)
    account = db.get(Account, actor.account_id)
    if account is None or not may_have(db, account=account):
        raise NotAllowed("card.not_yet")
    made = db.exec(
        update(Officer)
        .where(col(Officer.account_id) == account.id, col(Officer.card_token).is_(None))
        .values(card_token=secrets.token_urlsafe(TOKEN_BYTES))
        .execution_options(synchronize_session=False)
    ).rowcount
    if made:
        record(db, now=now, actor=actor, event="card_issued", subject="account", subject_id=account.id or 0)
    token = db.exec(select(Officer.card_token).where(Officer.account_id == account.id)).one()
    assert token is not None
    return _card(account, token)


def token_of(db: Session, *, account_id: int) -> str | None:
    """The token of the card that this account was given, if any."""
    return db.exec(select(Officer.card_token).where(Officer.account_id == account_id)).first()


def look_up(db: Session, *, token: str) -> Card | None:
    """The card behind a QR code as it is now; None for one that was never given out."""
    query = (
        select(Account)
        .join(Officer, col(Officer.account_id) == col(Account.id))
        .where(col(Officer.card_token) == token)
    )
    account = db.exec(query).first()
    if account is None:
        return None
    return _card(account, token, qualified=eligibility.is_qualified(db, account.id or 0))


def _card(account: Account, token: str, *, qualified: bool = True) -> Card:
    code = formats.masked(account.national_code or "")
    valid = qualified and account.state is AccountState.ACTIVE
    return Card(account.id or 0, token, account.name, code, valid, qualified)
