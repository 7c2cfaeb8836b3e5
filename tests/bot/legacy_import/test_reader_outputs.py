"""Small tables as they lie in files, and all rows that come out, with their numbers and places."""

import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.legacy_import.columns import score
from bot.legacy_import.readers import csv_reader, markup_tables, xlsx_reader
from bot.legacy_import.readers.csv_reader import find_encoding, open_csv
from bot.legacy_import.readers.markup_tables import EXCEL_2003, open_markup
from bot.legacy_import.readers.table import Formula, Sheet, TableRow, UnusableFile
from bot.legacy_import.readers.values import plain
from bot.legacy_import.readers.workbook import Texts
from bot.legacy_import.readers.xml_records import Records, TooLargeError, require_small
from bot.texts import t

HEADER = "کد ملی,نام"


def stored(folder: Path, content: str | bytes) -> Path:
    path = folder / "a.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(sheet: Sheet) -> list[tuple[Any, ...]]:
    """(number, cells) of every row, with what is broken where something is."""
    return [(row.number, row.cells, *([row.broken] if row.broken else [])) for row in sheet.rows()]


# ── text ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("a,b\n\n 1 ,2\n", [(1, ["a", "b"]), (3, [" 1 ", "2"])]),
        (",,\n , \na,b", [(3, ["a", "b"])]),
        ("sep=;\na;b\n", [(2, ["a", "b"])]),
        ('"sep=|",,\na|b\n', [(2, ["a", "b"])]),
        ("x\nsep=;\na;b\n", [(1, ["x"]), (3, ["a", "b"])]),
        ("a;b\nx;y\nsep=;\n", [(1, ["a", "b"]), (2, ["x", "y"]), (3, ["sep=", ""])]),
        ('a,"b\nc"\nd,e\n', [(1, ["a", "b\nc"]), (2, ["d", "e"])]),
        ('a,"b\nc\nd,e\n', [(1, [], "broken_quotes"), (2, ["c"]), (3, ["d", "e"])]),
        ('a,b"c"d\n', [(1, ["a", 'b"c"d'])]),
        ('a,"b"c\n', [(1, [], "broken_quotes")]),
        ('="001",=1+1\n', [(1, ["001", "=1+1"])]),
        ('"=""001""",x\n', [(1, ["001", "x"])]),
        ("a,\ufffd\n", [(1, ["a", "\ufffd"], "unreadable")]),
        ("a" * 2001 + ",b\n", [(1, ["a" * 2001, "b"])]),
        ("a" * 2002 + ",b\n", [(1, ["a" * 2001, "b"])]),
        ("x" * 63_998 + ",\nb", [(1, ["x" * 2001, ""]), (2, ["b"])]),
        ("x" * 63_999 + ",\nb", [(1, [], "row_too_long"), (2, ["b"])]),
        ("x" * 200_000 + "\nb", [(1, [], "row_too_long"), (2, ["b"])]),
        ("a,b\r\nc,d\r\n", [(1, ["a", "b"]), (2, ["c", "d"])]),
        ("a,b\rc,d", [(1, ["a", "b"]), (2, ["c", "d"])]),
    ],
)  # fmt: skip
def test_rows_of_a_text(tmp_path: Path, content: str, found: list[tuple[Any, ...]]) -> None:
    sheet = open_csv(stored(tmp_path, content), score)
    assert rows(sheet) == found
    assert rows(sheet) == found, "it begins anew with every call"
    assert (sheet.name, sheet.size) == ("", len(content.encode()))


@pytest.mark.parametrize(("lines", "whole"), [(19, True), (20, False)])
def test_a_quoted_cell_goes_over_so_many_lines(tmp_path: Path, lines: int, whole: bool) -> None:
    content = 'a,"' + "x\n" * lines + '"\nb,c\n'
    found = rows(open_csv(stored(tmp_path, content), score))
    if whole:
        assert found == [(1, ["a", "x\n" * lines]), (2, ["b", "c"])]
        return
    assert found[0] == (1, [], "broken_quotes")
    assert found[1:20] == [(number, ["x"]) for number in range(2, 21)]


@pytest.mark.parametrize(
    ("content", "separator"),
    [
        ("کد ملی;نام,نام خانوادگی;x\n", ";"),
        ("کد ملی\tنام\n", "\t"),
        ("کد ملی؛نام\n", "؛"),
        ("کد ملی|نام\n", "|"),
        ("a,b;c;d\n", ";"),  # no heading is known: the one with more cells
        ("a,b;c\n", ","),
        ("عنوان,,,,,\nکد ملی;نام\n", ";"),
    ],
)
def test_the_separator_that_makes_most_headings(content: str, separator: str) -> None:
    assert csv_reader._separator(content.splitlines(keepends=True), score) == separator


def marked(text: str, encoding: str, mark: bytes = b"") -> bytes:
    return mark + text.encode(encoding)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (marked(HEADER, "utf-8", b"\xef\xbb\xbf"), "utf-8-sig"),
        (marked(HEADER, "utf-16-le", b"\xff\xfe"), "utf-16"),
        (marked(HEADER, "utf-16-be", b"\xfe\xff"), "utf-16"),
        (marked(HEADER * 9, "utf-16-le"), "utf-16-le"),
        (marked(HEADER * 9, "utf-16-be"), "utf-16-be"),
        (HEADER.encode(), "utf-8"),
        (b"plain", "utf-8"),
        (marked("كد ملي,نام\n", "cp1256"), "cp1256"),
        # As many lines of one as of the other: UTF-8, and a line is broken.
        (HEADER.encode() + b"\n" + marked("علي\n", "cp1256"), "utf-8"),
        (marked("كد ملي,نام\nعلي\n", "cp1256") + HEADER.encode() + b"\n", "cp1256"),
    ],
)
def test_the_encoding_of_a_text(tmp_path: Path, content: bytes, encoding: str) -> None:
    assert find_encoding(stored(tmp_path, content), score) == encoding


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (marked(HEADER, "utf-32-le", b"\xff\xfe\0\0"), "bad_encoding"),
        (marked(HEADER, "utf-32-be", b"\0\0\xfe\xff"), "bad_encoding"),
        (marked("علي,رضا\nعلي\n", "cp1256"), "bad_encoding"),  # no heading is known
        (b"a\0" + b"b" * 100, "not_a_table"),
        (bytes(64) + b"abc" * 20, "not_a_table"),
        ("علی\n".encode() * 5000 + b"\xd8\0\n", "not_a_table"),
    ],
)
def test_what_is_no_text(tmp_path: Path, content: bytes, key: str) -> None:
    with pytest.raises(UnusableFile) as refused:
        find_encoding(stored(tmp_path, content), score)
    assert str(refused.value) == t(f"import.{key}")


@pytest.mark.parametrize("content", ["", "\n\n", ' ,;|"\t؛\n,,'])
def test_a_text_of_nothing(tmp_path: Path, content: str) -> None:
    with pytest.raises(UnusableFile) as refused:
        open_csv(stored(tmp_path, content), score)
    assert str(refused.value) == t("import.empty_file")


# ── HTML ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def tables(folder: Path, page: str | bytes) -> list[tuple[str, list[tuple[Any, ...]]]]:
    return [(sheet.name, rows(sheet)) for sheet in open_markup(stored(folder, page))]


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<table><tr><td>a<td>b<tr><td>c</table>", [[(1, ["a", "b"]), (2, ["c"])]]),
        ("x<table>y<tr>z<th>a</th>k<td> b <br>c<p>d</td></tr></table>z", [[(1, ["a", "b c d"])]]),
        ("<table><tr><td>a<div>b</div><td>&nbsp;&lt;</table>", [[(1, ["a b", "<"])]]),
        ("<table><tr><tr><td>b</table>", [[(2, ["b"])]]),
        ("<table><td>a</td><tr><td>b</table>", [[(1, ["a"]), (2, ["b"])]]),
        ("<table><tr><td colspan=2>a<td>b</table>", [[(1, ["a", "", "b"])]]),
        ("<table><tr><td colspan=0>a<td>b</table>", [[(1, ["a", "b"])]]),
        (f"<table><tr><td colspan={'0' * 5000}>a<td>b</table>", [[(1, ["a", "b"])]]),
        ("<table><tr><td colspan=x>a<td>b</table>", [[(1, ["a", "b"])]]),
        ("<table><tr><td rowspan=2>a<td>b<tr><td>c<tr><td>d</table>", [[(1, ["a", "b"]), (2, ["", "c"]), (3, ["d"])]]),
        ("<table><tr><td rowspan=3>a<td>b<tr><td>c<tr><td>d<tr><td>e</table>", [[(1, ["a", "b"]), (2, ["", "c"]), (3, ["", "d"]), (4, ["e"])]]),
        ("<table><tr><td rowspan=2 colspan=2>a<td>b<tr><td>c</table>", [[(1, ["a", "", "b"]), (2, ["", "", "c"])]]),
        ("<table><tr><td>a<td rowspan=2>b<td>c<tr><td>d<td>e</table>", [[(1, ["a", "b", "c"]), (2, ["d", "", "e"])]]),
        ("<table><tr><td>a<table><tr><td>in</table><td>b</table>", [[(1, ["in"])], [(1, ["a", "b"])]]),
        ("<table><tr><td>a</table><table><tr><td>b</table>", [[(1, ["a"])], [(1, ["b"])]]),
        ("<table><tr><td>never closed", [[(1, ["never closed"])]]),
        ("<table><table><tr><td>both open", [[(1, ["both open"])]]),
        ("<p>nothing</p><tr><td>x", []),
        ("<table></table>", []),
        ("<table><tr><td>" + "x" * 2500 + "</table>", [[(1, ["x" * 2001])]]),
        ("<table><tr>" + "<td>x" * 201 + "</table>", [[(1, ["x"] * 200)]]),
        ("<table><tr><td colspan=999>x</table>", [[(1, ["x", *[""] * 199])]]),
    ],
)  # fmt: skip
def test_tables_of_a_page(tmp_path: Path, page: str, found: list[list[tuple[Any, ...]]]) -> None:
    assert tables(tmp_path, page) == [("", one) for one in found]


@pytest.mark.parametrize(
    ("page", "whole"),
    [
        ("<table>" * 20 + "<tr><td>x", True),
        ("<table>" * 21 + "<tr><td>x", False),
        ("<table><tr><td>x</table>" * 200, True),
        ("<table><tr><td>x</table>" * 201, False),
    ],
)
def test_how_many_tables_there_may_be(tmp_path: Path, page: str, whole: bool) -> None:
    if whole:
        assert rows(open_markup(stored(tmp_path, page))[-1]) == [(1, ["x"])]
        return
    with pytest.raises(UnusableFile) as refused:
        tables(tmp_path, page)
    assert str(refused.value) == t("import.not_a_table")


def test_a_tag_that_never_ends_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markup_tables, "_UNFINISHED", 100_000)
    page = "<table><tr><td>x</table><a href='"
    assert tables(tmp_path, page + "y" * 90_000) == [("", [(1, ["x"])])]
    with pytest.raises(UnusableFile) as refused:
        tables(tmp_path, page + "y" * 200_000)
    assert str(refused.value) == t("import.bomb")


@pytest.mark.parametrize(
    ("start", "encoding"),
    [
        (b"\xef\xbb\xbf<table>", "utf-8-sig"),
        (b"\xff\xfe<\0", "utf-16"),
        (b"\xfe\xff\0<", "utf-16"),
        (b"<\0t\0", "utf-16-le"),
        (b'<meta charset="windows-1256">', "cp1256"),
        (b"<meta CHARSET = utf-8>", "utf-8"),
        (b'<?xml version="1.0" encoding="utf-16"?>', "utf-8"),  # it cannot be
        (b"<meta charset=none-such>", "utf-8"),
        ("<table>علی".encode(), "utf-8"),
        ("<table>علی".encode()[:-1], "utf-8"),  # cut within a letter
        ("<table>علي ".encode("cp1256"), "cp1256"),
    ],
)
def test_the_encoding_of_a_page(start: bytes, encoding: str) -> None:
    assert markup_tables._encoding(start) == encoding


def test_what_a_page_says_of_itself_may_stand_behind_a_long_head(tmp_path: Path) -> None:
    page = f"""<html><!--{"x" * 4000}--><meta charset="iso-8859-6"><table><tr><td>مدرك</table>"""
    assert tables(tmp_path, page.encode("iso-8859-6")) == [("", [(1, ["مدرك"])])]
    page = excel(row(data("a")), head=f'<?xml version="1.0"?><!--{"x" * 4000}-->')
    assert tables(tmp_path, page) == [("s0", [(1, ["a"])])]


# ── XML of Excel 2003 ────────────────────────────────────────────────────────────────────────────────────────────────


def excel(*sheets: str, head: str = '<?xml version="1.0" encoding="utf-8"?>') -> str:
    body = "".join(
        f'<Worksheet ss:Name="s{number}"><Table>{one}</Table></Worksheet>'
        for number, one in enumerate(sheets)
    )
    return f'{head}<Workbook xmlns="{EXCEL_2003}" xmlns:ss="{EXCEL_2003}">{body}</Workbook>'


def data(text: str, kind: str = "String", cell: str = "") -> str:
    return f'<Cell{cell}><Data ss:Type="{kind}">{text}</Data></Cell>'


def row(*cells: str) -> str:
    return f"<Row>{''.join(cells)}</Row>"


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ([data("a"), data("b")], ["a", "b"]),
        ([data("a"), data("b", cell=' ss:Index="4"')], ["a", "", "", "b"]),
        ([data("a"), data("b", cell=' ss:Index="1"')], ["a", "b"]),
        ([data("a"), data("b", cell=' ss:Index="x"')], ["a", "b"]),
        ([data("a", cell=' ss:MergeAcross="2"'), data("b")], ["a", "", "", "b"]),
        ([data("a", cell=' ss:MergeAcross="x"'), data("b")], ["a", "b"]),
        (['<Cell ss:MergeAcross="1"/>', data("b")], ["", "", "b"]),
        (["<Cell/>", data("b")], ["b"]),
        ([data("7.0", "Number"), data("7.5", "Number"), data("x", "Number")], ["7", "7.5", "x"]),
        ([data("1986-07-03T00:00:00.000", "DateTime"), data("x", "DateTime")], [date(1986, 7, 3), "x"]),
        ([data("#N/A", "Error"), data("b")], ["", "b"]),
        ([data("", cell=' ss:Formula="=1+1"'), data("b")], [Formula("=1+1"), "b"]),
        ([data("2", cell=' ss:Formula="=1+1"')], ["2"]),
        ([data("", cell=' ss:Formula="' + "x" * 2500 + '"')], [Formula("x" * 2000)]),
        ([data("x" * 2500), data("x" * 2500, "Number"), data("x" * 2500, "DateTime")], ["x" * 2001] * 3),
        ([data("x", cell=f' ss:Index="{201}"')], [*[""] * 199, "x"]),
        (['<Cell>beside<Data ss:Type="String">a</Data>beside</Cell>'], ["a"]),
    ],
)  # fmt: skip
def test_cells_of_excel_2003(tmp_path: Path, cells: list[str], found: list[Any]) -> None:
    assert tables(tmp_path, excel(row(*cells))) == [("s0", [(1, found)])]


def test_sheets_of_excel_2003(tmp_path: Path) -> None:
    page = excel(row(data("a")) + row() + row(data("b")), "", row(data("c")))
    assert tables(tmp_path, page) == [("s0", [(1, ["a"]), (3, ["b"])]), ("s2", [(1, ["c"])])]
    assert tables(tmp_path, page.encode("utf-16")) == tables(tmp_path, page)
    assert tables(tmp_path, "\r\n " + page) == tables(tmp_path, page)
    declared = excel(row(data("سارا")), head='<?xml version="1.0" encoding="utf-16"?>')
    assert tables(tmp_path, declared.encode("utf-16")) == [("s0", [(1, ["سارا"])])]


@pytest.mark.parametrize(
    ("index", "number"),
    [("5", 5), ("2", 2), ("1", 2), ("0", 2), ("x", 2), ("", 2), ("1048576", 1048576), ("9" * 5000, 1048576)],
)
def test_a_row_of_excel_2003_says_its_number_where_empty_ones_are_left_out(
    tmp_path: Path, index: str, number: int
) -> None:
    rows_of = [row(data("a")), f'<Row ss:Index="{index}">{data("b")}</Row>', row(), row(data("c"))]
    found = [(1, ["a"]), (number, ["b"]), (number + 2, ["c"])]
    assert tables(tmp_path, excel("".join(rows_of), row(data("d")))) == [("s0", found), ("s1", [(1, ["d"])])]


@pytest.mark.parametrize(
    ("page", "key"),
    [
        (excel(row(data("a")))[:-5], "broken_workbook"),
        (excel(row("<Cell></Row>")), "broken_workbook"),
        (excel(row(data("&a;")), head='<!DOCTYPE x [<!ENTITY a "aaaa">]>'), "broken_workbook"),
        (excel(*[row(data("a"))] * 201), "bomb"),
    ],
)
def test_broken_excel_2003(tmp_path: Path, page: str, key: str) -> None:
    with pytest.raises(UnusableFile) as refused:
        tables(tmp_path, page)
    assert str(refused.value) == t(f"import.{key}")


@pytest.mark.parametrize(("length", "key"), [(7_000, "broken_workbook"), (60_000, "bomb")])
def test_a_tag_of_excel_2003_that_never_ends(
    length: int, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markup_tables, "_UNFINISHED", 1_000)
    page = excel(row(data("a"))).removesuffix("</Workbook>")
    with pytest.raises(UnusableFile) as refused:
        tables(tmp_path, f"{page}<x y='{'z' * length}")
    assert str(refused.value) == t(f"import.{key}")


def test_two_hundred_sheets_of_excel_2003(tmp_path: Path) -> None:
    assert len(open_markup(stored(tmp_path, excel(*[row(data("a"))] * 200)))) == 200


# ── XLSX ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "1"),
        (False, "0"),
        (7.0, "7"),
        (7.5, "7.5"),
        (-3.0, "-3"),
        (1e14, "100000000000000"),
        (1e15, "1000000000000000.0"),
        ("x" * 2500, "x" * 2001),
    ],
)
def test_a_value_as_people_would_type_it(value: object, text: str) -> None:
    assert plain(value) == text


def test_cells_by_their_columns() -> None:
    cells: list[dict[str, Any]] = [
        {"column": 0, "value": "x", "data_type": "s"},
        {"column": 2, "value": "b", "data_type": "s"},
        {"column": 4, "value": "#N/A", "data_type": "e"},
        {"column": 5, "value": "=1" + "x" * 2500, "data_type": "f"},
        {"column": 201, "value": "far", "data_type": "s"},
    ]
    assert xlsx_reader._cells(cells) == ["", "b", "", "", Formula("=1" + "x" * 1998)]
    assert len(xlsx_reader._cells([{"column": 200, "value": "x", "data_type": "s"}])) == 200
    assert xlsx_reader._cells([]) == []


def found(xml: str) -> Iterator[str]:
    return (re.sub(r"\s", "", one.get("n", "")) for one in Records(io.BytesIO(xml.encode()), "r"))


def test_records_one_at_a_time() -> None:
    assert list(found("<a><r n='1'><r n='inner'/></r><b/><c><r n='2'/></c></a>")) == ["1", "2"]
    records = Records(io.BytesIO(b"<a><r/><r/></a>"), "r")
    first = next(records)
    next(records)
    assert (first.attrib, len(first), records.read_bytes) == ({}, 0, 15)


@pytest.mark.parametrize(
    ("xml", "small"),
    [
        ("<r>" + "<c/>" * 39_998 + "</r>", True),
        ("<r>" + "<c/>" * 39_999 + "</r>", True),
        ("<r>" + "<c/>" * 40_000 + "</r>", False),
        ("<r>" * 50 + "</r>" * 50, True),
        ("<r>" * 51 + "</r>" * 51, False),
        ("<a>" + "<r><c/></r>" * 40_000 + "</a>", True),
    ],
)  # fmt: skip
def test_a_record_has_a_bound(xml: str, small: bool) -> None:
    if small:
        assert sum(1 for _ in found(xml)) in (1, 40_000)
        return
    with pytest.raises(TooLargeError):
        list(found(xml))


def test_bytes_between_two_records_have_a_bound() -> None:
    text = "x" * 1_000_000
    assert len(list(found(f"<a><r>{text}</r><r>{text}</r><r>{text}</r></a>"))) == 3
    with pytest.raises(TooLargeError):
        list(found(f"<a><r>{text}{text}{text}</r></a>"))


@pytest.mark.parametrize(
    ("xml", "small"),
    [
        ("<a>" * 50 + "</a>" * 50, True),
        ("<a>" * 51 + "</a>" * 51, False),
        ("<a>" + "<b/>" * 299_999 + "</a>", True),
        ("<a>" + "<b/>" * 300_000 + "</a>", False),
        ("<a>" + "<b c='1' d='2'/>" * 99_999 + "</a>", True),
        ("<a>" + "<b c='1' d='2'/>" * 100_000 + "</a>", False),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><a/>", False),
        ("no XML", True),
        (" " * ((8 << 20) - 4) + "<a/>", True),
        (" " * ((8 << 20) - 3) + "<a/>", False),
    ],
    ids=range(10),
)
def test_a_part_that_is_read_whole_has_a_bound(xml: str, small: bool) -> None:
    if small:
        require_small(xml.encode())
        return
    with pytest.raises(TooLargeError):
        require_small(xml.encode())


def test_texts_of_a_workbook() -> None:
    texts = Texts()
    for one in ("یک", "", "x" * 2500):
        texts.append(one)
    assert (len(texts), texts[0], texts[1], texts[2]) == (3, "یک", "", "x" * 2001)
    for outside in (-1, 3):
        with pytest.raises(IndexError):
            texts[outside]


def test_a_row_says_how_far_the_file_is_read(tmp_path: Path) -> None:
    path = stored(tmp_path, "<table>" + "<tr><td>x" * 8_000)
    positions = [one.position for sheet in open_markup(path) for one in sheet.rows()]
    assert (positions[0], positions[-1]) == (64 << 10, path.stat().st_size)
    assert positions == sorted(positions)
    assert TableRow(1, []).position == 0
