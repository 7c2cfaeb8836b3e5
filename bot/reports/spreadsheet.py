"""A report as a spreadsheet, right to left. No cell is ever a formula, whatever people wrote into their
names."""

from __future__ import annotations

import re
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from bot.reports.model import ReportTable, StatisticsReport

#: What a spreadsheet program may take for a formula, also after a tab or a line break.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\']")


def spreadsheet_bytes(report: StatisticsReport) -> bytes:
    """The report as XLSX, one sheet a table; the panels of the picture are tables too."""
    book = Workbook(write_only=True)
    tables = [ReportTable(bars.title, (bars.title, bars.unit), bars.rows) for bars in report.bars]
    taken: set[str] = set()
    for table in (*tables, *report.tables):
        _sheet(book, table, _title(table.title, taken))
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _title(title: str, taken: set[str]) -> str:
    """At most 31 characters, without what is forbidden there, used once."""
    short = _NOT_IN_TITLES.sub(" ", title)[:28].strip() or "–"
    name = next(name for n in range(1, 99) if (name := short if n == 1 else f"{short} {n}") not in taken)
    taken.add(name)
    return name


def _sheet(book: Workbook, table: ReportTable, title: str) -> None:
    sheet = book.create_sheet(title)
    sheet.sheet_view.rightToLeft = True
    sheet.freeze_panes = "A2"
    for column, width in enumerate(_widths(table), start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    head = [_cell(sheet, name) for name in table.head]
    for cell in head:
        cell.font = Font(bold=True)
    sheet.append(head)
    for row in table.rows:
        sheet.append([_cell(sheet, value) for value in row])


def _widths(table: ReportTable) -> list[int]:
    longest = [len(str(name)) for name in table.head]
    for row in table.rows:
        longest = [max(a, len(str(b))) for a, b in zip(longest, row, strict=False)]
    return [min(max(length + 4, 10), 60) for length in longest]


def _cell(sheet: Worksheet, value: str | int) -> WriteOnlyCell:
    """Numbers as numbers; a text that could be taken for a formula as text with the quote prefix."""
    if isinstance(value, int):
        return WriteOnlyCell(sheet, value=value)
    cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub(" ", value)[:32_000])
    cell.data_type = "s"
    cell.alignment = Alignment(horizontal="right", readingOrder=2)
    if value.lstrip(" \u200e\u200f\ufeff").startswith(_DANGEROUS):
        cell.quotePrefix = True
    return cell
