"""Cooperation requests: chosen, accepted, withdrawn, decided by the university; and who is told."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import AlreadyDecided, NotAllowed, Stale, Throttled
from bot.services import accounts, cooperation
from bot.services.cooperation.requests import COOPERATION_WORKFLOW
from bot.services.distributors import branches
from bot.services.shared import eligibility
from storage.enums import AccountState, ContractState, CooperationState, RequestKind, RequestState, Role
from storage.tables import Account, AuditEvent, Branch, CooperationRequest, Distributor, Grant, Throttle
from tests.support import jobs
from tests.support.effects import alerts, labels, leads_to, pushes, watch_statements
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
from tests.support.factories.qualification import add_request, submitted_request
from tests.support.factories.reference_data import NOW
from tests.support.services import act, refused


def pick(db: Session, actor: Actor, branch_id: int, code: str, days: int = 0) -> CooperationRequest:
    now = NOW + timedelta(days=days)
    return cooperation.pick(db, actor=actor, branch_id=branch_id, national_code=code, now=now, counted=False)


def test_an_officer_is_asked_and_the_university_of_the_branch_decides(db: Session, parties: Parties) -> None:
    """W6: the branch is in Shiraz, the officer was found qualified in Isfahan."""
    request = pick(db, parties.kian.manager, parties.kian.east, SARA)
    assert request.state is CooperationState.PENDING_OFFICER
    assert request.account_id == parties.sara.account_id
    assert request.tracking_code == "140509010001"
    (told,) = pushes(db, parties.sara)
    assert (
        told.text
        == "🤝 شرکت «کیان طب» شما را برای شعبه «شرق» به‌عنوان مسئول فنی انتخاب کرده است. لطفاً درخواست را ببینید و بپذیرید یا رد کنید."
    )
    assert leads_to(told, "coop.view")
    assert cooperation.count_new(db, actor=parties.sara) == 1
    act(db, cooperation.accept, parties.sara, request)
    assert (request.state, request.university_code) == (CooperationState.PENDING_UNIVERSITY, "sums")
    assert eligibility.eligibility_of(db, parties.sara.account_id).reserved
    for manager in (parties.kian.manager, parties.kian.deputy):
        (told,) = pushes(db, manager, "N14")
        assert told.text.startswith("✅ سارا نمونه درخواست همکاری با شعبه «شرق» را پذیرفت")
    (waits,) = pushes(db, parties.zahra, "N10")
    assert waits.text.startswith("📥 ۱ پرونده")
    assert leads_to(waits, "desk.coop_file")
    assert not pushes(db, parties.foreign)


def test_one_answer_for_all_who_cannot_be_chosen(db: Session, parties: Parties) -> None:
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


def test_one_open_request_a_branch(db: Session, parties: Parties) -> None:
    request = cooperation_request(db, parties.kian, parties.sara)
    for code in (MINA, UNKNOWN):
        with refused("error.branch_busy", db=db) as caught:
            pick(db, parties.kian.deputy, parties.kian.east, code)
        assert caught.refusal.after is None
    act(db, cooperation.withdraw, parties.kian.deputy, request)
    assert cooperation_request(db, parties.kian, parties.mina).state is CooperationState.PENDING_OFFICER


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_where_nobody_can_be_chosen(db: Session, parties: Parties) -> None:
    """A branch that was closed, one of which no university is known, a distributor that is out of work."""
    kian, asked = parties.kian, cooperation_request(db, parties.kian, parties.sara)
    east, central = (db.get_one(Branch, number) for number in (kian.east, kian.central))
    for branch in (east, central):
        branch.province, branch.city, branch.university_code = "تهران", "تهران", None
    db.flush()
    with refused("error.branch_no_university", db=db):
        pick(db, kian.manager, kian.central, MINA)
    with refused("error.accept_no_university", db=db):
        act(db, cooperation.accept, parties.sara, asked)
    central.university_code = "tums"
    db.get_one(Distributor, kian.id).active = False
    db.flush()
    with refused("error.distributor_inactive", db=db):
        pick(db, kian.manager, kian.central, MINA)
    db.get_one(Distributor, kian.id).active = True
    central.closed_at = NOW
    db.flush()
    with refused("error.branch_closed", db=db):
        pick(db, kian.manager, kian.central, MINA)
    central.closed_at = None
    db.flush()
    assert pick(db, kian.manager, kian.central, MINA).state is CooperationState.PENDING_OFFICER


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
    people.end_role(db, kian.manager)
    with refused("error.not_yours", db=db):
        pick(db, kian.manager, kian.east, SARA)


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
    assert "بسته شد؛ این مسئول فنی دیگر قابل انتخاب نیست" in told.text
    assert leads_to(told, "dist.request")


def test_a_university_without_experts_is_raised_with_staff(db: Session, parties: Parties) -> None:
    db.exec(update(Grant).where(col(Grant.university_code) == "sums").values(active=False))
    request = accepted_request(db, parties.kian, parties.sara)
    assert alerts(db) == ["no-expert:sums"]
    act(db, cooperation.withdraw, parties.kian.manager, request)
    assert alerts(db) == []


@pytest.mark.parametrize("reason", [None, "  ", "محل کار دور است."])
def test_an_officer_rejects_with_or_without_a_reason(
    db: Session, parties: Parties, reason: str | None
) -> None:
    """R41."""
    request = cooperation_request(db, parties.kian, parties.sara)
    act(db, cooperation.reject, parties.sara, request, reason=reason)
    assert (request.state, request.closed_at) == (CooperationState.REJECTED_BY_OFFICER, NOW)
    assert request.officer_reason in (None, "محل کار دور است.")
    (told,) = pushes(db, parties.kian.manager, "N15")
    assert ("دلیل:\n│ محل کار دور است.\n└ مسئول فنی\nاین درخواست بسته شد" in told.text) == bool(
        reason and reason.strip()
    )
    assert "دلیل: ." not in told.text
    assert eligibility.eligibility_of(db, parties.sara.account_id).eligible
    with refused(Stale, db=db):
        act(db, cooperation.accept, parties.sara, request)


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
def test_the_distributor_withdraws_in_either_state(db: Session, parties: Parties, begin: Any) -> None:
    request = begin(db, parties.kian, parties.sara)
    act(db, cooperation.withdraw, parties.kian.deputy, request)
    assert request.state is CooperationState.WITHDRAWN
    assert eligibility.eligibility_of(db, parties.sara.account_id).eligible
    (told,) = pushes(db, parties.sara, "N24")
    assert told.text == "درخواست همکاری «کیان طب» برای شعبه «شرق» پس گرفته شد."


def test_an_amendment_hinders_nothing_and_a_suspension_everything(db: Session, parties: Parties) -> None:
    """Q2."""
    add_request(db, parties.sara, RequestState.SUBMITTED, kind=RequestKind.AMENDMENT)
    request = cooperation_request(db, parties.kian, parties.sara)
    assert request.state is CooperationState.PENDING_OFFICER
    db.get_one(Account, parties.sara.account_id).state = AccountState.SUSPENDED
    db.flush()
    for answer in (cooperation.accept, cooperation.reject):
        with refused("error.not_yours", db=db):
            act(db, answer, parties.sara, request)
    card = cooperation.officer_card(db, actor=parties.sara, request_id=request.id)
    assert card.actions == frozenset()


def test_approval_makes_the_contract_or_a_replacement(db: Session, parties: Parties) -> None:
    """Both sides are told. Q46: the former contract ends with the approval, not before."""
    former = active_contract(db, parties.kian, parties.sara, parties.ali)
    assert (former.branch_id, former.state) == (parties.kian.east, ContractState.ACTIVE)
    facts = eligibility.eligibility_of(db, parties.sara.account_id)
    assert (facts.employed, facts.reserved, facts.eligible) == (True, False, False)
    (officer,) = pushes(db, parties.sara, "N16")
    (manager,) = pushes(db, parties.kian.manager, "N16")
    assert officer.text.startswith("✅ دانشگاه همکاری شما با «کیان طب» (شعبه «شرق») را تأیید کرد.")
    assert leads_to(officer, "centers")
    assert manager.text.startswith("✅ همکاری سارا نمونه با شعبه «شرق»")
    assert leads_to(manager, "dist.branch")
    assert not [one for one in db.exec(select(AuditEvent)) if SARA in str(one.data)], "no national code"

    request = accepted_request(db, parties.kian, parties.mina)
    db.refresh(former)
    assert former.state is ContractState.ACTIVE
    card = cooperation.expert_card(db, actor=parties.ali, request_id=request.id)
    assert card.replaces == ("سارا نمونه",)
    act(db, cooperation.approve, parties.ali, request)
    db.refresh(former)
    assert (former.state, former.ended_at) == (ContractState.ENDED_BY_DISTRIBUTOR, NOW)
    (told,) = pushes(db, parties.sara, "N18")
    assert (
        told.text
        == "«کیان طب» به همکاری شما در شعبه «شرق» پایان داد. کد ملی شما آزاد شد و مراکز دیگر می‌توانند شما را انتخاب کنند."
    )
    view = branches.view_branch(db, actor=parties.kian.manager, branch_id=parties.kian.east)
    assert [one.account.first_name for one in view.officers] == ["مینا"]
    assert eligibility.eligibility_of(db, parties.sara.account_id).eligible


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


def test_two_experts_and_the_one_in_charge(db: Session, parties: Parties) -> None:
    """Claim, assign and release as for qualification."""
    ali, zahra, in_charge, lists = parties.ali, parties.zahra, parties.in_charge, cooperation.LISTS
    request = accepted_request(db, parties.kian, parties.sara)
    hours = timedelta(hours=3)
    assert lists.queue(db, actor=zahra, now=NOW + hours, offset=0, limit=5).oldest == hours
    act(db, COOPERATION_WORKFLOW.claim, ali, request, version=1)
    with refused(AlreadyDecided, "error.already_claimed", db=db):
        act(db, cooperation.approve, zahra, request, version=1)
    assert lists.queue(db, actor=zahra, now=NOW, offset=0, limit=5).total == 0
    assert lists.mine(db, actor=ali, now=NOW, offset=0, limit=5).total == 1
    (line,) = lists.under_way(db, actor=in_charge, now=NOW, offset=0, limit=5).lines
    assert line.reviewer is not None
    assert line.reviewer.last_name == "علوی"
    for other in (parties.foreign.account_id, parties.sara.account_id, 987):
        with refused("error.not_expert_here", db=db):
            act(db, COOPERATION_WORKFLOW.assign, in_charge, request, expert_id=other)
    act(db, COOPERATION_WORKFLOW.assign, in_charge, request, expert_id=zahra.account_id)
    assert len(pushes(db, ali, "N22")) == 1
    assert leads_to(pushes(db, zahra, "N22")[0], "desk.coop_file")
    act(db, COOPERATION_WORKFLOW.release, in_charge, request)
    assert lists.queue(db, actor=ali, now=NOW, offset=0, limit=5).total == 1
    act(db, cooperation.approve, in_charge, request)
    with refused(AlreadyDecided, "error.already_decided", db=db):
        act(db, cooperation.university_reject, ali, request, reason="دیر شد")
    assert (
        lists.under_way(db, actor=parties.staff, now=NOW, university_code="sums", offset=0, limit=5).total
        == 0
    )
    with refused(NotAllowed):
        lists.under_way(db, actor=ali, now=NOW, offset=0, limit=5)
    with refused(NotAllowed):
        lists.queue(db, actor=parties.kian.manager, now=NOW, offset=0, limit=5)


def test_an_expert_who_leaves_gives_cooperation_files_back(db: Session, parties: Parties) -> None:
    request, number = accepted_request(db, parties.kian, parties.sara), parties.ali.account_id
    act(db, COOPERATION_WORKFLOW.claim, parties.ali, request)
    grant = db.exec(select(Grant.id).where(Grant.account_id == number)).one() or 0
    later = NOW + timedelta(hours=2)
    accounts.deactivate(db, actor=parties.staff, account_id=number, grant_id=grant, now=later)
    db.refresh(request)
    assert (request.state, request.reviewer_id) == (CooperationState.PENDING_UNIVERSITY, None)
    assert len(pushes(db, parties.zahra, "N10")) == 2


def test_queues_count_both_kinds_of_files(db: Session, parties: Parties) -> None:
    submitted_request(db, parties.unqualified)
    request = cooperation_request(db, parties.kian, parties.sara)
    act(db, cooperation.accept, parties.sara, request, now=NOW + timedelta(minutes=5))
    assert len(pushes(db, parties.ali, "N10")) == 1  # told within the hour
    assert jobs.follow_up(db, now=NOW + timedelta(hours=2)) == 3
    told = pushes(db, parties.ali, "N10")[-1]
    assert told.text.startswith("📥 ۲ پرونده")
    assert labels(told) == ["مشاهده", "🤝 همکاری‌ها"]
