"""The university decides about a cooperation: who may, what the approval changes, and what both sides read."""

from datetime import timedelta

from sqlmodel import Session, select

from bot.core.context import Actor
from bot.core.refusals import AlreadyDecided, NotAllowed
from bot.services import accounts, cooperation
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.distributors import branches
from bot.services.review import queue_notices
from bot.services.shared import eligibility
from storage.enums import ContractState, CooperationState, Role
from storage.tables import AuditEvent, Grant
from tests.support.effects import labels, leads_to, pushes
from tests.support.factories.cooperation import (
    SARA,
    Parties,
    accepted_request,
    active_contract,
    cooperation_request,
)
from tests.support.factories.qualification import submitted_request
from tests.support.factories.reference_data import NOW
from tests.support.services import act, as_unit, refused


@as_unit
def test_approval_makes_the_contract_and_tells_both_sides(db: Session, parties: Parties) -> None:
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    assert (contract.branch_id, contract.state) == (parties.kian.east, ContractState.ACTIVE)
    facts = eligibility.eligibility_of(db, parties.sara.account_id)
    assert (facts.employed, facts.reserved, facts.eligible) == (True, False, False)
    (officer,) = pushes(db, parties.sara, "N16")
    (manager,) = pushes(db, parties.kian.manager, "N16")
    assert officer.text.startswith("✅ دانشگاه همکاری شما با «کیان طب» (شعبه «شرق») را تأیید کرد.")
    assert leads_to(officer, "centers")
    assert manager.text.startswith("✅ همکاری سارا نمونه با شعبه «شرق»")
    assert leads_to(manager, "dist.branch")
    assert not [one for one in db.exec(select(AuditEvent)) if SARA in str(one.data)], "no national code"


@as_unit
def test_an_occupied_branch_means_replacement(db: Session, parties: Parties) -> None:
    """Q46: the former contract ends with the approval, not before."""
    former = active_contract(db, parties.kian, parties.sara, parties.ali)
    request = accepted_request(db, parties.kian, parties.mina)
    db.refresh(former)
    assert former.state is ContractState.ACTIVE
    card = cooperation.expert_card(db, actor=parties.ali, request_id=request.id)
    assert card.replaces == ("سارا نمونه",)
    act(db, cooperation.approve, parties.ali, request)
    db.refresh(former)
    assert (former.state, former.ended_at) == (ContractState.ENDED_BY_DISTRIBUTOR, NOW)
    (told,) = pushes(db, parties.sara, "N18")
    assert told.text == "«کیان طب» به همکاری شما در شعبه «شرق» پایان داد و کد ملی شما آزاد شد."
    view = branches.view_branch(db, actor=parties.kian.manager, branch_id=parties.kian.east)
    assert [one.account.first_name for one in view.officers] == ["مینا"]
    assert eligibility.eligibility_of(db, parties.sara.account_id).eligible


@as_unit
def test_a_rejection_needs_a_reason_and_frees_the_officer(db: Session, parties: Parties) -> None:
    request = accepted_request(db, parties.kian, parties.sara)
    for short in ("", "نه", "   a  "):
        with refused("error.short_reason", db=db):
            act(db, cooperation.university_reject, parties.ali, request, reason=short)
    act(db, cooperation.university_reject, parties.ali, request, reason="شعبه خارج از حوزه است.")
    assert request.state is CooperationState.REJECTED_BY_UNIVERSITY
    for actor in (parties.sara, parties.kian.manager, parties.kian.deputy):
        (told,) = pushes(db, actor, "N17")
        assert told.text.endswith("دلیل:\n│ شعبه خارج از حوزه است.\n└ کارشناس")
    assert eligibility.eligibility_of(db, parties.sara.account_id).eligible


@as_unit
def test_two_experts_and_the_one_in_charge(db: Session, parties: Parties) -> None:
    """Claim, assign and release as for qualification."""
    ali, zahra, in_charge, lists = parties.ali, parties.zahra, parties.in_charge, cooperation.LISTS
    request = accepted_request(db, parties.kian, parties.sara)
    hours = timedelta(hours=3)
    assert lists.queue(db, actor=zahra, now=NOW + hours).oldest == hours
    act(db, COOPERATION_WORKFLOW.claim, ali, request, version=1)
    with refused(AlreadyDecided, "error.already_claimed", db=db):
        act(db, cooperation.approve, zahra, request, version=1)
    assert lists.queue(db, actor=zahra, now=NOW).total == 0
    assert lists.mine(db, actor=ali, now=NOW).total == 1
    (line,) = lists.under_way(db, actor=in_charge, now=NOW).lines
    assert line.reviewer is not None
    assert line.reviewer.last_name == "علوی"
    for other in (parties.foreign.account_id, parties.sara.account_id, 987):
        with refused("error.not_expert_here", db=db):
            act(db, COOPERATION_WORKFLOW.assign, in_charge, request, expert_id=other)
    act(db, COOPERATION_WORKFLOW.assign, in_charge, request, expert_id=zahra.account_id)
    assert len(pushes(db, ali, "N22")) == 1
    assert leads_to(pushes(db, zahra, "N22")[0], "desk.coop_file")
    act(db, COOPERATION_WORKFLOW.release, in_charge, request)
    assert lists.queue(db, actor=ali, now=NOW).total == 1
    act(db, cooperation.approve, in_charge, request)
    with refused(AlreadyDecided, "error.already_decided", db=db):
        act(db, cooperation.university_reject, ali, request, reason="دیر شد")
    assert lists.under_way(db, actor=parties.staff, now=NOW, university_code="sums").total == 0
    with refused(NotAllowed):
        lists.under_way(db, actor=ali, now=NOW)
    with refused(NotAllowed):
        lists.queue(db, actor=parties.kian.manager, now=NOW)


@as_unit
def test_an_expert_who_leaves_gives_cooperation_files_back(db: Session, parties: Parties) -> None:
    request, number = accepted_request(db, parties.kian, parties.sara), parties.ali.account_id
    act(db, COOPERATION_WORKFLOW.claim, parties.ali, request)
    grant = db.exec(select(Grant.id).where(Grant.account_id == number)).one() or 0
    later = NOW + timedelta(hours=2)
    accounts.deactivate(db, actor=parties.staff, account_id=number, grant_id=grant, now=later)
    db.refresh(request)
    assert (request.state, request.reviewer_id) == (CooperationState.PENDING_UNIVERSITY, None)
    assert len(pushes(db, parties.zahra, "N10")) == 2


@as_unit
def test_either_side_is_no_expert_of_its_own_request(db: Session, parties: Parties) -> None:
    request = accepted_request(db, parties.kian, parties.sara)
    for account_id in (parties.sara.account_id, parties.kian.deputy.account_id):
        db.add(Grant(account_id=account_id, role=Role.EXPERT, university_code="sums"))
        db.flush()
        with refused("error.not_yours", db=db):
            act(db, cooperation.approve, Actor(account_id, Role.EXPERT, "sums"), request)


@as_unit
def test_queues_count_both_kinds_of_files(db: Session, parties: Parties) -> None:
    submitted_request(db, parties.unqualified)
    request = cooperation_request(db, parties.kian, parties.sara)
    act(db, cooperation.accept, parties.sara, request, now=NOW + timedelta(minutes=5))
    assert len(pushes(db, parties.ali, "N10")) == 1  # told within the hour
    assert queue_notices.follow_up(db, now=NOW + timedelta(hours=2)) == 3
    told = pushes(db, parties.ali, "N10")[-1]
    assert told.text.startswith("📥 ۲ پرونده")
    assert labels(told) == ["مشاهده", "🤝 همکاری‌ها"]
