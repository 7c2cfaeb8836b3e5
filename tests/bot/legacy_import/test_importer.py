"""Files taken in, on both databases: what is stored, what is refused and why, and that nothing happens twice."""

import os
import stat
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import Session, SQLModel, col, select

from bot.core.context import SYSTEM
from bot.legacy_import.readers.table import UnusableFile
from bot.services import accounts
from bot.services.cooperation import contracts
from bot.services.shared import eligibility
from storage.database.database import Database
from storage.enums import AccountState, ContractState, Messenger, Role
from storage.tables import Account, AuditEvent, Branch, Chat, Contract, Distributor, Grant, Officer
from tests.bot.security.test_legacy_hashes import identity_v3
from tests.support.identities import national_code
from tests.support.import_files import COMPANY, employed, move_in, officer, write_csv, write_xlsx

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def contents(db: Session) -> dict[str, list[Any]]:
    """Every row of every table."""
    tables = SQLModel.metadata.sorted_tables
    return {
        table.name: [tuple(map(str, row)) for row in db.connection().execute(table.select())]
        for table in tables
    }


def account_of(db: Session, number: int) -> tuple[Account, Officer]:
    account = accounts.by_national_code(db, national_code(number))
    assert account is not None
    return account, db.get_one(Officer, account.id)


async def test_an_officer_comes_in_whole(seeded: Database, tmp_path: Path) -> None:
    row = officer(
        1,
        national_code="۹۹۹۰۰۰۰۰۱" + national_code(1)[-1],
        first_name="سارا ",
        last_name="كريمي",
        birth_date="۱۳۶۵-۴-۱۲",
        mobile="9121234567",
        degree_level="لیسانس",
        qualified="بلی",
    )

    said = await move_in(seeded, write_csv(tmp_path / "a.csv", [row]))

    assert said.counts == (1, 1, 0, 0, 0)
    account, file = await seeded.read(lambda db: account_of(db, 1))
    assert (account.name, account.user_code, account.mobile) == ("سارا کریمی", "old000001", "+989121234567")
    assert account.migrated
    assert not account.mobile_verified
    assert account.password_hash.startswith("$argon2id$")
    assert file.birth_date == date(1986, 7, 3)
    assert (file.level_code, file.field_code, file.gender) == ("bachelor", "biomedical", "female")
    assert (file.province, file.city) == ("فارس", "شیراز")
    assert file.legacy_qualified
    grants = await seeded.read(lambda db: accounts.active_grants(db, account.id or 0))
    assert [one.role for one in grants] == [Role.OFFICER]
    assert await seeded.read(lambda db: eligibility.eligibility_of(db, account.id or 0).eligible)


@pytest.mark.parametrize(
    ("first", "last"), [("ھادی", "رضائے"), ("ہادی", "ﺭﺿﺎئی"), ("ەادی", "رضاﺋﻰ"), ("ها\u3164دی", "رضائي")]
)
async def test_names_in_letters_that_look_persian(
    seeded: Database, tmp_path: Path, first: str, last: str
) -> None:
    row = officer(1, first_name=first, last_name=last, degree_level="کارشناسے", gender="مرد")

    said = await move_in(seeded, write_csv(tmp_path / "a.csv", [row]))

    assert said.counts == (1, 1, 0, 0, 0)
    account, file = await seeded.read(lambda db: account_of(db, 1))
    assert (account.name, file.level_code) == ("هادی رضائی", "bachelor")


async def test_without_a_word_an_officer_is_not_qualified(seeded: Database, tmp_path: Path) -> None:
    bare = {key: officer(1)[key] for key in list(officer(1))[:6]}

    await move_in(seeded, write_csv(tmp_path / "a.csv", [bare], columns=list(bare)))

    account, file = await seeded.read(lambda db: account_of(db, 1))
    assert not file.legacy_qualified
    assert (file.level_code, file.field_code, account.mobile) == (None, None, None)


async def test_a_field_that_nobody_knows_and_no_degree(seeded: Database, tmp_path: Path) -> None:
    row = officer(1, field_of_study="مدیریت بازرگانی", degree_level="دیپلم")

    await move_in(seeded, write_csv(tmp_path / "a.csv", [row]))

    _, file = await seeded.read(lambda db: account_of(db, 1))
    assert (file.level_code, file.field_code, file.field_note) == (None, "other", "مدیریت بازرگانی")


async def test_two_officers_share_the_central_branch_of_their_distributor(
    seeded: Database, tmp_path: Path
) -> None:
    said = await move_in(seeded, write_csv(tmp_path / "a.csv", [employed(1), employed(2), officer(3)]))

    assert said.counts == (3, 3, 0, 0, 0)
    assert said.totals.distributors == 1

    def stored(db: Session) -> tuple[Distributor, Branch, list[Contract]]:
        return (
            db.exec(select(Distributor)).one(),
            db.exec(select(Branch)).one(),
            list(db.exec(select(Contract))),
        )

    distributor, branch, both = await seeded.read(stored)
    assert (distributor.name, distributor.legal_id) == ("کیان طب", "14009999995")
    assert distributor.manager_mobile == "+989123334455"
    assert branch.is_central
    assert (branch.province, branch.city, branch.university_code) == ("فارس", "شیراز", "sums")
    assert {one.branch_id for one in both} == {branch.id}
    assert all(one.migrated and one.state is ContractState.ACTIVE for one in both)
    assert both[0].started_at.date() == date(2021, 5, 5)
    _, file = await seeded.read(lambda db: account_of(db, 1))
    assert file.legacy_qualified


async def test_distributors_alone(seeded: Database, tmp_path: Path) -> None:
    guild = COMPANY | {
        "distributor_kind": "واحد صنفی",
        "distributor_id": "12345",
        "distributor_name": "سلامت",
    }
    only = write_csv(tmp_path / "a.csv", [COMPANY, guild, COMPANY], columns=list(COMPANY))

    assert (await move_in(seeded, only)).counts == (3, 2, 0, 1, 0)

    mixed = write_csv(tmp_path / "b.csv", [officer(1), COMPANY | {"distributor_id": "14009999995"}])
    assert (await move_in(seeded, mixed)).counts == (2, 1, 0, 1, 0)


async def test_every_mistake_is_named_and_nothing_else_is_lost(seeded: Database, tmp_path: Path) -> None:
    rows = [
        officer(1),
        officer(2, national_code="1234567890", birth_date="1365/13/01"),
        officer(3, birth_date="1365/12/31", mobile="123"),
        officer(4, first_name="Sara", email="x"),
        officer(5, password=""),
        officer(6, password="5f4dcc3b5aa765d61d8327deb882cf99"),
        officer(7, user_code="old000001"),
        officer(8, national_code=national_code(1)),
        officer(9, city="تهران"),
        officer(10, qualified="شاید"),
        officer(11, first_name="=cmd|' /C calc'!A0"),
        officer(12, birth_date="1400/01/01"),
        employed(13, distributor_id="14009999999"),
        employed(14, distributor_name=""),
        employed(15) | {"distributor_id": "14009999995", "distributor_manager": "", "distributor_city": ""},
        officer(16, father_name="م" * 3000),
        {},
        officer(17),
    ]

    said = await move_in(seeded, write_csv(tmp_path / "a.csv", rows))

    assert said.counts == (17, 2, 0, 0, 15)
    assert set(said.of(3)) == {"کد ملی", "تاریخ تولد"}
    assert said.of(4) == {
        "تاریخ تولد": "چنین تاریخی در تقویم وجود ندارد.",
        "شماره همراه": "شماره همراه باید ۱۱ رقم و با ۰۹ شروع شود.",
    }
    assert said.of(5) == {"نام": "لطفاً فقط از حروف فارسی استفاده کنید."}
    assert said.of(6) == {"رمز عبور": "این خانه نباید خالی باشد."}
    assert said.of(7) == {"رمز عبور": "این شکل از رمز درهم‌شده پشتیبانی نمی‌شود."}
    assert "ردیف ⁦2⁩" in said.of(8)["کد کاربری"]
    assert "ردیف ⁦2⁩" in said.of(9)["کد ملی"]
    assert said.of(10) == {"شهر": "این مقدار در فهرست سامانه نیست."}
    assert said.of(11) == {"احراز صلاحیت": "«بله» یا «خیر» بنویسید."}
    assert said.of(13) == {"تاریخ تولد": "تاریخ تولد واردشده پذیرفته نیست. لطفاً آن را بررسی کنید."}
    assert set(said.of(14)) == {"شناسه توزیع‌کننده"}
    assert set(said.of(15)) == {"نام توزیع‌کننده"}
    assert "نام مدیر، شهر توزیع‌کننده" in said.of(16)[""]
    assert set(said.of(17)) == {"نام پدر"}
    formula = next(one for one in said.report if one.row == "12")
    assert formula.value.startswith("'=cmd")
    assert not any("5f4dcc3b" in one.value for one in said.report)
    stored = await seeded.read(lambda db: db.exec(select(func.count()).select_from(Account)).one())
    assert stored == 2
    assert await seeded.read(lambda db: db.exec(select(Distributor)).all()) == []


async def test_a_thousand_rows_twice_change_nothing_the_second_time(seeded: Database, tmp_path: Path) -> None:
    rows = [employed(n) if n % 10 == 0 else officer(n) for n in range(1000)]
    for place, broken in ((17, {"birth_date": "؟"}), (204, {"national_code": "1"}), (555, {"last_name": ""})):
        rows[place] |= broken
    rows[777] = officer(778)
    path = write_csv(tmp_path / "a.csv", rows)

    first = await move_in(seeded, path)
    before = await seeded.read(contents, large=True)
    second = await move_in(seeded, path)
    after = await seeded.read(contents, large=True)

    assert first.counts == (1000, 996, 0, 0, 4)
    assert {one.row for one in first.report} == {"19", "206", "557", "780"}
    assert second.counts == (1000, 0, 0, 996, 4)
    assert first.report == second.report
    assert before == after


async def test_a_trial_stores_nothing_and_says_the_same(seeded: Database, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [officer(1), employed(2), officer(3, mobile="x")])
    before = await seeded.read(contents, large=True)

    trial = await move_in(seeded, path, dry_run=True)

    assert trial.counts == (3, 2, 0, 0, 1)
    assert await seeded.read(contents, large=True) == before
    real = await move_in(seeded, path)
    assert (real.counts, real.report) == (trial.counts, trial.report)


async def test_a_corrected_row_is_taken_over_until_its_owner_comes(seeded: Database, tmp_path: Path) -> None:
    await move_in(seeded, write_csv(tmp_path / "a.csv", [officer(1), officer(2)]))
    corrected = [
        officer(n, last_name="رستمی", birth_date="1366/01/01", password="Other-999", user_code=f"other{n}")
        | COMPANY
        for n in (1, 2)
    ]
    account, _ = await seeded.read(lambda db: account_of(db, 2))

    def log_in(db: Session) -> None:
        chat = Chat(messenger=Messenger.BALE, chat_id=77)
        db.add(chat)
        db.flush()
        accounts.login(
            db,
            chat=chat,
            account_id=account.id or 0,
            checked_hash=account.password_hash,
            new_hash=None,
            now=NOW,
        )

    await seeded.run(log_in)

    said = await move_in(seeded, write_csv(tmp_path / "b.csv", corrected))

    assert said.counts == (2, 0, 1, 0, 0)
    assert said.totals.untouched == 1
    waiting, file = await seeded.read(lambda db: account_of(db, 1))
    assert (waiting.last_name, file.birth_date) == ("رستمی", date(1987, 3, 21))
    assert waiting.user_code == "old000001"
    assert await seeded.read(lambda db: contracts.active(db, waiting.id or 0)) is not None
    here, file = await seeded.read(lambda db: account_of(db, 2))
    assert (here.last_name, file.birth_date) == ("کریمی‌نژاد", date(1986, 7, 3))
    assert await seeded.read(lambda db: contracts.active(db, here.id or 0)) is None
    assert (await move_in(seeded, tmp_path / "b.csv")).counts == (2, 0, 0, 1, 0)


async def test_an_ended_contract_does_not_come_back(seeded: Database, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [employed(1)])
    await move_in(seeded, path)

    def end(db: Session) -> None:
        contract = db.exec(select(Contract)).one()
        contract.state, contract.ended_at = ContractState.ENDED_BY_DISTRIBUTOR, NOW

    await seeded.run(end)

    assert (await move_in(seeded, path)).counts == (1, 0, 0, 1, 0)
    assert await seeded.read(lambda db: len(db.exec(select(Contract)).all())) == 1


async def test_people_who_are_here_already(seeded: Database, tmp_path: Path) -> None:
    def others(db: Session) -> None:
        for number, role in ((1, Role.OFFICER), (2, Role.STAFF)):
            account = Account(
                user_code=f"1000000{number}",
                password_hash="x",
                national_code=national_code(number),
                first_name="الف",
                last_name="ب",
            )
            db.add(account)
            db.flush()
            db.add(Grant(account_id=account.id or 0, role=role))
            if role is Role.OFFICER:
                db.add(Officer(account_id=account.id or 0, birth_date=date(1980, 1, 1)))
        gone = Account(
            user_code="10000003",
            password_hash="x",
            national_code=national_code(3),
            first_name="الف",
            last_name="ب",
            state=AccountState.ANNULLED,
        )
        db.add(gone)

    await seeded.run(others)
    rows = [officer(1), officer(2), officer(3), officer(4, user_code="10000001"), officer(5)]

    said = await move_in(seeded, write_csv(tmp_path / "a.csv", rows))

    assert said.counts == (5, 2, 0, 0, 3)
    assert said.of(2) == {"کد ملی": "این شخص خودش در سامانه ثبت‌نام کرده است."}
    assert said.of(3) == {"کد ملی": "این شخص با نقش دیگری در سامانه حساب دارد."}
    assert said.of(5) == {"کد کاربری": "این کد کاربری از آن شخص دیگری است."}


async def test_csv_and_xlsx_agree(seeded: Database, tmp_path: Path) -> None:
    rows = [officer(1, qualified="بله"), employed(2), officer(3, mobile="12")]
    by_csv = await move_in(seeded, write_csv(tmp_path / "a.csv", rows), dry_run=True)

    by_xlsx = await move_in(seeded, write_xlsx(tmp_path / "a.xlsx", rows))

    assert (by_xlsx.counts, by_xlsx.report) == (by_csv.counts, by_csv.report)
    assert (await move_in(seeded, tmp_path / "a.csv")).counts == (3, 0, 0, 2, 1)


async def test_a_spreadsheet_with_numbers_and_formulas(seeded: Database, tmp_path: Path) -> None:
    as_numbers = {
        "national_code": int(national_code(1)),
        "mobile": 9121234567,
        "birth_date": datetime(1986, 7, 3),
    }
    rows = [officer(1) | as_numbers, officer(2, first_name="=A1")]

    said = await move_in(seeded, write_xlsx(tmp_path / "a.xlsx", rows))

    assert said.counts == (2, 1, 0, 0, 1)
    assert said.report[0].value == "'=A1"
    assert "فرمول" in said.report[0].reason
    account, file = await seeded.read(lambda db: account_of(db, 1))
    assert (account.mobile, file.birth_date) == ("+989121234567", date(1986, 7, 3))


async def test_a_code_whose_zeros_a_spreadsheet_took(seeded: Database, tmp_path: Path) -> None:
    said = await move_in(seeded, write_csv(tmp_path / "a.csv", [officer(1, national_code="12345679")]))

    assert said.counts == (1, 1, 0, 0, 0)
    assert await seeded.read(lambda db: accounts.by_national_code(db, "0012345679")) is not None


async def test_a_hash_is_kept_as_it_is(seeded: Database, tmp_path: Path) -> None:
    stored = identity_v3("Old-1234")

    await move_in(seeded, write_csv(tmp_path / "a.csv", [officer(1, password=stored)]))

    account, _ = await seeded.read(lambda db: account_of(db, 1))
    assert account.password_hash == stored


async def test_unknown_columns_are_named_and_skipped(seeded: Database, tmp_path: Path) -> None:
    columns = [*officer(1), "=HYPERLINK(1)", "یادداشت"]

    said = await move_in(seeded, write_csv(tmp_path / "a.csv", [officer(1)], columns=columns))

    assert said.counts == (1, 1, 0, 0, 0)
    assert said.totals.unknown_columns == ("=HYPERLINK(1)", "یادداشت")
    assert "یادداشت" in said.report[0].reason


async def test_a_header_alone_and_a_report_that_only_its_owner_reads(
    seeded: Database, tmp_path: Path
) -> None:
    said = await move_in(seeded, write_csv(tmp_path / "a.csv", []))

    assert said.counts == (0, 0, 0, 0, 0)
    assert said.report == []
    mode = os.stat(tmp_path / "a.csv.report.csv").st_mode
    assert stat.S_IMODE(mode) == 0o600


async def test_missing_columns_stop_it_before_anything_is_stored(seeded: Database, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [officer(1)], columns=["national_code", "first_name"])

    with pytest.raises(UnusableFile, match="کد کاربری، رمز عبور"):
        await move_in(seeded, path)

    assert await seeded.read(lambda db: db.exec(select(Account)).all()) == []


async def test_what_was_done_is_in_the_record(seeded: Database, tmp_path: Path) -> None:
    await move_in(seeded, write_csv(tmp_path / "a.csv", [employed(1)]))

    events = await seeded.read(lambda db: db.exec(select(AuditEvent).order_by(col(AuditEvent.id))).all())

    assert events[0].event == "legacy_import"
    assert {one.actor_role for one in events} == {SYSTEM.role}
    assert not any(national_code(1) in str(one.data) for one in events)
