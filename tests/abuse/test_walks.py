"""What the tables allow does happen, and a dialogue that was begun ends only where they still allow it (over HTTP).
MATRIX_WALKS says how many ways are walked of each kind (0: all), FORGED_SEED shuffles them."""

import os
import random
from collections import Counter
from collections.abc import Callable

import pytest
from sqlmodel import Session, SQLModel

from tests.abuse import rights
from tests.abuse.all_actions import VERSIONED, all_actions
from tests.abuse.case_actions import CaseAction
from tests.abuse.changes import Snapshot
from tests.abuse.running_service import RunningService

WALKS = int(os.environ.get("MATRIX_WALKS", "12"))
SEED = int(os.environ.get("FORGED_SEED", "20261122"))
Lose = Callable[[Session, int | None], None]


async def _pairs(service: RunningService, *, allowed: bool) -> list[tuple[str, CaseAction]]:
    """Who may do what, or who may only begin it; in a random order, of each action one first."""
    actions = await service.database.read(lambda db: all_actions(db, service.participants))
    pairs = [
        (name, action)
        for action in actions
        for name in sorted(action.allowed if allowed else action.opens - action.allowed)
        # A button without a case may be theirs by another row.
        if allowed or not any(name in one.allowed and one.press == action.press for one in actions)
    ]
    random.Random(SEED).shuffle(pairs)
    first = {(action.machine, action.action): (name, action) for name, action in pairs}
    ordered = [*first.values(), *(one for one in pairs if one not in first.values())]
    return ordered[: max(WALKS, len(first) if allowed else 0)] if WALKS else ordered


@pytest.mark.parametrize("allowed", [True, False], ids=["allowed", "begun only"])
async def test_what_the_tables_allow_happens_and_nothing_else(service: RunningService, allowed: bool) -> None:
    """Begun only: staff about to refund what was never paid, a manager who asks for an officer who is employed, …"""
    done, wrong = Counter[str](), list[str]()
    for name, action in await _pairs(service, allowed=allowed):
        await service.walk(name, *action.steps)
        changes = await service.changes(chats=True)
        found, expected = service.allowed[name].violations(changes), action.expected
        if allowed:
            found += service.leaks()
            if expected is not None and not expected.met_by(changes):
                found.append(f"it did not happen:\n{service.people[name].screen()}")
        elif expected is not None and expected.table != "chat" and expected.touched_by(changes):
            found.append("it had an effect")
        wrong += [f"{name}, {action}: {one}" for one in found]
        done[f"{action.machine} {action.action}"] += 1
        await service.restore()
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:20])
    print(dict(done), done.total())


async def test_a_right_that_is_lost_in_the_middle_of_a_dialogue(service: RunningService) -> None:
    done, wrong = Counter[str](), list[str]()
    for name, action, lose in await _losses(service):
        await service.walk(name, *action.steps[:-1])
        changes = await service.changes()
        assert action.expected is None or not action.expected.touched_by(changes), (
            f"{action} is over too early"
        )
        account_id = service.participants.named(name).id
        await service.database.run(lambda db: lose(db, account_id))  # noqa: B023
        at_first, service.before = service.before, await service.database.read(Snapshot)
        await service.walk(name, *action.steps[-1:])
        effects = [one for one in await service.changes() if one.table not in ("chat", "draft")]
        wrong += [f"{name} after {lose.__name__}, {action}: {one}" for one in effects]
        done[lose.__name__] += 1
        service.before = at_first
        await service.restore()
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:20])
    print("lost rights", dict(done), done.total())


async def _losses(service: RunningService) -> list[tuple[str, CaseAction, Lose]]:
    """Every open dialogue, and every way to lose the right to end it."""
    found, seen = list[tuple[str, CaseAction, Lose]](), set[tuple[str, str]]()
    for name, action in await _pairs(service, allowed=True):
        if len(action.steps) == 1 or (WALKS and (action.machine, action.action) in seen):
            continue
        seen.add((action.machine, action.action))
        found.append((name, action, rights.suspend))
        if not name.startswith("officer"):
            found.append((name, action, rights.take_roles))
        if action.press.action in VERSIONED:
            found.append((name, action, _somebody_changes(action)))
    return found


def _somebody_changes(action: CaseAction) -> Lose:
    """Another user did something to the case."""
    assert action.expected is not None
    table, id_ = SQLModel.metadata.tables[action.expected.table], action.expected.id

    def change_case(db: Session, account_id: int | None) -> None:
        db.execute(table.update().where(table.c.id == id_).values(version=table.c.version + 1))

    return change_case
