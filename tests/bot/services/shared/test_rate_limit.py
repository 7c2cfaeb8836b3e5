"""Counted tries: what the sweep leaves, and which tries a limit sees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from bot.rules.account import (
    LOOKUPS_PER_DISTRIBUTOR,
    NATIONAL_CODES_PER_CHAT,
    RECOVERIES_PER_CHAT,
    WRONG_PASSWORDS_PER_ACCOUNT,
    WRONG_PASSWORDS_PER_CHAT,
    Limit,
)
from bot.services.payments.attempts import NOT_OPENED_AN_HOUR, OPENED_AN_HOUR
from bot.services.shared import rate_limit
from storage.database.database import Database

#: 00:30 in Tehran.
MORNING = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)

#: How long after the last try each limit still holds, by the specification.
LIMITS = {
    "wrong passwords of a chat": (WRONG_PASSWORDS_PER_CHAT, 5, timedelta(minutes=15)),
    "wrong passwords of an account": (WRONG_PASSWORDS_PER_ACCOUNT, 20, timedelta(hours=1)),
    "payments that were opened": (OPENED_AN_HOUR, 10, timedelta(hours=1)),
    "payments that were not opened": (NOT_OPENED_AN_HOUR, 20, timedelta(hours=1)),
    "national codes of a chat": (NATIONAL_CODES_PER_CHAT, 5, timedelta(hours=23, minutes=30)),
    "recoveries of a chat": (RECOVERIES_PER_CHAT, 5, timedelta(hours=23, minutes=30)),
    "officers looked up by a distributor": (LOOKUPS_PER_DISTRIBUTOR, 20, timedelta(hours=23, minutes=30)),
}


@pytest.mark.parametrize(("limit", "count", "span"), LIMITS.values(), ids=LIMITS)
async def test_a_limit_holds_for_its_span_whatever_is_swept_meanwhile(
    database: Database, limit: Limit, count: int, span: timedelta
) -> None:
    def unit(db: Session) -> None:
        for _ in range(count - 1):
            rate_limit.count_try(db, key="somebody", now=MORNING)
        rate_limit.count_try(db, key="somebody else", now=MORNING)
        assert rate_limit.time_to_wait(db, key="somebody", limit=limit, now=MORNING) is None
        rate_limit.count_try(db, key="somebody", now=MORNING)
        assert rate_limit.time_to_wait(db, key="somebody", limit=limit, now=MORNING) == span
        last = MORNING + span - timedelta(seconds=1)
        assert rate_limit.forget_old_tries(db, now=last) == 0
        assert rate_limit.time_to_wait(db, key="somebody", limit=limit, now=last) == timedelta(seconds=1)
        assert rate_limit.time_to_wait(db, key="somebody", limit=limit, now=MORNING + span) is None

    await database.run(unit)


async def test_old_tries_are_swept(database: Database) -> None:
    def unit(db: Session) -> None:
        for age in (timedelta(days=3), timedelta(days=2, seconds=1), timedelta(days=1, hours=23)):
            rate_limit.count_try(db, key="somebody", now=MORNING - age)
        assert rate_limit.forget_old_tries(db, now=MORNING) == 2
        assert rate_limit.forget_old_tries(db, now=MORNING) == 0

    await database.run(unit)


def test_without_a_span_of_its_own_a_limit_looks_back_a_day() -> None:
    assert Limit(1).wait([MORNING], MORNING) == timedelta(days=1)
