"""One chart on a page: bars below each other, or columns in the order of time, right to left."""

from __future__ import annotations

from fpdf import FPDF

from bot.reports.model import Chart, Series, Value
from bot.texts.formats import digits, number

#: Millimetres.
WIDTH, MARGIN = 148.0, 10.0
_INNER = WIDTH - 2 * MARGIN
_TITLE, _LEGEND, _EMPTY, _REST = 8.0, 6.5, 9.0, 6.0
#: Bars: one bar, between two rows.
_BAR, _BETWEEN = 4.4, 2.6
#: Columns: the room for them with their numbers, what stands below, and how wide one is at most.
_COLUMNS, _TICKS, _WIDEST = 30.0, 5.5, 12.0
RGB = tuple[int, int, int]
INK: RGB = (29, 39, 51)
SOFT: RGB = (91, 107, 124)
RULE: RGB = (222, 229, 236)
#: Of the series in their order: told apart also by those who see few colours, and in grey.
COLOURS: tuple[RGB, ...] = ((28, 92, 158), (233, 163, 59), (140, 155, 170))


def style(pdf: FPDF, size: float, color: RGB = INK, *, bold: bool = False) -> None:
    pdf.set_font("Vazirmatn", "B" if bold else "", size)
    pdf.set_text_color(*color)


def fitted(pdf: FPDF, text: str, width: float) -> str:
    """`text` in the present font, cut with «…» where it is wider than `width`."""
    if pdf.get_string_width(text) <= width:
        return text
    while len(text) > 1 and pdf.get_string_width(text + "…") > width:
        text = text[:-1].rstrip(" \u200c،")
    return text + "…"


def told(value: Value) -> str:
    """A number as people read it: with «٬» between thousands, tenths after «٫»."""
    if value is None:
        return "–"
    tenths = round(value * 10)
    whole, tenth = divmod(abs(tenths), 10)
    amount = f"{number(whole)}٫{digits(tenth)}" if tenth else number(whole)
    return f"-{amount}" if tenths < 0 else amount


def height(chart: Chart, rest: str) -> float:
    """What `draw` takes."""
    if chart.empty:
        return _TITLE + _EMPTY
    if chart.form == "columns":
        # Each series has a name above its own columns.
        one = _COLUMNS + _TICKS + (_LEGEND if len(chart.series) > 1 else 0)
        return _TITLE + len(chart.series) * one
    rows = min(len(chart.labels), chart.most)
    below = _REST if rows < len(chart.labels) else 0
    return _TITLE + _legend_height(chart) + rows * _row_height(chart) + below


def draw(pdf: FPDF, chart: Chart, top: float, *, nothing: str, rest: str) -> float:
    """Draw it; where it ends."""
    end = top + height(chart, rest)
    style(pdf, 11.5, bold=True)
    _write(pdf, chart.title, WIDTH - MARGIN, top, _INNER, _TITLE)
    top += _TITLE
    if chart.empty:
        style(pdf, 10, SOFT)
        _write(pdf, nothing, WIDTH - MARGIN, top, _INNER, _EMPTY)
    elif chart.form == "columns":
        _draw_columns(pdf, chart, top)
    else:
        _draw_bars(pdf, chart, top, rest)
    return end


def _write(pdf: FPDF, text: str, right: float, top: float, width: float, high: float) -> None:
    """One line that ends at `right`, cut to `width`, in the middle of `high`."""
    pdf.set_xy(right - width, top)
    pdf.cell(width, high, fitted(pdf, text, width), align="R")


def _legend_height(chart: Chart) -> float:
    return _LEGEND if len(chart.series) > 1 else 0


def _row_height(chart: Chart) -> float:
    return max(len(chart.series) * _BAR, 5.4) + _BETWEEN


def _most(chart: Chart) -> float:
    return max((value for series in chart.series for value in series.values if value), default=1)


def _draw_legend(pdf: FPDF, chart: Chart, top: float) -> None:
    right = WIDTH - MARGIN
    style(pdf, 9.5, SOFT)
    for series, color in zip(chart.series, COLOURS, strict=False):
        right = _draw_name(pdf, series, color, right, top)


def _draw_name(pdf: FPDF, series: Series, color: RGB, right: float, top: float) -> float:
    """The colour of a series and its name; where the next one ends."""
    pdf.set_fill_color(*color)
    pdf.rect(right - 3.2, top + 1.6, 3.2, 3.2, style="F")
    width = pdf.get_string_width(series.name) + 1
    _write(pdf, series.name, right - 4.6, top, width, _LEGEND)
    return right - width - 11


def _draw_bars(pdf: FPDF, chart: Chart, top: float, rest: str) -> None:
    if len(chart.series) > 1:
        _draw_legend(pdf, chart, top)
        top += _LEGEND
    most = _most(chart)
    style(pdf, 9.5, bold=True)
    numbers = max(pdf.get_string_width(told(value)) for series in chart.series for value in series.values) + 2
    labels = _INNER * chart.labels_share
    right, room = WIDTH - MARGIN - labels, _INNER - labels - numbers - 1.6
    row_height = _row_height(chart)
    shown = min(len(chart.labels), chart.most)
    for row in range(shown):
        style(pdf, 10)
        _write(pdf, chart.labels[row], WIDTH - MARGIN, top, labels - 3, row_height - _BETWEEN)
        y = top + (row_height - _BETWEEN - len(chart.series) * _BAR) / 2
        for series, color in zip(chart.series, COLOURS, strict=False):
            value = series.values[row]
            long = room * (value or 0) / most
            if value:
                pdf.set_fill_color(*color)
                pdf.rect(right - max(long, 0.5), y + 0.3, max(long, 0.5), _BAR - 0.6, style="F")
            style(pdf, 9.5, SOFT if value is None else INK, bold=value is not None)
            _write(pdf, told(value), right - long - 1.6, y, numbers, _BAR)
            y += _BAR
        top += row_height
    if shown < len(chart.labels):
        style(pdf, 9, SOFT)
        _write(pdf, rest, WIDTH - MARGIN, top, _INNER, _REST)


def _draw_columns(pdf: FPDF, chart: Chart, top: float) -> None:
    """The columns of each series by themselves, all on one scale."""
    most, slot = _most(chart), _INNER / max(len(chart.labels), 1)
    wide = min(slot * 0.66, _WIDEST)
    for series, color in zip(chart.series, COLOURS, strict=False):
        if len(chart.series) > 1:
            style(pdf, 9.5, SOFT)
            _draw_name(pdf, series, color, WIDTH - MARGIN, top)
            top += _LEGEND
        base, room = top + _COLUMNS, _COLUMNS - 6
        for place, value in enumerate(series.values):
            left = WIDTH - MARGIN - (place + 1) * slot
            high = room * (value or 0) / most
            if value:
                pdf.set_fill_color(*color)
                pdf.rect(left + (slot - wide) / 2, base - max(high, 0.4), wide, max(high, 0.4), style="F")
            _write_small(pdf, told(value), left, base - high - 4.6, slot, bold=True)
            _write_small(pdf, (chart.ticks or chart.labels)[place], left, base + 0.6, slot)
        pdf.set_draw_color(*SOFT)
        pdf.set_line_width(0.25)
        pdf.line(MARGIN, base, WIDTH - MARGIN, base)
        top = base + _TICKS


def _write_small(pdf: FPDF, text: str, left: float, top: float, width: float, *, bold: bool = False) -> None:
    """In the middle of a column, as small as it must be."""
    size = 8.5
    style(pdf, size, INK if bold else SOFT, bold=bold)
    while size > 4.5 and pdf.get_string_width(text) > width - 1.6:
        size -= 0.5
        style(pdf, size, INK if bold else SOFT, bold=bold)
    pdf.set_xy(left, top)
    pdf.cell(width, 4.4, fitted(pdf, text, width), align="C")
