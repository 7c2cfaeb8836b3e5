"""Distributors, their managers and branches, on both databases."""

from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.core.context import SYSTEM, Actor
from bot.core.refusals import InvalidInput, NotAllowed, Refusal, Stale
from bot.services.cooperation import contracts
from bot.services.distributors import branches, registry
from bot.services.distributors.registry import DistributorDetails, NewManager
from storage.database.database import Database
from storage.enums import DistributorKind, Role
from storage.tables import Branch, Distributor, Grant
from tests.support.cooperation_data import Centers, employed, open_centers, picked
from tests.support.qualification_data import NOW

ADDRESS = "شیراز، خیابان زند، پلاک ۱۰"


@pytest.fixture
async def centers(database: Database) -> Centers:
    return await database.run(open_centers)


def details(**other: Any) -> DistributorDetails:
    given: dict[str, Any] = {
        "kind": DistributorKind.COMPANY,
        "name": "نوین‌تجهیز",
        "number": "۱۰۱۰۰۱۲۳۴۵۰",
        "manager_name": "پروین صادقی",
        "province": "فارس",
        "city": "شیراز",
        "address": ADDRESS,
        "manager_mobile": "0912 000 0005",
    }
    return DistributorDetails(**(given | other))


GUILD = {"kind": DistributorKind.GUILD, "number": "۸۰۰۰۱"}


async def test_staff_make_a_distributor_with_its_central_branch_and_manager(
    database: Database, centers: Centers
) -> None:
    def unit(db: Session) -> None:
        made = registry.create_distributor(
            db,
            actor=centers.office.staff,
            details=details(**GUILD),
            manager=NewManager("پروین صادقی", "hash", "9991234535", "09120000005"),
            now=NOW,
        )
        firm = made.distributor
        assert (firm.name, firm.guild_id, firm.legal_id) == ("نوین‌تجهیز", "80001", None)
        assert firm.manager_mobile == "+989120000005"
        assert (made.central.name, made.central.is_central) == ("مرکزی", True)
        assert (made.central.city, made.central.university_code) == ("شیراز", "sums")
        assert made.manager is not None
        assert made.manager.created
        assert made.manager.account.mobile == "+989120000005"
        found = registry.managers(db, actor=centers.office.staff, distributor_id=firm.id or 0)
        assert [one.id for one in found] == [made.manager.account.id]

    await database.run(unit)


async def test_a_known_person_manages_with_the_account_they_have(
    database: Database, centers: Centers
) -> None:
    """One person is one account: an officer who also manages."""

    def unit(db: Session) -> None:
        manager = NewManager("کسی دیگر", "new", "9991234561")
        hired = registry.add_manager(
            db, actor=centers.office.staff, distributor_id=centers.kian.id, manager=manager, now=NOW
        )
        assert not hired.created
        assert (hired.account.id, hired.account.password_hash) == (centers.office.sara.account_id, "x")
        with pytest.raises(Refusal) as held:
            registry.add_manager(
                db, actor=centers.office.staff, distributor_id=centers.arad.id, manager=manager, now=NOW
            )
        assert held.value.key == "error.manager_held"

    await database.run(unit)


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
async def test_a_wrong_field_is_refused(
    database: Database, centers: Centers, other: dict[str, Any], key: str
) -> None:
    def unit(db: Session) -> None:
        with pytest.raises(Refusal) as refused, db.begin_nested():
            registry.create_distributor(db, actor=centers.office.staff, details=details(**other), now=NOW)
        assert refused.value.key == key
        assert len(db.exec(select(Distributor)).all()) == 2

    await database.run(unit)


async def test_only_staff_and_the_system_make_distributors(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        for actor in (centers.kian.boss, centers.sara, centers.office.ali, centers.office.head):
            with pytest.raises(NotAllowed):
                registry.create_distributor(db, actor=actor, details=details(**GUILD), now=NOW)
            with pytest.raises(NotAllowed):
                registry.list_distributors(db, actor=actor)
        dismissed = Actor(centers.sara.account_id, Role.STAFF)
        with pytest.raises(NotAllowed):
            registry.create_distributor(db, actor=dismissed, details=details(**GUILD), now=NOW)
        assert (
            registry.create_distributor(db, actor=SYSTEM, details=details(**GUILD), now=NOW).manager is None
        )

    await database.run(unit)


async def test_staff_keep_the_identity_and_managers_the_contacts(
    database: Database, centers: Centers
) -> None:
    def unit(db: Session) -> None:
        firm, boss, staff = centers.kian.id, centers.kian.boss, centers.office.staff
        for field in ({"name": "نو"}, {"number": "70002"}, {"kind": DistributorKind.GUILD}):
            with pytest.raises(NotAllowed):
                registry.edit_distributor(db, actor=boss, distributor_id=firm, now=NOW, **field)
        for actor in (centers.arad.boss, centers.sara, centers.office.ali):
            with pytest.raises(NotAllowed):
                registry.edit_distributor(db, actor=actor, distributor_id=firm, phone="", now=NOW)
        edited = registry.edit_distributor(
            db,
            actor=boss,
            distributor_id=firm,
            version=0,
            manager_name="حمیده صالحی",
            phone="",
            manager_mobile="09120000007",
            address="شیراز، بلوار ارم، پلاک ۱",
            now=NOW,
        )
        assert (edited.manager_name, edited.phone, edited.manager_mobile, edited.version) == (
            "حمیده صالحی",
            None,
            "+989120000007",
            1,
        )
        with pytest.raises(Stale):
            registry.edit_distributor(db, actor=boss, distributor_id=firm, version=0, phone="", now=NOW)
        with pytest.raises(InvalidInput):
            registry.edit_distributor(
                db, actor=staff, distributor_id=firm, kind=DistributorKind.GUILD, now=NOW
            )
        with pytest.raises(Refusal) as taken:
            registry.edit_distributor(
                db, actor=staff, distributor_id=firm, kind=DistributorKind.GUILD, number="70001", now=NOW
            )
        assert taken.value.key == "error.distributor_exists"
        guild = registry.edit_distributor(
            db,
            actor=staff,
            distributor_id=firm,
            kind=DistributorKind.GUILD,
            number="70009",
            name="کیان",
            now=NOW,
        )
        assert (guild.kind, guild.guild_id, guild.legal_id) == (DistributorKind.GUILD, "70009", None)

    await database.run(unit)


async def test_a_removed_manager_loses_the_role(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        deputy = centers.kian.deputy
        registry.remove_manager(
            db,
            actor=centers.office.staff,
            distributor_id=centers.kian.id,
            account_id=deputy.account_id or 0,
            now=NOW,
        )
        with pytest.raises(NotAllowed):
            branches.list_branches(db, actor=deputy)
        grants = db.exec(select(Grant).where(Grant.account_id == deputy.account_id)).all()
        assert [one.active for one in grants] == [False]
        with pytest.raises(NotAllowed):
            registry.remove_manager(
                db,
                actor=centers.office.staff,
                distributor_id=centers.kian.id,
                account_id=deputy.account_id or 0,
                now=NOW,
            )

    await database.run(unit)


async def test_staff_find_by_name_or_number(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        staff = centers.office.staff
        for typed in ("کیان", "كيان طب", "۱۴۰۰۹۹۹۹۹۹۵"):
            assert [one.id for one in registry.find_distributors(db, actor=staff, text=typed)] == [
                centers.kian.id
            ]
        for typed in ("ﮐﯿﺎن\u200cﻃﺐ", "کىان ", "ڪیان", "کیا\u2060ن", "«کیان»"):
            assert [one.id for one in registry.find_distributors(db, actor=staff, text=typed)] == [
                centers.kian.id
            ]
        for typed in ("", "%", "_", "70"):
            assert registry.find_distributors(db, actor=staff, text=typed) == []
        found, total = registry.list_distributors(db, actor=staff, limit=1)
        assert ([one.name for one in found], total) == (["آراد"], 2)
        assert registry.view_distributor(db, actor=staff, distributor_id=centers.arad.id).name == "آراد"
        with pytest.raises(NotAllowed):
            registry.view_distributor(db, actor=centers.kian.boss, distributor_id=centers.arad.id)

    await database.run(unit)


# ── branches ─────────────────────────────────────────────────────────────────────────────────────────────────────


def define(db: Session, actor: Actor, **other: Any) -> Branch:
    given: dict[str, Any] = {
        "name": "شعبه  غرب",
        "province": "فارس",
        "city": "شیراز",
        "address": ADDRESS,
        "now": NOW,
    }
    return branches.define_branch(db, actor=actor, **(given | other))


async def test_a_branch_is_kept_without_its_word(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        assert define(db, centers.kian.deputy).name == "غرب"
        assert define(db, centers.arad.boss).name == "غرب"  # another distributor's
        with pytest.raises(Refusal) as taken:
            define(db, centers.kian.boss, name="غرب")
        assert taken.value.key == "error.branch_name_taken"
        assert define(db, centers.kian.boss, name="شعبه‌های ری", city="فسا").name == "شعبه‌های ری"
        for wrong in ("", "شعبه", "آ", "۱۲", "ب" * 121):
            with pytest.raises(InvalidInput):
                define(db, centers.kian.boss, name=wrong)
        with pytest.raises(NotAllowed):
            define(db, centers.sara)
        with pytest.raises(NotAllowed):
            define(db, centers.office.ali, name="جنوب", distributor_id=centers.kian.id)
        made = define(db, centers.office.staff, name="جنوب", distributor_id=centers.arad.id)
        assert made.distributor_id == centers.arad.id

    await database.run(unit)


async def test_in_tehran_the_university_is_chosen(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        with pytest.raises(InvalidInput) as needed:
            define(db, centers.kian.boss, province="تهران", city="تهران")
        assert needed.value.key == "error.branch_university"
        branch = define(db, centers.kian.boss, province="تهران", city="تهران", university="sbmu")
        assert branch.university_code == "sbmu"
        edited = branches.edit_branch(
            db, actor=centers.kian.boss, branch_id=branch.id or 0, university="tums", now=NOW
        )
        assert edited.university_code == "tums"
        moved = branches.edit_branch(
            db, actor=centers.kian.boss, branch_id=branch.id or 0, province="اصفهان", city="اصفهان", now=NOW
        )
        assert moved.university_code == "mui"

    await database.run(unit)


@pytest.mark.parametrize("busy", [False, True])
async def test_the_region_is_locked_while_a_request_or_a_contract_is_open(
    database: Database, centers: Centers, busy: bool
) -> None:
    def unit(db: Session) -> None:
        boss, east = centers.kian.boss, centers.kian.east
        if busy:
            picked(db, centers, centers.sara)
        else:
            contract = employed(db, centers, centers.sara)
        assert branches.region_locked(db, east)
        with pytest.raises(NotAllowed) as locked:
            branches.edit_branch(db, actor=boss, branch_id=east, city="مرودشت", now=NOW)
        assert locked.value.key == "error.branch_region_locked"
        edited = branches.edit_branch(
            db,
            actor=boss,
            branch_id=east,
            version=0,
            name="شعبه شمال",
            city="شیراز",
            address=ADDRESS,
            now=NOW,
        )
        assert (edited.name, edited.version) == ("شمال", 1)
        with pytest.raises(Stale):
            branches.edit_branch(db, actor=boss, branch_id=east, version=0, name="باز", now=NOW)
        if not busy:
            contracts.free(db, actor=boss, contract_id=contract.id or 0, now=NOW)
            assert (
                branches.edit_branch(db, actor=boss, branch_id=east, city="مرودشت", now=NOW).city == "مرودشت"
            )
        for stranger in (centers.arad.boss, centers.sara, centers.office.ali):
            with pytest.raises(NotAllowed):
                branches.edit_branch(db, actor=stranger, branch_id=east, name="دزدی", now=NOW)
        with pytest.raises(NotAllowed):
            branches.edit_branch(db, actor=boss, branch_id=987, name="هیچ", now=NOW)

    await database.run(unit)


async def test_exactly_one_branch_is_central(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        branches.make_central(db, actor=centers.kian.boss, branch_id=centers.kian.east, now=NOW)
        found = db.exec(
            select(Branch.id).where(
                Branch.distributor_id == centers.kian.id, col(Branch.is_central).is_(True)
            )
        ).all()
        assert found == [centers.kian.east]
        with pytest.raises(NotAllowed):
            branches.make_central(db, actor=centers.arad.boss, branch_id=centers.kian.central, now=NOW)
        page = branches.list_branches(db, actor=centers.kian.deputy)
        assert [line.branch.id for line in page.lines] == [centers.kian.east, centers.kian.central]

    await database.run(unit)


async def test_the_list_shows_officers_and_requests(database: Database, centers: Centers) -> None:
    def unit(db: Session) -> None:
        employed(db, centers, centers.sara)
        picked(db, centers, centers.mina, branch=centers.kian.central)
        central, east = branches.list_branches(db, actor=centers.kian.boss).lines
        assert (central.officers, east.request) == ((), None)
        assert central.candidate is not None
        assert central.candidate.first_name == "مینا"
        assert [one.account.first_name for one in east.officers] == ["سارا"]
        assert branches.list_branches(db, actor=centers.kian.boss, offset=1, limit=1).total == 2
        theirs = branches.list_branches(db, actor=centers.office.staff, distributor_id=centers.arad.id)
        assert theirs.total == 2
        for stranger in (centers.arad.boss, centers.sara):
            with pytest.raises(NotAllowed):
                branches.view_branch(db, actor=stranger, branch_id=centers.kian.east)

    await database.run(unit)
