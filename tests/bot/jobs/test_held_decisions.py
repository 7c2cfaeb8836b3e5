"""Decisions whose time for undoing is over: which are due, what is made of each, and what is left of one that is refused."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlmodel import Session

from bot.jobs import held_decisions
from storage.enums import CooperationState, RejectReason, RequestState, Role
from storage.tables import QualificationRequest
from tests.support.effects import alerts, pushes
from tests.support.factories.cooperation import Parties, accepted_request, parties
from tests.support.factories.people import officer
from tests.support.factories.qualification import add_request
from tests.support.factories.reference_data import NOW
from tests.support.services import as_unit

SECOND = timedelta(seconds=1)
NUMBERS = count(1001)


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("sqlite_url")
    return url


def decision(people: Parties, action: str, **given: Any) -> dict[str, Any]:
    return {
        "action": action,
        "by": people.ali.account_id,
        "role": str(Role.EXPERT),
        "university": "sums",
        "at": NOW.isoformat(),
        "given": given,
    }


def held(
    db: Session, people: Parties, action: str, until: timedelta = -SECOND, **given: Any
) -> QualificationRequest:
    """A file with Ali, decided by him."""
    return add_request(
        db,
        officer(db),
        RequestState.IN_REVIEW,
        reviewer_id=people.ali.account_id,
        tracking_code=f"14050901{next(NUMBERS)}",
        held_until=NOW + until,
        held_decision=decision(people, action, **given),
    )


def make(db: Session, row: Any, subject: str = "qualification") -> bool:
    return held_decisions.make(db, subject=subject, request_id=row.id, public_url="https://x", now=NOW)


REJECTION = {"reason": RejectReason.OTHER.value, "text": "مدارک ناقص است."}


@as_unit
def test_the_oldest_of_both_kinds_are_due_first(db: Session) -> None:
    people = parties(db)
    late, later, coming = (
        held(db, people, "REJECT", span, **REJECTION) for span in (-2 * SECOND, timedelta(0), SECOND)
    )
    wish = accepted_request(db, people.kian, people.sara)
    wish.held_until = NOW - SECOND
    db.flush()
    found = held_decisions.due(db, now=NOW)
    assert found == [("qualification", late.id), ("cooperation", wish.id), ("qualification", later.id)]
    assert not make(db, coming)
    assert (coming.state, coming.held_until) == (RequestState.IN_REVIEW, NOW + SECOND)


@as_unit
def test_a_decision_is_made_once(db: Session) -> None:
    people = parties(db)
    request = held(db, people, "REJECT", **REJECTION)
    assert [make(db, request) for _ in range(2)] == [True, False]
    assert (request.state, request.held_until, request.held_decision) == (RequestState.REJECTED, None, {})
    assert "مدارک ناقص است." in str(request.reject_text)


@as_unit
def test_what_another_process_makes_is_left_to_it(db: Session) -> None:
    people = parties(db)
    request = held(db, people, "REJECT", **REJECTION)
    compare_and_set, held_decisions.compare_and_set = held_decisions.compare_and_set, lambda *given: False  # type: ignore[assignment]
    try:
        assert not make(db, request)
    finally:
        held_decisions.compare_and_set = compare_and_set
    assert (request.state, request.held_until) == (RequestState.IN_REVIEW, NOW - SECOND)


@as_unit
def test_an_approval_without_a_tariff_is_dropped_and_staff_hear_of_it(db: Session) -> None:
    people = parties(db)
    request = held(db, people, "APPROVE")
    assert make(db, request)
    assert (request.state, request.held_until, request.held_decision) == (RequestState.IN_REVIEW, None, {})
    assert alerts(db) == ["no_tariff:NEW"]
    (told,) = pushes(db, people.ali)
    assert str(request.tracking_code) in told.text


@as_unit
def test_a_cooperation_is_rejected_by_the_university(db: Session) -> None:
    people = parties(db)
    wish = accepted_request(db, people.kian, people.sara)
    wish.reviewer_id, wish.held_until = people.ali.account_id, NOW
    wish.held_decision = decision(people, "UNIVERSITY_REJECT", reason="ظرفیت شعبه کامل است.")
    db.flush()
    assert make(db, wish, "cooperation")
    assert wish.state is CooperationState.REJECTED_BY_UNIVERSITY
    assert "ظرفیت شعبه کامل است." in pushes(db, people.sara)[-1].text
