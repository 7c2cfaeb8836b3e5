"""Tables as old systems really write them: other headings, other calendars, other kinds of file."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlwt
from openpyxl import Workbook

from bot.legacy_import import importer
from bot.legacy_import.columns import column_like, column_of
from bot.legacy_import.open_table import open_table
from bot.legacy_import.readers.table import UnusableFile
from bot.texts import t
from storage.database.database import Database
from storage.tables import Account, Distributor, Officer
from tests.bot.legacy_import.test_importer import Target
from tests.support.bot_process import PROJECT
from tests.support.import_files import COLUMNS, Said, employed, move_in, officer, write_csv, write_xlsx
from tests.support.workbooks import locked_workbook, row_of_texts, strict, text, write_workbook, write_xlsb

PERSIAN = [
    *("کد ملی", "کد کاربری", "رمز عبور", "نام", "نام خانوادگی", "تاریخ تولد", "شماره همراه", "مقطع تحصیلی"),
    *("رشته تحصیلی", "نام پدر", "جنسیت", "استان", "شهر", "احراز صلاحیت"),
]
NAMES = COLUMNS[: len(PERSIAN)]


@pytest.fixture
def target(seeded: Database, tmp_path: Path) -> Target:
    return Target(seeded, tmp_path)


def cells(row: dict[str, Any]) -> list[Any]:
    return [row.get(name, "") for name in NAMES]


# ── days ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("column", ["qualified_on", "contract_from", "birth_date"])
@pytest.mark.parametrize(
    "written",
    [
        "1368-05-01",
        "1989-07-23",
        "1989/07/23 00:00:00",
        "23 July 1989",
        "19890723",
        date(1989, 7, 23),
        datetime(1989, 7, 23, 8, 30),
        date(1368, 5, 1),
        "٢٣/٧/١٩٨٩ ٠٠:٠٠:٠٠",
        "1989-07-23T00:00:00+03:30",
        "Sunday, July 23, 1989",
        "یکشنبه ۱ مرداد ۱۳۶۸",
        "1368/05/01 ساعت 08:30",
        "08:30 1368/05/01",
        "\u200e1368/05/01-08:30",
    ],
    ids=str,
)
async def test_a_day_in_either_calendar_and_as_a_spreadsheets_date(
    target: Target, column: str, written: Any
) -> None:
    row = employed(1, qualified="بله") | {"qualified_on": "", column: written}
    path = target.folder / "a.xlsx"
    if isinstance(written, date) and written.year < 1900:  # as LibreOffice keeps a Jalali day that was typed
        path = write_ods(path.with_suffix(".ods"), [list(row), list(row.values())])
    else:
        write_xlsx(path, [row], columns=list(row))

    said = await target.read(path)

    assert (said.counts, said.report) == ((1, 1, 0, 0, 0), [])
    _, file = await target.officer(1)
    days = {"birth_date": file.birth_date}
    days["qualified_on"] = file.qualified_at.date() if file.qualified_at else None
    days["contract_from"] = (await target.contents())["contract"] and date(1989, 7, 23)
    assert days[column] == date(1989, 7, 23)
    if column == "contract_from":
        (contract,) = (await target.contents())["contract"]
        assert any(value.startswith("1989-07-2") for value in contract)


@pytest.mark.parametrize("written", ["1450/01/01", "2071-03-21", date(2071, 3, 21)], ids=str)
@pytest.mark.parametrize("column", ["qualified_on", "contract_from"])
async def test_a_day_that_is_not_here_yet_names_itself(target: Target, column: str, written: Any) -> None:
    row = employed(1) | {"qualified_on": "", column: written}
    said = await target.read(write_xlsx(target.folder / "a.xlsx", [row], columns=list(row)))
    (reason,) = said.of(2).values()
    assert reason == "۱۴۵۰/۰۱/۰۱ هنوز نرسیده است؛ تاریخ را درست کنید."


# ── headings ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("کدملی", "national_code"),
        ("کد ملی (الزامی)", "national_code"),
        ("* کد ملی:", "national_code"),
        ("كدملي شخص", "national_code"),
        ("پسورد", "password"),
        ("نام‌کاربری", "user_code"),
        ("User Name", "user_code"),
        ("تاریخ تولد (شمسی)", "birth_date"),
        ("تاريخ تولد شمسی", "birth_date"),
        ("نام خانوادگي متقاضی", "last_name"),
        ("شماره\nهمراه", "mobile"),
        ("ردیف", None),
        ("توضیحات", None),
        ("کد ملی مدیر", None),
        ("نام مدرسه", None),
    ],
)
def test_a_heading_with_a_remark_or_another_word(heading: str, column: str | None) -> None:
    assert column_of(heading) == column


def test_a_heading_with_a_number_before_it_and_a_part_of_a_name() -> None:
    assert [column_of(heading) for heading in ("۱. کد ملی", "2- رمز عبور", "کد_ملی", "«نام:»")] == [
        *("national_code", "password", "national_code", "first_name")
    ]
    assert column_like("تاریخ احراز") == "qualified_on"
    assert column_like("تاریخ") is None


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("نا", None),  # two letters say nothing
        ("cit", "city"),
        ("lokin", "user_code"),
        ("lokyn", None),
        ("my old city of work", None),  # a name of four letters may stand in any heading
        ("the phone of my office", "phone"),
        ("جنسیت و شماره شناسنامه او", "birth_cert_no"),  # the longest name in it
        ("شماره شناسنامه و جنسیت او", "birth_cert_no"),
        ("nation", None),
        ("nationa", "national_code"),
        ("x" * 55 + "phone", "phone"),
        ("x" * 56 + "phone", None),
    ],
)
def test_which_column_a_heading_may_mean(heading: str, column: str | None) -> None:
    assert column_like(heading) == column


async def test_a_heading_that_resembles_one_is_asked_about_and_nothing_is_stored(target: Target) -> None:
    header = ["کد ملی", "کد کاربر", "رمز", *PERSIAN[3:]]
    path = write_csv(target.folder / "a.csv", [officer(1)], header=header, columns=NAMES)
    with pytest.raises(UnusableFile) as refused:
        await target.read(path)
    assert "«کد کاربر» شبیه «کد کاربری»" in str(refused.value)
    assert "user_code" in str(refused.value)
    assert await target.all(Account) == []

    asked: list[tuple[str, str]] = []

    def yes(heading: str, column: str) -> bool:
        asked.append((heading, column))
        return True

    said = await move_in(target.database, path, ask=yes)
    assert asked == [("کد کاربر", "user_code")]
    assert said.counts == (1, 1, 0, 0, 0)


async def test_a_heading_may_be_named_or_left_out_beforehand(target: Target) -> None:
    header = ["کد ملی", "شناسه", "رمز", *PERSIAN[3:], "شماره همراه همسر"]
    rows = [officer(1) | {"other": "09120000000"}]
    path = write_csv(target.folder / "a.csv", rows, header=header, columns=[*NAMES, "other"])
    said = await move_in(target.database, path, decided={"شناسه": "user_code", "شماره همراه همسر": None})
    assert said.counts == (1, 1, 0, 0, 0)
    account, _ = await target.officer(1)
    assert (account.user_code, account.mobile) == ("old000001", "+989121234567")


@pytest.mark.parametrize("unknown", [("کد ملی", "کد کاربری", "رمز عبور"), ("کد ملی",), ("نام خانوادگی",)])
async def test_officers_without_a_column_that_they_need_are_no_distributors(
    target: Target, unknown: tuple[str, ...]
) -> None:
    """A file of officers with contracts whose first headings nobody knows was stored as distributors alone."""
    rows = [employed(1), employed(2)]
    header = ["؟؟" if name in unknown else name for name in PERSIAN] + COLUMNS[len(PERSIAN) :]
    path = write_csv(target.folder / "a.csv", rows, header=header)
    with pytest.raises(UnusableFile) as refused:
        await target.read(path)
    assert all(name in str(refused.value) for name in unknown)
    assert await target.all(Distributor) == []


async def test_columns_of_other_names_with_national_codes_in_them(target: Target) -> None:
    columns = ["national_code", *COLUMNS[len(PERSIAN) :]]
    path = write_csv(target.folder / "a.csv", [employed(1)], header=["x", *columns[1:]], columns=columns)
    with pytest.raises(UnusableFile, match="کد ملی"):
        await target.read(path)
    assert await target.all(Distributor) == []


@pytest.mark.parametrize("kind", ["csv", "xlsx", "html"])
async def test_titles_above_the_headings(target: Target, kind: str) -> None:
    rows = [["فهرست مسئولان فنی استان فارس"], [], ["تاریخ تهیه", "1400/01/01"], PERSIAN, cells(officer(1))]
    path = {"csv": csv_of, "xlsx": xlsx_of, "html": html_of}[kind](target.folder / f"a.{kind}", {"s": rows})
    said = await target.read(path)
    assert said.counts == (1, 1, 0, 0, 0)
    assert said.totals.header_row == 4
    account, _ = await target.officer(1)
    assert account.name == "سارا کریمی‌نژاد"


@pytest.mark.parametrize("kind", ["csv", "xlsx", "html"])
async def test_headings_in_two_rows(target: Target, kind: str) -> None:
    """The upper ones merged: «نام و نام خانوادگی» over two columns, the others down over both rows."""
    upper: list[Any] = [*PERSIAN[:3], "نام و نام خانوادگی", "", *PERSIAN[5:]]
    lower: list[Any] = ["", "", "", *PERSIAN[3:5], *[""] * 9]
    path = target.folder / f"a.{kind}"
    if kind == "html":
        down = "".join(f"<th rowspan=2>{name}" for name in PERSIAN[:3])
        across = "<th colspan=2>نام و نام خانوادگی"
        others = "".join(f"<th rowspan=2>{name}</th>" for name in PERSIAN[5:])
        below = "".join(f"<td>{cell}" for cell in cells(officer(1)))
        names = "".join(f"<th>{name}" for name in PERSIAN[3:5])
        rows = f"<tr>{down}{across}{others}<tr>{names}<tr>{below}"
        path.write_text(f"<html><meta charset=utf-8><table>{rows}</table>", encoding="utf-8")
    else:
        {"csv": csv_of, "xlsx": xlsx_of}[kind](path, {"officers": [upper, lower, cells(officer(1))]})
    said = await target.read(path)
    assert (said.counts, said.report) == ((1, 1, 0, 0, 0), [])
    account, _ = await target.officer(1)
    assert account.last_name == "کریمی\u200cنژاد"


async def test_the_sheet_with_the_data_is_found_and_named(target: Target) -> None:
    sheets = {
        "جلد": [["سامانه قدیم"], ["نام", "گزارش"]],
        "خالی": [],
        "الگو": [PERSIAN],
        "مسئولان فنی": [PERSIAN, cells(officer(1))],
        "راهنما": [PERSIAN],
    }
    said = await target.read(xlsx_of(target.folder / "a.xlsx", sheets))
    assert (said.counts, said.totals.sheet) == ((1, 1, 0, 0, 0), "مسئولان فنی")


# ── cells ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("nothing", ["#N/A", "#REF!", "NULL", "-", "(null)", " — ", "#DIV/0!", "n/a", "\\N"])
async def test_what_says_that_there_is_nothing_is_nothing(target: Target, nothing: str) -> None:
    rows = [
        officer(1, father_name=nothing, mobile=nothing, gender=nothing),
        officer(2, user_code=nothing),
        officer(3, password=nothing),
        officer(4, first_name=nothing),
    ]
    said = await target.take(*rows)
    assert said.counts == (4, 1, 0, 0, 3)
    assert {row: list(said.of(row)) for row in (3, 4, 5)} == {3: ["کد کاربری"], 4: ["رمز عبور"], 5: ["نام"]}
    account, file = await target.officer(1)
    assert (account.mobile, file.father_name, file.gender) == (None, None, None)


@pytest.mark.parametrize(
    "nothing",
    [
        *(
            "(blank)",
            "NaT",
            "n.a.",
            "#BEZUG!",
            "Err:502",
            "__/__/__",
            "********",
            "?",
            "\u200c",
            "&nbsp;",
            "'-",
            "DBNull",
        ),
        *("خالی", "ندارد", "نا مشخص", "ثبت نشده", "<NA>", "{null}", "####"),
    ],
)
async def test_other_words_and_signs_for_nothing(target: Target, nothing: str) -> None:
    """No password of stars, no father called «ندارد»; what need not be there is not missing."""
    optional = dict.fromkeys(("mobile", "father_name", "field_of_study", "qualified_on"), nothing)
    rows = [officer(1, **optional), *(officer(n, **{key: nothing}) for n, key in enumerate(NEEDED, 2))]
    columns = [*COLUMNS[: len(NAMES)], "qualified_on"]
    said = await target.read(write_csv(target.folder / "a.csv", rows, columns=columns))
    assert said.counts == (1 + len(NEEDED), 1, 0, 0, len(NEEDED))
    account, file = await target.officer(1)
    assert (account.mobile, file.father_name, file.field_note, file.qualified_at) == (None,) * 4


NEEDED = ("user_code", "password", "first_name", "last_name")


@pytest.mark.parametrize("first", ["0001-01-01 00:00:00", "1/1/0001 12:00:00 AM", "1900-01-01", "0000-00-00"])
async def test_the_first_day_of_a_database_is_no_day(target: Target, first: str) -> None:
    row = employed(1, qualified_on=first, contract_from=first)
    said = await target.read(write_csv(target.folder / "a.csv", [row], columns=list(row)))
    assert (said.counts, said.report) == ((1, 1, 0, 0, 0), [])
    _, file = await target.officer(1)
    assert file.qualified_at is None


async def test_numbers_behind_the_signs_that_keep_their_zeros(target: Target) -> None:
    row = officer(1)
    kept = {key: f'="{row[key]}"' for key in ("national_code", "user_code", "password", "birth_date")}
    path = write_csv(target.folder / "a.csv", [row | kept | {"mobile": "'09121234567"}], columns=NAMES)
    said = await target.read(path)
    assert (said.counts, said.report) == ((1, 1, 0, 0, 0), [])
    account, _ = await target.officer(1)
    assert account.mobile == "+989121234567"


async def test_a_formula_has_the_value_that_people_see(target: Target) -> None:
    """The one that Excel stored with it; it is never worked out."""
    code, born = officer(1)["national_code"], "1365/04/12"
    shown = [("n", "1+1", code), ("str", "A1", "old77"), ("str", "A2", "Pass-123"), ("str", "A3", "سارا")]
    shown += [("str", "A4", "کریمی"), ("str", "A5", born), ("e", "1/0", "#DIV/0!"), ("str", "A6", "")]
    made = "".join(f'<c t="{kind}"><f>{formula}</f><v>{value}</v></c>' for kind, formula, value in shown)
    unknown = made.replace("<v>old77</v>", "")
    heading = row_of_texts(1, list(range(8)))
    path = write_workbook(
        target.folder / "a.xlsx",
        rows=f'{heading}<row r="2">{made}</row><row r="3">{unknown}</row>',
        strings="".join(map(text, PERSIAN[:8])),
    )
    said = await target.read(path)
    assert said.counts == (2, 1, 0, 0, 1)
    assert said.of(3) == {"کد کاربری": t("import.formula")}
    account, _ = await target.officer(1)
    assert (account.first_name, account.mobile) == ("سارا", None)


async def test_errors_of_a_spreadsheet_are_nothing(target: Target) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(NAMES)
    sheet.append(cells(officer(1, father_name="x", password="x")))
    for column in ("father_name", "password"):
        cell = sheet.cell(2, NAMES.index(column) + 1)
        cell.value, cell.data_type = "#REF!", "e"
    book.save(target.folder / "a.xlsx")
    said = await target.read(target.folder / "a.xlsx")
    assert list(said.of(2)) == ["رمز عبور"]


async def test_two_officers_with_one_password_are_reported_and_taken_in(target: Target) -> None:
    rows = [officer(1, password="123456ab"), officer(2), officer(3, password="123456ab")]
    said = await target.take(*rows)
    assert said.counts == (3, 3, 0, 0, 0)
    assert said.totals.same_password == 1
    assert "ردیف \u20662\u2069" in said.of(4)["رمز عبور"]
    assert "123456ab" not in str(said.report)
    assert (await target.take(*rows)).report == [], "said once, when the account is made"


async def test_numbers_with_a_fraction_of_nothing_and_rows_with_a_number_alone(target: Target) -> None:
    rows = [officer(1) | {"n": 1}, *({"n": number} for number in range(2, 301))]
    rows[0] |= {"national_code": f"{rows[0]['national_code']}.0", "mobile": "9121234567.0"}
    rows.insert(200, officer(2) | {"n": 201})
    columns = [*COLUMNS, "n"]
    said = await target.read(
        write_csv(target.folder / "a.csv", rows, columns=columns, header=[*COLUMNS, "ردیف"])
    )
    assert (said.counts, said.report[1:]) == ((2, 2, 0, 0, 0), [])
    account, _ = await target.officer(1)
    assert account.mobile == "+989121234567"


# ── kinds of file ────────────────────────────────────────────────────────────────────────────────────────────────


def csv_of(path: Path, sheets: dict[str, list[list[Any]]], separator: str = ",") -> Path:
    (rows,) = sheets.values()
    path.write_text("\n".join(separator.join(map(str, row)) for row in rows), encoding="utf-8")
    return path


def xlsx_of(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def html_of(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    tables = "".join(
        "<TABLE border=1>"
        + "".join(f"<tr>{''.join(f'<td nowrap>{cell}&nbsp;' for cell in row)}" for row in rows)
        + "</TABLE>"
        for rows in sheets.values()
    )
    page = f"<html><meta charset=utf-8><body><table><tr><td>منو<td>خروج</table>{tables}"
    path.write_text(page, encoding="utf-8")
    return path


def write_xls(path: Path, rows: list[list[Any]]) -> Path:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("officers")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write(number, column, cell, day) if isinstance(cell, date) else sheet.write(
                number, column, cell
            )
    book.save(str(path))
    return path


MANIFEST = '<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'


def write_ods(path: Path, rows: list[list[Any]]) -> Path:
    def cell(value: Any) -> str:
        if isinstance(value, date):
            return f'<table:table-cell office:value-type="date" office:date-value="{value.isoformat()}"/>'
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'

    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    body = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body><office:spreadsheet>"
            f'<table:table table:name="officers">{body}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path


def write_xml_2003(path: Path, rows: list[list[Any]]) -> Path:
    def cell(value: Any) -> str:
        kind = "DateTime" if isinstance(value, date) else "String"
        said = f"{value.isoformat()}T00:00:00.000" if isinstance(value, date) else value
        return f'<Cell><Data ss:Type="{kind}">{said}</Data></Cell>'

    space = "urn:schemas-microsoft-com:office:spreadsheet"
    body = "".join(f"<Row>{''.join(map(cell, row))}</Row>" for row in rows)
    path.write_text(
        f'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook xmlns="{space}" xmlns:ss="{space}">'
        f'<Worksheet ss:Name="cover"/><Worksheet ss:Name="officers"><Table>{body}</Table></Worksheet></Workbook>',
        encoding="utf-8",
    )
    return path


KINDS: dict[str, Callable[[Path, list[list[Any]]], Path]] = {
    "xls": write_xls,
    "ods": write_ods,
    "xlsb": write_xlsb,
    "xml named xls": write_xml_2003,
    "html named xls": lambda path, rows: html_of(path, {"": rows}),
    "strict xlsx": lambda path, rows: strict(xlsx_of(path, {"officers": rows})),
    "sep line": lambda path, rows: csv_of(
        path, {"": [["sep=;"], [";".join(map(str, row)) for row in rows]]}, "\n"
    ),
    "persian semicolons": lambda path, rows: csv_of(path, {"": rows}, "؛"),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_table_says_the_same(target: Target, kind: str) -> None:
    born: Any = date(1986, 7, 3) if kind in ("xls", "ods", "xml named xls") else "1365/04/12"
    rows = [PERSIAN, cells(officer(1, birth_date=born)), cells(officer(2, mobile="x"))]
    path = KINDS[kind](target.folder / "table.xls", rows)
    said = await target.read(path)
    assert said.counts == (2, 1, 0, 0, 1)
    assert list(said.of(4 if kind == "sep line" else 3)) == ["شماره همراه"]
    account, file = await target.officer(1)
    assert (account.name, account.user_code) == ("سارا کریمی‌نژاد", "old000001")
    assert file.birth_date == date(1986, 7, 3)


def locked_ods(path: Path) -> Path:
    write_ods(path, [])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    space = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    parts["META-INF/manifest.xml"] = (
        f'<manifest:manifest xmlns:manifest="{space}"><manifest:file-entry manifest:full-path="content.xml">'
        "<manifest:encryption-data><manifest:algorithm/></manifest:encryption-data></manifest:file-entry></manifest:manifest>"
    ).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def locked_xls(path: Path) -> Path:
    """Its part without a meaning here is made the one that says so (FilePass)."""
    content = write_xls(path, [PERSIAN]).read_bytes()
    header, password = b"\xe1\0\2\0\xb0\4", b"\x2f\0\2\0\1\0"
    assert content.count(header) == 1
    path.write_bytes(content.replace(header, password))
    return path


@pytest.mark.parametrize("kind", [locked_workbook, locked_ods, locked_xls])
def test_a_workbook_with_a_password_says_so(kind: Callable[[Path], Path], tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="رمز دارد"):
        open_table(kind(tmp_path / "a.xlsx"))


def test_that_there_is_a_password_may_stand_far_behind(tmp_path: Path) -> None:
    path = locked_workbook(tmp_path / "a.xlsx")
    content = path.read_bytes()
    with path.open("wb") as file:
        file.write(content[:1024])
        file.seek(15 << 20)
        file.write(content[1024:])
    with pytest.raises(UnusableFile, match="رمز دارد"):
        open_table(path)


def test_the_reader_of_other_workbooks_has_bounds() -> None:
    """A gigabyte and two minutes."""
    asked = (
        "import resource, sys; from bot.legacy_import.readers import calamine_process as reader; "
        "sys.argv = ['', 'no such file']; print(reader.main() == reader.BROKEN, "
        "*resource.getrlimit(resource.RLIMIT_AS), *resource.getrlimit(resource.RLIMIT_CPU))"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "1073741824", "1073741824", "120", "120"]


@pytest.mark.parametrize(
    "content", [b"<html><body>no table here</body></html>", b"MIME-Version: 1.0\nX-Document-Type: Workbook"]
)
def test_a_page_without_a_table_says_how_to_save(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.xls").write_bytes(content)
    with pytest.raises(UnusableFile, match="XLSX ذخیره کنید"):
        open_table(tmp_path / "a.xls")


@pytest.mark.parametrize(
    "content",
    [
        "<table>" * 5000 + "<tr><td>کد ملی",
        "<table><tr><td " + "x" * 5_000_000,
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">&a;</Workbook>',
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="x">'
        + "<Worksheet><Table><Row><Cell><Data>کد ملی</Data></Cell></Row></Table></Worksheet>" * 201
        + "</Workbook>",
    ],
    ids=["nested", "a tag without an end", "entities", "very many sheets"],
)
def test_hostile_pages_are_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "a.xls").write_text(content, encoding="utf-8")
    with pytest.raises(UnusableFile):
        open_table(tmp_path / "a.xls")


def test_a_page_in_the_encoding_that_it_names(tmp_path: Path) -> None:
    page = '<meta charset="iso-8859-6"><table><tr><td>مدرك</td><td>نام</td></tr></table>'
    (tmp_path / "a.xls").write_bytes(page.encode("iso-8859-6"))
    assert open_table(tmp_path / "a.xls").header == ["مدرك", "نام"]


def test_an_ods_that_unpacks_to_a_billion_cells_is_refused(tmp_path: Path) -> None:
    path = write_ods(tmp_path / "a.ods", [PERSIAN])
    with zipfile.ZipFile(path) as archive:
        content = archive.read("content.xml").decode()
    row = '<table:table-row table:number-rows-repeated="1000000"><table:table-cell table:number-columns-repeated="16000" office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr("content.xml", content.replace("</table:table>", f"{row}</table:table>"))
    with pytest.raises(UnusableFile):
        open_table(path)


# ── a trial ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_trial_shows_the_first_rows_as_they_would_be_stored(target: Target) -> None:
    from bot.legacy_import.summary import summary

    row = employed(1, birth_date="1986-07-03", degree_level="لیسانس", qualified_on="2019-07-23")
    path = write_csv(target.folder / "a.csv", [row, *map(officer, range(2, 9))], columns=list(row))
    said: Said = await target.read(path, dry_run=True)
    printed = summary(said.totals, Path("r.csv"), dry_run=True)
    assert "نمونه ثبت، ردیف \u20662\u2069:" in printed
    for line in (
        "تاریخ تولد: ۱۳۶۵/۰۴/۱۲",
        "تاریخ احراز صلاحیت: ۱۳۹۸/۰۵/۰۱",
        "نام توزیع‌کننده: کیان طب",
        "تاریخ شروع همکاری: ۱۴۰۰/۰۲/۱۵",
        "مقطع تحصیلی: bachelor",
    ):
        assert f"  {line}" in printed
    assert len(said.totals.shown) == importer.SHOWN
    assert "Old-1234" not in printed
    assert await target.all(Officer) == []
