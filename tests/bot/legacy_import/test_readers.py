"""Files as people make them: encodings, separators, spreadsheets, and what is no table at all."""

import zipfile
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from bot.legacy_import.columns import DISTRIBUTOR, read_header, require_columns
from bot.legacy_import.open_table import open_table
from bot.legacy_import.readers.table import Formula, TableRow, UnusableFile
from tests.support.identities import national_code
from tests.support.workbooks import row_of_texts, text, write_parts, write_workbook

HEADER = "کد ملی,کد کاربری,رمز عبور,نام,نام خانوادگی,تاریخ تولد"
ROW = "9990000014,old1,Pass1234,سارا,احمدی,1365/04/12"


def read(path: Path) -> tuple[list[str], list[TableRow]]:
    sheet = open_table(path)
    return sheet.header, list(sheet.lines)


def saved(path: Path, content: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(content.encode(encoding))
    return path


CODE = national_code(1)
ENGLISH = "national_code,user_code,password,first_name,last_name,birth_date"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1256"])
@pytest.mark.parametrize(
    ("first_line", "separator", "ending"),
    [(HEADER, ",", "\r\n"), (ENGLISH, ";", "\n"), (HEADER, "\t", "\n"), (HEADER, "|", "\n")],
    ids=["comma", "English over semicolons", "tab", "bar"],
)
def test_encodings_and_separators_are_found_out(
    tmp_path: Path, encoding: str, first_line: str, separator: str, ending: str
) -> None:
    content = f"{first_line}{ending}{ROW}{ending}".replace(",", separator)
    if encoding == "cp1256":
        content = content.replace("ی", "ي")

    header, lines = read(saved(tmp_path / "a.csv", content, encoding))

    layout = read_header(header)
    assert layout.has_officers
    assert layout.unknown == ()
    assert [(line.number, line.cells[3], len(line.cells)) for line in lines] == [(2, "سارا", 6)]


def test_a_broken_byte_or_ten_megabytes_in_a_cell_cost_one_row(tmp_path: Path) -> None:
    row = ROW.encode()
    broken, huge = row.replace("سارا".encode(), b"\xd8\xff"), row.replace(b"old1", b"x" * 10_000_000)
    long = row.replace(b"old1", b"y" * 5000)
    (tmp_path / "a.csv").write_bytes(b"\n".join([HEADER.encode(), row, broken, row, huge, row, long]))

    _, lines = read(tmp_path / "a.csv")

    assert [line.broken for line in lines] == [None, "unreadable", None, "row_too_long", None, None]
    assert max(len(str(cell)) for cell in lines[-1].cells) < 2100


@pytest.mark.parametrize(("cells", "broken"), [(200, None), (201, "too_many_cells")])
def test_a_row_has_two_hundred_cells_at_most(tmp_path: Path, cells: int, broken: str | None) -> None:
    _, [line] = read(saved(tmp_path / "a.csv", f"{HEADER}\n{',' * (cells - 1)}x\n", "utf-8"))

    assert line.broken == broken


def test_quotes(tmp_path: Path) -> None:
    content = f'{HEADER}\n1,2,"a,""b",x,"two\nlines",z\n\n  ,,,,,\n1,2,"never closed,x,y,z\n{ROW}\n'

    _, lines = read(saved(tmp_path / "a.csv", content))

    assert lines[0].cells == ["1", "2", 'a,"b', "x", "two\nlines", "z"]
    assert [(line.number, line.broken) for line in lines] == [(2, None), (5, "broken_quotes"), (6, None)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "فایل خالی است"),
        (b"\xef\xbb\xbf\r\n\r\n", "فایل خالی است"),
        (b"%PDF-1.7 ...", "این فایل جدول نیست"),
        (b"\xff\xd8\xff\xe0" + b"x" * 100, "این فایل جدول نیست"),
        (bytes(range(256)) * 40, "این فایل جدول نیست"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "این فایل خوانده نشد"),
        (b"PK\x03\x04 broken", "فایل اکسل آسیب دیده"),
        ("نام,\u00e9".encode("latin-1", "replace") + b"\xe9\xff\n\xe9\xe8,\xff\n", "کدگذاری متن شناخته نشد"),
    ],
)
def test_what_is_no_table_is_said_clearly(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)

    with pytest.raises(UnusableFile, match=words):
        read(tmp_path / "a.csv")


def test_a_file_that_is_not_there_and_a_zip_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="خوانده نمی‌شود"):
        read(tmp_path / "none.csv")
    with pytest.raises(UnusableFile, match="این فایل جدول نیست"):
        read(write_parts(tmp_path / "a.xlsx", {"readme.txt": "hello"}))


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
    names = header.split(",")
    with pytest.raises(UnusableFile, match=words):
        require_columns(read_header(names), names, [])


@pytest.mark.parametrize(
    ("cells", "officers"),
    [
        ([CODE], True),
        ([CODE, "x"], True),
        ([CODE, "x", "y"], False),
        ([CODE, "", ""], True),
        (["x"], False),
        ([""], False),
        ([], False),
    ],
)
def test_a_column_that_nobody_reads_and_that_is_full_of_national_codes(
    cells: list[str], officers: bool
) -> None:
    """Then they are officers whose other headings nobody knows, not distributors."""
    header = [*DISTRIBUTOR, "?"]
    sample = [TableRow(number, [CODE, "a", "b", cell]) for number, cell in enumerate(cells, 2)]
    sample.append(TableRow(9, [CODE]))
    layout = read_header(header)
    if not officers:
        require_columns(layout, header, sample)
        return
    with pytest.raises(UnusableFile, match="کد ملی"):
        require_columns(layout, header, sample)


def test_headers_in_any_spelling_and_unknown_ones() -> None:
    layout = read_header(
        ["كد ملي", "USER_CODE", " رمز  عبور ", "نام", "نام‌خانوادگی", "birth date", "تلفن دوم", ""]
    )

    known = ["national_code", "user_code", "password", "first_name", "last_name", "birth_date"]
    assert list(layout.column_indexes) == known
    assert layout.unknown == ("تلفن دوم",)


def test_a_spreadsheet_with_numbers_dates_and_formulas(tmp_path: Path) -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in (["کد ملی", "نام"], [9990000014, date(1986, 7, 3)], [], ["=1+1", 12.0], [None, True]):
        sheet.append(row)
    workbook.save(tmp_path / "a.xlsx")

    header, lines = read(tmp_path / "a.xlsx")

    assert header == ["کد ملی", "نام"]
    assert [line.number for line in lines] == [2, 4, 5]
    assert lines[0].cells == ["9990000014", date(1986, 7, 3)]
    assert lines[1].cells == [Formula("=1+1"), "12"]
    assert lines[2].cells == ["", "1"]


def as_excel_does(path: Path, strings: str, *rows: list[int], head: str = "") -> Path:
    """A workbook whose cells point into a table of texts."""
    cells = "".join(row_of_texts(number, row) for number, row in enumerate(rows, 1))
    return write_workbook(path, rows=cells, strings=strings, head=head)


def test_texts_that_excel_keeps_in_a_table_of_their_own(tmp_path: Path) -> None:
    runs = "<si><r><t>نا</t></r><r><t>م</t></r><rPh><t>x</t></rPh></si>"
    strings = text("کد ملی") + runs + text("یک")

    header, lines = read(as_excel_does(tmp_path / "a.xlsx", strings, [0, 1], [2, 1], [1, 2]))

    assert header == ["کد ملی", "نام"]
    assert [line.cells for line in lines] == [["یک", "نام"], ["نام", "یک"]]


def test_xml_bombs_and_packed_bombs(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    bomb = as_excel_does(tmp_path / "a.xlsx", text("&b;"), [0], head=laughs)
    with pytest.raises(UnusableFile, match="آسیب دیده"):
        read(bomb)
    packed = as_excel_does(tmp_path / "b.xlsx", text("x" * 40_000_000), [0])
    with pytest.raises(UnusableFile, match="حجم واقعی"):
        read(packed)


@pytest.mark.parametrize(
    ("unpacked", "share", "refused"),
    [
        (16 << 20, 5000, False),
        ((16 << 20) + 1, 5000, True),
        (20_000_000, 200, False),
        (20_000_200, 201, True),
        (4 << 30, 2, False),
        ((4 << 30) + 1, 2, True),
    ],
)
def test_what_the_parts_may_unpack_to(unpacked: int, share: int, refused: bool, tmp_path: Path) -> None:
    """By what the list of parts says, before any of them is read."""
    path = as_excel_does(tmp_path / "a.xlsx", text("کد ملی") + text("نام"), [0, 1])
    with zipfile.ZipFile(path, "a") as archive:
        parts = archive.infolist()[:]
        archive.writestr("xl/media/a.png", b"")
        added = archive.infolist()[-1]
        added.file_size = unpacked - sum(part.file_size for part in parts)
        added.compress_size = unpacked // share - sum(part.compress_size for part in parts)
    if refused:
        with pytest.raises(UnusableFile, match="حجم واقعی"):
            open_table(path)
        return
    assert open_table(path).header == ["کد ملی", "نام"]


def test_a_part_of_a_workbook_that_breaks_off(tmp_path: Path) -> None:
    cells = row_of_texts(1, [0])
    for part in ("xl/workbook.xml", "xl/sheet.xml"):
        broken = write_workbook(
            tmp_path / "a.xlsx", rows=cells, strings=text("نام"), **{part: "<workbook><sheets"}
        )
        with pytest.raises(UnusableFile, match="آسیب دیده"):
            read(broken)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (([0], [0], [77]), "از ردیف ⁦3⁩ به بعد آسیب دیده"),
        (([77],), "از ردیف ⁦1⁩ به بعد آسیب دیده"),
        (([0], [-1]), "آسیب دیده"),
    ],
    ids=["behind the last", "in the first row", "before the first"],
)
def test_a_text_that_is_not_in_the_table(rows: tuple[list[int], ...], words: str, tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match=words):
        read(as_excel_does(tmp_path / "a.xlsx", text("کد ملی"), *rows))
