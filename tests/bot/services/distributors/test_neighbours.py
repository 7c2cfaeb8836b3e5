"""Companies, branches, managers: who may, and each row that is not meant differs from the one that is in one thing."""

from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.rules.validators import NationalCode
from bot.services.cooperation import requests
from bot.services.distributors import branch_closing, branches, registry
from bot.services.distributors.branch_closing import NotYet
from bot.services.distributors.registry import DistributorDetails
from storage.enums import AccountState, ContractState, DistributorKind, Role
from storage.tables import Account, AuditEvent, Branch, Contract, Distributor, SearchKey
from tests.support.factories.cooperation import Parties, active_contract, cooperation_request
from tests.support.factories.people import account, end_role, granted
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

#: What is asked for and written does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def company(db: Session, actor: Actor, **other: Any) -> registry.CreatedDistributor:
    given = {
        "kind": DistributorKind.GUILD,
        "name": "سپید طب",
        "number": "70099",
        "manager_name": "رضا امینی",
        "province": "فارس",
        "city": "شیراز",
        "address": "شیراز، خیابان زند، پلاک ۱۰",
    }
    details = DistributorDetails(**(given | other))  # type: ignore[arg-type]
    return registry.create_distributor(db, actor=actor, details=details, now=NOW)


def edit(db: Session, actor: Actor, distributor_id: int, /, **fields: Any) -> Distributor:
    return registry.edit_distributor(db, actor=actor, distributor_id=distributor_id, now=NOW, **fields)


def test_staff_and_the_system_keep_the_companies(db: Session, parties: Parties) -> None:
    kian = parties.kian
    for actor in (parties.sara, parties.ali, parties.in_charge, kian.manager):
        with refused(NotAllowed, db=db):
            company(db, actor)
        with refused(NotAllowed, db=db):
            registry.managers(db, actor=actor, distributor_id=kian.id)
        with refused(NotAllowed, db=db):
            registry.list_distributors(db, actor=actor, limit=5, offset=0)
        with refused(NotAllowed, db=db):
            registry.appoint_manager(
                db,
                actor=actor,
                distributor_id=kian.id,
                national_code=NationalCode("9991234561"),
                now=NOW,
            )
    made = company(db, SYSTEM)
    assert (made.distributor.phone, made.distributor.manager_mobile, made.distributor.created_at) == (
        None,
        None,
        NOW,
    )
    assert company(db, parties.staff, number="70098", phone="").distributor.phone is None


def test_the_managers_of_a_company_oldest_first(db: Session, parties: Parties) -> None:
    kian = parties.kian
    ended = granted(db, account(db, "مهدی"), Role.DISTRIBUTOR, distributor_id=kian.id)
    end_role(db, ended)
    suspended = granted(db, account(db, "مهری"), Role.DISTRIBUTOR, distributor_id=kian.id)
    db.get_one(Account, suspended.account_id).state = AccountState.SUSPENDED
    db.flush()
    ids = [kian.manager.account_id, kian.deputy.account_id]
    found = registry.managers(db, actor=parties.staff, distributor_id=kian.id)
    assert [one.id for one in found] == ids
    both = requests.managing_grants(db, kian.id)
    assert [(grant.account_id, who.id) for grant, who in both] == [(one, one) for one in ids]


def test_who_has_no_company_to_manage(db: Session, parties: Parties) -> None:
    with refused("error.distributor_needed", db=db):
        registry.appoint_manager(
            db, actor=parties.staff, distributor_id=999, national_code=NationalCode("9991234527"), now=NOW
        )
    manager = parties.kian.manager
    assert registry.of_actor(db, actor=manager).id == parties.kian.id
    for actor in (
        parties.staff,
        Actor(manager.account_id, Role.DISTRIBUTOR),
        Actor(manager.account_id, Role.STAFF, distributor_id=parties.kian.id),
        Actor(manager.account_id, Role.DISTRIBUTOR, distributor_id=parties.arad.id),
    ):
        with refused(NotAllowed):
            registry.of_actor(db, actor=actor)


def test_who_reads_a_company(db: Session, parties: Parties) -> None:
    kian, arad = parties.kian, parties.arad

    def view(actor: Actor, number: int) -> int | None:
        return registry.view_distributor(db, actor=actor, distributor_id=number).id

    assert view(parties.staff, arad.id) == arad.id
    assert view(kian.deputy, kian.id) == kian.id
    impostor = Actor(parties.sara.account_id, Role.STAFF)
    for actor, number in (
        (kian.manager, arad.id),
        (parties.staff, 999),
        (impostor, kian.id),
        (parties.ali, kian.id),
    ):
        with refused(NotAllowed):
            view(actor, number)
    with refused(NotAllowed, db=db):
        edit(db, impostor, kian.id, phone="")
    with refused(NotAllowed, db=db):
        edit(db, parties.staff, 999, phone="")


def test_what_an_edit_changes(db: Session, parties: Parties) -> None:
    """Nothing where nothing is new; the search knows the new name."""
    kian, staff = parties.kian.id, parties.staff
    before = db.get_one(Distributor, kian).version
    for same in (
        {},
        {"name": "کیان طب"},
        {"number": "14009999995"},
        {"kind": DistributorKind.COMPANY},
        {"manager_mobile": "09120000001"},
    ):
        assert edit(db, staff, kian, **same).version == before
    assert db.exec(select(AuditEvent).where(AuditEvent.event == "distributor_edited")).all() == []
    with refused(Stale, db=db):
        edit(db, staff, kian, version=before + 1, phone="")
    with refused("error.bad_guild_id", db=db):
        edit(db, staff, kian, kind=DistributorKind.GUILD)
    with refused("error.bad_legal_id", db=db):
        edit(db, staff, parties.arad.id, kind=DistributorKind.COMPANY)
    with refused("error.bad_legal_id", db=db):
        edit(db, staff, kian, number="70002")  # of its own kind
    for name in ("آ", "ب" * 121, "۱۲۳"):
        with refused(InvalidInput, "error.bad_distributor_name", db=db):
            edit(db, staff, kian, name=name)
    for name in ("آب", "ب" * 120):
        assert edit(db, staff, kian, name=name).name == name
    edit(db, staff, kian, name="نوین", address="شیراز، خیابان زند، پلاک ۹", version=before + 2)
    keys = {key.key for key in db.exec(select(SearchKey).where(SearchKey.subject_id == kian)).all()}
    assert any("نوین" in key for key in keys)
    assert not any("کیان" in key for key in keys)
    line = db.exec(select(AuditEvent).where(AuditEvent.event == "distributor_edited")).all()[-1]
    assert (line.subject, line.subject_id, line.data) == (
        "distributor",
        kian,
        {"fields": ["address", "name"]},
    )


def test_the_list_of_companies(db: Session, parties: Parties) -> None:
    made = company(db, parties.staff, city="فسا").distributor.id or 0
    db.add(
        Branch(
            distributor_id=made,
            name="دیگر",
            province="فارس",
            city="شیراز",
            address="شیراز، خیابان زند، پلاک ۱",
            university_code="sums",
        )
    )
    db.flush()

    def listed(**given: Any) -> tuple[list[tuple[str, str]], int]:
        lines, total = registry.list_distributors(
            db, actor=parties.staff, **{"offset": 0, "limit": 9} | given
        )
        return [(line.distributor.name, line.city) for line in lines], total

    everybody = [("آراد", "شیراز"), ("سپید طب", "فسا"), ("کیان طب", "شیراز")]
    assert listed() == (everybody, 3)
    assert listed(offset=1, limit=1) == (everybody[1:2], 3)
    assert listed(offset=9) == ([], 3)
    among = [parties.kian.id, 999, made, parties.arad.id]
    assert listed(among=among) == ([everybody[2], everybody[1], everybody[0]], 4)
    assert listed(among=among, offset=2, limit=1) == ([everybody[1]], 4)
    assert listed(among=[]) == ([], 0)


# ── branches ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_branches_of_a_company(db: Session, parties: Parties) -> None:
    """The central one first; those that are closed are nowhere."""
    kian, manager = parties.kian, parties.kian.manager
    active_contract(db, kian, parties.sara, parties.ali)
    known = {"province": "فارس", "city": "شیراز", "address": "شیراز، خیابان زند، پلاک ۱", "now": NOW}
    third = branches.define_branch(db, actor=manager, name="سوم", **known)
    closed = branches.define_branch(db, actor=manager, name="بسته", **known)
    closed.closed_at = NOW
    ended = Contract(account_id=parties.mina.account_id, distributor_id=kian.id, branch_id=third.id)
    ended.state, ended.ended_at = ContractState.ENDED_BY_DISTRIBUTOR, NOW
    db.add(ended)
    db.flush()

    def page(**given: Any) -> tuple[list[int | None], int, int, int, int]:
        asked = {"actor": manager, "offset": 0, "limit": 2} | given
        found = branches.list_branches(db, **asked)
        return [one.branch.id for one in found.lines], found.total, found.all, found.vacant, found.offset

    assert page() == ([kian.central, kian.east], 3, 3, 2, 0)
    assert page(offset=2) == ([third.id], 3, 3, 2, 2)
    assert page(offset=4) == ([third.id], 3, 3, 2, 2), "the last page, where the list became shorter"
    assert page(vacant=True) == ([kian.central, third.id], 2, 3, 2, 0)
    assert page(vacant=True, offset=2) == ([kian.central, third.id], 2, 3, 2, 0)
    assert page(vacant=True, limit=1, offset=1) == ([third.id], 2, 3, 2, 1)
    for branch_id, vacant, left in ((kian.central, [third.id], 1), (third.id, [], 0)):
        worker = account(db, "رعنا", f"{branch_id}").id
        db.add(Contract(account_id=worker, distributor_id=kian.id, branch_id=branch_id, migrated=True))
        db.flush()
        assert page(vacant=True, limit=1, offset=3) == (vacant, left, 3, left, 0)
    assert page(actor=parties.staff, distributor_id=parties.arad.id)[0] == [
        parties.arad.central,
        parties.arad.east,
    ]
    assert page(distributor_id=parties.arad.id)[0] == [kian.central, kian.east], "a manager's own, always"
    names = branches.names_of_branches(db, actor=manager)
    assert [one.id for one in names] == [kian.central, kian.east, third.id]
    for distributor_id in (999, None):
        with refused(NotAllowed):
            branches.list_branches(db, actor=parties.staff, distributor_id=distributor_id, offset=0, limit=2)
    impostor = Actor(parties.sara.account_id, Role.STAFF)
    with refused(NotAllowed):
        branches.list_branches(db, actor=impostor, distributor_id=kian.id, offset=0, limit=2)
    with refused(NotAllowed):
        branches.view_branch(db, actor=impostor, branch_id=kian.east)
    with refused(NotAllowed):
        branches.view_branch(db, actor=parties.arad.manager, branch_id=kian.east)
    with refused(NotAllowed):
        branches.view_branch(db, actor=manager, branch_id=999)


def test_a_branch_with_whom_it_asks(db: Session, parties: Parties) -> None:
    kian = parties.kian
    request = cooperation_request(db, kian, parties.sara)
    line = branches.view_branch(db, actor=kian.manager, branch_id=kian.east)
    assert (line.request, line.officers, line.unreachable) == (request, (), False)
    assert line.candidate == db.get_one(Account, parties.sara.account_id)
    vacant = branches.view_branch(db, actor=parties.staff, branch_id=kian.central)
    assert (vacant.request, vacant.candidate, vacant.unreachable) == (None, None, False)


def test_what_an_edit_of_a_branch_changes(db: Session, parties: Parties) -> None:
    manager, east = parties.kian.manager, parties.kian.east
    branch = db.get_one(Branch, east)

    def change(**fields: Any) -> Branch:
        return branches.edit_branch(db, actor=manager, branch_id=east, now=NOW, **fields)

    version, other = branch.version, db.get_one(Branch, parties.kian.central).version
    for same in ({}, {"name": "شعبه شرق"}, {"city": "شیراز", "province": "فارس"}, {"university": "sums"}):
        assert change(**same).version == version
    assert db.exec(select(AuditEvent).where(AuditEvent.event == "branch_edited")).all() == []
    with refused("error.branch_name_taken", db=db):
        change(name="مرکزي")
    with refused(Stale, db=db):
        change(version=version + 1, name="نو")
    changed = change(version=version, name="نو", city="فسا")
    assert (changed.name, changed.city, changed.version) == ("نو", "فسا", version + 1)
    assert db.get_one(Branch, parties.kian.central).version == other
    line = db.exec(select(AuditEvent).where(AuditEvent.event == "branch_edited")).one()
    assert (line.subject, line.subject_id, line.data) == ("branch", east, {"fields": ["city", "name"]})
    for name in ("شعبه آ", "ب" * 121, "۱۲"):
        with refused(InvalidInput, "error.bad_branch_name", db=db):
            change(name=name)
    assert change(name="شعبه " + "ب" * 120).name == "ب" * 120


def test_a_name_is_free_again_once_its_branch_is_closed(db: Session, parties: Parties) -> None:
    manager, east = parties.kian.manager, parties.kian.east
    version = db.get_one(Branch, east).version
    closed = branch_closing.close_branch(db, actor=manager, branch_id=east, version=version, now=NOW)
    assert (closed.closed_at, closed.version) == (NOW, version + 1)
    with refused("error.branch_closed", db=db):
        branches.edit_branch(db, actor=manager, branch_id=east, name="باز", now=NOW)
    known = {"province": "فارس", "city": "شیراز", "address": "شیراز، خیابان زند، پلاک ۱", "now": NOW}
    assert branches.define_branch(db, actor=manager, name="شرق", **known).id != east
    with refused("error.branch_name_taken", db=db):
        branches.define_branch(db, actor=manager, name="شرق", **known)


def test_what_keeps_a_branch_open(db: Session, parties: Parties) -> None:
    """The sentence names the officer and the branch; a manager gets the button that leads on."""
    kian = parties.kian

    def asked(actor: Actor, branch: int = kian.east) -> tuple[str, list[str], Any]:
        with refused(NotYet, db=db) as caught:
            branch_closing.may_close(db, actor=actor, branch_id=branch)
        found = caught.refusal
        actions = [button.press.action for button in found.next_buttons if button.press is not None]
        return found.key, actions, found.args_of_text

    for actor in (kian.manager, parties.staff):
        assert branch_closing.may_close(db, actor=actor, branch_id=kian.east).id == kian.east
        with refused("error.branch_central", db=db):
            branch_closing.may_close(db, actor=actor, branch_id=kian.central)
    with refused(NotAllowed, db=db):
        branch_closing.may_close(db, actor=parties.arad.manager, branch_id=kian.east)
    with refused(Stale, db=db):
        branch_closing.may_close(db, actor=kian.manager, branch_id=kian.east, version=99)
    cooperation_request(db, kian, parties.sara)
    named = {"officer": "سارا نمونه", "branch": "شرق"}
    assert asked(kian.manager) == ("error.branch_asks", ["dist.request"], named)
    assert asked(parties.staff) == ("error.branch_asks_staff", [], named)
    for first, last in (("مینا", "نخست"), ("رعنا", "دوم")):
        worker = account(db, first, last)
        db.add(Contract(account_id=worker.id, distributor_id=kian.id, branch_id=kian.east, migrated=True))
        db.flush()
    named = {"officer": "مینا نخست، رعنا دوم", "branch": "شرق"}
    assert asked(kian.manager) == ("error.branch_serves", ["dist.free_ask"], named)
    assert asked(parties.staff) == ("error.branch_serves_staff", [], named)
