"""What a head and an expert read of their work, each number of a small world that is known."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.services import team
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.team.figures import ColleagueFigures, week_start
from storage.enums import RequestState
from storage.tables import Account
from tests.support.factories.cooperation import Parties, accepted_request
from tests.support.factories.people import officer
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

S, HOUR, DAY, SECOND = RequestState, timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
#: Saturday, midnight in Tehran; NOW is Sunday.
SATURDAY = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)
LATE = NOW - 10 * DAY
LAST_WEEK = NOW - 4 * DAY


def file(
    db: Session, state: RequestState, came: datetime, reviewer: Actor | None = None, **more: Any
) -> None:
    """A file that came then; where it was decided, it is over."""
    given = {
        "submitted_at": came,
        "received_at": came,
        "reviewer_id": reviewer.account_id if reviewer else None,
    }
    if "decided_at" in more:
        more["closed_at"] = more["decided_at"]
    add_request(db, officer(db, chat=False), state, **given | more)


def world(db: Session, people: Parties) -> None:
    ali, zahra, foreign = people.ali, people.zahra, people.foreign
    file(db, S.SUBMITTED, NOW - HOUR)
    file(db, S.SUBMITTED, LATE)
    file(db, S.SUBMITTED, LATE - SECOND)
    file(db, S.SUBMITTED, LATE - DAY, university_code="mui")
    file(db, S.IN_REVIEW, LAST_WEEK, ali)
    file(db, S.IN_REVIEW, LATE - DAY, ali, round=1)
    file(db, S.IN_REVIEW, LATE - DAY, ali, held_until=NOW + HOUR)
    file(db, S.DEFICIENT, LATE - DAY, ali, round=2)
    file(db, S.IN_REVIEW, LATE - DAY, zahra)
    file(db, S.IN_REVIEW, LATE - DAY, foreign, university_code="mui")
    # Decided this week, at its very begin, and last week at its begin and a second before its end; and before.
    for days, decided in ((2, NOW), (4, SATURDAY), (9, SATURDAY - 7 * DAY), (1, SATURDAY - SECOND)):
        file(db, S.COMPLETED, decided - days * DAY, ali, decided_at=decided)
    file(db, S.COMPLETED, SATURDAY - 9 * DAY, zahra, decided_at=SATURDAY - 7 * DAY - SECOND)
    file(db, S.COMPLETED, NOW - 99 * DAY, zahra, decided_at=NOW - 90 * DAY - SECOND)
    # Came this week at its begin, and last week at its begin and a second before its end.
    for came in (SATURDAY, SATURDAY - 7 * DAY, SATURDAY - SECOND, SATURDAY - 7 * DAY - SECOND):
        file(db, S.WITHDRAWN, came)
    file(db, S.WITHDRAWN, NOW - HOUR, university_code="mui")
    request = accepted_request(db, people.kian, people.sara)
    COOPERATION_WORKFLOW.claim(db, actor=zahra, request_id=request.id or 0, now=NOW)
    accepted_request(db, people.arad, people.mina)


def figures(db: Session, one: Actor, **numbers: Any) -> ColleagueFigures:
    account = db.get_one(Account, one.account_id)
    nothing: dict[str, Any] = {"to_decide": 0, "returned": 0, "overdue": 0, "cooperations": 0}
    nothing |= {"decided_this_week": 0, "decided_last_week": 0, "median_days": None, "on_leave": False}
    return ColleagueFigures(account.id or 0, account.name, **nothing | numbers)


def test_the_figures_of_a_university(db: Session, parties: Parties) -> None:
    world(db, parties)
    when: dict[str, Any] = {"now": NOW, "overdue_before": LATE}
    found = team.team_figures(db, actor=parties.in_charge, **when)
    assert (found.waiting, found.overdue) == (3, 3)
    # This week: an hour ago, and at its begin. Last week: four days ago, three that were decided, at its begin and end.
    assert (found.received_this_week, found.received_last_week) == (2, 6)
    ali = figures(
        db,
        parties.ali,
        to_decide=2,
        returned=1,
        overdue=1,
        decided_this_week=2,
        decided_last_week=2,
        median_days=3,
    )
    zahra = figures(db, parties.zahra, to_decide=1, overdue=1, cooperations=1, median_days=2)
    assert list(found.colleagues) == [ali, zahra, figures(db, parties.in_charge)]
    for one, own in ((parties.ali, ali), (parties.zahra, zahra)):
        assert team.own_figures(db, actor=one, **when) == own
    with refused(NotAllowed):
        team.team_figures(db, actor=parties.ali, **when)
    with refused(NotAllowed):
        team.own_figures(db, actor=parties.sara, **when)


@pytest.mark.parametrize("later", [timedelta(0), 3 * DAY, 7 * DAY - SECOND])
def test_a_week_begins_on_saturday_in_tehran(later: timedelta) -> None:
    assert week_start(SATURDAY + later) == SATURDAY
    assert week_start(SATURDAY - SECOND) == SATURDAY - 7 * DAY
