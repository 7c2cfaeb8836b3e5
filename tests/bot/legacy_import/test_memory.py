"""A file that is small on the disk does not become large in memory: it is refused with a sentence, or read in pieces."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from bot.legacy_import.open_table import open_table
from bot.legacy_import.readers.csv_reader import open_csv
from bot.legacy_import.readers.table import UnusableFile
from bot.legacy_import.readers.xml_records import Records, TooLargeError
from tests.support.bot_process import PROJECT
from tests.support.import_files import COLUMNS, officer, write_csv, write_xlsx
from tests.support.workbooks import (
    MAIN,
    PARTS,
    SHEET,
    content_types,
    list_of_sheets,
    row_of_texts,
    text,
    write_parts,
    write_workbook,
)

#: Megabytes that reading may take beyond what the program itself does.
ALLOWED = 100
MEASURE = """
import sys
from pathlib import Path
from bot.legacy_import.open_table import open_table
from bot.legacy_import.columns import read_header
from bot.legacy_import.readers.table import UnusableFile
import openpyxl.reader.excel, defusedxml.ElementTree
def peak():  # of this program alone: getrusage counts its parent too
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
before = peak()
rows = 0
try:
    for line in open_table(Path(sys.argv[1])).lines:
        rows += 1
    said = "read"
except UnusableFile as unusable:
    said = str(unusable)
print(peak() - before >> 10, rows, said)
"""


def measured(path: Path) -> tuple[int, int, str]:
    """Megabytes on top, rows, what was said."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        env={"PYTHONUTF8": "1", "PYTHONPATH": str(PROJECT)},
    )
    grown, rows, said = done.stdout.strip().split(" ", 2)
    return int(grown), int(rows), said


STRINGS = text("کد ملی") + text("نام")


def packed(path: Path, *, rows: str = "", strings: str = STRINGS, around: str = "{}", **parts: str) -> Path:
    """A workbook with these rows below its header."""
    return write_workbook(path, rows=row_of_texts(1, [0, 1]) + rows, strings=strings, around=around, **parts)


def nested(count: int) -> str:
    return "<a>" * count + "</a>" * count


FILL = 15 << 20  # what is let through unpacked, whatever it was packed to
#: Parts of `packed`, made when they are needed.
HOSTILE: dict[str, Callable[[], dict[str, str]]] = {
    "one row of millions of cells": lambda: {"rows": f'<row r="2">{"<c/>" * (FILL // 4)}</row>'},
    "cells in a row without an end": lambda: {"rows": f'<row r="2">{"<c/>" * (FILL // 4)}'},
    "millions of elements beside the rows": lambda: {"around": f"{{}}<x>{'<y/>' * (FILL // 4)}</x>"},
    "merged cells": lambda: {
        "around": "{}<mergeCells>" + '<mergeCell ref="A1:B2"/>' * (FILL // 24) + "</mergeCells>"
    },
    "a dimension that lies, and columns": lambda: {
        "around": '<dimension ref="A1:XFD1048576"/><cols>' + '<col min="1" max="2"/>' * (FILL // 22) + "</cols>{}"
    },
    "millions of texts": lambda: {"strings": STRINGS + "<si/>" * (FILL // 5)},
    "one text of millions of runs": lambda: {"strings": f"{STRINGS}<si>{'<t/>' * (FILL // 4)}</si>"},
    "one enormous text": lambda: {"strings": STRINGS + text("x" * FILL)},
    "an enormous cell": lambda: {"rows": f'<row r="2"><c t="str"><v>{"x" * FILL}</v></c></row>'},
    "an enormous attribute": lambda: {"rows": f'<row r="{"1" * FILL}"/>'},
    "millions of attributes": lambda: {
        "rows": "<row " + " ".join(f'a{n}=""' for n in range(FILL // 11)) + "/>"
    },
    "deep in a row": lambda: {"rows": f'<row r="2">{nested(FILL // 7)}</row>'},
    "deep beside the rows": lambda: {"around": "{}" + nested(FILL // 7)},
    "deep among the texts": lambda: {"strings": STRINGS + nested(FILL // 7)},
    "styles": lambda: {
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs>{"<xf/>" * (FILL // 5)}</cellXfs></styleSheet>'
    },
    "a workbook of very many sheets": lambda: {"xl/workbook.xml": list_of_sheets(SHEET * (FILL // 42))},
    "content types": lambda: {
        "[Content_Types].xml": content_types('<Default Extension="a" ContentType="b"/>' * (FILL // 40))
    },
    "rows far apart": lambda: {
        "rows": "".join(f'<row r="{n * 900_000}"><c r="XFD{n}"/></row>' for n in range(1, 2000))
    },
    "a million empty rows": lambda: {"rows": "<row/>" * (FILL // 6)},
    "thousands of empty columns in each row": lambda: {
        "rows": ("<row>" + '<c s="0"/>' * 10_000 + "</row>") * 150
    },
    "comments": lambda: {"rows": f"<!--{'x' * FILL}-->"},
    "blanks between rows": lambda: {"rows": " " * FILL},
    "shared formulas": lambda: {
        "rows": "".join(
            f'<row><c><f t="shared" si="{n}">{"1+" * 500}1</f></c></row>' for n in range(FILL // 1100)
        )
    },
    "rows with attributes": lambda: {
        "rows": '<row spans="1:2" ht="15" customHeight="1"><c><v>1</v></c></row>' * (FILL // 65)
    },
}  # fmt: skip


@pytest.mark.campaign
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_small_workbook_stays_small(kind: str, tmp_path: Path) -> None:
    path = packed(tmp_path / "a.xlsx", **HOSTILE[kind]())
    assert path.stat().st_size < 4_000_000

    grown, _, said = measured(path)

    print(f"{kind}: {path.stat().st_size >> 10} KB, {grown} MB, {said}")
    assert grown < ALLOWED
    assert said == "read" or "بیش از اندازه" in said or "آسیب دیده" in said


@pytest.mark.campaign
def test_a_list_of_very_many_parts(tmp_path: Path) -> None:
    path = write_parts(tmp_path / "a.xlsx", {f"{number}": "" for number in range(60_000)}, zipfile.ZIP_STORED)
    grown, _, said = measured(path)
    assert grown < 20
    assert "حجم واقعی" in said


@pytest.mark.parametrize(("more", "words"), [("", "این فایل جدول نیست"), ("x", "حجم واقعی")])
def test_a_list_of_parts_is_read_up_to_a_megabyte(more: str, words: str, tmp_path: Path) -> None:
    names = [f"{number:065490}" for number in range(16)]  # each takes 46 bytes more in the list
    parts = dict.fromkeys([*names[:-1], names[-1] + more], "")
    with pytest.raises(UnusableFile, match=words):
        open_table(write_parts(tmp_path / "a.xlsx", parts, zipfile.ZIP_STORED))


@pytest.mark.parametrize(("empty", "read"), [(10_000, [10_002]), (10_001, [])])
def test_so_many_empty_rows_may_lie_between_two_others(empty: int, read: list[int], tmp_path: Path) -> None:
    rows = "<row/>" * empty + row_of_texts(empty + 2, [0, 1])
    lines = open_table(packed(tmp_path / "a.xlsx", rows=rows)).lines
    assert [line.number for line in lines] == read


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["bzip2", "lzma"])
def test_packings_that_excel_never_uses(packing: int, tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="آسیب دیده"):
        open_table(write_parts(tmp_path / "a.xlsx", PARTS, packing))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("one enormous text", "کپی کنید"),
        ("one row of millions of cells", "ردیف ⁦2⁩ این فایل اکسل بیش از اندازه بزرگ است"),
    ],
)
def test_what_is_refused_says_what_to_do(kind: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match=words):
        list(open_table(packed(tmp_path / "a.xlsx", **HOSTILE[kind]())).lines)


@pytest.mark.parametrize(
    ("xml", "count"),
    [
        ("<a>" * 49 + "<row/>" + "</a>" * 49, 1),
        ("<a>" * 51 + "</a>" * 51, None),
        ("<a>" + "<row/>" * 50_000 + "</a>", 50_000),
        ("<a>" + "<b/>" * 50_000 + "<row/></a>", 1),
        (f"<a><row>{'<b/>' * 50_000}</row></a>", None),
    ],
    ids=["49 deep", "51 deep", "many rows", "much between the rows", "much in a row"],
)
def test_a_record_has_a_bound_and_the_number_of_records_none(xml: str, count: int | None) -> None:
    records = Records(BytesIO(xml.encode()), "row")
    if count is None:
        with pytest.raises(TooLargeError):
            list(records)
    else:
        assert sum(1 for _ in records) == count


@pytest.mark.campaign
def test_an_honest_large_workbook_is_read_in_bounded_memory(tmp_path: Path) -> None:
    rows = [officer(number % 900, last_name="کریمی‌نژاد " * 3) for number in range(6_000)]
    path = write_xlsx(tmp_path / "a.xlsx", rows)
    grown, count, said = measured(path)
    assert (count, said) == (6_000, "read")
    assert grown < 40


def test_cells_out_of_order_and_far_away(tmp_path: Path) -> None:
    rows = '<row r="5"><c r="C5"><v>3</v></c><c r="A5"><v>1</v></c><c r="ZZ5"><v>9</v></c></row>'
    lines = open_table(packed(tmp_path / "a.xlsx", rows=rows)).lines
    assert [(line.number, line.cells) for line in lines] == [(5, ["1", "", "3"])]


def test_texts_in_the_cell_itself_stand_where_they_say_or_in_turn(tmp_path: Path) -> None:
    def cell(words: str, place: str = "") -> str:
        return f'<c {place} t="inlineStr"><is><t>{words}</t></is></c>'

    rows = f"""<row r="6">{cell("ب", 'r="B6"')}</row><row r="7">{cell("الف")}{cell("ب")}</row>"""
    lines = open_table(packed(tmp_path / "a.xlsx", rows=rows)).lines
    assert [(line.number, line.cells) for line in lines] == [(6, ["", "ب"]), (7, ["الف", "ب"])]


@pytest.mark.parametrize(
    ("start", "repeated"),
    [
        pytest.param(b"", b"x", id="one cell", marks=pytest.mark.campaign),
        pytest.param(b'"', b"y", id="an open quotation mark"),
        pytest.param(b"", b"a,", id="many cells", marks=pytest.mark.campaign),
    ],
)
def test_a_text_file_of_one_gigantic_line(start: bytes, repeated: bytes, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [officer(1)])
    piece = repeated * (1_000_000 // len(repeated))
    with path.open("ab") as file:
        file.write(start)
        for _ in range(300):  # 300 MB, of which a megabyte at a time is in memory
            file.write(piece)
    grown, rows, said = measured(path)
    assert (rows, said) == (2, "read")
    assert grown < 40
    lines = list(open_csv(path, lambda header: len(set(header) & set(COLUMNS))).rows())[1:]
    assert [line.broken for line in lines] == [None, "row_too_long"]
