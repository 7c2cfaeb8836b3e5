"""Contracts on both databases: freed by the distributor, seen by its sides, brought from the old system."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import NotAllowed, Stale
from bot.services import cooperation
from bot.services.cooperation import contracts
from bot.services.shared import eligibility
from storage.enums import ContractState, Role
from storage.tables import Contract, Officer
from tests.support.effects import leads_to, pushes
from tests.support.factories.cooperation import (
    Parties,
    accepted_request,
    active_contract,
    cooperation_request,
)
from tests.support.factories.people import qualified_officer
from tests.support.factories.reference_data import NOW
from tests.support.services import act, as_unit, refused

BEFORE = datetime(2020, 3, 20, 8, 30, tzinfo=UTC)


@as_unit
def test_freeing_is_the_distributors_and_once(db: Session, parties: Parties) -> None:
    contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    free = {"contract_id": contract.id, "now": NOW}
    for actor in (parties.arad.manager, parties.sara, parties.ali, parties.staff):
        with refused("error.not_yours", db=db):
            contracts.free(db, actor=actor, **free)
    free["actor"] = parties.kian.manager
    with refused(Stale, db=db):
        contracts.free(db, **free, version=9)
    contracts.free(db, **free, version=contract.version)
    assert contract.state is ContractState.ENDED_BY_DISTRIBUTOR
    with refused(Stale, db=db):
        contracts.free(db, **free)
    (told,) = pushes(db, parties.sara, "N18")
    assert leads_to(told, "centers")
    assert cooperation_request(db, parties.arad, parties.sara)


@as_unit
def test_a_contract_is_seen_by_its_sides(db: Session, parties: Parties) -> None:
    kian, number = parties.kian, active_contract(db, parties.kian, parties.sara, parties.ali).id
    for actor in (parties.sara, kian.manager, kian.deputy, parties.staff):
        seen = contracts.view_contract(db, actor=actor, contract_id=number)
        assert (seen.contract.id, seen.officer.first_name, seen.branch.name) == (number, "سارا", "شرق")
    forged = Actor(parties.mina.account_id, Role.DISTRIBUTOR, distributor_id=kian.id)
    for actor in (parties.mina, parties.arad.manager, parties.ali, forged):
        with refused(NotAllowed):
            contracts.view_contract(db, actor=actor, contract_id=number)
    for actor in (kian.manager, parties.ali, parties.staff):
        with refused(NotAllowed):
            contracts.history(db, actor=actor)


def add_migrated(db: Session, officer: Actor, distributor_id: int, actor: Actor = SYSTEM) -> Contract:
    return contracts.add_migrated(
        db,
        actor=actor,
        account_id=officer.account_id,
        distributor_id=distributor_id,
        started_at=BEFORE,
        now=NOW,
    )


@as_unit
def test_each_side_lists_and_counts_its_own(db: Session, parties: Parties) -> None:
    sara, mina, kian, arad = parties.sara, parties.mina, parties.kian, parties.arad
    ended = add_migrated(db, sara, kian.id)
    contracts.free(db, actor=kian.manager, contract_id=ended.id, now=NOW)
    present, other = add_migrated(db, sara, arad.id), add_migrated(db, mina, arad.id)

    def ids(list_of: Callable[..., Any], actor: Actor, **part: int) -> tuple[list[int | None], int]:
        page = list_of(db, actor=actor, **part)
        return [line.contract.id for line in page.lines], page.total

    assert ids(contracts.history, sara) == ([present.id, ended.id], 2)
    assert ids(contracts.history, sara, offset=1, limit=1) == ([ended.id], 2)
    assert ids(contracts.history, mina) == ([other.id], 1)
    assert ids(contracts.of_distributor, kian.manager) == ([], 0)
    assert ids(contracts.of_distributor, arad.deputy) == ([present.id, other.id], 2)
    assert ids(contracts.of_distributor, arad.manager, offset=1, limit=5) == ([other.id], 2)
    assert [one.id for one in contracts.at_branch(db, arad.central)] == [present.id, other.id]
    assert contracts.at_branch(db, kian.central) == []


@as_unit
def test_an_officer_has_one_migrated_contract_at_a_time(db: Session, parties: Parties) -> None:
    """The same one twice is one; after its end another may come."""
    kian, arad = parties.kian, parties.arad
    first = add_migrated(db, parties.sara, kian.id)
    with refused("error.officer_not_free", db=db):
        add_migrated(db, parties.sara, arad.id)
    assert add_migrated(db, parties.sara, kian.id).id == first.id
    [only] = db.exec(select(Contract)).all()
    assert (only.distributor_id, only.branch_id, only.migrated) == (kian.id, kian.central, True)
    assert (only.state, only.started_at) == (ContractState.ACTIVE, BEFORE)
    contracts.free(db, actor=kian.manager, contract_id=only.id, now=NOW)
    assert add_migrated(db, parties.sara, arad.id).distributor_id == arad.id


@as_unit
def test_migrated_officers_may_share_the_central_branch(db: Session, parties: Parties) -> None:
    """R53: no problem for them; the limit of one binds new approvals."""
    kian = parties.kian
    for officer in (parties.sara, parties.mina):
        for _ in range(2):
            contract = add_migrated(db, officer, kian.id)
            assert (contract.branch_id, contract.migrated) == (kian.central, True)
    assert len(contracts.at_branch(db, kian.central)) == 2
    third = qualified_officer(db, "نسرین")
    act(db, cooperation.approve, parties.ali, accepted_request(db, kian, third, branch=kian.central))
    (only,) = contracts.at_branch(db, kian.central)
    assert only.account_id == third.account_id
    assert len(pushes(db, parties.sara, "N18")) == len(pushes(db, parties.mina, "N18")) == 1
    with refused("error.officer_not_free", db=db):
        add_migrated(db, third, parties.arad.id)
    with refused(NotAllowed):
        add_migrated(db, parties.sara, kian.id, kian.manager)


@pytest.mark.parametrize("qualified", [True, False], ids=["qualified here", "never qualified here"])
@as_unit
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
