"""Files taken in, on both databases: what is stored, what is refused and why, and that nothing happens twice."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, SQLModel, select

from bot.core.context import SYSTEM
from bot.legacy_import import store
from bot.legacy_import.readers.table import UnusableFile
from bot.services import accounts
from bot.services.cooperation import contracts
from bot.services.shared import eligibility
from storage.database.database import Database
from storage.enums import AccountState, ContractState, Messenger, Role
from storage.tables import Account, AuditEvent, Branch, Chat, Contract, Distributor, Officer
from tests.support.factories import people
from tests.support.identities import national_code
from tests.support.import_files import (
    COLUMNS,
    COMPANY,
    Said,
    employed,
    move_in,
    officer,
    write_csv,
    write_xlsx,
)
from tests.support.old_hashes import identity_v3

Row = TypeVar("Row", bound=SQLModel)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


class Target:
    """A database with the reference data, and the folder of the files that come in."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder

    async def take(self, *rows: dict[str, Any], columns: list[str] = COLUMNS) -> Said:
        """Import these rows from a.csv."""
        return await self.read(write_csv(self.folder / "a.csv", list(rows), columns=columns))

    async def read(self, path: Path, *, dry_run: bool = False) -> Said:
        return await move_in(self.database, path, dry_run=dry_run)

    async def officer(self, number: int) -> tuple[Account, Officer]:
        def unit(db: Session) -> tuple[Account, Officer]:
            account = accounts.by_national_code(db, national_code(number))
            assert account is not None
            return account, db.get_one(Officer, account.id)

        return await self.database.read(unit)

    async def all(self, table: type[Row]) -> list[Row]:
        return await self.database.read(lambda db: list(db.exec(select(table))))

    async def contents(self) -> dict[str, list[Any]]:
        """Every row of every table."""

        def unit(db: Session) -> dict[str, list[Any]]:
            return {
                table.name: [tuple(map(str, row)) for row in db.connection().execute(table.select())]
                for table in SQLModel.metadata.sorted_tables
            }

        return await self.database.read(unit, large=True)


@pytest.fixture
def target(seeded: Database, tmp_path: Path) -> Target:
    return Target(seeded, tmp_path)


async def test_an_officer_comes_in_whole(target: Target) -> None:
    row = officer(
        1,
        national_code="۹۹۹۰۰۰۰۰۱" + national_code(1)[-1],
        first_name="ەا\u3164دی ",
        last_name="رضاﺋﻰ",
        birth_date="۱۳۶۵-۴-۱۲",
        mobile="9121234567",
        degree_level="کارشناسے",
        qualified="بلی",
    )

    said = await target.take(row)

    assert said.counts == (1, 1, 0, 0, 0)
    account, file = await target.officer(1)
    assert (account.name, account.user_code, account.mobile) == ("هادی رضائی", "old000001", "+989121234567")
    assert account.migrated
    assert not account.mobile_verified
    assert not account.credentials_pending, "the password is theirs, not one that we made"
    assert account.password_hash.startswith("$argon2id$")
    assert file.birth_date == date(1986, 7, 3)
    assert (file.level_code, file.field_code, file.gender) == ("bachelor", "biomedical", "female")
    assert (file.province, file.city) == ("فارس", "شیراز")
    assert file.legacy_qualified
    grants = await target.database.read(lambda db: accounts.active_grants(db, account.id or 0))
    assert [one.role for one in grants] == [Role.OFFICER]
    assert await target.database.read(lambda db: eligibility.eligibility_of(db, account.id or 0).eligible)


async def test_without_a_word_an_officer_is_not_qualified(target: Target) -> None:
    bare = {key: officer(1)[key] for key in list(officer(1))[:6]}

    await target.take(bare, columns=list(bare))

    account, file = await target.officer(1)
    assert not file.legacy_qualified
    assert (file.level_code, file.field_code, account.mobile) == (None, None, None)


@pytest.mark.parametrize(
    ("qualified", "day", "is_qualified"),
    [("بلی", "", True), ("", "1400/02/03", True), ("خیر", "1400/02/03", False), ("", "", False)],
)
async def test_the_day_of_a_qualification_implies_it(
    target: Target, qualified: str, day: str, is_qualified: bool
) -> None:
    row = officer(1, qualified=qualified, qualified_on=day)

    await target.take(row, columns=list(row))

    assert bool((await target.officer(1))[1].legacy_qualified) is is_qualified


async def test_values_that_are_kept_or_completed(target: Target) -> None:
    """A field that nobody knows with no degree, a hash of the old system, a code whose zeros a spreadsheet took."""
    stored = identity_v3("Old-1234")
    said = await target.take(
        officer(1, field_of_study="مدیریت بازرگانی", degree_level="دیپلم", password=stored),
        officer(2, national_code="12345679", degree_level="لیسانس"),
    )

    assert said.counts == (2, 2, 0, 0, 0)
    account, file = await target.officer(1)
    assert (file.level_code, file.field_code, file.field_note) == (None, "other", "مدیریت بازرگانی")
    assert account.password_hash == stored
    zeros = await target.database.read(lambda db: accounts.by_national_code(db, "0012345679"))
    assert zeros is not None
    assert {one.level_code for one in await target.all(Officer)} == {None, "bachelor"}


async def test_two_officers_share_the_central_branch_of_their_distributor(target: Target) -> None:
    said = await target.take(employed(1), employed(2), officer(3))

    assert said.counts == (3, 3, 0, 0, 0)
    assert said.totals.distributors == 1

    (distributor,), (branch,) = await target.all(Distributor), await target.all(Branch)
    both = await target.all(Contract)
    assert (distributor.name, distributor.legal_id) == ("کیان طب", "14009999995")
    assert distributor.manager_mobile == "+989123334455"
    assert branch.is_central
    assert (branch.province, branch.city, branch.university_code) == ("فارس", "شیراز", "sums")
    assert {one.branch_id for one in both} == {branch.id}
    assert all(one.migrated and one.state is ContractState.ACTIVE for one in both)
    assert both[0].started_at.date() == date(2021, 5, 5)
    _, file = await target.officer(1)
    assert file.legacy_qualified


async def test_distributors_alone(target: Target) -> None:
    guild = COMPANY | {
        "distributor_kind": "واحد صنفی",
        "distributor_id": "12345",
        "distributor_name": "سلامت",
    }
    only = await target.take(COMPANY, guild, COMPANY, columns=list(COMPANY))
    assert only.counts == (3, 2, 0, 1, 0)
    mixed = await target.take(officer(1), COMPANY | {"distributor_id": "14009999995"})
    assert mixed.counts == (2, 1, 0, 1, 0)
    nobody = dict.fromkeys(COMPANY, "") | {"distributor_address": COMPANY["distributor_address"]}
    none = await target.take(nobody, columns=list(COMPANY))
    assert (none.counts, list(none.of(2))) == ((1, 0, 0, 0, 1), ["شناسه توزیع‌کننده"])


async def test_rows_are_stored_two_hundred_at_a_time(target: Target) -> None:
    path = write_csv(target.folder / "a.csv", [officer(1, national_code="x")] * 401)
    told: list[int] = []
    await move_in(target.database, path, progress=lambda done, size: told.append(done))
    assert len(told) == 3
    assert told == sorted(told)


def with_check_digit(first: str) -> str:
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(first)) % 11
    return first + str(rest if rest < 2 else 11 - rest)


@pytest.mark.parametrize(("first", "taken"), [("001234567", True), ("000123456", False)])
async def test_leading_zeros_that_a_spreadsheet_took_away(target: Target, first: str, taken: bool) -> None:
    """Two at most: what is shorter is a slip of the pen, whatever its check digit is."""
    row = officer(1, national_code=with_check_digit(first).lstrip("0"))
    assert (await target.take(row)).counts == (1, int(taken), 0, 0, 1 - taken)


#: Rows, and what is said of each: columns with their reasons, or only the columns; nothing of those that are taken.
MISTAKES: list[tuple[dict[str, Any], dict[str, str] | set[str]]] = [
    (officer(1), {}),
    (officer(2, national_code="1234567890", birth_date="1365/13/01"), {"کد ملی", "تاریخ تولد"}),
    (
        officer(3, birth_date="1365/12/31", mobile="123"),
        {
            "تاریخ تولد": "چنین تاریخی در تقویم وجود ندارد. تاریخ را بررسی کنید و دوباره بنویسید.",
            "شماره همراه": "شماره همراه باید ۱۱ رقم باشد و با ۰۹ شروع شود؛ مانند ۰۹۱۲۳۴۵۶۷۸۹.",
        },
    ),
    (officer(4, first_name="Sara", email="x"), {"نام": "لطفاً فقط از حروف فارسی استفاده کنید."}),
    (officer(5, password=""), {"رمز عبور": "این خانه نباید خالی باشد."}),
    (
        officer(6, password="5f4dcc3b5aa765d61d8327deb882cf99"),
        {"رمز عبور": "این شکل از رمز درهم‌شده پشتیبانی نمی‌شود."},
    ),
    (officer(7, user_code="old000001"), {"کد کاربری"}),
    (officer(8, national_code=national_code(1)), {"کد ملی"}),
    (officer(9, city="تهران"), {"شهر": "این مقدار در فهرست سامانه نیست."}),
    (officer(10, qualified="شاید"), {"احراز صلاحیت": "«بله» یا «خیر» بنویسید."}),
    (officer(11, first_name="=cmd|' /C calc'!A0"), {"نام"}),
    (
        officer(12, birth_date="1400/01/01"),
        {"تاریخ تولد": "سن باید بین ۱۸ و ۹۰ سال باشد؛ تاریخ تولد را درست کنید."},
    ),
    (employed(13, distributor_id="14009999999"), {"شناسه توزیع‌کننده"}),
    (employed(14, distributor_name=""), {"نام توزیع‌کننده"}),
    (employed(15, distributor_id="14009999995", distributor_manager="", distributor_city=""), {""}),
    (officer(16, father_name="م" * 3000), {"نام پدر"}),
    ({}, {}),
    (officer(17), {}),
]


async def test_every_mistake_is_named_and_nothing_else_is_lost(target: Target) -> None:
    said = await target.take(*(row for row, _ in MISTAKES))

    assert said.counts == (17, 2, 0, 0, 15)
    for number, (_, mistakes) in enumerate(MISTAKES, 2):
        found = said.of(number)
        assert found == mistakes if isinstance(mistakes, dict) else found.keys() == mistakes
    assert "ردیف ⁦2⁩" in said.of(8)["کد کاربری"]
    assert "ردیف ⁦2⁩" in said.of(9)["کد ملی"]
    assert "نام مدیر، شهر توزیع‌کننده" in said.of(16)[""]
    formula = next(one for one in said.report if one.row == "12")
    assert formula.value.startswith("'=cmd")
    assert not any("5f4dcc3b" in one.value for one in said.report)
    assert len(await target.all(Account)) == 2
    assert await target.all(Distributor) == []


async def test_a_thousand_rows_twice_change_nothing_the_second_time(target: Target) -> None:
    rows = [employed(n) if n % 10 == 0 else officer(n) for n in range(1000)]
    for place, broken in ((17, {"birth_date": "؟"}), (204, {"national_code": "1"}), (555, {"last_name": ""})):
        rows[place] |= broken
    rows[777] = officer(778)
    path = write_csv(target.folder / "a.csv", rows)

    first = await target.read(path)
    before = await target.contents()
    second = await target.read(path)
    after = await target.contents()

    assert first.counts == (1000, 996, 0, 0, 4)
    assert {one.row for one in first.report} == {"19", "206", "557", "780"}
    assert second.counts == (1000, 0, 0, 996, 4)
    assert first.report == second.report
    assert before == after


async def test_a_trial_stores_nothing_and_csv_and_xlsx_say_the_same(target: Target) -> None:
    rows = [officer(1, qualified="بله"), employed(2), officer(3, mobile="x")]
    path, before = write_csv(target.folder / "a.csv", rows), await target.contents()

    trial = await target.read(path, dry_run=True)

    assert trial.counts == (3, 2, 0, 0, 1)
    assert await target.contents() == before
    real = await target.read(write_xlsx(target.folder / "a.xlsx", rows))
    assert (real.counts, real.report) == (trial.counts, trial.report)
    again = await target.read(path)
    assert (again.counts, again.report) == ((3, 0, 0, 2, 1), trial.report)


async def test_a_corrected_row_is_taken_over_until_its_owner_comes(target: Target) -> None:
    await target.take(officer(1), officer(2))
    corrected = [
        officer(n, last_name="رستمی", birth_date="1366/01/01", password="Other-999", user_code=f"other{n}")
        | COMPANY
        for n in (1, 2)
    ]
    account, _ = await target.officer(2)

    def log_in(db: Session) -> None:
        chat = Chat(messenger=Messenger.BALE, chat_id=77)
        db.add(chat)
        db.flush()
        checked = account.password_hash
        accounts.login(
            db, chat=chat, account_id=account.id or 0, checked_hash=checked, new_hash=None, now=NOW
        )

    await target.database.run(log_in)

    said = await target.take(*corrected)

    assert said.counts == (2, 0, 1, 0, 0)
    assert said.totals.untouched == 1
    waiting, file = await target.officer(1)
    assert (waiting.last_name, file.birth_date) == ("رستمی", date(1987, 3, 21))
    assert waiting.user_code == "old000001"
    assert await target.database.read(lambda db: contracts.active(db, waiting.id or 0)) is not None
    here, file = await target.officer(2)
    assert (here.last_name, file.birth_date) == ("کریمی‌نژاد", date(1986, 7, 3))
    assert await target.database.read(lambda db: contracts.active(db, here.id or 0)) is None
    assert (await target.take(*corrected)).counts == (2, 0, 0, 1, 0)


async def test_an_ended_contract_does_not_come_back(target: Target) -> None:
    await target.take(employed(1))
    events = await target.all(AuditEvent)
    assert min(events, key=lambda one: one.id or 0).event == "legacy_import"
    assert {one.actor_role for one in events} == {SYSTEM.role}
    assert not any(national_code(1) in str(one.data) for one in events)

    def end(db: Session) -> None:
        contract = db.exec(select(Contract)).one()
        contract.state, contract.ended_at = ContractState.ENDED_BY_DISTRIBUTOR, NOW

    await target.database.run(end)

    assert (await target.take(employed(1))).counts == (1, 0, 0, 1, 0)
    assert len(await target.all(Contract)) == 1


async def test_people_who_are_here_already(target: Target) -> None:
    def others(db: Session) -> None:
        people.officer(db, national_code=national_code(1), chat=False)
        staff = people.account(db, chat=False, national_code=national_code(2))
        people.granted(db, staff, Role.STAFF)
        people.account(db, chat=False, national_code=national_code(3), state=AccountState.ANNULLED)
        people.account(db, chat=False).user_code = "old-one"

    await target.database.run(others)
    rows = [officer(1), officer(2), officer(3), officer(4, user_code="old-one"), officer(5)]

    said = await target.take(*rows)

    assert said.counts == (5, 2, 0, 0, 3)
    assert said.of(2) == {"کد ملی": "این شخص خودش در سامانه ثبت‌نام کرده است."}
    assert said.of(3) == {"کد ملی": "این شخص با نقش دیگری در سامانه حساب دارد."}
    assert said.of(5) == {"کد کاربری": "این کد کاربری از آن شخص دیگری است."}


@on_sqlite
async def test_who_was_taken_in_by_another_at_that_moment(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at what is there and the storing; the others of the batch come in."""
    with_contracts = store._with_contracts

    def another_is_faster(db: Session, account_ids: Sequence[int]) -> set[int]:
        people.account(db, chat=False, national_code=national_code(2))
        people.account(db, chat=False).user_code = str(officer(3)["user_code"])
        db.flush()
        return with_contracts(db, account_ids)

    monkeypatch.setattr(store, "_with_contracts", another_is_faster)
    said = await target.take(*map(officer, range(1, 5)))

    assert said.counts == (4, 2, 0, 0, 2)
    taken = "همین لحظه شخص دیگری با این کد ملی، کد کاربری یا شناسه ثبت شد."
    assert (said.of(3), said.of(4)) == ({"": taken}, {"": taken})
    assert (await target.officer(4))[0].user_code == officer(4)["user_code"]


def fail_at(monkeypatch: pytest.MonkeyPatch, row: int, error: Exception) -> None:
    """Storing a batch with this row fails at its end."""
    store_batch = store.store_batch

    def fails(db: Session, *, batch: Sequence[Any], **others: Any) -> list[Any]:
        outcomes = store_batch(db, batch=batch, **others)
        if any(one.row == row for one in batch):
            raise error
        return outcomes

    monkeypatch.setattr(store, "store_batch", fails)


@on_sqlite
async def test_a_row_at_which_the_system_fails_spoils_no_other(
    target: Target, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fail_at(monkeypatch, 3, RuntimeError("nobody thought of this"))

    said = await target.take(*map(officer, range(1, 5)))

    assert said.counts == (4, 3, 0, 0, 1)
    (logged,) = re.findall(r"row 3 failed \(([1-9]\d{5})\)", caplog.text)
    assert said.of(3) == {"": f"این ردیف ثبت نشد؛ خطای سامانه (شماره \u2066{logged}\u2069)."}
    assert {one.user_code for one in await target.all(Account)} == {
        officer(number)["user_code"] for number in (1, 3, 4)
    }


@on_sqlite
async def test_a_database_that_goes_away_ends_the_import(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at(monkeypatch, 3, OperationalError("", {}, Exception("gone")))
    with pytest.raises(OperationalError):
        await target.take(*map(officer, range(1, 5)))
    assert await target.all(Account) == []


async def test_a_spreadsheet_with_numbers_and_formulas(target: Target) -> None:
    code, birthday = int(national_code(1)), datetime(1986, 7, 3)
    as_numbers = officer(1, national_code=code, mobile=9121234567, birth_date=birthday)
    rows = [as_numbers, officer(2, first_name="=A1")]

    said = await target.read(write_xlsx(target.folder / "a.xlsx", rows))

    assert said.counts == (2, 1, 0, 0, 1)
    assert said.report[0].value == "'=A1"
    assert "فرمول" in said.report[0].reason
    account, file = await target.officer(1)
    assert (account.mobile, file.birth_date) == ("+989121234567", date(1986, 7, 3))


async def test_unknown_columns_are_named_and_missing_ones_stop_it(target: Target) -> None:
    with pytest.raises(UnusableFile, match="کد کاربری، رمز عبور"):
        await target.take(officer(1), columns=["national_code", "first_name"])
    assert await target.all(Account) == []
    said = await target.take()
    assert (said.counts, said.report) == ((0, 0, 0, 0, 0), [])

    said = await target.take(officer(1), columns=[*officer(1), "=HYPERLINK(1)", "یادداشت"])

    assert said.counts == (1, 1, 0, 0, 0)
    assert said.totals.unknown_columns == ("=HYPERLINK(1)", "یادداشت")
    assert "یادداشت" in said.report[0].reason
