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

from bot.reports import sheet_charts
from bot.reports.model import Cell, Chart, ReportTable, RowExport, StatisticsReport
from bot.texts import t

#: What a spreadsheet program may take for a formula, also after a tab or a line break.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
#: What may stand before it unseen.
_UNSEEN = " \u200e\u200f\u2066\u2068\ufeff"
#: Numbers with separators; points of the title, and the colour behind the names of columns.
SEPARATED, TENTHS, TITLE_SIZE, GREY = "#,##0", "0.0", 14, "FFE7E6E6"
_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\']")


def spreadsheet_bytes(report: StatisticsReport) -> bytes:
    """The report as XLSX: a sheet a chart, with its table and the chart beside it, and one for each further table."""
    book = Workbook(write_only=True)
    for page in report.pages:
        for chart in page.charts:
            name = page.title if len(page.charts) == 1 else chart.title
            sheet = _sheet(book, _table(chart), _title(name))
            if not chart.empty:
                sheet_charts.add_chart(sheet, chart, page.title)
    for table in report.tables:
        _sheet(book, table, _title(table.title))
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _table(chart: Chart) -> ReportTable:
    names = [series.name for series in chart.series] if len(chart.series) > 1 else [chart.unit]
    rows = zip(chart.labels, *(series.values for series in chart.series), strict=True)
    return ReportTable(chart.title, (chart.label, *names), list(rows))


def export_bytes(export: RowExport) -> bytes:
    """The list as XLSX: what it is of, the head with a filter, the rows, the sums. Sums are numbers, not formulas, and stand
    outside the filter."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_title(export.title))
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
        sheet.append([_bold(_cell(sheet, value), 11) for value in line])
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
    return f"'{value}" if value.lstrip(_UNSEEN).startswith(_DANGEROUS) else value


def _bold(cell: WriteOnlyCell, size: int) -> WriteOnlyCell:
    cell.font = Font(bold=True, size=size)
    return cell


def _head(cell: WriteOnlyCell) -> WriteOnlyCell:
    """The name of a column: bold on grey, in the middle."""
    cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor=GREY)
    cell.alignment = Alignment(horizontal="center", vertical="center", readingOrder=2)
    return cell


def _title(title: str) -> str:
    """Without what is forbidden there, and with room in the 31 characters for a number: openpyxl numbers what is there already."""
    return _NOT_IN_TITLES.sub(" ", title)[:28].strip() or "–"


def _sheet(book: Workbook, table: ReportTable, title: str) -> Worksheet:
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
    return sheet


def _widths(table: ReportTable) -> list[int]:
    longest = [len(str(name)) for name in table.head]
    for row in table.rows:
        longest = [max(a, len(str(b))) for a, b in zip(longest, row, strict=False)]
    return [min(max(length + 4, 10), 60) for length in longest]


def _cell(sheet: Worksheet, value: Cell) -> WriteOnlyCell:
    """Numbers as numbers, nothing as an empty cell; a text that could be taken for a formula as text with the quote prefix."""
    if value is None or isinstance(value, int | float):
        number = WriteOnlyCell(sheet, value=value)
        number.number_format = TENTHS if isinstance(value, float) else SEPARATED
        return number
    cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub(" ", value)[:32_000])
    cell.data_type = "s"
    cell.alignment = Alignment(horizontal="right", readingOrder=2)
    if value.lstrip(_UNSEEN).startswith(_DANGEROUS):
        cell.quotePrefix = True
    return cell
