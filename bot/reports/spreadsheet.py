"""A report as a spreadsheet, right to left. No cell is ever a formula, whatever people wrote into their
names."""

from __future__ import annotations

import csv
import re
from io import BytesIO, StringIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from bot.reports.model import ReportTable, RowExport, StatisticsReport
from bot.texts import t

#: What a spreadsheet program may take for a formula, also after a tab or a line break.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
#: Numbers with separators; points of the title, and the colour behind the names of columns.
SEPARATED, TITLE_SIZE, GREY = "#,##0", 14, "FFE7E6E6"
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


def export_bytes(export: RowExport) -> bytes:
    """The list as XLSX: what it is of, the head with a filter, the rows, the sums. Sums are numbers, not formulas, and stand
    outside the filter."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_title(export.title, set()))
    sheet.sheet_view.rightToLeft = True
    above = [(export.title,), *export.about, ()]
    top = len(above) + 1
    sheet.freeze_panes = f"A{top + 1}"
    last = get_column_letter(len(export.head))
    sheet.auto_filter.ref = f"A{top}:{last}{top + len(export.rows)}"
    sheet.print_title_rows = f"{top}:{top}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sums = [_sum_row(export)] if any(total is not None for total in export.sums) else []
    whole = ReportTable(export.title, export.head, [*export.rows, *sums])
    for column, width in enumerate(_widths(whole), start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    for number, told in enumerate(above):
        cells = [_cell(sheet, value) for value in told]
        sheet.append([_bold(cell, TITLE_SIZE) for cell in cells] if number == 0 else cells)
    sheet.append([_head(_cell(sheet, name)) for name in export.head])
    for row in export.rows:
        sheet.append([_cell(sheet, value) for value in row])
    for line in sums:
        sheet.append([_bold(_cell(sheet, value)) for value in line])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def export_csv_bytes(export: RowExport) -> bytes:
    """The list as CSV (UTF-8 with a byte order mark, so that spreadsheet programs see Persian): head, rows, sums, and
    below an empty line what it is of."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow([_harmless(name) for name in export.head])
    sums = [_sum_row(export)] if any(total is not None for total in export.sums) else []
    for row in (*export.rows, *sums):
        writer.writerow([value if isinstance(value, int) else _harmless(value) for value in row])
    writer.writerow([])
    for line in ((export.title,), *export.about):
        writer.writerow([_harmless(value) for value in line])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _sum_row(export: RowExport) -> list[str | int]:
    """The sums under their columns, with a word in the first one."""
    row: list[str | int] = ["" if total is None else total for total in export.sums]
    return [t("export.sum"), *row[1:]] if row and export.sums[0] is None else row


def _harmless(value: str) -> str:
    """A text that no spreadsheet program takes for a formula: with an apostrophe before it where it might."""
    value = ILLEGAL_CHARACTERS_RE.sub(" ", value)
    dangerous = value.lstrip(" \u200e\u200f\u2066\u2068\ufeff").startswith(_DANGEROUS)
    return f"'{value}" if dangerous else value


def _bold(cell: WriteOnlyCell, size: int = 11) -> WriteOnlyCell:
    cell.font = Font(bold=True, size=size)
    return cell


def _head(cell: WriteOnlyCell) -> WriteOnlyCell:
    """The name of a column: bold on grey, in the middle."""
    cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor=GREY)
    cell.alignment = Alignment(horizontal="center", vertical="center", readingOrder=2)
    return cell


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
        number = WriteOnlyCell(sheet, value=value)
        number.number_format = SEPARATED
        return number
    cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub(" ", value)[:32_000])
    cell.data_type = "s"
    cell.alignment = Alignment(horizontal="right", readingOrder=2)
    if value.lstrip(" \u200e\u200f\ufeff").startswith(_DANGEROUS):
        cell.quotePrefix = True
    return cell
