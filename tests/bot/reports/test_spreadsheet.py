"""Spreadsheets and pictures of reports: no cell is a formula, Persian letters are joined."""

from datetime import UTC, datetime
from io import BytesIO

from openpyxl import load_workbook

from bot.reports.model import Cell, Chart, ChartPage, ReportTable, Series, StatisticsReport
from bot.reports.rtl_text import visual
from bot.reports.spreadsheet import spreadsheet_bytes


def test_no_cell_is_a_formula() -> None:
    wicked = [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\u200f=1",
        " =1",
        "=cmd|' /C calc'!A0",
        "a\x00b",
    ]
    made = spreadsheet_bytes(
        StatisticsReport(
            "ر",
            "",
            [ChartPage("=p", "", [Chart("=a", "bars", "=l", "+c", ["=b"], [Series("=s", [1])])], "=n")],
            [ReportTable("-t", ("=h",), [(one,) for one in wicked])],
            "",
            datetime(2026, 11, 22, tzinfo=UTC),
        )
    )
    book = load_workbook(BytesIO(made))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    for cell in cells:
        if isinstance(cell.value, str) and cell.value.strip().lstrip("\u200f")[:1] in "=+-@":
            assert cell.quotePrefix, cell.value


def test_long_names_and_texts_are_cut_and_columns_are_as_wide_as_what_stands_in_them() -> None:
    head = ("a", "b" * 6, "c" * 7, "d" * 56, "e" * 57, "f")
    rows: list[tuple[Cell, ...]] = [("a", "b", "c", "d", "e", "f" * 9), ("x" * 40_000, None, 1.5, 2, "", "f")]
    long = "[x]:*?/\\'" + "y" * 40
    tables = [ReportTable(long, head, rows), ReportTable(long, ("z",), []), ReportTable("*?", ("z",), [])]
    made = spreadsheet_bytes(StatisticsReport("r", "", [], tables, "", datetime(2026, 11, 22, tzinfo=UTC)))
    book = load_workbook(BytesIO(made))
    name = f"x{' ' * 7}{'y' * 19}"
    assert book.sheetnames == [name, f"{name}1", "–"]
    sheet = book[name]
    widths = [sheet.column_dimensions[column].width for column in "ABCDEF"]
    assert widths == [60, 10, 11, 60, 60, 13]
    cells = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert cells == [["a", "b", "c", "d", "e", "f" * 9], ["x" * 32_000, None, 1.5, 2, None, "f"]]
    assert [cell.number_format for cell in sheet[3]][1:4] == ["#,##0", "0.0", "#,##0"]
    assert (sheet.freeze_panes, sheet.sheet_view.rightToLeft) == ("A2", True)


def test_letters_are_joined_and_turned() -> None:
    assert visual("سلام ۱۲") == "۱۲ \ufee1\ufefc\ufeb3" or visual("سلام ۱۲").startswith("۱۲ \ufee1")
