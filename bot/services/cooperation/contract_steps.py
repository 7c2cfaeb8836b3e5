"""Contracts and terminations step by step: rule, compare-and-set, audit. A contract that ends ends its draft too."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import NotAllowed, Refusal, Stale
from bot.rules.cooperation import (
    CONTRACT,
    TERMINATION,
    ContractAction,
    ContractCase,
    TerminationAction,
    TerminationCase,
)
from bot.services.shared import audit
from bot.services.shared.permissions import require
from storage.database.unit_of_work import compare_and_set
from storage.enums import ContractState, TerminationState
from storage.tables import Contract, Termination


def load_contract(db: Session, contract_id: int, *, lock: bool = False) -> Contract:
    """The contract as it is now, with `lock` held until the commit. Raises NotAllowed where there is none."""
    contract = db.get(Contract, contract_id, populate_existing=True, with_for_update=lock or None)
    if contract is None:
        raise NotAllowed
    return contract


def contract_case(contract: Contract) -> ContractCase:
    return ContractCase(contract.state, contract.account_id, contract.distributor_id)


def end(
    db: Session,
    contract: Contract,
    *,
    actor: Actor,
    action: ContractAction,
    now: datetime,
    version: int | None = None,
    **data: Any,
) -> Contract:
    """End a contract. Raises NotAllowed, Stale where it has ended already."""
    require(db, actor)
    case, source = contract_case(contract), contract.state
    _refuse(CONTRACT.refusal(case, actor, action), outdated=version not in (None, contract.version))
    row = CONTRACT.table[source, action]
    if not compare_and_set(db, contract, {"state": row.target, "ended_at": now}):
        raise Stale
    audit.record(
        db,
        now=now,
        actor=actor,
        event=row.event,
        subject="contract",
        subject_id=contract.id or 0,
        from_state=source,
        to_state=contract.state,
        **data,
    )
    if action is not ContractAction.TERMINATE:
        draft = open_draft(db, contract.id or 0)
        if draft is not None:
            step(db, draft, contract, actor=SYSTEM, action=TerminationAction.OVERTAKE, now=now)
    return contract


def open_draft(db: Session, contract_id: int) -> Termination | None:
    query = select(Termination).where(
        Termination.contract_id == contract_id, Termination.state == TerminationState.DRAFT
    )
    return db.exec(query.execution_options(populate_existing=True).with_for_update()).first()


def termination_case(termination: Termination, contract: Contract) -> TerminationCase:
    return TerminationCase(
        termination.state, termination.account_id, in_force=contract.state is ContractState.ACTIVE
    )


def step(
    db: Session,
    termination: Termination,
    contract: Contract,
    *,
    actor: Actor,
    action: TerminationAction,
    now: datetime,
    version: int | None = None,
    values: dict[str, Any] | None = None,
) -> Termination:
    """Change a termination. Raises NotAllowed, Stale for an old button."""
    case, source = termination_case(termination, contract), termination.state
    _refuse(TERMINATION.refusal(case, actor, action), outdated=version not in (None, termination.version))
    row = TERMINATION.table[source, action]
    closed = {"closed_at": now} if row.target in TERMINATION.terminal else {}
    if not compare_and_set(db, termination, {"state": row.target, **closed, **(values or {})}):
        raise Stale
    audit.record(
        db,
        now=now,
        actor=actor,
        event=row.event,
        subject="termination",
        subject_id=termination.id or 0,
        from_state=source,
        to_state=termination.state,
        contract=contract.id,
    )
    return termination


def _refuse(key: str | None, *, outdated: bool) -> None:
    """A stranger first, then an old button, then what the rules say."""
    refusal: Refusal | None = None
    if key == "error.not_yours":
        refusal = NotAllowed()
    elif outdated or key == "error.stale":
        refusal = Stale()
    elif key is not None:
        refusal = NotAllowed(key)
    if refusal is not None:
        raise refusal
