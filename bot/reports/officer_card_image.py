"""The officer card as a picture: who it is, and a QR code that tells whether it is valid today.

See docs/specification.md 7.
"""

from __future__ import annotations

from io import BytesIO

import segno
from PIL import Image, ImageDraw

from bot.reports.rtl_text import draw_text

#: Pixels: the shape of a bank card.
WIDTH, HEIGHT = 1080, 680
_MARGIN, _BAND, _QR = 56, 128, 400
_BACKGROUND, _SOFT, _BLUE, _WHITE = "#f7fafd", "#5b6b7c", "#1c5c9e", "#ffffff"


def draw(*, title: str, lines: list[tuple[str, str]], note: str, link: str) -> bytes:
    """PNG. `lines` are (label, value); `link` is what the code leads to."""
    image = Image.new("RGB", (WIDTH, HEIGHT), _BACKGROUND)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, WIDTH, _BAND), fill=_BLUE)
    right = WIDTH - _MARGIN
    draw_text(pen, title, right, _BAND // 2, size=44, max_width=WIDTH - 2 * _MARGIN, bold=True, color=_WHITE)
    max_width = WIDTH - 3 * _MARGIN - _QR
    top = _BAND + 70
    for label, value in lines:
        draw_text(pen, label, right, top, size=28, max_width=max_width, color=_SOFT)
        draw_text(pen, value, right, top + 50, size=40, max_width=max_width, bold=True)
        top += 132
    draw_text(pen, note, right, HEIGHT - 44, size=26, max_width=WIDTH - 2 * _MARGIN, color=_SOFT)
    code = _code(link)
    image.paste(code, (_MARGIN, _BAND + 36))
    out = BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _code(link: str) -> Image.Image:
    """The QR code with the quiet zone that readers need, in whole pixels a module."""
    rows = [bytes(row) for row in segno.make(link, error="m", micro=False).matrix_iter(border=4)]
    code = Image.new("1", (len(rows[0]), len(rows)), 1)
    code.putdata([0 if dark else 255 for row in rows for dark in row])
    scale = max(1, _QR // len(rows))
    return code.resize((len(rows) * scale, len(rows) * scale), Image.Resampling.NEAREST).convert("RGB")
