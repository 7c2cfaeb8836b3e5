"""What holds of every machine: its states, the page of its diagram, the words for what it does."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from bot.rules import account, cooperation, payment, qualification
from bot.rules.state_machine import Machine
from bot.texts import has, t
from storage import enums

PAGE = (Path(__file__).parents[3] / "docs" / "states.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Described:
    machine: Machine[Any, Any, Any, Any]
    states: type[StrEnum]
    #: Those that something still leads out of.
    open: set[Any]
    #: What a row begins with; None: the row is made by an action of the table.
    first: StrEnum | None = None
    #: Prefixes of the text keys of states, and of events.
    says: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()


MACHINES = {
    "account": Described(
        account.MACHINE, enums.AccountState, {*account.LIVING}, enums.AccountState.ACTIVE, ("account_state",)
    ),
    "qualification": Described(
        qualification.MACHINE, enums.RequestState, {*enums.OPEN_REQUEST}, tells=("event",)
    ),
    "payment": Described(
        payment.MACHINE,
        enums.AttemptState,
        {*enums.AttemptState} - {enums.AttemptState.PAID, enums.AttemptState.REFUNDED},
        enums.AttemptState.CREATED,
    ),
    "cooperation": Described(
        cooperation.MACHINE,
        enums.CooperationState,
        {*enums.OPEN_COOPERATION},
        says=("coop_status", "coop_status_dist"),
        tells=("coop_event",),
    ),
    "contract": Described(
        cooperation.CONTRACT, enums.ContractState, {enums.ContractState.ACTIVE}, says=("contract_status",)
    ),
    "termination": Described(
        cooperation.TERMINATION, enums.TerminationState, {enums.TerminationState.DRAFT}, says=("term_status",)
    ),
}
each_machine = pytest.mark.parametrize("one", MACHINES.values(), ids=MACHINES.keys())


@each_machine
def test_every_state_is_reached_and_only_those_that_are_over_are_final(one: Described) -> None:
    rows = [*one.machine.table.values()]
    reached = {one.first}
    while (
        more := {to for row in rows if row.source in reached for to in (row.target, row.target_if_true) if to}
        - reached
    ):
        reached |= more
    assert reached - {None} == set(one.states)
    assert one.machine.terminal == set(one.states) - one.open


@each_machine
def test_the_page_in_docs_is_the_table(one: Described) -> None:
    assert f"```mermaid\n{one.machine.mermaid()}\n```" in PAGE


@each_machine
def test_states_and_events_have_their_words(one: Described) -> None:
    assert all(has(f"{prefix}.{state}") for prefix in one.says for state in one.states)
    for prefix in one.tells:
        assert all(
            t(f"{prefix}.{row.event}", who="ک", university="د", distributor="ت")
            for row in one.machine.table.values()
        )


def test_a_diagram_shows_every_row() -> None:
    machine = qualification.MACHINE
    lines = machine.mermaid().splitlines()
    assert lines[0] == "stateDiagram-v2"
    forks = sum(row.condition is not None for row in machine.table.values())
    assert len(lines) == 1 + len(machine.table) + forks + len(machine.terminal)
    assert "    IN_REVIEW --> REJECTED: reject (its reviewer)" in lines
