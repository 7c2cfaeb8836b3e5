"""Every action × every role × own, foreign and other university's case, forged over HTTP: the tables alone decide.

MATRIX says how many forged presses are tried (0: all), FORGED_SEED shuffles them.
"""

import json
import os
import random
from collections import Counter
from enum import StrEnum
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.rules import payment
from storage.database.database import Database
from storage.enums import (
    AccountState,
    AttemptState,
    ContractState,
    CooperationState,
    LetterState,
    Messenger,
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
from tests.abuse.all_actions import all_actions, with_other_versions
from tests.abuse.case_actions import MACHINES, CaseAction
from tests.abuse.cases import Cases
from tests.abuse.changes import WrittenTables
from tests.abuse.participants import Fixture
from tests.abuse.press_runner import PressRunner
from tests.abuse.running_service import RunningService
from tests.support.services import rolled_back

PRESSES = int(os.environ.get("MATRIX", "800"))
SEED = int(os.environ.get("FORGED_SEED", "20261122"))
#: Presses that are looked at together.
BATCH = 300


#: Where the states of each kind of case are kept.
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
    """A state without a case is tried by nobody."""

    def unit(db: Session) -> dict[str, list[StrEnum]]:
        Cases(db).build_cases()
        return {one.__name__: sorted(set(one) - set(db.exec(select(STATES[one])))) for one in STATES}

    missing = await rolled_back(database, unit)
    assert not any(missing.values()), missing
    tables = [machine.table for machine in (*MACHINES.values(), payment.MACHINE)]
    named = {type(one) for table in tables for key in table for one in key if one is not None}
    assert {one for one in named if one.__module__ == "storage.enums"} <= set(STATES)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_row_of_the_tables_has_an_action_that_somebody_may_take(database: Database) -> None:
    actions = await rolled_back(database, lambda db: all_actions(db, Fixture(db).build()))
    tried = {(one.machine, one.state, str(one.action)) for one in actions if one.allowed}
    rows = {
        (machine, str(state or "none"), str(action))
        for machine, rules in MACHINES.items()
        for (state, action), row in rules.table.items()
        if {str(one) for one in row.by} - {"system"}
    }
    # The officer's way to it is FINALISE, which ends the contract in the same transaction.
    rows.discard(("contract", "ACTIVE", "TERMINATE"))
    assert not rows - tried, f"nobody tries {sorted(rows - tried)}"


@pytest.mark.parametrize(
    "service",
    [("sqlite", Messenger.TELEGRAM), ("postgres", Messenger.BALE)],
    indirect=True,
    ids=["sqlite-telegram", "postgres-bale"],
)
async def test_what_the_tables_do_not_allow_has_no_effect(service: RunningService) -> None:
    forged = await _forged(service)
    random.Random(SEED).shuffle(forged)
    forged = _each_kind_first(service, forged)
    if PRESSES:
        on_sqlite = service.database.url.get_backend_name() == "sqlite"
        forged = forged[: PRESSES if on_sqlite else PRESSES // 4]
    for start in range(0, len(forged), BATCH):
        service.face.server.calls.clear()
        batch = forged[start : start + BATCH]
        for name, action in batch:
            await service.act(name, action.press)
        await service.settled()
        await service.answered(len(batch))
        wrong = [*map(str, await service.changes()), *service.leaks()]
        tried = "; ".join(f"{name}: {action.press.pack()}" for name, action in batch)
        assert not wrong, "\n".join([*wrong[:5], f"after one of {tried}"])
    assert await service.failures() == []
    kinds = {one.name: one.kind for one in service.participants.all}
    machines, roles = Counter(one.machine for _, one in forged), Counter(kinds[name] for name, _ in forged)
    print(service.face.kind, json.dumps({"total": len(forged), "machines": machines, "roles": roles}))


async def _forged(service: RunningService) -> list[tuple[str, CaseAction]]:
    """Every action by everybody whom the tables do not allow it, and every button of a role by everybody without it."""
    participants = service.participants
    actions = await service.database.read(lambda db: all_actions(db, participants))
    actions += with_other_versions(actions)
    found = [
        (one.name, action)
        for action in actions
        for one in participants.all
        if one.name not in action.allowed | action.opens
    ]
    most, names = 4000 if not PRESSES else 80, ("staff", "expert:in charge", "manager:kian", "officer:mina")
    buttons = await rolled_back(
        service.database,
        lambda db: PressRunner(db, participants, WrittenTables()).collect_buttons(most=most, names=names),
    )
    routes = service.service.processor.routes.by_action
    for owner, presses in buttons.items():
        for press in presses:
            roles = routes[press.action].roles
            action = CaseAction(f"buttons of {owner}", press.action, "", "", press, (press,))
            for one in participants.all:
                role = one.actor.role if one.actor is not None else None
                if role not in roles and None not in roles:
                    found.append((one.name, action))
    return found


def _each_kind_first(
    service: RunningService, forged: list[tuple[str, CaseAction]]
) -> list[tuple[str, CaseAction]]:
    """Every action by every kind of participant before any for the second time."""
    kinds = {one.name: one.kind for one in service.participants.all}
    first, rest = dict[tuple[str, str, str], tuple[str, CaseAction]](), list[tuple[str, CaseAction]]()
    for name, action in forged:
        key = (action.machine, action.action, kinds[name])
        if key in first:
            rest.append((name, action))
        else:
            first[key] = (name, action)
    return [*first.values(), *rest]
