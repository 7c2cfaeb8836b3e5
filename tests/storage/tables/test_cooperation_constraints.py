"""Rules of cooperation that the database itself enforces on every writer."""

from typing import Any

import pytest

from storage.database.database import Database
from storage.enums import ContractState, CooperationState, DistributorKind, Role, TerminationState
from storage.tables import Branch, Contract, CooperationRequest, Distributor, Grant, Termination, University
from storage.tables.column_types import utcnow
from tests.storage.tables.test_constraints import account, adding, refused

S = CooperationState
_codes = iter(range(100))


@pytest.fixture
async def db(database: Database) -> Database:
    """Officers 1–3, distributor 1 with its branches 1 (central) and 2."""
    await database.run(adding(*(account(number) for number in (1, 2, 3))))
    await database.run(adding(University(code="sums", name="شیراز", province="فارس"), company()))
    await database.run(adding(branch("مرکزی", is_central=True), branch("شرق")))
    return database


def company(**values: Any) -> Distributor:
    given = {"kind": DistributorKind.COMPANY, "name": "کیان", "legal_id": "14009999995", "manager_name": "م"}
    return Distributor(**(given | values))


def branch(name: str, **values: Any) -> Branch:
    return Branch(distributor_id=1, name=name, province="فارس", city="شیراز", address="زند", **values)


def request(state: S = S.PENDING_OFFICER, **values: Any) -> CooperationRequest:
    given = {"branch_id": 1, "distributor_id": 1, "account_id": 1, "requested_by": 3, "state": state}
    given |= {"tracking_code": f"1405090100{next(_codes):02}", "university_code": "sums"}
    return CooperationRequest(**(given | values))


def contract(**values: Any) -> Contract:
    given = {"account_id": 1, "distributor_id": 1, "branch_id": 1, "state": ContractState.ACTIVE}
    return Contract(**(given | values))


def ended(**values: Any) -> Contract:
    return contract(state=ContractState.ENDED_BY_OFFICER, ended_at=utcnow(), **values)


async def test_one_open_request_a_branch(db: Database) -> None:
    await db.run(adding(request(S.WITHDRAWN), request(S.CLOSED), request()))
    await refused(db, request(account_id=2))
    await refused(db, request(S.PENDING_UNIVERSITY, account_id=2))
    await db.run(adding(request(branch_id=2)))


async def test_one_acceptance_an_officer(db: Database) -> None:
    await db.run(adding(request(S.PENDING_UNIVERSITY)))
    await refused(db, request(S.PENDING_UNIVERSITY, branch_id=2))
    await db.run(adding(request(S.PENDING_UNIVERSITY, branch_id=2, account_id=2)))


async def test_a_request_under_review_has_its_university(db: Database) -> None:
    await refused(db, request(S.PENDING_UNIVERSITY, university_code=None))


@pytest.mark.parametrize("reason", [None, "نه"])
async def test_a_rejection_of_the_university_has_a_reason(db: Database, reason: str | None) -> None:
    await refused(db, request(S.REJECTED_BY_UNIVERSITY, reject_text=reason))


async def test_one_active_contract_an_officer(db: Database) -> None:
    await db.run(adding(ended(), ended(), contract()))
    await refused(db, contract(branch_id=2))
    await refused(db, contract(branch_id=2, migrated=True))


async def test_one_newly_approved_officer_a_branch_and_any_migrated_ones(db: Database) -> None:
    await db.run(adding(contract(migrated=True), contract(account_id=2, migrated=True)))
    await db.run(adding(contract(account_id=3)))
    await db.run(adding(account(4)))
    await refused(db, contract(account_id=4))


async def test_an_ended_contract_has_its_time(db: Database) -> None:
    await refused(db, contract(state=ContractState.ENDED_BY_DEATH))
    await refused(db, contract(ended_at=utcnow()))


async def test_a_termination_has_a_reason_and_one_draft(db: Database) -> None:
    await db.run(adding(contract()))

    def draft(**values: Any) -> Termination:
        return Termination(**({"contract_id": 1, "account_id": 1, "reason": "محل خدمت تغییر کرد"} | values))

    await refused(db, draft(reason="کوتاه"))
    await db.run(adding(draft(state=TerminationState.CANCELLED), draft()))
    await refused(db, draft())


async def test_one_central_branch_and_one_name(db: Database) -> None:
    await refused(db, branch("دیگر", is_central=True))
    await refused(db, branch("شرق"))


async def test_a_distributor_has_its_number_once(db: Database) -> None:
    await refused(db, company())
    await refused(db, company(legal_id=None))
    await refused(db, company(kind=DistributorKind.GUILD, legal_id="1"))


async def test_a_manager_belongs_to_one_distributor(db: Database) -> None:
    await db.run(adding(company(legal_id="10100123450")))
    await refused(db, Grant(account_id=1, role=Role.DISTRIBUTOR))
    await refused(db, Grant(account_id=1, role=Role.STAFF, distributor_id=1))
    await db.run(adding(Grant(account_id=1, role=Role.DISTRIBUTOR, distributor_id=1)))
    await refused(db, Grant(account_id=1, role=Role.DISTRIBUTOR, distributor_id=1))
    await refused(db, Grant(account_id=1, role=Role.DISTRIBUTOR, distributor_id=2))
    await db.run(adding(Grant(account_id=1, role=Role.DISTRIBUTOR, distributor_id=2, active=False)))
