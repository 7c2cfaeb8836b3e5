"""Counted tries: what the sweep leaves, and which tries a limit sees."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from bot.services.payments.attempts import NOT_OPENED_AN_HOUR, OPENED_AN_HOUR
from bot.services.shared import rate_limit
from bot.services.shared.rate_limit import (
    LOOKUPS_PER_DISTRIBUTOR,
    NATIONAL_CODES_PER_CHAT,
    RECOVERIES_PER_CHAT,
    WRONG_PASSWORDS_PER_ACCOUNT,
    WRONG_PASSWORDS_PER_CHAT,
    Limit,
)

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
def test_a_limit_holds_for_its_span(db: Session, limit: Limit, count: int, span: timedelta) -> None:
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


def test_old_tries_are_swept(db: Session) -> None:
    for age in (timedelta(days=3), timedelta(days=2, seconds=1), timedelta(days=1, hours=23)):
        rate_limit.count_try(db, key="somebody", now=MORNING - age)
    assert [rate_limit.forget_old_tries(db, now=MORNING) for _ in range(2)] == [2, 0]


def test_a_day_is_a_day_of_tehran_where_a_limit_says_so() -> None:
    assert Limit(1).wait([MORNING], MORNING) == timedelta(days=1)
    limit = Limit(1, daily=True)
    before_midnight = datetime(2026, 11, 22, 20, 29, tzinfo=UTC)  # 23:59 in Tehran
    assert limit.wait([before_midnight], before_midnight) == timedelta(minutes=1)
    assert limit.since(before_midnight + timedelta(minutes=2)) > before_midnight


NOON = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@given(st.lists(st.integers(0, 1799), max_size=12))
def test_waiting_as_told_is_enough(ages: list[int]) -> None:
    limit = Limit(5, timedelta(minutes=15))
    seen = [
        NOON - timedelta(seconds=age) for age in ages if NOON - timedelta(seconds=age) > limit.since(NOON)
    ]

    wait = limit.wait(seen, NOON)

    if wait is None:
        assert len(seen) < 5
    else:
        then = NOON + wait
        assert limit.wait([at for at in seen if at > limit.since(then)], then) is None
