"""Files as people make them: encodings, separators, spreadsheets, and what is no table at all."""

import zipfile
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from bot.legacy_import.columns import read_header
from bot.legacy_import.importer import open_sheet
from bot.legacy_import.readers.table import Formula, TableRow, UnusableFile

HEADER = "کد ملی,کد کاربری,رمز عبور,نام,نام خانوادگی,تاریخ تولد"
ROW = "9990000014,old1,Pass1234,سارا,احمدی,1365/04/12"


def read(path: Path) -> tuple[list[str], list[TableRow]]:
    sheet = open_sheet(path)
    return sheet.header, list(sheet.lines)


def saved(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1256"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_encodings_are_found_out(tmp_path: Path, encoding: str, ending: str) -> None:
    text = f"{HEADER}{ending}{ROW}{ending}".replace("ی", "ي" if encoding == "cp1256" else "ی")

    header, lines = read(saved(tmp_path / "a.csv", text, encoding))

    layout = read_header(header)
    assert layout.has_officers
    assert layout.unknown == ()
    assert [line.cells[3] for line in lines] == ["سارا"]
    assert lines[0].number == 2


def test_an_english_header_over_windows_1256(tmp_path: Path) -> None:
    text = "national_code;user_code;password;first_name;last_name;birth_date\n" + ROW.replace(
        ",", ";"
    ).replace("ی", "ي")

    _, lines = read(saved(tmp_path / "a.csv", text, "cp1256"))

    assert lines[0].cells[4] == "احمدي"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_are_found_out(tmp_path: Path, separator: str) -> None:
    header, lines = read(saved(tmp_path / "a.csv", f"{HEADER}\n{ROW}\n".replace(",", separator)))

    assert len(header) == len(lines[0].cells) == 6


def test_a_broken_byte_spoils_its_own_row(tmp_path: Path) -> None:
    rows = [ROW.encode(), ROW.encode().replace("سارا".encode(), b"\xd8\xff"), ROW.encode()]
    (tmp_path / "a.csv").write_bytes(b"\n".join([HEADER.encode(), *rows]))

    _, lines = read(tmp_path / "a.csv")

    assert [line.broken for line in lines] == [None, "unreadable", None]


def test_quotes(tmp_path: Path) -> None:
    text = f'{HEADER}\n1,2,"a,""b",x,"two\nlines",z\n\n  ,,,,,\n1,2,"never closed,x,y,z\n{ROW}\n'

    _, lines = read(saved(tmp_path / "a.csv", text))

    assert lines[0].cells == ["1", "2", 'a,"b', "x", "two\nlines", "z"]
    assert [(line.number, line.broken) for line in lines] == [(2, None), (5, "broken_quotes"), (6, None)]


def test_ten_megabytes_in_a_cell_cost_one_row(tmp_path: Path) -> None:
    text = f"{HEADER}\n1,2,{'x' * 10_000_000},a,b,c\n{ROW}\n1,2,{'y' * 5000},a,b,c\n"

    _, lines = read(saved(tmp_path / "a.csv", text))

    assert [line.broken for line in lines] == ["row_too_long", None, None]
    assert max(len(str(cell)) for cell in lines[2].cells) < 2100


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "پرونده خالی است"),
        (b"\xef\xbb\xbf\r\n\r\n", "پرونده خالی است"),
        (b"%PDF-1.7 ...", "این پرونده جدول نیست"),
        (b"\xff\xd8\xff\xe0" + b"x" * 100, "این پرونده جدول نیست"),
        (bytes(range(256)) * 40, "این پرونده جدول نیست"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "قالب XLS قدیمی"),
        (b"PK\x03\x04 broken", "پرونده اکسل آسیب دیده"),
        ("نام,\u00e9".encode("latin-1", "replace") + b"\xe9\xff\n\xe9\xe8,\xff\n", "کدگذاری متن شناخته نشد"),
    ],
)
def test_what_is_no_table_is_said_clearly(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)

    with pytest.raises(UnusableFile, match=words):
        read(tmp_path / "a.csv")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="خوانده نمی‌شود"):
        read(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("a,b,c", "نام هیچ ستونی شناخته نشد"),
        ("کد ملی,نام", "کد کاربری، رمز عبور، نام خانوادگی، تاریخ تولد"),
        (f"{HEADER},كدملي", "ستون «کد ملی» دو بار"),
        (f"{HEADER},نام توزیع کننده", "نوع توزیع‌کننده، شناسه توزیع‌کننده"),
    ],
)
def test_headers_that_cannot_be_used(header: str, words: str) -> None:
    with pytest.raises(UnusableFile, match=words):
        read_header(header.split(","))


def test_headers_in_any_spelling_and_unknown_ones() -> None:
    layout = read_header(
        ["كد ملي", "USER_CODE", " رمز  عبور ", "نام", "نام‌خانوادگی", "birth date", "تلفن دوم", ""]
    )

    assert list(layout.column_indexes) == [
        "national_code",
        "user_code",
        "password",
        "first_name",
        "last_name",
        "birth_date",
    ]
    assert layout.unknown == ("تلفن دوم",)


def test_a_spreadsheet_with_numbers_dates_and_formulas(tmp_path: Path) -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["کد ملی", "نام"])
    sheet.append([9990000014, date(1986, 7, 3)])
    sheet.append([])
    sheet.append(["=1+1", 12.0])
    sheet.append([None, True])
    workbook.save(tmp_path / "a.xlsx")

    header, lines = read(tmp_path / "a.xlsx")

    assert header == ["کد ملی", "نام"]
    assert [line.number for line in lines] == [2, 4, 5]
    assert lines[0].cells == ["9990000014", date(1986, 7, 3)]
    assert lines[1].cells == [Formula("=1+1"), "12"]
    assert lines[2].cells == ["", "1"]


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    + "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        f'spreadsheetml.{kind}+xml"/>'
        for part, kind in (("workbook", "sheet.main"), ("sheet", "worksheet"), ("strings", "sharedStrings"))
    )
    + "</Types>",
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
    '<sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    f'relationships"><Relationship Id="r1" Type="{RELATIONS}/worksheet" Target="sheet.xml"/></Relationships>',
}


def as_excel_does(path: Path, strings: str, *rows: list[int], head: str = "") -> Path:
    """A workbook whose cells point into a table of texts."""
    cells = "".join(
        f'<row r="{number}">' + "".join(f'<c t="s"><v>{place}</v></c>' for place in row) + "</row>"
        for number, row in enumerate(rows, 1)
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in PARTS.items():
            archive.writestr(name, content)
        archive.writestr("xl/strings.xml", f'{head}<sst xmlns="{MAIN}">{strings}</sst>')
        archive.writestr(
            "xl/sheet.xml", f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>'
        )
    return path


def test_texts_that_excel_keeps_in_a_table_of_their_own(tmp_path: Path) -> None:
    strings = (
        "<si><t>کد ملی</t></si><si><r><t>نا</t></r><r><t>م</t></r><rPh><t>x</t></rPh></si><si><t>یک</t></si>"
    )

    header, lines = read(as_excel_does(tmp_path / "a.xlsx", strings, [0, 1], [2, 1], [1, 2]))

    assert header == ["کد ملی", "نام"]
    assert [line.cells for line in lines] == [["یک", "نام"], ["نام", "یک"]]


def test_xml_bombs_and_packed_bombs(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    bomb = as_excel_does(tmp_path / "a.xlsx", "<si><t>&b;</t></si>", [0], head=laughs)
    with pytest.raises(UnusableFile, match="آسیب دیده"):
        read(bomb)
    packed = as_excel_does(tmp_path / "b.xlsx", f"<si><t>{'x' * 40_000_000}</t></si>", [0])
    with pytest.raises(UnusableFile, match="حجم واقعی"):
        read(packed)


def test_a_workbook_that_breaks_off(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="از ردیف ⁦3⁩ به بعد آسیب دیده"):
        read(as_excel_does(tmp_path / "a.xlsx", "<si><t>کد ملی</t></si>", [0], [0], [77]))


def test_a_zip_of_something_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("readme.txt", "hello")

    with pytest.raises(UnusableFile, match="این پرونده جدول نیست"):
        read(tmp_path / "a.xlsx")
