"""Distributors, their branches and their managers, on both databases."""

from typing import Any

import pytest
from sqlmodel import Session, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import InvalidInput, NotAllowed, Stale
from bot.services.cooperation import contracts
from bot.services.distributors import branches, registry
from bot.services.distributors.registry import DistributorDetails
from bot.services.search import names
from storage.enums import DistributorKind
from storage.tables import Branch, Distributor
from tests.support.factories import people
from tests.support.factories.cooperation import Parties, active_contract, cooperation_request
from tests.support.factories.reference_data import NOW
from tests.support.services import refused

GUILD = {"kind": DistributorKind.GUILD, "number": "۸۰۰۰۱"}


def create(db: Session, actor: Actor, **other: Any) -> registry.CreatedDistributor:
    given = {
        "kind": DistributorKind.COMPANY,
        "name": "نوین‌تجهیز",
        "number": "۱۰۱۰۰۱۲۳۴۵۰",
        "manager_name": "پروین صادقی",
        "province": "فارس",
        "city": "شیراز",
        "address": "شیراز، خیابان زند، پلاک ۱۰",
        "manager_mobile": "0912 000 0005",
    }
    return registry.create_distributor(
        db, actor=actor, details=DistributorDetails(**(given | other)), now=NOW
    )


def test_staff_make_a_distributor_with_its_central_branch(db: Session, parties: Parties) -> None:
    made = create(db, parties.staff, **GUILD)
    found = made.distributor
    assert (found.name, found.guild_id, found.legal_id) == ("نوین‌تجهیز", "80001", None)
    assert found.manager_mobile == "+989120000005"
    assert (made.central.name, made.central.is_central) == ("مرکزی", True)
    assert (made.central.city, made.central.university_code) == ("شیراز", "sums")
    assert create(db, SYSTEM, **GUILD | {"number": "80002"}).central.is_central


def test_a_known_person_manages_with_the_account_they_have(db: Session, parties: Parties) -> None:
    """One person is one account: an officer who also manages."""
    given = {"actor": parties.staff, "national_code": people.SARA, "now": NOW}
    hired = registry.appoint_manager(db, distributor_id=parties.kian.id, **given)
    assert (hired.id, hired.password_hash) == (parties.unqualified.account_id, "x")
    with refused("error.manager_held"):
        registry.appoint_manager(db, distributor_id=parties.arad.id, **given)
    with refused("error.stale"):
        registry.appoint_manager(
            db, distributor_id=parties.arad.id, **{**given, "national_code": "9991234535"}
        )


@pytest.mark.parametrize(
    ("other", "key"),
    [
        ({"number": "14009999994"}, "error.bad_legal_id"),
        ({"number": "14009999995"}, "error.distributor_exists"),
        ({**GUILD, "number": "1234"}, "error.bad_guild_id"),
        ({**GUILD, "number": "۷۰۰۰۱"}, "error.distributor_exists"),
        ({**GUILD, "name": "ا"}, "error.bad_distributor_name"),
        ({**GUILD, "name": "123"}, "error.bad_distributor_name"),
        ({**GUILD, "manager_name": "Ali"}, "error.not_persian_name"),
        ({**GUILD, "manager_mobile": "12"}, "error.bad_mobile"),
        ({**GUILD, "address": "شیراز"}, "error.bad_address"),
        ({**GUILD, "city": "تبریز"}, "error.not_in_list"),
        ({**GUILD, "province": "اقیانوس"}, "error.not_in_list"),
        ({**GUILD, "province": "تهران", "city": "تهران"}, "error.branch_university"),
        ({**GUILD, "province": "تهران", "city": "تهران", "university": "ajaums"}, "error.branch_university"),
    ],
)
def test_a_wrong_field_is_refused(db: Session, parties: Parties, other: dict[str, Any], key: str) -> None:
    with refused(key, db=db):
        create(db, parties.staff, **other)
    assert len(db.exec(select(Distributor)).all()) == 2


def test_staff_keep_the_identity_and_managers_the_contacts(db: Session, parties: Parties) -> None:
    def edit(actor: Actor, **fields: Any) -> Distributor:
        return registry.edit_distributor(db, actor=actor, distributor_id=parties.kian.id, now=NOW, **fields)

    manager, staff, guild = parties.kian.manager, parties.staff, {"kind": DistributorKind.GUILD}
    for field in ({"name": "نو"}, {"number": "70002"}, guild):
        with refused(NotAllowed):
            edit(manager, **field)
    for actor in (parties.arad.manager, parties.sara, parties.ali):
        with refused(NotAllowed):
            edit(actor, phone="")
    contacts = {"manager_name": "حمیده صالحی", "phone": "", "manager_mobile": "09120000007"}
    edited = edit(manager, version=0, **contacts, address="شیراز، بلوار ارم، پلاک ۱")
    assert (edited.manager_name, edited.phone) == ("حمیده صالحی", None)
    assert (edited.manager_mobile, edited.version) == ("+989120000007", 1)
    with refused(Stale):
        edit(manager, version=0, phone="")
    with refused(InvalidInput):
        edit(staff, **guild)
    with refused("error.distributor_exists"):
        edit(staff, **guild, number="70001")
    edited = edit(staff, **guild, number="70009", name="کیان")
    assert (edited.kind, edited.guild_id, edited.legal_id) == (DistributorKind.GUILD, "70009", None)


def test_staff_find_by_name_or_number(db: Session, parties: Parties) -> None:
    def find(typed: str) -> list[int | None]:
        return list(names.companies(db, actor=parties.staff, text=typed)[0])

    for typed in ("کیان", "كيان طب", "۱۴۰۰۹۹۹۹۹۹۵"):
        assert find(typed) == [parties.kian.id]
    for typed in ("ﮐﯿﺎن\u200cﻃﺐ", "کىان ", "ڪیان", "کیا\u2060ن", "«کیان»"):
        assert find(typed) == [parties.kian.id]
    for typed in ("", "%", "_", "70"):
        assert find(typed) == []
    found, total = registry.list_distributors(db, actor=parties.staff, limit=1, offset=0)
    assert ([one.distributor.name for one in found], total) == (["آراد"], 2)
    assert registry.view_distributor(db, actor=parties.staff, distributor_id=parties.arad.id).name == "آراد"


ADDRESS = "شیراز، خیابان زند، پلاک ۱۰"
IN_TEHRAN = {"province": "تهران", "city": "تهران"}


def define(db: Session, actor: Actor, **other: Any) -> Branch:
    given = {"name": "شعبه  غرب", "province": "فارس", "city": "شیراز", "address": ADDRESS, "now": NOW}
    return branches.define_branch(db, actor=actor, **(given | other))


def edit(db: Session, actor: Actor, branch_id: int | None, **fields: Any) -> Branch:
    return branches.edit_branch(db, actor=actor, branch_id=branch_id, now=NOW, **fields)


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
        define(db, parties.ali, name="جنوب", distributor_id=parties.kian.id)
    made = define(db, parties.staff, name="جنوب", distributor_id=parties.arad.id)
    assert made.distributor_id == parties.arad.id


def test_in_tehran_the_university_is_chosen(db: Session, parties: Parties) -> None:
    manager = parties.kian.manager
    with refused(InvalidInput, "error.branch_university"):
        define(db, manager, **IN_TEHRAN)
    branch = define(db, manager, **IN_TEHRAN, university="sbmu")
    assert branch.university_code == "sbmu"
    assert edit(db, manager, branch.id, university="tums").university_code == "tums"
    assert edit(db, manager, branch.id, province="اصفهان", city="اصفهان").university_code == "mui"


@pytest.mark.parametrize("held_by", ["request", "contract"])
def test_the_region_is_locked_by_a_request_or_a_contract(db: Session, parties: Parties, held_by: str) -> None:
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


def test_the_list_shows_officers_and_requests(db: Session, parties: Parties) -> None:
    kian = parties.kian
    active_contract(db, kian, parties.sara, parties.ali)
    cooperation_request(db, kian, parties.mina, branch=kian.central)
    central, east = branches.list_branches(db, actor=kian.manager, offset=0, limit=5).lines
    assert (central.officers, east.request) == ((), None)
    assert central.candidate is not None
    assert central.candidate.first_name == "مینا"
    assert [one.account.first_name for one in east.officers] == ["سارا"]
    assert branches.list_branches(db, actor=kian.manager, offset=1, limit=1).total == 2
    assert (
        branches.list_branches(
            db, actor=parties.staff, distributor_id=parties.arad.id, offset=0, limit=5
        ).total
        == 2
    )
