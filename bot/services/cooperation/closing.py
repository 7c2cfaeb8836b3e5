"""Closes the open cooperation of an officer who is employed elsewhere, suspended, dead or not qualified any more."""

from datetime import datetime

from sqlmodel import Session, col, select

from bot.core.context import SYSTEM
from bot.core.screens import button
from bot.rules.cooperation import ContractAction, CooperationAction
from bot.services.cooperation import notifications
from bot.services.cooperation.contract_steps import end
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.shared import eligibility
from bot.texts import t
from storage.enums import OPEN_COOPERATION, ContractState
from storage.tables import Account, Contract, CooperationRequest


def close_pending(
    db: Session, *, account_id: int, now: datetime, except_id: int | None = None
) -> list[CooperationRequest]:
    """Close the officer's open requests but one; their distributors are told (N24). The officer is held by
    the caller."""
    query = (
        select(CooperationRequest)
        .where(
            CooperationRequest.account_id == account_id,
            CooperationRequest.id != except_id,
            col(CooperationRequest.state).in_(OPEN_COOPERATION),
        )
        .order_by(col(CooperationRequest.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    closed = list(db.exec(query))
    for request in closed:
        closing = COOPERATION_WORKFLOW.check(db, request, actor=SYSTEM, action=CooperationAction.CLOSE)
        COOPERATION_WORKFLOW.change(db, closing, now=now)
        notifications.notify_closed(db, request, now=now)
    return closed


def officer_suspended(db: Session, *, account: Account, dead: bool, now: datetime) -> None:
    """Open requests are closed; the contract stays, unless the officer is dead, which ends it. The
    distributor is told (N21)."""
    assert account.id is not None
    eligibility.lock_account(db, account.id)
    close_pending(db, account_id=account.id, now=now)
    contract = _contract(db, account.id)
    if contract is None:
        return
    if dead:
        end(db, contract, actor=SYSTEM, action=ContractAction.END_BY_DEATH, now=now)
    _tell_of_account(db, contract, account, "dead" if dead else "suspended", now)


def officer_restored(db: Session, *, account: Account, now: datetime) -> None:
    """The distributor is told that its officer's account works again (N21)."""
    assert account.id is not None
    contract = _contract(db, account.id)
    if contract is not None:
        _tell_of_account(db, contract, account, "restored", now)


def officer_unqualified(db: Session, *, account: Account, reason: str, now: datetime) -> Contract | None:
    """The qualification was revoked: open requests are closed, the contract in force ends, and its distributor is told
    (N29). The contract that ended; the officer is held by the caller."""
    assert account.id is not None
    close_pending(db, account_id=account.id, now=now)
    contract = _contract(db, account.id)
    if contract is None:
        return None
    end(db, contract, actor=SYSTEM, action=ContractAction.END_BY_REVOCATION, now=now, reason=reason)
    notifications.notify_revoked(db, contract, now=now)
    return contract


def _contract(db: Session, account_id: int) -> Contract | None:
    query = select(Contract).where(Contract.account_id == account_id, Contract.state == ContractState.ACTIVE)
    return db.exec(query.with_for_update().execution_options(populate_existing=True)).first()


def _tell_of_account(db: Session, contract: Contract, account: Account, what: str, now: datetime) -> None:
    names = notifications.parties(db, contract).names
    notifications.notify_managers(
        db,
        distributor_id=contract.distributor_id,
        kind="N21",
        event_key=f"officer-{what}:{account.id}:{account.version}",
        text=t(f"push.N21_officer_{what}", **names),
        open_button=button(t("nav.see"), "dist.branch", contract.branch_id),
        now=now,
    )
