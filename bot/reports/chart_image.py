"""A report as a picture for a phone: panels of horizontal bars, right to left."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageDraw

from bot.reports.model import Bars, StatisticsReport
from bot.reports.rtl_text import draw_text
from bot.texts.formats import number

#: Pixels. A phone shows about 1080 across.
WIDTH, MARGIN, ROW, GAP = 1080, 56, 64, 28
_LABELS = 400
_INNER_WIDTH = WIDTH - 2 * MARGIN
_BACKGROUND, _SOFT, _BAR, _TRACK = "#ffffff", "#5b6b7c", "#2474c4", "#e9eff6"
#: Bars a panel; the rest is one bar together.
MAX_BARS = 14


def chart_image_bytes(report: StatisticsReport, *, rest: str) -> bytes:
    """The report as PNG. `rest` is what the bar of everything past the first fourteen is called."""
    panels = [Bars(bars.title, _at_most(bars, rest), bars.unit) for bars in report.bars]
    height = 210 + sum(96 + len(bars.rows) * ROW + GAP for bars in panels) + MARGIN
    image = Image.new("RGB", (WIDTH, height), _BACKGROUND)
    pen = ImageDraw.Draw(image)
    draw_text(pen, report.title, WIDTH - MARGIN, 62, size=46, max_width=_INNER_WIDTH, bold=True)
    draw_text(pen, report.subtitle, WIDTH - MARGIN, 132, size=30, max_width=_INNER_WIDTH, color=_SOFT)
    top = 200
    for panel in panels:
        top = _panel(pen, panel, top) + GAP
    out = BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _at_most(bars: Bars, rest: str) -> list[tuple[str, int]]:
    rows = list(bars.rows)
    if len(rows) <= MAX_BARS:
        return rows
    return [*rows[: MAX_BARS - 1], (rest, sum(count for _, count in rows[MAX_BARS - 1 :]))]


def _panel(pen: ImageDraw.ImageDraw, panel: Bars, top: int) -> int:
    """Draw one panel; where it ends."""
    pen.line((MARGIN, top, WIDTH - MARGIN, top), fill=_TRACK, width=3)
    draw_text(pen, panel.title, WIDTH - MARGIN, top + 50, size=36, max_width=_INNER_WIDTH, bold=True)
    top += 96
    most = max((count for _, count in panel.rows), default=0) or 1
    right, left = WIDTH - MARGIN - _LABELS, MARGIN + 120
    for label, count in panel.rows:
        middle = top + ROW // 2
        draw_text(pen, label, WIDTH - MARGIN, middle, size=30, max_width=_LABELS - 24)
        pen.rounded_rectangle((left, middle - 17, right, middle + 17), radius=8, fill=_TRACK)
        long = (right - left) * count // most
        if count:
            pen.rounded_rectangle(
                (right - max(long, 12), middle - 17, right, middle + 17), radius=8, fill=_BAR
            )
        draw_text(pen, number(count), left - 16, middle, size=30, max_width=MARGIN + 104, bold=True)
        top += ROW
    return top
