"""The permission check of every service: is the actor's role in force, and may the account use it?"""

from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from storage.enums import AccountState, Role
from storage.tables import Account, Grant


def require(db: Session, actor: Actor, *roles: Role, reading: bool = False) -> None:
    """Refuse an actor who does not act in one of `roles` (none given: in any role).

    The role must be in force, for this very university or distributor, and the account active. With `reading`
    a suspended officer passes as well: what is their own they may still read. The system always has its role.
    Raises NotAllowed.
    """
    if roles and actor.role not in roles:
        raise NotAllowed("error.not_allowed")
    if actor.role is Role.SYSTEM:
        return
    query = (
        select(Account.state)
        .join(Grant, col(Grant.account_id) == col(Account.id))
        .where(
            Account.id == actor.account_id,
            Grant.role == actor.role,
            Grant.university_code == actor.university_code,
            Grant.distributor_id == actor.distributor_id,
            col(Grant.active).is_(True),
        )
    )
    may = {AccountState.ACTIVE}
    if reading and actor.role is Role.OFFICER:
        may.add(AccountState.SUSPENDED)
    if db.exec(query).first() not in may:
        raise NotAllowed
