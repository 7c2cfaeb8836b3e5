"""Which officers a distributor may choose; decided only here (docs/specification.md 2.1, R25, R37)."""

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from bot.rules.cooperation import Availability
from storage.enums import AccountState, ContractState, CooperationState
from storage.tables import Account, Contract, CooperationRequest, Officer

_QUALIFIED = or_(col(Officer.legacy_qualified).is_(True), col(Officer.qualified_at).is_not(None))


def is_qualified(db: Session, account_id: int) -> bool:
    """A completed NEW request, or the legacy flag (docs/specification.md 2.1)."""
    query = select(Officer.account_id).where(Officer.account_id == account_id, _QUALIFIED)
    return db.exec(query).first() is not None


def eligibility_of(db: Session, account_id: int) -> Availability:
    """The facts as they are in the database now; all false without an account. Always the same work."""
    contract = select(Contract.id).where(
        Contract.account_id == account_id, Contract.state == ContractState.ACTIVE
    )
    acceptance = select(CooperationRequest.id).where(
        CooperationRequest.account_id == account_id,
        CooperationRequest.state == CooperationState.PENDING_UNIVERSITY,
    )
    row = db.exec(
        select(Account.state, _QUALIFIED, contract.exists(), acceptance.exists())
        .select_from(Account)
        .join(Officer, col(Officer.account_id) == col(Account.id))
        .where(Account.id == account_id)
    ).first()
    if row is None:
        return Availability()
    state, qualified, employed, reserved = row
    return Availability(state is AccountState.ACTIVE, bool(qualified), bool(employed), bool(reserved))


def officer_of(db: Session, national_code: str) -> int:
    """account.id of the living account with this national code, 0 where there is none."""
    query = select(func.max(Account.id)).where(
        Account.national_code == national_code, Account.state != AccountState.ANNULLED
    )
    return db.exec(query).one() or 0


def lock_account(db: Session, account_id: int) -> None:
    """Keep everybody else from changing this officer's cooperation until the commit. Takes its lock before
    those of requests and branches."""
    db.exec(
        select(Officer.account_id).where(Officer.account_id == account_id).with_for_update(key_share=True)
    ).first()
