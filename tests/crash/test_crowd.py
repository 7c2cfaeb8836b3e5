"""A crowd of users while the bot is killed or stopped again and again, and a check that finds what is missing.

CRASH_KILLS=300 is the size of `make crash`, CRASH_CROWD how many officers there are at once, CRASH_SEED the plan's seed
(the instants always differ).
"""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from storage import tables
from tests.crash.campaign import Plan, report, run
from tests.crash.campaign_check import Result, check, compare
from tests.crash.killer import Stopper
from tests.crash.rows import Rows
from tests.support import fleet

KILLS = int(os.environ.get("CRASH_KILLS", "0"))
CROWD = int(os.environ.get("CRASH_CROWD", "12" if KILLS else "3"))
#: With this seed the first officers are one that leaves a draft, one that cooperates and one that resolves deficiencies.
SEED = int(os.environ.get("CRASH_SEED", "73"))
PROCESSES = {"sqlite": 1, "postgres": 3 if KILLS else 1}


@pytest.fixture(params=PROCESSES)
async def deployment(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[fleet.Deployment]:
    url = request.getfixturevalue(f"{request.param}_url")
    async with fleet.deployment(PROCESSES[request.param], tmp_path, url) as deployment:
        yield deployment


def _plan(deployment: fleet.Deployment, kills: int) -> Plan:
    """A dead member of three leaves pushes behind that are leased for a minute and a half, screens for one, payments for
    three."""
    patience, quiet = (240.0, 4.0) if len(deployment.members) == 1 else (600.0, 8.0)
    return Plan(KILLS or kills, SEED, CROWD, patience, quiet, hurry=not KILLS, distributors=6 if KILLS else 1)


async def test_nothing_is_lost_or_doubled_by_kills(deployment: fleet.Deployment) -> None:
    plan = _plan(deployment, 8)
    result = await run(deployment, plan)
    rows = await deployment.members[0].read(Rows.read)
    print(report(result, await check(result, rows, deployment), plan))
    for fault, tamper in FAULTS.items():
        with pytest.raises(AssertionError):
            compare(result, tamper(rows))
        print(f"noticed: {fault}")
    _arrives_without_kill(result, rows)


async def test_a_stop_is_noticed_by_nobody(deployment: fleet.Deployment) -> None:
    """SIGTERM: what has begun is finished, and after the start it goes on; nothing is even shown or sent again."""
    plan = _plan(deployment, 4)
    result = await run(deployment, plan, kind=Stopper)
    figures = await check(result, await deployment.members[0].read(Rows.read), deployment)
    print(report(result, figures, plan))
    assert (figures.doubled, figures.shown_again, figures.repeats, figures.orphans) == (0, 0, 0, 0)


def _event(rows: Rows, name: str) -> tables.AuditEvent:
    return next(one for one in rows[tables.AuditEvent] if one.event == name)


def _without(rows: Rows, table: type[Any], lost: Callable[[Any], bool]) -> Rows:
    return rows.replaced(table, [one for one in rows[table] if not lost(one)])


def _twice(rows: Rows, row: Any) -> Rows:
    return rows.replaced(type(row), [*rows[type(row)], row])


#: What may go wrong → the rows as they would be then.
FAULTS: dict[str, Callable[[Rows], Rows]] = {
    "an update is lost": lambda rows: rows.replaced(tables.InboxUpdate, rows[tables.InboxUpdate][:-1]),
    "an update is stored twice": lambda rows: _twice(rows, rows[tables.InboxUpdate][0]),
    "an event is lost": lambda rows: _without(rows, tables.AuditEvent, _event(rows, "submitted").__eq__),
    "an event is written twice": lambda rows: _twice(rows, _event(rows, "registered")),
    "a push is lost": lambda rows: _without(rows, tables.Push, lambda one: one.kind == "N6"),
    "a push is written twice": lambda rows: _twice(rows, rows[tables.Push][-1]),
    "a request is lost": lambda rows: rows.replaced(
        tables.QualificationRequest, rows[tables.QualificationRequest][:-1]
    ),
    "a request is lost that was paid": lambda rows: _without(
        rows, tables.QualificationRequest, lambda one: one.id == rows[tables.PaymentAttempt][-1].request_id
    ),
    "a draft is lost": lambda rows: rows.replaced(tables.Draft, []),
    "a payment is lost": lambda rows: rows.replaced(tables.PaymentAttempt, []),
    "files are open to nobody": lambda rows: rows.replaced(tables.RequestFile, []),
}


def _arrives_without_kill(result: Result, rows: Rows) -> None:
    """A push that never arrived is noticed, and one that arrived twice without a kill between."""
    killer = result.crowd.killer
    push = next(one for one in rows[tables.Push] if one.kind == "N6")
    chat = rows.by_id(tables.Chat)[push.chat_row_id or 0]
    came = result.arrivals.of(chat.messenger, chat.chat_id, push.text)
    for wrong in ([], [*came, came[-1] + 0.1]):
        kept, came[:] = list(came), wrong
        killed, killer.killed_at = killer.killed_at, []
        with pytest.raises(AssertionError, match="arrived"):
            compare(result, rows)
        came[:], killer.killed_at = kept, killed
