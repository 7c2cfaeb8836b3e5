"""Every action × every role × own, foreign and other university's case, forged over HTTP: the tables alone decide.
MATRIX says how many are tried (0: all), FORGED_SEED shuffles them."""

import os
import random
from collections import Counter
from enum import StrEnum
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.rules import payment
from storage.database.database import Database
from storage.enums import Messenger
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
from tests.abuse.participants import Fixture
from tests.abuse.running_service import RunningService
from tests.support.services import rolled_back

PRESSES = int(os.environ.get("MATRIX", "800"))
SEED = int(os.environ.get("FORGED_SEED", "20261122"))
#: Presses that are looked at together.
BATCH = 300


#: The tables of cases; each has its own kind of state.
CASES: tuple[Any, ...] = (
    Account,
    QualificationRequest,
    PaymentAttempt,
    CooperationRequest,
    Contract,
    Termination,
    Letter,
)
STATES: dict[type[StrEnum], Any] = {one.model_fields["state"].annotation: one.state for one in CASES}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_state_has_a_case_and_every_row_of_the_tables_an_action(database: Database) -> None:
    """A state without a case, and an action that nobody may take, would be tried by nobody."""

    def unit(db: Session) -> tuple[dict[str, list[StrEnum]], list[CaseAction]]:
        actions = all_actions(db, Fixture(db).build())
        missing = {one.__name__: sorted(set(one) - set(db.exec(select(STATES[one])))) for one in STATES}
        return missing, actions

    missing, actions = await rolled_back(database, unit)
    assert not any(missing.values()), missing
    tables = [machine.table for machine in (*MACHINES.values(), payment.MACHINE)]
    named = {type(one) for table in tables for key in table for one in key if one is not None}
    assert {one for one in named if one.__module__ == "storage.enums"} <= set(STATES)
    tried = {(one.machine, one.state, str(one.action)) for one in actions if one.allowed}
    rows = {
        (machine, str(state or "none"), str(action))
        for machine, rules in MACHINES.items()
        for (state, action), row in rules.table.items()
        if {str(one) for one in row.by} - {"system"}
    }
    # The officer's way to it is FINALISE, which ends the contract in the same transaction.
    rows.discard(("contract", "ACTIVE", "TERMINATE"))
    # A decision is held by its own button where it may be undone; here decisions are made at once.
    rows = {row for row in rows if row[2] != "HOLD"}
    assert not rows - tried, f"nobody tries {sorted(rows - tried)}"


@pytest.mark.parametrize(
    "service",
    [("sqlite", Messenger.TELEGRAM), ("postgres", Messenger.BALE)],
    indirect=True,
    ids=["sqlite-telegram", "postgres-bale"],
)
async def test_what_the_tables_do_not_allow_has_no_effect(service: RunningService) -> None:
    forged, seen = await _forged(service), Counter[tuple[str, str, str]]()
    kinds = {one.name: one.kind for one in service.participants.all}
    random.Random(SEED).shuffle(forged)

    def is_repeated(pair: tuple[str, CaseAction]) -> bool:
        name, action = pair
        key = (action.machine, action.action, kinds[name])
        seen[key] += 1
        return seen[key] > 1

    # Every action by every kind of participant before any for the second time.
    forged.sort(key=is_repeated)
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
    print(service.face.kind, len(forged), Counter(one.machine for _, one in forged))


async def _forged(service: RunningService) -> list[tuple[str, CaseAction]]:
    """Every action by everybody whom the tables do not allow it."""
    participants = service.participants
    actions = await service.database.read(lambda db: all_actions(db, participants))
    actions += with_other_versions(actions)
    return [
        (one.name, action)
        for action in actions
        for one in participants.all
        if one.name not in action.allowed | action.opens
    ]
