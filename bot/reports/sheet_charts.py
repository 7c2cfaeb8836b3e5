"""A chart of a spreadsheet over the table of its sheet: spreadsheet programs draw it anew when a number is changed."""

from __future__ import annotations

from openpyxl.chart import BarChart, Reference
from openpyxl.worksheet.worksheet import Worksheet

from bot.reports.model import Chart

#: Centimetres: the width, the height of columns, and of one row of bars.
WIDTH, COLUMNS, ROW = 22.0, 9.5, 0.55
#: Of the series, as `bot/reports/chart_shapes.py` has them.
COLOURS = ("1C5C9E", "E9A33B", "8C9BAA")


def add_chart(sheet: Worksheet, chart: Chart, title: str) -> None:
    """Draw the table that begins in A1 (labels, then a column a series) beside it. All rows are in it."""
    rows, series = len(chart.labels), len(chart.series)
    drawn = BarChart()
    drawn.type = "col" if chart.form == "columns" else "bar"
    drawn.title, drawn.style = title, 10
    drawn.add_data(
        Reference(sheet, min_col=2, max_col=1 + series, min_row=1, max_row=1 + rows), titles_from_data=True
    )
    drawn.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=1 + rows))
    for one, color in zip(drawn.series, COLOURS, strict=False):
        one.graphicalProperties.solidFill = color
    if series == 1:
        drawn.legend = None
    else:
        drawn.legend.position = "b"
    # The first label on the right, as the page has it, or on top.
    drawn.x_axis.scaling.orientation = "maxMin"
    # Else some programs show no axes.
    drawn.x_axis.delete = drawn.y_axis.delete = False
    drawn.y_axis.scaling.min = 0
    drawn.gapWidth = 60
    drawn.width = WIDTH
    drawn.height = COLUMNS if chart.form == "columns" else max(COLUMNS, 3 + rows * series * ROW)
    sheet.add_chart(drawn, f"{'ABCDEFGH'[series + 2]}2")
