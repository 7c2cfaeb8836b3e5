"""What the tables allow does happen, and what a dialogue begins it may end only where they still allow it (over HTTP).

MATRIX_WALKS says how many ways are walked of each kind (0: all), FORGED_SEED shuffles them.
"""

from __future__ import annotations

import os
import random
from collections import Counter as Tally
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import Session, SQLModel, col

from bot.core.screens import Press
from demo.emulators import Emulators as Street
from storage.database.database import Database
from storage.enums import AccountState
from storage.tables import Account, Grant
from tests.abuse.book import Deed
from tests.abuse.counter import Counter, open_counter
from tests.abuse.deeds import VERSIONED, all_deeds
from tests.abuse.fixtures import Persona
from tests.abuse.ledger import Ledger

WALKS = int(os.environ.get("MATRIX_WALKS", "12"))
SEED = int(os.environ.get("FORGED_SEED", "20261122"))


async def walk(counter: Counter, name: str, steps: Sequence[Press | str]) -> None:
    for step in steps:
        if isinstance(step, Press):
            await counter.press(name, step)
        else:
            await counter.send(name, step)
        await counter.settled()


async def _pairs(counter: Counter, *, allowed: bool) -> list[tuple[str, Deed]]:
    """Who may do what, or who may only begin it; in a random order, of each action one first."""
    deeds = await counter.database.read(lambda db: all_deeds(db, counter.town))
    pairs = [
        (name, deed)
        for deed in deeds
        for name in sorted(deed.allowed if allowed else deed.opens - deed.allowed)
        # A button without a case may be theirs by another row.
        if allowed or not any(name in one.allowed and one.press == deed.press for one in deeds)
    ]
    random.Random(SEED).shuffle(pairs)
    first = {(deed.machine, deed.action): (name, deed) for name, deed in pairs}
    ordered = [*first.values(), *(one for one in pairs if one not in first.values())]
    return ordered[: max(WALKS, len(first) if allowed else 0)] if WALKS else ordered


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_the_tables_allow_happens_and_nothing_else(
    database: Database, town: Street, tmp_path: Path
) -> None:
    counters, wrong = Tally[tuple[str, str]](), list[str]()
    async with open_counter(town, database, tmp_path) as counter:
        for name, deed in await _pairs(counter, allowed=True):
            await walk(counter, name, deed.steps)
            changes = await counter.changes(chats=True)
            counters[deed.machine, deed.action] += 1
            wrong += [f"{name}, {deed}: {one}" for one in counter.laws[name].breaches(changes)]
            wrong += [f"{name}, {deed}: {one}" for one in counter.told()]
            if deed.aim is not None and not deed.aim.met_by(changes):
                wrong.append(f"{name} could not: {deed}\n{counter.people[name].screen()}")
            await counter.restore()
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:20])
    print("allowed", dict(counters), counters.total())
    assert town.violations == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_dialogue_that_may_be_begun_ends_without_effect(
    database: Database, town: Street, tmp_path: Path
) -> None:
    """Staff about to refund what was never paid, a manager who asks for somebody who serves, …"""
    counters, wrong = Tally[tuple[str, str]](), list[str]()
    async with open_counter(town, database, tmp_path) as counter:
        for name, deed in await _pairs(counter, allowed=False):
            await walk(counter, name, deed.steps)
            changes = await counter.changes(chats=True)
            counters[deed.machine, deed.action] += 1
            wrong += [f"{name}, {deed}: {one}" for one in counter.laws[name].breaches(changes)]
            if deed.aim is not None and deed.aim.table != "chat" and deed.aim.touched_by(changes):
                wrong.append(f"{name}, {deed} had an effect")
            await counter.restore()
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:20])
    print("begun", dict(counters), counters.total())
    assert town.violations == []


def _take_role(db: Session, persona: Persona, deed: Deed) -> None:
    db.execute(update(Grant).where(col(Grant.account_id) == persona.id).values(active=False))


def _suspend(db: Session, persona: Persona, deed: Deed) -> None:
    values = {"state": AccountState.SUSPENDED, "state_reason": "تخلف"}
    db.execute(update(Account).where(col(Account.id) == persona.id).values(**values))


def _move_on(db: Session, persona: Persona, deed: Deed) -> None:
    """Somebody else did something to the case."""
    assert deed.aim is not None
    table = SQLModel.metadata.tables[deed.aim.table]
    db.execute(table.update().where(table.c.id == deed.aim.id).values(version=table.c.version + 1))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_right_that_is_lost_in_the_middle_of_a_dialogue(
    database: Database, town: Street, tmp_path: Path
) -> None:
    counters, wrong = Tally[str](), list[str]()
    async with open_counter(town, database, tmp_path) as counter:
        for name, deed, meddle in await _losses(counter):
            persona = counter.persona(name)
            await walk(counter, name, deed.steps[:-1])
            assert deed.aim is None or not deed.aim.touched_by(await counter.changes()), (
                f"{deed} is over too early"
            )
            await database.run(lambda db: meddle(db, persona, deed))  # noqa: B023
            counter.ledger, before = await database.read(Ledger), counter.ledger
            await walk(counter, name, deed.steps[-1:])
            effects = [one for one in await counter.changes() if one.table not in ("chat", "draft")]
            wrong += [f"{name} after {meddle.__name__}, {deed}: {one}" for one in effects]
            counters[meddle.__name__] += 1
            counter.ledger = before
            await counter.restore()
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:20])
    print("lost rights", dict(counters), counters.total())


async def _losses(counter: Counter) -> list[tuple[str, Deed, Callable[[Session, Persona, Deed], None]]]:
    """Every dialogue in hand, and every way to lose the right to end it."""
    found = list[tuple[str, Deed, Callable[[Session, Persona, Deed], None]]]()
    seen = set[tuple[str, str]]()
    for name, deed in await _pairs(counter, allowed=True):
        if len(deed.steps) == 1 or (WALKS and (deed.machine, deed.action) in seen):
            continue
        seen.add((deed.machine, deed.action))
        found.append((name, deed, _suspend))
        if not name.startswith("officer"):
            found.append((name, deed, _take_role))
        if deed.press.action in VERSIONED:
            found.append((name, deed, _move_on))
    return found
