"""Contracts: freed by the distributor, ended by the officer (R31–R36), brought from the old system."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.services import cooperation
from bot.services.cooperation import contracts, termination
from bot.services.distributors import branches, registry
from bot.services.shared import eligibility
from bot.services.shared.alert_deeds import NO_MANAGER_MOBILE
from storage.enums import ContractState, CooperationState, PushChannel, PushState, TerminationState
from storage.tables import Contract, Distributor, Officer, Push, Termination
from tests.support.effects import alerts, labels, leads_to, pushes, sms_to
from tests.support.factories.cooperation import (
    KIAN_MOBILE,
    Parties,
    accepted_request,
    active_contract,
    cooperation_request,
)
from tests.support.factories.distributors import ManagedDistributor
from tests.support.factories.people import qualified_officer
from tests.support.factories.reference_data import NOW
from tests.support.services import act, refused

BEFORE = datetime(2020, 3, 20, 8, 30, tzinfo=UTC)


def test_freeing_is_the_distributors_and_once(db: Session, parties: Parties) -> None:
    """Q20: a draft of the officer's termination is cancelled, the contract ends once, no SMS."""
    contract, drafted = sara_at_kian(db, parties)
    free = {"contract_id": contract.id, "now": NOW}
    for actor in (parties.arad.manager, parties.sara, parties.ali, parties.staff):
        with refused("error.not_yours", db=db):
            contracts.free(db, actor=actor, **free)
    free["actor"] = parties.kian.deputy
    with refused(Stale, db=db):
        contracts.free(db, **free, version=9)
    contracts.free(db, **free, version=contract.version)
    assert contract.state is ContractState.ENDED_BY_DISTRIBUTOR
    db.refresh(drafted)
    assert drafted.state is TerminationState.CANCELLED
    with refused(Stale, db=db):
        contracts.free(db, **free)
    for late in (lambda: finalise(db, parties.sara, drafted), lambda: draft(db, parties.sara, contract)):
        with refused("error.no_contract", db=db):
            late()
    assert not sms_to(db, KIAN_MOBILE)
    (told,) = pushes(db, parties.sara, "N18")
    assert leads_to(told, "centers")
    assert cooperation_request(db, parties.arad, parties.sara)


def test_a_contract_is_seen_by_its_sides(db: Session, parties: Parties) -> None:
    kian, number = parties.kian, active_contract(db, parties.kian, parties.sara, parties.ali).id
    for actor in (parties.sara, kian.manager, kian.deputy, parties.staff):
        seen = contracts.view_contract(db, actor=actor, contract_id=number)
        assert (seen.contract.id, seen.officer.first_name, seen.branch.name) == (number, "سارا", "شرق")
    with refused(NotAllowed):
        contracts.view_contract(db, actor=parties.ali, contract_id=number)


def add_migrated(db: Session, officer: Actor, distributor_id: int, actor: Actor = SYSTEM) -> Contract:
    return contracts.add_migrated(
        db,
        actor=actor,
        account_id=officer.account_id,
        distributor_id=distributor_id,
        started_at=BEFORE,
        now=NOW,
    )


def test_each_side_lists_and_counts_its_own(db: Session, parties: Parties) -> None:
    sara, mina, kian, arad = parties.sara, parties.mina, parties.kian, parties.arad
    ended = add_migrated(db, sara, kian.id)
    contracts.free(db, actor=kian.manager, contract_id=ended.id, now=NOW)
    present, other = add_migrated(db, sara, arad.id), add_migrated(db, mina, arad.id)

    def ids(
        list_of: Callable[..., Any], actor: Actor, offset: int = 0, limit: int = 5
    ) -> tuple[list[int | None], int]:
        page = list_of(db, actor=actor, offset=offset, limit=limit)
        return [line.contract.id for line in page.lines], page.total

    assert ids(contracts.history, sara) == ([present.id, ended.id], 2)
    assert ids(contracts.history, sara, offset=1, limit=1) == ([ended.id], 2)
    assert ids(contracts.history, mina) == ([other.id], 1)
    assert ids(contracts.of_distributor, kian.manager) == ([], 0)
    assert ids(contracts.of_distributor, arad.deputy) == ([present.id, other.id], 2)
    assert ids(contracts.of_distributor, arad.manager, offset=1, limit=5) == ([other.id], 2)
    assert [one.id for one in contracts.at_branch(db, arad.central)] == [present.id, other.id]
    assert contracts.at_branch(db, kian.central) == []


def test_migrated_officers_may_share_the_central_branch(db: Session, parties: Parties) -> None:
    """R53: no problem for them; the limit of one binds new approvals. The same contract twice is one; after its end
    another may come."""
    kian, arad = parties.kian, parties.arad
    for officer in (parties.sara, parties.mina):
        first, again = add_migrated(db, officer, kian.id), add_migrated(db, officer, kian.id)
        assert first.id == again.id
        assert (first.distributor_id, first.branch_id, first.migrated) == (kian.id, kian.central, True)
        assert (first.state, first.started_at) == (ContractState.ACTIVE, BEFORE)
    assert len(contracts.at_branch(db, kian.central)) == 2
    with refused("error.officer_not_free", db=db):
        add_migrated(db, parties.sara, arad.id)
    third = qualified_officer(db, "نسرین")
    act(db, cooperation.approve, parties.ali, accepted_request(db, kian, third, branch=kian.central))
    (only,) = contracts.at_branch(db, kian.central)
    assert only.account_id == third.account_id
    assert len(pushes(db, parties.sara, "N18")) == len(pushes(db, parties.mina, "N18")) == 1
    with refused("error.officer_not_free", db=db):
        add_migrated(db, third, arad.id)
    assert add_migrated(db, parties.sara, arad.id).distributor_id == arad.id


@pytest.mark.parametrize("qualified", [True, False], ids=["qualified here", "never qualified here"])
def test_a_migrated_contract_implies_qualification(db: Session, parties: Parties, qualified: bool) -> None:
    officer = parties.sara if qualified else parties.unqualified
    account_id, profile = officer.account_id, db.get_one(Officer, officer.account_id)
    assert eligibility.is_qualified(db, account_id) is qualified
    before = profile.version
    contract = add_migrated(db, officer, parties.kian.id)
    db.refresh(profile)
    assert profile.legacy_qualified is not qualified
    assert profile.version == before + (not qualified)
    assert eligibility.is_qualified(db, account_id)
    contracts.free(db, actor=parties.kian.manager, contract_id=contract.id, now=NOW)
    assert eligibility.eligibility_of(db, account_id).eligible


def test_a_migrated_contract_needs_an_officer_and_a_company(db: Session, parties: Parties) -> None:
    nobody, nowhere = parties.ali, 10**9
    for officer, distributor_id in ((nobody, parties.kian.id), (parties.sara, nowhere), (nobody, nowhere)):
        with refused(NotAllowed, db=db):
            add_migrated(db, officer, distributor_id)
    for actor in (parties.kian.manager, parties.ali, parties.sara):
        with refused(NotAllowed, db=db):
            add_migrated(db, parties.sara, parties.kian.id, actor)


def test_a_migrated_contract_closes_what_others_asked(db: Session, parties: Parties) -> None:
    asked = cooperation_request(db, parties.arad, parties.sara)
    add_migrated(db, parties.sara, parties.kian.id)
    assert asked.state is CooperationState.CLOSED
    with refused(db=db):
        act(db, cooperation.accept, parties.sara, asked)


REASON = "محل خدمت من تغییر کرده است"


def sara_at_kian(db: Session, parties: Parties) -> tuple[Contract, Termination]:
    """Sara's contract, and her draft of its termination."""
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    return contract, draft(db, parties.sara, contract)


def draft(db: Session, officer: Actor, contract: Contract, reason: str = REASON) -> Termination:
    return termination.draft(db, actor=officer, contract_id=contract.id, reason=reason, now=NOW)


def finalise(db: Session, officer: Actor, drafted: Termination, version: int | None = None) -> Termination:
    return termination.finalise(db, actor=officer, termination_id=drafted.id, version=version, now=NOW)


def test_finalising_ends_at_once_and_tells_the_management(db: Session, parties: Parties) -> None:
    """R32–R34, N19: SMS always, also where the managers have chats. A draft changes nothing yet."""
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    before = len(db.exec(select(Push)).all())
    drafted = draft(db, parties.sara, contract, "به شهر دیگری رفته‌ام")
    assert (drafted.state, contract.state) == (TerminationState.DRAFT, ContractState.ACTIVE)
    again = draft(db, parties.sara, contract)
    assert (again.id, again.reason, again.version) == (drafted.id, REASON, 1)
    assert len(db.exec(select(Push)).all()) == before

    ended = finalise(db, parties.sara, drafted, 1)
    db.refresh(contract)
    assert (ended.state, ended.closed_at) == (TerminationState.FINALIZED, NOW)
    assert (contract.state, contract.ended_at) == (ContractState.ENDED_BY_OFFICER, NOW)
    assert branches.view_branch(db, actor=parties.kian.manager, branch_id=parties.kian.east).officers == ()
    assert eligibility.eligibility_of(db, parties.sara.account_id).eligible
    for version in (1, None):  # a second press
        with refused(Stale, db=db):
            finalise(db, parties.sara, drafted, version)
    (sms,) = sms_to(db, KIAN_MOBILE)
    assert (sms.kind, sms.channel, sms.state) == ("N19", PushChannel.SMS, PushState.QUEUED)
    assert sms.text == (
        "مدیریت محترم کیان طب؛ سارا نمونه، مسئول فنی شعبه شرق، در تاریخ ۱۴۰۵/۰۹/۰۱ به همکاری خود پایان داد. "
        "لطفاً مسئول فنی جدید معرفی فرمایید."
    )
    tokens = ["۱۴۰۵/۰۹/۰۱", "سارا نمونه", "کیان طب", "شرق"]
    assert sms.sms == {"template": "termination", "tokens": tokens, "whole": True}
    for manager in (parties.kian.manager, parties.kian.deputy):
        (told,) = pushes(db, manager, "N19")
        assert labels(told) == ["👤 انتخاب مسئول فنی"]
        assert leads_to(told, "dist.pick")
        assert REASON not in told.text
    (receipt,) = pushes(db, parties.sara, "N19")
    assert receipt.text.startswith("✅ قطع همکاری با «کیان طب» نهایی شد")
    assert not pushes(db, parties.sara, "N18")
    # J8, Q22: eligible again, by a new request only; its end is told anew.
    finalise(db, parties.sara, sara_at_kian(db, parties)[1])
    assert len(sms_to(db, KIAN_MOBILE)) == 2


def test_the_sms_goes_to_the_mobile_of_that_moment(db: Session, parties: Parties) -> None:
    """Q23: without one the termination stands, and staff are told."""
    kian, mobile = parties.kian, "۰۹۱۲۰۰۰۰۰۰۹"
    _, first = sara_at_kian(db, parties)
    registry.edit_distributor(db, actor=kian.deputy, distributor_id=kian.id, manager_mobile=mobile, now=NOW)
    finalise(db, parties.sara, first)
    db.get_one(Distributor, kian.id).manager_mobile = None
    db.flush()
    _, second = sara_at_kian(db, parties)
    finalise(db, parties.sara, second)
    sent = [one.mobile for one in db.exec(select(Push).where(Push.channel == PushChannel.SMS))]
    assert sent == ["+989120000009"]
    assert db.exec(select(Termination.state)).all() == [TerminationState.FINALIZED] * 2
    assert alerts(db) == [f"no-manager-mobile:{second.id}"]
    assert len(pushes(db, kian.manager, "N19")) == 2


def test_only_the_officer_ends_a_contract_and_staff_read_of_it(db: Session, parties: Parties) -> None:
    contract, drafted = sara_at_kian(db, parties)
    number = drafted.id
    for actor in (parties.mina, parties.kian.manager, parties.ali, parties.staff):
        with refused("error.not_yours", db=db):
            draft(db, actor, contract)
        with refused("error.not_yours", db=db):
            finalise(db, actor, drafted)
        if actor is not parties.staff:
            with refused(NotAllowed):
                termination.view_termination(db, actor=actor, termination_id=number)
    line = termination.view_termination(db, actor=parties.staff, termination_id=number)
    assert (line.termination.reason, line.branch.name) == (REASON, "شرق")


def test_the_reason_has_ten_to_five_hundred_letters(db: Session, parties: Parties) -> None:
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    for reason in ("", f"   {'آ' * 9}   ", "آ" * 501):
        with refused(InvalidInput, "error.long_text" if len(reason) > 500 else "error.short_reason", db=db):
            draft(db, parties.sara, contract, reason)
    for reason in ("آ" * 10, "آ" * 500):
        assert draft(db, parties.sara, contract, reason).reason == reason


@pytest.mark.parametrize("first", ["the termination", "the replacement"])
def test_a_termination_while_a_replacement_is_pending(db: Session, parties: Parties, first: str) -> None:
    """docs/specification.md 2.6: it is open, and the replacement goes on; if that comes first, the draft is cancelled."""
    _, drafted = sara_at_kian(db, parties)
    replacement = accepted_request(db, parties.kian, parties.mina)
    if first == "the termination":
        finalise(db, parties.sara, drafted)
        db.refresh(replacement)
        assert replacement.state is CooperationState.PENDING_UNIVERSITY
    act(db, cooperation.approve, parties.ali, replacement)
    db.refresh(drafted)
    assert (drafted.state is TerminationState.CANCELLED) == (first == "the replacement")
    assert len(pushes(db, parties.sara, "N18")) == (first == "the replacement")


def test_the_archive_keeps_them_all(db: Session, parties: Parties) -> None:
    """R36."""
    contract, first = sara_at_kian(db, parties)
    termination.cancel(db, actor=parties.sara, termination_id=first.id, now=NOW)
    with refused(Stale, db=db):
        finalise(db, parties.sara, first)
    second = finalise(db, parties.sara, draft(db, parties.sara, contract))
    page = termination.archive(db, actor=parties.sara, offset=0, limit=5)
    assert [(line.termination.id, line.termination.state) for line in page.lines] == [
        (second.id, TerminationState.FINALIZED),
        (first.id, TerminationState.CANCELLED),
    ]
    assert page.lines[0].distributor.name == "کیان طب"
    assert termination.archive(db, actor=parties.sara, offset=1, limit=1).lines == page.lines[1:]
    assert termination.archive(db, actor=parties.mina, offset=0, limit=5).total == 0
    history = contracts.history(db, actor=parties.sara, offset=0, limit=5)
    assert [one.contract.state for one in history.lines] == [ContractState.ENDED_BY_OFFICER]


def test_an_sms_that_was_owed_is_of_this_distributors_termination(db: Session, parties: Parties) -> None:
    """Of two centres without a known mobile only the one that has one now gets its SMS, and of its terminations only for
    the one that staff were told of."""

    def ended(at: ManagedDistributor, officer: Actor) -> Termination:
        contract = active_contract(db, at, officer, parties.ali)
        return finalise(db, officer, draft(db, officer, contract))

    told_before = ended(parties.kian, parties.mina)
    for at in (parties.kian, parties.arad):
        db.get_one(Distributor, at.id).manager_mobile = None
    db.flush()
    owed, elsewhere = ended(parties.kian, parties.sara), ended(parties.arad, qualified_officer(db, "نسرین"))
    key = f"{NO_MANAGER_MOBILE}:"
    assert sorted(alerts(db)) == [f"{key}{owed.id}", f"{key}{elsewhere.id}"]
    kian = db.get_one(Distributor, parties.kian.id)
    kian.manager_mobile = "+989120000077"
    for _ in range(2):
        termination.send_owed_sms(db, kian, now=NOW)
        (told,) = sms_to(db, "+989120000077")
        assert told.key.startswith(f"termination:{owed.id}:")
        assert alerts(db) == [f"{key}{elsewhere.id}"]
    (before,) = sms_to(db, KIAN_MOBILE)
    assert before.key.startswith(f"termination:{told_before.id}:")
