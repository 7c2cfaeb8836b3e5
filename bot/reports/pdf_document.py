"""Receipts and certificates as PDF: one page of facts, and a QR code that leads to the live check.

See docs/specification.md 7.

fpdf2 with HarfBuzz joins the letters and orders the line; both are wheels from PyPI. WeasyPrint would need
Pango from the system. Only the glyphs that are used are embedded, of Vazirmatn (SIL Open Font License, beside
the files).
"""

from __future__ import annotations

import segno
from fpdf import FPDF

from bot.reports.model import Sheet
from bot.reports.rtl_text import FONTS

#: Millimetres; an A5 page can be read on a phone and printed on A4.
WIDTH, HEIGHT = 148.0, 210.0
_MARGIN, _BAND, _QR, _LABEL = 12.0, 34.0, 36.0, 40.0
_LINE, _GAP = 6.4, 2.6
#: Lines of one value at most; nothing that is kept of an officer is longer.
MAX_LINES = 4
_BLUE, _INK, _SOFT, _RULE = (28, 92, 158), (29, 39, 51), (91, 107, 124), (222, 229, 236)


def pdf_document(sheet: Sheet) -> bytes:
    """The page. Some tenths of a second of CPU: not for the event loop."""
    pdf = _open(sheet)
    _draw_head(pdf, sheet)
    top = _BAND + 8
    for label, value in sheet.facts:
        top = _draw_fact(pdf, label, value, top)
    _draw_foot(pdf, sheet)
    return bytes(pdf.output())


def _open(sheet: Sheet) -> FPDF:
    pdf = FPDF(unit="mm", format=(WIDTH, HEIGHT))
    pdf.set_auto_page_break(False)
    pdf.set_lang("fa")
    pdf.set_title(sheet.title)
    pdf.set_author(sheet.issuer)
    pdf.set_creation_date(sheet.made_at)
    for style, name in (("", "Vazirmatn-Regular.ttf"), ("B", "Vazirmatn-Bold.ttf")):
        pdf.add_font("Vazirmatn", style, str(FONTS.joinpath(name)))
    pdf.set_text_shaping(True, direction="rtl", script="arab", language="fas")
    pdf.add_page()
    return pdf


def _style(pdf: FPDF, size: float, color: tuple[int, int, int], *, bold: bool = False) -> None:
    pdf.set_font("Vazirmatn", "B" if bold else "", size)
    pdf.set_text_color(*color)


def _draw_head(pdf: FPDF, sheet: Sheet) -> None:
    pdf.set_fill_color(*_BLUE)
    pdf.rect(0, 0, WIDTH, _BAND, style="F")
    _style(pdf, 18, (255, 255, 255), bold=True)
    pdf.set_xy(_MARGIN, 7)
    pdf.cell(WIDTH - 2 * _MARGIN, 11, sheet.title, align="C")
    _style(pdf, 10, (255, 255, 255))
    pdf.set_xy(_MARGIN, 20)
    pdf.cell(WIDTH - 2 * _MARGIN, 7, sheet.issuer, align="C")


def _draw_fact(pdf: FPDF, label: str, value: str, top: float) -> float:
    """A label on the right, its value beside it, a rule below; where the next one begins."""
    width = WIDTH - 2 * _MARGIN - _LABEL
    _style(pdf, 10, _SOFT)
    pdf.set_xy(WIDTH - _MARGIN - _LABEL, top)
    pdf.cell(_LABEL, _LINE, label, align="R")
    _style(pdf, 11.5, _INK, bold=True)
    lines = pdf.multi_cell(width, _LINE, value, align="R", dry_run=True, output="LINES")
    assert isinstance(lines, list)
    for line in lines[:MAX_LINES]:
        pdf.set_xy(_MARGIN, top)
        pdf.cell(width, _LINE, str(line), align="R")
        top += _LINE
    top += _GAP / 2
    pdf.set_draw_color(*_RULE)
    pdf.set_line_width(0.2)
    pdf.line(_MARGIN, top, WIDTH - _MARGIN, top)
    return top + _GAP


def _draw_foot(pdf: FPDF, sheet: Sheet) -> None:
    top = HEIGHT - _MARGIN - _QR
    beside = WIDTH - 2 * _MARGIN
    if sheet.link is not None:
        _draw_code(pdf, sheet.link, _MARGIN, top)
        beside -= _QR + 6
    _style(pdf, 9.5, _INK)
    pdf.set_xy(WIDTH - _MARGIN - beside, top + 4)
    pdf.multi_cell(beside, 5.6, sheet.note, align="R")
    _style(pdf, 9, _SOFT)
    pdf.set_xy(WIDTH - _MARGIN - beside, HEIGHT - _MARGIN - 6)
    pdf.cell(beside, 5, sheet.issued, align="R")


def _draw_code(pdf: FPDF, link: str, left: float, top: float) -> None:
    """The QR code as squares, with the quiet zone that readers need; a tap on it opens the link."""
    rows = [bytes(row) for row in segno.make(link, error="m", micro=False).matrix_iter(border=4)]
    side = _QR / len(rows)
    pdf.set_fill_color(0, 0, 0)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                # A hair wider, so that no viewer shows seams.
                pdf.rect(left + x * side, top + y * side, side + 0.02, side + 0.02, style="F")
    pdf.link(left, top, _QR, _QR, link)
