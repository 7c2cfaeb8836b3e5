"""How a request ends: withdrawn by the officer, or completed with the payment; on both databases."""

import pytest
from sqlmodel import Session

from bot.core.context import SYSTEM
from bot.services import qualification
from storage.enums import AttemptState, RequestState
from storage.tables import Officer, PaymentAttempt, QualificationRequest
from tests.support.effects import events, pushes
from tests.support.factories.people import Participants
from tests.support.factories.qualification import submitted_request, unpaid_request
from tests.support.factories.reference_data import NOW
from tests.support.services import act, as_unit, refused


def complete(db: Session, request: QualificationRequest) -> bool:
    return act(db, qualification.complete_request, SYSTEM, request, bank_ref="12345")


@as_unit
def test_a_withdrawn_request_is_over_and_another_may_follow(db: Session, people: Participants) -> None:
    request = submitted_request(db, people.sara)
    assert qualification.in_circulation(db, people.sara.account_id)
    request = act(db, qualification.withdraw, people.sara, request)
    assert (request.state, request.closed_at) == (RequestState.WITHDRAWN, NOW)
    assert not qualification.in_circulation(db, people.sara.account_id)
    assert qualification.may_start(db, actor=people.sara)


@pytest.mark.parametrize("state", [AttemptState.UNCERTAIN, AttemptState.VERIFYING])
@as_unit
def test_nobody_withdraws_while_the_bank_is_silent(
    db: Session, people: Participants, state: AttemptState
) -> None:
    request = unpaid_request(db, people)
    db.add(PaymentAttempt(request_id=request.id, gateway="zarinpal", amount_rial=500_000, state=state))
    db.flush()
    with refused("error.payment_uncertain", db=db):
        act(db, qualification.withdraw, people.sara, request)


@as_unit
def test_completion_makes_the_snapshot_the_approved_file(db: Session, people: Participants) -> None:
    request, owner = unpaid_request(db, people), people.sara.account_id
    assert db.get_one(Officer, owner).father_name is None  # nothing before the payment
    assert not qualification.is_qualified(db, owner)
    assert [complete(db, request) for _ in range(2)] == [True, False]
    profile = db.get_one(Officer, owner)
    assert (profile.father_name, profile.university_code, profile.phone) == ("علی", "sums", "")
    assert set(profile.documents) == {"national_card", "degree_certificate"}
    assert profile.qualified_at == NOW
    assert qualification.is_qualified(db, owner)
    (told,) = pushes(db, people.sara, "N7")
    assert "12345" in told.text
    assert events(db, request)[-1] == "completed"


@as_unit
def test_a_withdrawn_request_takes_no_payment(db: Session, people: Participants) -> None:
    request = unpaid_request(db, people)
    act(db, qualification.withdraw, people.sara, request)
    assert not complete(db, request)
    assert not qualification.is_qualified(db, people.sara.account_id)
