"""A report's charts as PDF: one page a question, right to left, set for a phone's width and for paper.

Drawn with fpdf2, whose HarfBuzz joins the letters; `bot/reports/page_images.py` makes the pictures of the same pages. A plotting
library would bring NumPy and some 60 MB of memory for bars and columns, and joins no Persian letters by itself.
"""

from __future__ import annotations

from fpdf import FPDF

from bot.reports import chart_shapes
from bot.reports.chart_shapes import INK, MARGIN, RULE, SOFT, WIDTH, style
from bot.reports.model import ChartPage, StatisticsReport
from bot.reports.rtl_text import FONTS

_HEAD, _GAP, _LINE = 26.0, 5.0, 4.6


def chart_pages(report: StatisticsReport, *, rest: str) -> bytes:
    """The pages as one PDF, each as high as it needs. `rest` is said below bars of which not all are shown. Some tenths of a
    second of CPU: not for the event loop."""
    pdf = FPDF(unit="mm", format=(WIDTH, WIDTH))
    pdf.set_auto_page_break(False)
    pdf.c_margin = 0
    pdf.set_lang("fa")
    pdf.set_title(report.title)
    pdf.set_author(report.issuer)
    pdf.set_creation_date(report.made_at)
    for name, file in (("", "Vazirmatn-Regular.ttf"), ("B", "Vazirmatn-Bold.ttf")):
        pdf.add_font("Vazirmatn", name, str(FONTS.joinpath(file)))
    pdf.set_text_shaping(True, direction="rtl", script="arab", language="fas")
    for page in report.pages:
        _page(pdf, page, report.nothing, rest)
    return bytes(pdf.output())


def _page(pdf: FPDF, page: ChartPage, nothing: str, rest: str) -> None:
    style(pdf, 9)
    note = _lines(pdf, page.note)
    charts = sum(chart_shapes.height(chart, rest) + _GAP for chart in page.charts)
    pdf.add_page(format=(WIDTH, _HEAD + charts + _LINE * len(note) + MARGIN))
    width = WIDTH - 2 * MARGIN
    style(pdf, 15, bold=True)
    pdf.set_xy(MARGIN, 6)
    pdf.cell(width, 9, page.title, align="R")
    style(pdf, 9.5, SOFT)
    pdf.set_xy(MARGIN, 15)
    pdf.cell(width, 6, chart_shapes.fitted(pdf, page.subtitle, width), align="R")
    top = _HEAD
    for chart in page.charts:
        pdf.set_draw_color(*RULE)
        pdf.set_line_width(0.3)
        pdf.line(MARGIN, top - 2.4, WIDTH - MARGIN, top - 2.4)
        style(pdf, 11.5, INK, bold=True)
        top = chart_shapes.draw(pdf, chart, top, nothing=nothing, rest=rest) + _GAP
    style(pdf, 9, SOFT)
    for line in note:
        pdf.set_xy(MARGIN, top)
        pdf.cell(width, _LINE, line, align="R")
        top += _LINE


def _lines(pdf: FPDF, text: str) -> list[str]:
    """Broken between words, in the present font."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and pdf.get_string_width(longer) > WIDTH - 2 * MARGIN:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
