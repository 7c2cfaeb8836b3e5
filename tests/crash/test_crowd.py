"""A small crowd and few kills: the campaign itself works, and its reckoning finds what is missing. `make crash` plays it
at length; CRASH_ROUNDS=1 plays the three processes here too."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.crash.books import Played, compare, reckon
from tests.crash.campaign import Plan, block, play
from tests.crash.rows import Rows, read_rows
from tests.crash.settings import alone, as_one

#: With this seed the first lives are one that leaves a draft, one that serves and one that mends.
SEED = 73


@pytest.mark.parametrize("where", ["alone", "as one"] if os.environ.get("CRASH_ROUNDS") else ["alone"])
async def test_nothing_lost_in_a_crowd(where: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """One process on SQLite; three on PostgreSQL."""
    url = request.getfixturevalue("sqlite_url" if where == "alone" else "postgres_url")
    plan = Plan(kills=8, seed=SEED, crowd=3, patience=240.0, hurry=True, firms=1)
    async with (alone if where == "alone" else as_one)(tmp_path, url) as setting:
        try:
            played = await play(setting, plan, print)
            rows = await read_rows(url)
            print(
                block(played, await reckon(played, rows, setting.store, setting.stored(), setting.logs), plan)
            )
            for what, tamper in TAMPERINGS.items():
                with pytest.raises(AssertionError):
                    compare(played, tamper(rows))
                print(f"noticed: {what}")
            _arrives_without_kill(played, rows)
        except BaseException:
            print(setting.town.transcript)
            print(setting.logs[-6000:])
            raise


def _without(rows: Rows, event: str) -> Rows:
    lost = next(one for one in rows.audit if one.event == event)
    return replace(rows, audit=[one for one in rows.audit if one is not lost])


def _twice(rows: Rows, event: str) -> Rows:
    return replace(rows, audit=[*rows.audit, next(one for one in rows.audit if one.event == event)])


#: What may go wrong → the rows as they would be then.
TAMPERINGS: dict[str, Callable[[Rows], Rows]] = {
    "an update is lost": lambda rows: replace(rows, inbox=rows.inbox[:-1]),
    "an update is stored twice": lambda rows: replace(rows, inbox=[*rows.inbox, rows.inbox[0]]),
    "a deed is lost": lambda rows: _without(rows, "submitted"),
    "a deed is done twice": lambda rows: _twice(rows, "registered"),
    "a push is lost": lambda rows: replace(rows, pushes=[one for one in rows.pushes if one.kind != "N6"]),
    "a push is written twice": lambda rows: replace(rows, pushes=[*rows.pushes, rows.pushes[-1]]),
    "a request is lost": lambda rows: replace(rows, requests=rows.requests[:-1]),
    "a request is lost that was paid": lambda rows: replace(
        rows, requests=[one for one in rows.requests if one.id != rows.attempts[-1].request_id]
    ),
    "a draft is lost": lambda rows: replace(rows, drafts=[]),
    "a payment is lost": lambda rows: replace(rows, attempts=[]),
    "papers are open to nobody": lambda rows: replace(rows, submitted=[]),
}


def _arrives_without_kill(played: Played, rows: Rows) -> None:
    """A push that never arrived is noticed, and one that arrived twice without a kill between."""
    killer = played.crowd.killer
    push = next(one for one in rows.pushes if one.kind == "N3")
    chat = rows.chats[push.chat_row_id or 0]
    came = played.arrivals.of(chat.messenger, chat.chat_id, push.text)
    for wrong in ([], [*came, came[-1] + 0.1]):
        kept, came[:] = list(came), wrong
        killed, killer.killed_at = killer.killed_at, []
        with pytest.raises(AssertionError, match="arrived"):
            compare(played, rows)
        came[:], killer.killed_at = kept, killed
