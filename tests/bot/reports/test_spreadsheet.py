"""Spreadsheets and pictures of reports: no cell is a formula, Persian letters are joined."""

from datetime import UTC, datetime
from io import BytesIO

from openpyxl import load_workbook

from bot.reports.model import Chart, ChartPage, ReportTable, Series, StatisticsReport
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


def test_letters_are_joined_and_turned() -> None:
    assert visual("سلام ۱۲") == "۱۲ \ufee1\ufefc\ufeb3" or visual("سلام ۱۲").startswith("۱۲ \ufee1")
