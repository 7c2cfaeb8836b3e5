"""How an account loses what it may do, written straight into the database."""

from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from storage.enums import AccountState, Role
from storage.tables import Account, Grant

REASON = "تخلف در کار"


def _change(db: Session, query: Any) -> None:
    db.execute(query.execution_options(synchronize_session=False))


def suspend(db: Session, account_id: int | None) -> None:
    values = {"state": AccountState.SUSPENDED, "state_reason": REASON}
    _change(db, update(Account).where(col(Account.id) == account_id).values(**values))


def annul(db: Session, account_id: int | None) -> None:
    _change(db, update(Account).where(col(Account.id) == account_id).values(state=AccountState.ANNULLED))


def take_roles(db: Session, account_id: int | None) -> None:
    """The chat still says that it acts in the role."""
    _change(db, update(Grant).where(col(Grant.account_id) == account_id).values(active=False))


def change_university(db: Session, account_id: int | None) -> None:
    """The expert works for another university from now on."""
    role = db.exec(select(Grant.role).where(Grant.account_id == account_id)).first()
    assert role is not None
    take_roles(db, account_id)
    db.add(Grant(account_id=account_id or 0, role=Role(role), university_code="mui"))
