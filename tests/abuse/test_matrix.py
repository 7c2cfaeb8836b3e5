"""Every action × every role × own, foreign and other university's object, forged over HTTP: the tables alone decide.

MATRIX says how many forged presses are tried (0: all), FORGED_SEED shuffles them.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter as Tally
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.core.screens import Press
from bot.rules import account, cooperation, qualification
from demo.emulators import Emulators as Street
from storage.database.database import Database
from storage.enums import Messenger
from tests.abuse.book import Deed
from tests.abuse.counter import Counter, open_counter
from tests.abuse.deeds import all_deeds, conflict_states
from tests.abuse.fixtures import Builder
from tests.abuse.forger import Forger
from tests.abuse.ledger import Written

PRESSES = int(os.environ.get("MATRIX", "800"))
SEED = int(os.environ.get("FORGED_SEED", "20261122"))
#: Presses that are looked at together.
BATCH = 300


class _Undo(Exception):
    pass


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_row_of_the_tables_has_a_deed_that_somebody_may_do(database: Database) -> None:
    found: list[Deed] = []

    def unit(db: Session) -> None:
        found.extend(all_deeds(db, Builder(db).build()))
        raise _Undo

    with pytest.raises(_Undo):
        await database.run(unit)
    done = {(one.machine, one.state, one.action) for one in found if one.allowed}
    rows = _rows_of_people()
    assert not rows - done, f"nobody tries {sorted(rows - done)}"


def _rows_of_people() -> set[tuple[str, str, str]]:
    """(machine, state, action) of every transition that somebody other than the system may make."""
    found: set[tuple[str, str, str]] = set()
    laws = {
        "account": account.MACHINE.table,
        "qualification": qualification.TABLE,
        "cooperation": cooperation.TABLE,
        "contract": cooperation.CONTRACT.table,
        "termination": cooperation.TERMINATION.table,
    }
    for machine, table in laws.items():
        for (state, action), row in table.items():  # type: ignore[attr-defined]
            if {str(one) for one in row.by} - {"system"}:
                found.add((machine, str(state or "none"), str(action)))
    # The officer's way to it is FINALISE, which ends the contract in the same breath.
    found.discard(("contract", "ACTIVE", "TERMINATE"))
    return found


@pytest.mark.parametrize(
    ("database_url", "messenger"),
    [("sqlite", Messenger.TELEGRAM), ("postgres", Messenger.BALE)],
    indirect=["database_url"],
)
async def test_what_the_tables_do_not_allow_has_no_effect(
    database: Database, messenger: Messenger, town: Street, tmp_path: Path
) -> None:
    chance, counters = random.Random(SEED), Tally[tuple[str, str]]()
    async with open_counter(town, database, tmp_path, messenger) as counter:
        forged = await _forged(counter)
        chance.shuffle(forged)
        forged = _each_kind_first(counter, forged)
        if PRESSES:
            on_sqlite = database.url.get_backend_name() == "sqlite"
            forged = forged[: PRESSES if on_sqlite else PRESSES // 4]
        wrong: list[str] = []
        for start in range(0, len(forged), BATCH):
            counter.face.server.calls.clear()
            batch = forged[start : start + BATCH]
            for name, deed in batch:
                await counter.press(name, deed.press)
                counters[deed.machine, counter.persona(name).kind] += 1
            await counter.settled()
            await counter.answered(len(batch))
            tried = "; ".join(f"{name}: {deed.press.pack()}" for name, deed in batch)
            wrong += [f"{one}, after one of {tried}" for one in await counter.changes()]
            wrong += [f"{one}, after one of {tried}" for one in counter.told()]
            assert not wrong, "\n".join(wrong[:5])
        assert await counter.failures() == []
    _report("forged", messenger, counters)
    assert town.violations == []


async def _forged(counter: Counter) -> list[tuple[str, Deed]]:
    """Every deed by everybody whom the tables do not allow it, and every button of a role by everybody without it."""
    deeds = await counter.database.read(lambda db: all_deeds(db, counter.town))
    deeds += conflict_states(deeds)
    found = [
        (one.name, deed)
        for deed in deeds
        for one in counter.town.personas
        if one.name not in deed.allowed | deed.opens
    ]
    return found + await _of_roles(counter)


def _each_kind_first(counter: Counter, forged: list[tuple[str, Deed]]) -> list[tuple[str, Deed]]:
    """Every action by every sort of person before any for the second time."""
    kinds = {one.name: one.kind for one in counter.town.personas}
    first, rest = dict[tuple[str, str, str], tuple[str, Deed]](), list[tuple[str, Deed]]()
    for name, deed in forged:
        key = (deed.machine, deed.action, kinds[name])
        if key in first:
            rest.append((name, deed))
        else:
            first[key] = (name, deed)
    return [*first.values(), *rest]


async def _of_roles(counter: Counter) -> list[tuple[str, Deed]]:
    """Buttons that a role is honestly shown, for those who do not have this role: all the directorate's deeds too."""
    honest: dict[str, list[Press]] = {}
    names = ("staff", "expert:head", "boss:kian", "officer:mina")

    def unit(db: Session) -> None:
        forger = Forger(db, counter.town, Written())
        honest.update(forger.harvest(most=4000 if not PRESSES else 80, names=names))
        raise _Undo

    with pytest.raises(_Undo):
        await counter.database.run(unit)
    found, routes = [], counter.service.processor.routes.by_action
    for owner, presses in honest.items():
        for press in presses:
            route = routes[press.action]
            deed = Deed(f"buttons of {owner}", press.action, "", "", press, (press,))
            for one in counter.town.personas:
                role = one.actor.role if one.actor is not None else None
                if role not in route.roles and None not in route.roles:
                    found.append((one.name, deed))
    return found


def _report(what: str, messenger: Messenger, counters: Tally[tuple[str, str]]) -> None:
    machines = Tally[str]()
    roles = Tally[str]()
    for (machine, role), count in counters.items():
        machines[machine] += count
        roles[role] += count
    print(
        what, messenger.value, json.dumps({"total": counters.total(), "machines": machines, "roles": roles})
    )
