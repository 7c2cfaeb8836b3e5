"""One row in, everything that is made of it out: values by the columns of the tables, or every mistake with its words."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.legacy_import.columns import Layout, read_header
from bot.legacy_import.nothing import says_nothing
from bot.legacy_import.readers.table import Formula, TableRow
from bot.legacy_import.row_parser import (
    DistributorRow,
    Employer,
    OfficerRow,
    ReferenceCodes,
    RowError,
    read_line,
)
from bot.rules.validators import search_key
from bot.texts import BIDI_MARKS, t
from storage.enums import DistributorKind

TODAY = date(2026, 11, 22)  # 1405/09/01
CODES = ReferenceCodes(
    levels={search_key("bachelor"): "bachelor", search_key("کارشناسی"): "bachelor"},
    fields={search_key("مهندسی پزشکی"): "biomedical"},
    universities={search_key("sums"): "sums", search_key("شیراز"): "sums"},
    other_field="other",
    today=TODAY,
)
OFFICER = {
    "national_code": "9991234561",
    "user_code": "old1",
    "password": "Pass-123",
    "first_name": "سارا",
    "last_name": "کریمی",
    "birth_date": "1365/04/12",
}
BORN = date(1986, 7, 3)
COMPANY = {"distributor_kind": "شرکت", "distributor_name": "کیان طب", "distributor_id": "14009999995"}
KIAN = Employer(DistributorKind.COMPANY, "کیان طب", "14009999995")


def parsed(codes: ReferenceCodes = CODES, number: int = 7, **cells: Any) -> Any:
    layout = read_header(list(cells))
    return read_line(TableRow(number, list(cells.values())), layout, codes)


def officer(**cells: Any) -> OfficerRow:
    row = parsed(**OFFICER | cells)
    assert isinstance(row, OfficerRow), row
    return row


def mistakes(codes: ReferenceCodes = CODES, **cells: Any) -> list[tuple[str, str, str]]:
    """(column, value, reason) of each."""
    found = parsed(codes, **cells)
    assert isinstance(found, list), found
    assert {one.row for one in found} == {7}
    return [(one.column, one.value, BIDI_MARKS.sub("", one.reason)) for one in found]


def said(key: str, **args: Any) -> str:
    return BIDI_MARKS.sub("", t(key, **args))


def test_an_officer_in_few_words_and_in_all() -> None:
    assert officer() == OfficerRow(
        row=7,
        national_code="9991234561",
        user_code="old1",
        password="Pass-123",
        password_hash=None,
        account={"first_name": "سارا", "last_name": "کریمی"},
        file={"birth_date": BORN},
    )
    more = {
        "mobile": "9121234567",
        "degree_level": "لیسانس",
        "field_of_study": "مهندسي پزشکی",
        "father_name": "علی",
        "gender": "خانم",
        "birth_cert_no": "0",
        "province": "فارس",
        "city": "شیراز",
        "university": "SUMS",
        "postal_address": "شیراز، خیابان زند، پلاک ۱۲",
        "phone": "7132123456",
        "email": "A@b.ir",
        "qualified": "بله",
        "qualified_on": "1400/01/01",
        "contract_from": "1400/02/15",
    }
    full = officer(**more)
    assert full.account == {"first_name": "سارا", "last_name": "کریمی", "mobile": "+989121234567"}
    assert full.file == {
        "birth_date": BORN,
        "level_code": "bachelor",
        "field_code": "biomedical",
        "father_name": "علی",
        "gender": "female",
        "birth_cert_no": "0",
        "province": "فارس",
        "city": "شیراز",
        "university_code": "sums",
        "postal_address": "شیراز، خیابان زند، پلاک ۱۲",
        "phone": "07132123456",
        "email": "a@b.ir",
        "legacy_qualified": True,
        "qualified_at": datetime(2021, 3, 21, 8, 30, tzinfo=UTC),  # noon in Tehran
    }
    assert (full.contract_from, full.employer) == (date(2021, 5, 5), None)


def test_an_officer_who_is_employed_is_qualified() -> None:
    both = officer(**COMPANY)
    assert (both.employer, both.file["legacy_qualified"]) == (KIAN, True)
    assert officer(**COMPANY, qualified="خیر").file["legacy_qualified"] is True
    assert officer(qualified="خیر").file["legacy_qualified"] is False
    assert officer(qualified="", qualified_on="1400/01/01").file["legacy_qualified"] is True
    refused = officer(qualified="ندارد", qualified_on="1400/01/01").file
    assert (refused["legacy_qualified"], "qualified_at" in refused) == (False, False)
    assert "legacy_qualified" not in officer(qualified="", qualified_on="").file


@pytest.mark.parametrize(
    ("cells", "employer"),
    [
        ({}, KIAN),
        (
            {"distributor_kind": "guild", "distributor_id": "70001", "distributor_name": "آراد"},
            Employer(DistributorKind.GUILD, "آراد", "70001"),
        ),
        (
            {
                "distributor_manager": "حسین رضایی",
                "distributor_mobile": "9123334455",
                "distributor_phone": "7132123456",
                "distributor_address": "شیراز، خیابان دانشگاه، پلاک ۲",
                "distributor_province": "فارس",
                "distributor_city": "شیراز",
                "distributor_university": "شیراز",
            },
            Employer(
                DistributorKind.COMPANY,
                "کیان طب",
                "14009999995",
                "حسین رضایی",
                "+989123334455",
                "07132123456",
                "شیراز، خیابان دانشگاه، پلاک ۲",
                "فارس",
                "شیراز",
                "sums",
            ),
        ),
    ],
)
def test_a_distributor_alone_and_beside_empty_cells_of_an_officer(
    cells: dict[str, str], employer: Employer
) -> None:
    assert parsed(**COMPANY | cells) == DistributorRow(7, employer)
    nobody = {**OFFICER, "national_code": "", "user_code": "-", "last_name": " "}
    assert parsed(**nobody | COMPANY | cells) == DistributorRow(7, employer)
    for named in ("national_code", "user_code", "last_name"):
        somebody = nobody | {named: OFFICER[named]}
        assert isinstance(parsed(**somebody | COMPANY | cells), list)


def test_rows_that_say_nothing_and_rows_that_cannot_be_read() -> None:
    assert parsed(**dict.fromkeys(OFFICER, "")) is None
    assert parsed(**dict.fromkeys(OFFICER, "#N/A")) is None
    layout = read_header(list(OFFICER))
    assert read_line(TableRow(3, []), layout, CODES) is None
    broken = TableRow(3, list(OFFICER.values()), "row_too_long")
    assert read_line(broken, layout, CODES) == [RowError(3, "", "", t("import.row_too_long"))]
    of_distributors = read_header(list(COMPANY))
    assert isinstance(read_line(TableRow(3, ["شرکت"]), of_distributors, CODES), list)
    short = read_line(TableRow(3, list(OFFICER.values())[:3]), layout, CODES)
    assert isinstance(short, list)
    assert [one.column for one in short] == ["نام", "نام خانوادگی", "تاریخ تولد"]


NEEDED = said("import.needed")


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ({"national_code": ""}, [("کد ملی", "", NEEDED)]),
        ({"user_code": "", "password": ""}, [("کد کاربری", "", NEEDED), ("رمز عبور", "", NEEDED)]),
        ({"national_code": "9991234562"}, [("کد ملی", "9991234562", said("error.bad_national_code"))]),
        ({"user_code": "ab"}, [("کد کاربری", "ab", said("import.bad_user_code"))]),
        ({"user_code": "a" * 33}, [("کد کاربری", "a" * 33, said("import.bad_user_code"))]),
        ({"user_code": "a b c"}, [("کد کاربری", "a b c", said("import.bad_user_code"))]),
        ({"password": "x" * 129}, [("رمز عبور", "", said("import.long_password"))]),
        ({"password": "$5$rounds=5000$abc$defghijk"}, [("رمز عبور", "", said("import.foreign_hash"))]),
        ({"password": Formula("=1+1")}, [("رمز عبور", "", said("import.formula"))]),
        ({"first_name": Formula("=A1")}, [("نام", "=A1", said("import.formula"))]),
        ({"first_name": "x" * 2001}, [("نام", "x" * 60, said("import.long_cell"))]),
        ({"first_name": "Sara"}, [("نام", "Sara", said("error.not_persian_name"))]),
        ({"birth_date": ""}, [("تاریخ تولد", "", NEEDED)]),
        ({"birth_date": "1400/01/01"}, [("تاریخ تولد", "1400/01/01", said("import.age_out_of_range"))]),
        ({"birth_date": date(2021, 3, 21)}, [("تاریخ تولد", "2021-03-21", said("import.age_out_of_range"))]),
        ({"birth_date": "20/5/25"}, [("تاریخ تولد", "20/5/25", said("import.ambiguous_date"))]),
        ({"qualified_on": "20/5/25"}, [("تاریخ احراز صلاحیت", "20/5/25", said("import.ambiguous_date"))]),
        ({"qualified_on": "1405/09/02"}, [("تاریخ احراز صلاحیت", "1405/09/02", said("import.future_date", day="۱۴۰۵/۰۹/۰۲"))]),
        ({"contract_from": date(2026, 11, 23)}, [("تاریخ شروع همکاری", "2026-11-23", said("import.future_date", day="۱۴۰۵/۰۹/۰۲"))]),
        ({"qualified": "شاید"}, [("احراز صلاحیت", "شاید", said("import.yes_or_no"))]),
        ({"gender": "x"}, [("جنسیت", "x", said("import.not_in_list"))]),
        ({"degree_level": "فوق لیسانس"}, [("مقطع تحصیلی", "فوق لیسانس", said("import.not_in_list"))]),
        ({"field_of_study": "م"}, [("رشته تحصیلی", "م", said("import.not_in_list"))]),
        ({"field_of_study": "م" * 121}, [("رشته تحصیلی", "م" * 60, said("import.not_in_list"))]),
        ({"province": "ناکجا"}, [("استان", "ناکجا", said("import.not_in_list"))]),
        ({"province": "", "city": "شیراز"}, [("استان", "", NEEDED)]),
        ({"province": "ناکجا", "city": "شیراز"}, [("استان", "ناکجا", said("import.not_in_list"))]),
        ({"province": "فارس", "city": "کرج"}, [("شهر", "کرج", said("import.not_in_list"))]),
        ({"phone": "9121234567"}, [("شماره تماس", "9121234567", said("error.bad_phone"))]),
        ({"mobile": "7132123456"}, [("شماره همراه", "7132123456", said("error.bad_mobile"))]),
    ],
)  # fmt: skip
def test_each_mistake_of_an_officer(cells: dict[str, Any], found: list[tuple[str, str, str]]) -> None:
    assert mistakes(**OFFICER | cells) == found


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ({"distributor_name": "", "distributor_id": ""}, [("شناسه توزیع‌کننده", "", NEEDED)]),
        ({"distributor_kind": ""}, [("نوع توزیع‌کننده", "", NEEDED)]),
        ({"distributor_name": ""}, [("نام توزیع‌کننده", "", NEEDED)]),
        ({"distributor_id": ""}, [("شناسه توزیع‌کننده", "", NEEDED)]),
        ({"distributor_id": "70001"}, [("شناسه توزیع‌کننده", "70001", said("error.bad_legal_id"))]),
        ({"distributor_kind": "صنف", "distributor_id": "7"}, [("شناسه توزیع‌کننده", "7", said("error.bad_guild_id"))]),
        ({"distributor_name": "ک"}, [("نام توزیع‌کننده", "ک", said("import.bad_distributor_name"))]),
        ({"distributor_name": "123"}, [("نام توزیع‌کننده", "123", said("import.bad_distributor_name"))]),
        ({"distributor_name": "ک" * 121}, [("نام توزیع‌کننده", "ک" * 60, said("import.bad_distributor_name"))]),
    ],
)  # fmt: skip
def test_each_mistake_of_a_distributor(cells: dict[str, Any], found: list[tuple[str, str, str]]) -> None:
    assert mistakes(**COMPANY | cells) == found


def test_a_mistake_of_either_refuses_the_whole_row() -> None:
    assert [one[0] for one in mistakes(**OFFICER | COMPANY | {"distributor_id": "1", "gender": "x"})] == [
        "شناسه توزیع‌کننده",
        "جنسیت",
    ]


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        ({"user_code": "abc"}, "abc"),
        ({"user_code": "a" * 32}, "a" * 32),
        ({"user_code": " ۱۲۳ "}, "123"),
        ({"user_code": "'00123"}, "00123"),
        ({"user_code": "12.0"}, "12"),
        ({"user_code": "۱۲۳.۰۰"}, "123"),
        ({"user_code": "12.5"}, "12.5"),
    ],
)
def test_codes_as_programs_write_them(cells: dict[str, Any], value: str) -> None:
    if value == "12":
        assert mistakes(**OFFICER | cells)[0][2] == said("import.bad_user_code")
        return
    assert officer(**cells).user_code == value


@pytest.mark.parametrize(
    ("password", "kept"), [("12.0", "12.0"), ("'123", "'123"), (" x ", "x"), ("x" * 128, "x" * 128)]
)
def test_a_password_stands_as_it_is(password: str, kept: str) -> None:
    row = officer(password=password)
    assert (row.password, row.password_hash) == (kept, None)


def test_a_hash_is_kept_as_one() -> None:
    known = "$2b$10$" + "a" * 53
    row = officer(password=known)
    assert (row.password, row.password_hash) == (None, known)


@pytest.mark.parametrize(
    ("cell", "code"),
    [("0012345679", "0012345679"), ("12345679", "0012345679"), ("12345679.0", "0012345679"), ("'0012345679", "0012345679"), (" ۰۰۱۲۳۴۵۶۷۹ ", "0012345679")],
)  # fmt: skip
def test_zeros_that_a_spreadsheet_took_away(cell: str, code: str) -> None:
    assert officer(national_code=cell).national_code == code
    assert mistakes(**OFFICER | {"national_code": "1234567"})


@pytest.mark.parametrize(
    "cell",
    [
        "1365/04/12",
        "12 تیر 1365",
        "1986-07-03",
        "1986-07-03 00:00:00",
        "1986-07-03T08:30:15.250+03:30",
        "1986-07-03 8:30 PM",
        "1986-07-03 08:30 ب.ظ",
        "1986-07-03 08:30:00 UTC",
        "1365/04/12 ساعت 8:30",
        "1365/04/12-08:30",
        "08:30:15 1365/04/12",
        "پنج‌شنبه 1365/04/12",
        "پنجشنبه، ۱۲ تیر ۱۳۶۵",
        "Thursday, July 3, 1986",
        "Thu 3 July 1986",
        "\u200e1365/04/12",
        "'1365/04/12",
        date(1986, 7, 3),
        date(1365, 4, 12),
    ],
    ids=str,
)
def test_a_day_with_what_programs_write_around_it(cell: Any) -> None:
    assert officer(birth_date=cell).file["birth_date"] == BORN
    assert officer(contract_from=cell).contract_from == BORN


@pytest.mark.parametrize(("born", "taken"), [("1387/09/01", True), ("1387/09/02", False), ("1314/09/02", True), ("1314/09/01", False)])  # fmt: skip
def test_ages_of_officers(born: str, taken: bool) -> None:
    assert isinstance(parsed(**OFFICER | {"birth_date": born}), OfficerRow) is taken


def test_studies() -> None:
    own = officer(field_of_study="اپتیک و لیزر").file
    assert (own["field_code"], own["field_note"]) == ("other", "اپتیک و لیزر")
    assert officer(field_of_study="لی").file["field_note"] == "لی"
    assert officer(field_of_study="م" * 120).file["field_note"] == "م" * 120
    assert "level_code" not in officer(degree_level="دیپلم").file
    assert "level_code" not in officer(degree_level="ندارد").file
    assert officer(degree_level="کارشناسی").file["level_code"] == "bachelor"
    closed = ReferenceCodes(CODES.levels, CODES.fields, CODES.universities, None, TODAY)
    assert mistakes(closed, **OFFICER | {"field_of_study": "اپتیک"}) == [
        ("رشته تحصیلی", "اپتیک", said("import.not_in_list"))
    ]


@pytest.mark.parametrize(
    ("word", "meaning"),
    [*((word, True) for word in ("بله", "بلی", "آری", "دارد", "YES", "true", "y", "1")), *((word, False) for word in ("خیر", "نه", "ندارد", "No", "false", "n", "0"))],
)  # fmt: skip
def test_yes_and_no(word: str, meaning: bool) -> None:
    assert officer(qualified=word).file["legacy_qualified"] is meaning


@pytest.mark.parametrize(
    ("cell", "column", "nothing"),
    [
        ("ندارد", "father_name", True),
        ("ندارد", "qualified", False),
        ("ندارم", "degree_level", False),
        ("(ندارد)", "degree_level", False),
        ("نامشخص", "qualified", True),
        ("نادر", "first_name", False),
        ("0", "mobile", True),
        ("۰.۰", "mobile", True),
        ("-1", "mobile", True),
        ("0", "gender", False),
        ("0", "birth_cert_no", False),
        ("0", "qualified", False),
        ("00", "mobile", True),
        ("01", "mobile", False),
        ("1900-01-01", "birth_date", True),
        ("1900-01-01", "father_name", False),
        ("1753/01/01 00:00:00", "qualified_on", True),
        ("12/30/1899", "contract_from", True),
        ("1899-12-31", "contract_from", True),
        ("1900-02-01", "birth_date", False),
        ("0:00", "birth_date", True),
        ("00:00:00", "birth_date", True),
        ("0001-01-01", "birth_date", True),
        ("0001-01-01", "father_name", False),
        (date(1900, 1, 1), "birth_date", True),
        (date(1900, 1, 1), "mobile", False),
        (date(1900, 1, 2), "birth_date", False),
        (Formula("=1"), "mobile", False),
        ("NULL", "user_code", True),
        ("<NULL>", "user_code", True),
        ("nulls", "user_code", False),
        ("Err:502", "user_code", True),
        ("#N/A", "user_code", True),
        ("#1", "user_code", False),
        ("Err:50", "user_code", False),
        ("-" * 31, "user_code", True),
        ("-" * 30 + "x", "user_code", False),
        ("null" + " " * 40, "user_code", True),
        ("\u200c", "user_code", True),
        ("", "user_code", True),
    ],
)
def test_what_says_that_there_is_nothing(cell: Any, column: str, nothing: bool) -> None:
    assert says_nothing(cell, column) is nothing


def test_a_layout_tells_what_is_known_asked_about_and_read_by_nobody() -> None:
    header = ["کد ملی", "کد کاربر", " \u200fتوضیحات ", "", "x" * 50, "نام"]
    assert read_header(header) == Layout(
        {"national_code": 0, "first_name": 5},
        ("توضیحات", "x" * 40),
        (("کد کاربر", "user_code"),),
        False,
        False,
    )
    assert read_header(header, {"کد کاربر": None, "توضیحات": "password"}) == Layout(
        {"national_code": 0, "password": 2, "first_name": 5}, ("کد کاربر", "x" * 40), (), False, False
    )
