"""A page of our own PDF as a picture for a phone.

The renderer is used by the one thread that draws (`bot/reports/drawing_queue.py`): it must not run in two threads at a time. Files of
other people are never opened here.
"""

from __future__ import annotations

from io import BytesIO

import pypdfium2
from PIL import Image

#: Pixels. A phone shows about 1080 across.
WIDTH = 1280


def page_image(pdf: bytes, page: int) -> bytes:
    """PNG of one page, in the few colours that it has."""
    with pypdfium2.PdfDocument(pdf) as opened:
        shown = opened[page]
        picture = shown.render(scale=WIDTH / shown.get_width()).to_pil().convert("RGB")
    out = BytesIO()
    picture.quantize(64, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        out, "PNG", optimize=True
    )
    return out.getvalue()
