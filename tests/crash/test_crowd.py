"""A small crowd and few kills: the campaign itself works, and its check finds what is missing. `make crash` plays it at
length; CRASH_ROUNDS=1 plays the three processes here too."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from storage.tables import (
    AuditEvent,
    Chat,
    Draft,
    InboxUpdate,
    PaymentAttempt,
    Push,
    QualificationRequest,
    RequestFile,
)
from tests.crash.campaign import Plan, report, run
from tests.crash.campaign_check import Result, check, compare
from tests.crash.rows import Rows, read_rows
from tests.support import fleet

#: With this seed the first officers are one that leaves a draft, one that cooperates and one that resolves deficiencies.
SEED = 73


@pytest.fixture(params=[1, 3] if os.environ.get("CRASH_ROUNDS") else [1], ids="{} process(es)".format)
async def deployment(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[fleet.Deployment]:
    url = request.getfixturevalue("sqlite_url" if request.param == 1 else "postgres_url")
    async with fleet.deployment(request.param, tmp_path, url) as deployment:
        yield deployment


async def test_nothing_lost_in_a_crowd(deployment: fleet.Deployment) -> None:
    """One process on SQLite; three on PostgreSQL."""
    plan = Plan(kills=8, seed=SEED, crowd=3, patience=240.0, hurry=True, distributors=1)
    result = await run(deployment, plan, print)
    rows = await read_rows(deployment.database_url)
    print(report(result, await check(result, rows, deployment), plan))
    for fault, tamper in FAULTS.items():
        with pytest.raises(AssertionError):
            compare(result, tamper(rows))
        print(f"noticed: {fault}")
    _arrives_without_kill(result, rows)


def _event(rows: Rows, name: str) -> AuditEvent:
    return next(one for one in rows[AuditEvent] if one.event == name)


def _without(rows: Rows, event: str) -> Rows:
    lost = _event(rows, event)
    return rows.replaced(AuditEvent, [one for one in rows[AuditEvent] if one is not lost])


def _without_paid_request(rows: Rows) -> Rows:
    paid = rows[PaymentAttempt][-1].request_id
    return rows.replaced(QualificationRequest, [one for one in rows[QualificationRequest] if one.id != paid])


#: What may go wrong → the rows as they would be then.
FAULTS: dict[str, Callable[[Rows], Rows]] = {
    "an update is lost": lambda rows: rows.replaced(InboxUpdate, rows[InboxUpdate][:-1]),
    "an update is stored twice": lambda rows: rows.replaced(
        InboxUpdate, [*rows[InboxUpdate], rows[InboxUpdate][0]]
    ),
    "an event is lost": lambda rows: _without(rows, "submitted"),
    "an event is written twice": lambda rows: rows.replaced(
        AuditEvent, [*rows[AuditEvent], _event(rows, "registered")]
    ),
    "a push is lost": lambda rows: rows.replaced(Push, [one for one in rows[Push] if one.kind != "N6"]),
    "a push is written twice": lambda rows: rows.replaced(Push, [*rows[Push], rows[Push][-1]]),
    "a request is lost": lambda rows: rows.replaced(QualificationRequest, rows[QualificationRequest][:-1]),
    "a request is lost that was paid": _without_paid_request,
    "a draft is lost": lambda rows: rows.replaced(Draft, []),
    "a payment is lost": lambda rows: rows.replaced(PaymentAttempt, []),
    "files are open to nobody": lambda rows: rows.replaced(RequestFile, []),
}


def _arrives_without_kill(result: Result, rows: Rows) -> None:
    """A push that never arrived is noticed, and one that arrived twice without a kill between."""
    killer = result.crowd.killer
    push = next(one for one in rows[Push] if one.kind == "N3")
    chat = rows.by_id(Chat)[push.chat_row_id or 0]
    came = result.arrivals.of(chat.messenger, chat.chat_id, push.text)
    for wrong in ([], [*came, came[-1] + 0.1]):
        kept, came[:] = list(came), wrong
        killed, killer.killed_at = killer.killed_at, []
        with pytest.raises(AssertionError, match="arrived"):
            compare(result, rows)
        came[:], killer.killed_at = kept, killed
