"""The town of the forgers has a case in every state there is: a state that nobody stands in is tried by nobody."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.rules import account, cooperation, payment, qualification
from bot.rules.state_machine import Machine
from storage.database.database import Database
from storage.enums import (
    AccountState,
    AttemptState,
    ContractState,
    CooperationState,
    LetterState,
    RequestState,
    TerminationState,
)
from storage.tables import (
    Account,
    Contract,
    CooperationRequest,
    Letter,
    PaymentAttempt,
    QualificationRequest,
    Termination,
)
from tests.abuse.fixtures import Builder

STATES: dict[type[StrEnum], Any] = {
    AccountState: Account.state,
    RequestState: QualificationRequest.state,
    AttemptState: PaymentAttempt.state,
    CooperationState: CooperationRequest.state,
    ContractState: Contract.state,
    TerminationState: Termination.state,
    LetterState: Letter.state,
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_there_is_a_case_in_every_state(database: Database) -> None:
    def unit(db: Session) -> dict[type[StrEnum], set[Any]]:
        Builder(db).build()
        return {states: set(db.exec(select(column))) for states, column in STATES.items()}

    found = await database.run(unit)
    missing = {states.__name__: sorted(set(states) - found[states]) for states in STATES}
    assert not {name: states for name, states in missing.items() if states}
    named = {type(state) for table in _tables() for key in table for state in key if state is not None}
    assert {one for one in named if one.__module__ == "storage.enums"} <= set(STATES)


def _tables() -> list[Any]:
    """Every table of the rules."""
    machines = [one for one in vars(cooperation).values() if isinstance(one, Machine)]
    return [
        account.MACHINE.table,
        payment.MACHINE.table,
        qualification.TABLE,
        cooperation.TABLE,
        *(one.table for one in machines),
    ]
