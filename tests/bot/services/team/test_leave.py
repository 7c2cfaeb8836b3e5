"""An expert's leave: which days it may have, who is away on which, and who stands in."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlmodel import Session

from bot.core.context import Actor
from bot.core.refusals import InvalidInput
from bot.services import team
from bot.services.review import leaves
from bot.services.team import leave as leave_service
from storage.tables import ExpertLeave
from tests.support.factories.people import Participants, end_role, expert, participants
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

#: What is written and asked for does not depend on the database.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TODAY, DAY = date(2026, 11, 22), timedelta(days=1)


@pytest.fixture
async def people(database: Any) -> Participants:
    found: Participants = await database.run(participants)
    return found


@pytest.mark.parametrize(
    ("first", "last", "allowed"),
    [
        (0, 0, True),
        (-1, 0, False),
        (5, 4, False),
        (0, 89, True),
        (0, 90, False),
        (365, 365, True),
        (366, 366, False),
    ],
)
def test_which_days_a_leave_may_have(first: int, last: int, allowed: bool) -> None:
    days = TODAY + first * DAY, TODAY + last * DAY
    if allowed:
        leave_service.check_days(*days, today=TODAY)
        return
    with refused(InvalidInput, "error.leave_days"):
        leave_service.check_days(*days, today=TODAY)


def away(db: Session, who: Actor, deputy: Actor, first: int = 0, last: int = 0, **more: Any) -> ExpertLeave:
    row = ExpertLeave(
        account_id=who.account_id,
        deputy_id=deputy.account_id,
        starts_on=TODAY + first * DAY,
        ends_on=TODAY + last * DAY,
        **{"university_code": "sums", "created_at": NOW} | more,
    )
    db.add(row)
    db.flush()
    return row


@ON_SQLITE
def test_who_is_away_on_a_day(db: Session, people: Participants) -> None:
    away(db, people.ali, people.zahra, 2, 4)
    away(db, people.zahra, people.ali, 2, 4, ended_at=NOW)
    away(db, people.foreign, people.zahra, 2, 4, university_code="mui")
    found = [list(leaves.leaves_of(db, "sums", TODAY + days * DAY)) for days in (1, 2, 4, 5)]
    assert found == [[], [people.ali.account_id], [people.ali.account_id], []]


@ON_SQLITE
@pytest.mark.parametrize(
    ("first", "last", "free"), [(5, 6, True), (4, 6, False), (0, 2, False), (0, 1, True)]
)
def test_a_deputy_is_there_on_all_of_the_days(
    db: Session, people: Participants, first: int, last: int, free: bool
) -> None:
    away(db, people.zahra, people.in_charge, 2, 4)
    away(db, people.ali, people.in_charge, first, last)  # somebody else's days are no matter
    days = {"starts_on": TODAY + first * DAY, "ends_on": TODAY + last * DAY}
    given = {"actor": people.ali, "deputy_id": people.zahra.account_id or 0, **days}
    if free:
        team.check_deputy(db, **given)
        return
    with refused(InvalidInput, "error.deputy_away"):
        team.check_deputy(db, **given)


@ON_SQLITE
def test_a_leave_is_over_on_the_day_after_its_last(db: Session, people: Participants) -> None:
    away(db, people.ali, people.zahra, -3, 0)
    assert team.end_past_leaves(db, now=NOW) == 0
    assert team.end_past_leaves(db, now=NOW + DAY) == 1
    assert team.end_past_leaves(db, now=NOW + DAY) == 0


@ON_SQLITE
def test_who_gets_the_file_of_somebody_who_is_away(db: Session, people: Participants) -> None:
    ali, zahra, head = (one.account_id or 0 for one in (people.ali, people.zahra, people.in_charge))

    def gets(*excluded: int, of: int = ali, university: str | None = "sums") -> int:
        return leaves.stand_in(db, of, university, now=NOW, excluded=set(excluded))

    assert gets() == ali
    own = away(db, people.ali, people.zahra)
    assert gets() == zahra
    assert gets(of=zahra) == zahra
    assert gets(university=None) == ali
    assert gets(university="mui") == ali
    # The file is about the deputy.
    assert gets(zahra) == ali
    # The deputy is away as well: her deputy; and where he is away too and she is his deputy, nobody.
    hers = away(db, people.zahra, people.in_charge)
    assert gets() == head
    his = away(db, people.in_charge, people.ali)
    assert gets() == ali
    db.delete(his)
    db.delete(hers)
    db.flush()
    end_role(db, people.zahra)
    assert gets() == ali
    own.ended_at = NOW
    db.flush()
    assert gets() == ali


@ON_SQLITE
@pytest.mark.parametrize(("deputies", "found"), [(5, True), (6, False)])
def test_deputies_of_deputies_are_asked_so_far(
    db: Session, people: Participants, deputies: int, found: bool
) -> None:
    chain = [people.ali, *(expert(db, f"نفر {number}") for number in range(deputies))]
    for who, deputy in pairwise(chain):
        away(db, who, deputy)
    given = {"now": NOW, "excluded": frozenset[int]()}
    last = chain[-1] if found else people.ali
    assert leaves.stand_in(db, people.ali.account_id or 0, "sums", **given) == last.account_id
