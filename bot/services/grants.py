"""Whether a role that lives in a grant is still held."""

from sqlmodel import Session, col, select

from bot.errors import NotAllowed
from bot.turn import Actor
from storage.states import AccountState, Role
from storage.tables import Account, Grant

_GRANTED = frozenset({Role.EXPERT, Role.IN_CHARGE, Role.STAFF, Role.DISTRIBUTOR})


def check_grant(db: Session, actor: Actor) -> None:
    """Refuse an expert, manager or staff member whose role was taken away, or whose account is not active."""
    if actor.role not in _GRANTED:
        return
    query = (
        select(Grant.id)
        .join(Account, col(Account.id) == col(Grant.account_id))
        .where(
            Grant.account_id == actor.account_id,
            Grant.role == actor.role,
            Grant.university_code == actor.university_code,
            Grant.distributor_id == actor.distributor_id,
            col(Grant.active).is_(True),
            Account.state == AccountState.ACTIVE,
        )
    )
    if db.exec(query).first() is None:
        raise NotAllowed
