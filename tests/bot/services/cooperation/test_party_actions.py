"""What a distributor and an officer do with a cooperation request: choose, accept, reject, give up, withdraw."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed, Stale, Throttled
from bot.services import cooperation
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.qualification import decisions
from bot.services.shared import eligibility
from storage.enums import AccountState, CooperationState, RequestKind, RequestState, Role
from storage.tables import Account, CooperationRequest, Grant, QualificationRequest, Throttle
from tests.support.effects import alerts, leads_to, pushes, watch_statements
from tests.support.factories import people
from tests.support.factories.cooperation import (
    MINA,
    SARA,
    UNKNOWN,
    Parties,
    accepted_request,
    active_contract,
    cooperation_request,
)
from tests.support.factories.people import qualified_officer
from tests.support.factories.qualification import submitted_request
from tests.support.factories.reference_data import NOW, PUBLIC_URL, tariff
from tests.support.services import act, as_unit, refused


def pick(db: Session, actor: Actor, branch_id: int, code: str, days: int = 0) -> CooperationRequest:
    now = NOW + timedelta(days=days)
    return cooperation.pick(db, actor=actor, branch_id=branch_id, national_code=code, now=now)


@as_unit
def test_an_eligible_officer_is_asked_and_told_by_whom(db: Session, parties: Parties) -> None:
    request = pick(db, parties.kian.manager, parties.kian.east, SARA)
    assert request.state is CooperationState.PENDING_OFFICER
    assert request.account_id == parties.sara.account_id
    assert request.tracking_code == "140509010001"
    (told,) = pushes(db, parties.sara)
    assert told.text == "🤝 شرکت «کیان طب» شما را برای شعبه «شرق» به‌عنوان مسئول فنی انتخاب کرده است."
    assert leads_to(told, "coop.view")
    assert cooperation.count_new(db, actor=parties.sara) == 1


@as_unit
def test_one_answer_after_the_same_statements_for_all_who_cannot_be_chosen(
    db: Session, parties: Parties
) -> None:
    """The manager does not learn who is registered, nor why an officer cannot be chosen (R25, R26)."""
    active_contract(db, parties.arad, parties.mina, parties.ali)
    reserved, suspended = (qualified_officer(db, national_code=f"99912345{end}") for end in ("35", "43"))
    accepted_request(db, parties.arad, reserved, branch=parties.arad.central)
    db.get_one(Account, suspended.account_id).state = AccountState.SUSPENDED
    db.flush()
    answers = set()
    for code in (people.SARA, UNKNOWN, MINA, "9991234535", "9991234543"):
        with refused(NotAllowed, "error.not_eligible", db=db) as caught, watch_statements(db) as statements:
            pick(db, parties.kian.manager, parties.kian.east, code)
        answers.add((caught.refusal.next_buttons, tuple(statements)))
    assert len(answers) == 1


@as_unit
def test_twenty_look_ups_a_day_for_the_whole_distributor(db: Session, parties: Parties) -> None:
    kian = parties.kian
    for n in range(20):
        with refused(db=db) as caught:
            pick(db, kian.manager if n % 2 else kian.deputy, kian.east, UNKNOWN)
        assert caught.refusal.after is not None
        caught.refusal.after(db)
    with refused(Throttled, db=db):
        pick(db, kian.manager, kian.east, SARA)
    assert len(db.exec(select(Throttle)).all()) == 20
    pick(db, parties.arad.manager, parties.arad.east, SARA)  # another distributor is free
    assert len(db.exec(select(Throttle)).all()) == 21, "a look-up that finds somebody counts as well"
    assert pick(db, kian.manager, kian.east, SARA, days=1).state is CooperationState.PENDING_OFFICER


@as_unit
def test_one_open_request_a_branch(db: Session, parties: Parties) -> None:
    request = cooperation_request(db, parties.kian, parties.sara)
    for code in (MINA, UNKNOWN):
        with refused("error.branch_busy", db=db) as caught:
            pick(db, parties.kian.deputy, parties.kian.east, code)
        assert caught.refusal.after is None
    act(db, cooperation.withdraw, parties.kian.deputy, request)
    assert cooperation_request(db, parties.kian, parties.mina).state is CooperationState.PENDING_OFFICER


@as_unit
def test_only_a_manager_of_that_distributor_chooses(db: Session, parties: Parties) -> None:
    kian = parties.kian
    strangers = [
        (parties.arad.manager, kian.east),
        (parties.sara, kian.east),
        (parties.ali, kian.east),
        (parties.staff, kian.east),
        (Actor(kian.manager.account_id, Role.DISTRIBUTOR), kian.east),
        (Actor(parties.sara.account_id, Role.DISTRIBUTOR, distributor_id=kian.id), kian.east),
        (kian.manager, 987),
    ]
    for actor, branch in strangers:
        with refused("error.not_yours", db=db):
            pick(db, actor, branch, SARA)
    db.exec(update(Grant).where(col(Grant.account_id) == kian.manager.account_id).values(active=False))
    with refused("error.not_yours", db=db):
        pick(db, kian.manager, kian.east, SARA)


@as_unit
def test_several_distributors_may_wait_for_one_officer(db: Session, parties: Parties) -> None:
    """Q18: the first acceptance reserves, the approval closes the rest."""
    first = cooperation_request(db, parties.kian, parties.sara)
    second = cooperation_request(db, parties.arad, parties.sara)
    act(db, cooperation.accept, parties.sara, first)
    with refused("error.accept_while_reserved", db=db):
        act(db, cooperation.accept, parties.sara, second)
    seen = second.version
    act(db, cooperation.approve, parties.ali, first)
    with refused(Stale, db=db):  # on the screen of before
        act(db, cooperation.accept, parties.sara, second, version=seen)
    db.refresh(second)
    assert (second.state, second.closed_at) == (CooperationState.CLOSED, NOW)
    (told,) = pushes(db, parties.arad.manager, "N24")
    assert "مختومه شد؛ این مسئول فنی دیگر قابل انتخاب نیست" in told.text
    assert leads_to(told, "dist.request")


@as_unit
def test_acceptance_reserves_and_goes_to_the_university_of_the_branch(db: Session, parties: Parties) -> None:
    """W6: the branch is in Shiraz, the officer was found qualified in Isfahan."""
    request = accepted_request(db, parties.kian, parties.sara)
    assert (request.state, request.university_code) == (CooperationState.PENDING_UNIVERSITY, "sums")
    assert eligibility.eligibility_of(db, parties.sara.account_id).reserved
    for manager in (parties.kian.manager, parties.kian.deputy):
        (told,) = pushes(db, manager, "N14")
        assert told.text.startswith("✅ سارا نمونه درخواست همکاری با شعبه «شرق» را پذیرفت")
    (waits,) = pushes(db, parties.zahra, "N10")
    assert waits.text.startswith("📥 ۱ پرونده")
    assert leads_to(waits, "desk.coop_file")
    assert not pushes(db, parties.foreign)


@as_unit
def test_a_university_without_experts_is_raised_with_staff(db: Session, parties: Parties) -> None:
    db.exec(update(Grant).where(col(Grant.university_code) == "sums").values(active=False))
    request = accepted_request(db, parties.kian, parties.sara)
    assert alerts(db) == ["no-expert:sums"]
    act(db, cooperation.withdraw, parties.kian.manager, request)


@pytest.mark.parametrize("reason", [None, "  ", "محل کار دور است."])
@as_unit
def test_a_rejection_closes_the_request_and_its_reason_is_optional(
    db: Session, parties: Parties, reason: str | None
) -> None:
    """R41."""
    request = cooperation_request(db, parties.kian, parties.sara)
    act(db, cooperation.reject, parties.sara, request, reason=reason)
    assert (request.state, request.closed_at) == (CooperationState.REJECTED_BY_OFFICER, NOW)
    assert request.officer_reason in (None, "محل کار دور است.")
    (told,) = pushes(db, parties.kian.manager, "N15")
    assert ("دلیل:\n│ محل کار دور است.\n└ مسئول فنی\nپرونده" in told.text) == bool(reason and reason.strip())
    assert "دلیل: ." not in told.text
    assert eligibility.eligibility_of(db, parties.sara.account_id).eligible
    with refused(Stale, db=db):
        act(db, cooperation.accept, parties.sara, request)


@as_unit
def test_an_acceptance_is_given_up_before_the_university_decides(db: Session, parties: Parties) -> None:
    request = accepted_request(db, parties.kian, parties.sara)
    act(db, COOPERATION_WORKFLOW.claim, parties.ali, request)
    act(db, cooperation.give_up, parties.sara, request)
    assert request.state is CooperationState.REJECTED_BY_OFFICER
    assert eligibility.eligibility_of(db, parties.sara.account_id).eligible
    assert "انصراف داد" in pushes(db, parties.kian.manager, "N15")[0].text
    with refused(Stale, db=db):
        act(db, cooperation.approve, parties.ali, request)


@pytest.mark.parametrize("begin", [cooperation_request, accepted_request])
@as_unit
def test_the_distributor_withdraws_in_either_state(db: Session, parties: Parties, begin: Any) -> None:
    request = begin(db, parties.kian, parties.sara)
    act(db, cooperation.withdraw, parties.kian.deputy, request)
    assert request.state is CooperationState.WITHDRAWN
    assert eligibility.eligibility_of(db, parties.sara.account_id).eligible
    (told,) = pushes(db, parties.sara, "N24")
    assert told.text == "درخواست همکاری «کیان طب» برای شعبه «شرق» پس گرفته شد."


@as_unit
def test_a_suspended_officer_answers_nothing(db: Session, parties: Parties) -> None:
    request = cooperation_request(db, parties.kian, parties.sara)
    db.get_one(Account, parties.sara.account_id).state = AccountState.SUSPENDED
    db.flush()
    for answer in (cooperation.accept, cooperation.reject):
        with refused("error.not_yours", db=db):
            act(db, answer, parties.sara, request)
    card = cooperation.officer_card(db, actor=parties.sara, request_id=request.id)
    assert card.actions == frozenset()


@as_unit
def test_an_officer_with_an_amendment_under_way_stays_selectable(db: Session, parties: Parties) -> None:
    """Q2."""
    db.add(
        QualificationRequest(
            account_id=parties.sara.account_id,
            kind=RequestKind.AMENDMENT,
            state=RequestState.SUBMITTED,
            university_code="mui",
        )
    )
    db.flush()
    assert cooperation_request(db, parties.kian, parties.sara).state is CooperationState.PENDING_OFFICER


@as_unit
def test_qualification_through_the_bot_makes_eligible(db: Session, parties: Parties) -> None:
    """J7: refused before qualification, accepted after."""
    with refused(db=db):
        pick(db, parties.kian.manager, parties.kian.east, people.SARA)
    request = submitted_request(db, parties.unqualified)
    tariff(db, 0)
    act(db, decisions.approve, parties.ali, request, public_url=PUBLIC_URL)
    picked = pick(db, parties.kian.manager, parties.kian.east, people.SARA)
    assert picked.state is CooperationState.PENDING_OFFICER
