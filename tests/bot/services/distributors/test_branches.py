"""The branches of a distributor, on both databases."""

from typing import Any

import pytest
from sqlmodel import Session

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.services.cooperation import contracts
from bot.services.distributors import branches
from storage.tables import Branch
from tests.support.factories.cooperation import Parties, active_contract, cooperation_request
from tests.support.factories.reference_data import NOW
from tests.support.services import as_unit, refused

ADDRESS = "شیراز، خیابان زند، پلاک ۱۰"
IN_TEHRAN = {"province": "تهران", "city": "تهران"}


def define(db: Session, actor: Actor, **other: Any) -> Branch:
    given = {"name": "شعبه  غرب", "province": "فارس", "city": "شیراز", "address": ADDRESS, "now": NOW}
    return branches.define_branch(db, actor=actor, **(given | other))


def edit(db: Session, actor: Actor, branch_id: int | None, **fields: Any) -> Branch:
    return branches.edit_branch(db, actor=actor, branch_id=branch_id, now=NOW, **fields)


@as_unit
def test_a_branch_is_kept_without_its_word(db: Session, parties: Parties) -> None:
    assert define(db, parties.kian.deputy).name == "غرب"
    assert define(db, parties.arad.manager).name == "غرب"  # another distributor's
    with refused("error.branch_name_taken"):
        define(db, parties.kian.manager, name="غرب")
    assert define(db, parties.kian.manager, name="شعبه‌های ری", city="فسا").name == "شعبه‌های ری"
    for wrong in ("", "شعبه", "آ", "۱۲", "ب" * 121):
        with refused(InvalidInput):
            define(db, parties.kian.manager, name=wrong)
    with refused(NotAllowed):
        define(db, parties.sara)
    with refused(NotAllowed):
        define(db, parties.ali, name="جنوب", distributor_id=parties.kian.id)
    made = define(db, parties.staff, name="جنوب", distributor_id=parties.arad.id)
    assert made.distributor_id == parties.arad.id


@as_unit
def test_in_tehran_the_university_is_chosen(db: Session, parties: Parties) -> None:
    manager = parties.kian.manager
    with refused(InvalidInput, "error.branch_university"):
        define(db, manager, **IN_TEHRAN)
    branch = define(db, manager, **IN_TEHRAN, university="sbmu")
    assert branch.university_code == "sbmu"
    assert edit(db, manager, branch.id, university="tums").university_code == "tums"
    assert edit(db, manager, branch.id, province="اصفهان", city="اصفهان").university_code == "mui"


@pytest.mark.parametrize("held_by", ["request", "contract"])
@as_unit
def test_the_region_is_locked_while_a_request_or_a_contract_is_open(
    db: Session, parties: Parties, held_by: str
) -> None:
    manager, east = parties.kian.manager, parties.kian.east
    if held_by == "request":
        cooperation_request(db, parties.kian, parties.sara)
    else:
        contract = active_contract(db, parties.kian, parties.sara, parties.ali)
    assert branches.region_locked(db, east)
    with refused(NotAllowed, "error.branch_region_locked"):
        edit(db, manager, east, city="مرودشت")
    edited = edit(db, manager, east, version=0, name="شعبه شمال", city="شیراز", address=ADDRESS)
    assert (edited.name, edited.version) == ("شمال", 1)
    with refused(Stale):
        edit(db, manager, east, version=0, name="باز")
    if held_by == "contract":
        contracts.free(db, actor=manager, contract_id=contract.id, now=NOW)
        assert edit(db, manager, east, city="مرودشت").city == "مرودشت"
    for actor, branch in (
        (parties.arad.manager, east),
        (parties.sara, east),
        (parties.ali, east),
        (manager, 987),
    ):
        with refused(NotAllowed):
            edit(db, actor, branch, name="دزدی")


@as_unit
def test_the_list_shows_officers_and_requests(db: Session, parties: Parties) -> None:
    kian = parties.kian
    active_contract(db, kian, parties.sara, parties.ali)
    cooperation_request(db, kian, parties.mina, branch=kian.central)
    central, east = branches.list_branches(db, actor=kian.manager).lines
    assert (central.officers, east.request) == ((), None)
    assert central.candidate is not None
    assert central.candidate.first_name == "مینا"
    assert [one.account.first_name for one in east.officers] == ["سارا"]
    assert branches.list_branches(db, actor=kian.manager, offset=1, limit=1).total == 2
    assert branches.list_branches(db, actor=parties.staff, distributor_id=parties.arad.id).total == 2
    for actor in (parties.arad.manager, parties.sara):
        with refused(NotAllowed):
            branches.view_branch(db, actor=actor, branch_id=kian.east)
