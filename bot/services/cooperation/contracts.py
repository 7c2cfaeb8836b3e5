"""Contracts of officers with distributors: who serves where, and freeing a national code (R31).

See docs/specification.md 2.5.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import NotAllowed, Refusal
from bot.rules.cooperation import CONTRACT, ContractAction, contract_standings
from bot.services.cooperation import closing, notifications, requests
from bot.services.cooperation.contract_steps import contract_case, end, load_contract
from bot.services.shared import audit, eligibility
from bot.services.shared.permissions import require
from storage.enums import ContractState, Role
from storage.tables import Account, Branch, Contract, CooperationRequest, Distributor, Officer

SUBJECT = "contract"


@dataclass(frozen=True, slots=True)
class ContractDetails:
    """A contract with both sides."""

    contract: Contract
    officer: Account
    distributor: Distributor
    branch: Branch


@dataclass(frozen=True, slots=True)
class ContractPage:
    lines: tuple[ContractDetails, ...]
    total: int


def active(db: Session, account_id: int) -> Contract | None:
    """The officer's contract in force; there is at most one (Q17)."""
    query = select(Contract).where(Contract.account_id == account_id, Contract.state == ContractState.ACTIVE)
    return db.exec(query).first()


def own(db: Session, *, actor: Actor) -> ContractDetails | None:
    """The acting officer's contract in force, with both sides. Raises NotAllowed."""
    require(db, actor, Role.OFFICER, reading=True)
    contract = active(db, actor.account_id or 0)
    return None if contract is None else details(db, contract)


def details(db: Session, contract: Contract) -> ContractDetails:
    sides = notifications.parties(db, contract)
    return ContractDetails(contract, sides.officer, sides.distributor, sides.branch)


def view_contract(db: Session, *, actor: Actor, contract_id: int) -> ContractDetails:
    """A contract for one of its sides, or for staff. Raises NotAllowed."""
    require(db, actor, reading=True)
    contract = load_contract(db, contract_id)
    if not contract_standings(contract_case(contract), actor):
        raise NotAllowed
    return details(db, contract)


def history(db: Session, *, actor: Actor, offset: int, limit: int) -> ContractPage:
    """All contracts of the acting officer, newest first."""
    require(db, actor, Role.OFFICER, reading=True)
    mine = col(Contract.account_id) == actor.account_id
    total = db.exec(select(func.count()).select_from(Contract).where(mine)).one()
    query = select(Contract).where(mine).order_by(col(Contract.id).desc()).offset(offset).limit(limit)
    return ContractPage(tuple(details(db, contract) for contract in db.exec(query).all()), total)


def of_distributor(db: Session, *, actor: Actor, offset: int, limit: int) -> ContractPage:
    """The contracts in force with the actor's distributor, oldest first. Raises NotAllowed."""
    theirs = (col(Contract.distributor_id) == requests.managed_distributor(db, actor).id) & (
        col(Contract.state) == ContractState.ACTIVE
    )
    total = db.exec(select(func.count()).select_from(Contract).where(theirs)).one()
    query = select(Contract).where(theirs).order_by(col(Contract.id)).offset(offset).limit(limit)
    return ContractPage(tuple(details(db, contract) for contract in db.exec(query).all()), total)


def at_branch(db: Session, branch_id: int, *, lock: bool = False) -> list[Contract]:
    """The contracts in force at a branch, oldest first: one, or several migrated ones (R53)."""
    query = (
        select(Contract)
        .where(Contract.branch_id == branch_id, Contract.state == ContractState.ACTIVE)
        .order_by(col(Contract.id))
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return list(db.exec(query))


def free(
    db: Session, *, actor: Actor, contract_id: int, version: int | None = None, now: datetime
) -> Contract:
    """The distributor frees the national code at once (R31, N18). Raises NotAllowed, Stale where it has
    ended."""
    contract = load_contract(db, contract_id, lock=True)
    end(db, contract, actor=actor, action=ContractAction.FREE, now=now, version=version)
    notifications.notify_freed(db, contract, now=now)
    return contract


def replace(db: Session, *, by: CooperationRequest, now: datetime) -> list[Contract]:
    """End whatever is in force at the branch of this approved request (Q46, N18)."""
    ended = at_branch(db, by.branch_id, lock=True)
    for contract in ended:
        end(db, contract, actor=SYSTEM, action=ContractAction.REPLACE, now=now, cooperation=by.id)
        notifications.notify_freed(db, contract, now=now)
    return ended


def start_contract(db: Session, *, request: CooperationRequest, now: datetime) -> Contract:
    """The contract of an approved request."""
    contract = Contract(
        account_id=request.account_id,
        distributor_id=request.distributor_id,
        branch_id=request.branch_id,
        cooperation_id=request.id,
        started_at=now,
    )
    return _insert(db, contract, actor=SYSTEM, now=now)


def add_migrated(
    db: Session,
    *,
    actor: Actor,
    account_id: int,
    distributor_id: int,
    started_at: datetime | None = None,
    now: datetime,
) -> Contract:
    """An officer who came with a contract serves at the distributor's central branch, and counts as qualified
    (R53, Q26). The same contract a second time is the same contract.

    Raises NotAllowed but for staff and the system, Refusal("error.officer_not_free") where another one is in
    force.
    """
    require(db, actor, Role.STAFF, Role.SYSTEM)
    eligibility.lock_account(db, account_id)
    officer = db.get(Officer, account_id, populate_existing=True)
    central = db.exec(
        select(Branch).where(Branch.distributor_id == distributor_id, col(Branch.is_central).is_(True))
    ).first()
    if officer is None or central is None:
        raise NotAllowed
    before = active(db, account_id)
    if before is not None:
        if before.distributor_id != distributor_id:
            raise Refusal("error.officer_not_free")
        return before
    if not eligibility.is_qualified(db, account_id):
        officer.legacy_qualified = True
        officer.version += 1
        db.flush()
    closing.close_pending(db, account_id=account_id, now=now)
    contract = Contract(
        account_id=account_id,
        distributor_id=distributor_id,
        branch_id=requests.lock_branch(db, central.id or 0).id or 0,
        migrated=True,
        started_at=started_at or now,
    )
    return _insert(db, contract, actor=actor, now=now)


def _insert(db: Session, contract: Contract, *, actor: Actor, now: datetime) -> Contract:
    db.add(contract)
    db.flush()
    assert contract.id is not None
    audit.record(
        db,
        now=now,
        actor=actor,
        event=CONTRACT.table[None, ContractAction.START].event,
        subject=SUBJECT,
        subject_id=contract.id,
        to_state=contract.state,
        officer=contract.account_id,
        branch=contract.branch_id,
        cooperation=contract.cooperation_id,
        migrated=contract.migrated,
    )
    return contract
