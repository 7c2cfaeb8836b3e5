"""The first page of a PDF as people see it."""

import io

import pypdfium2
from PIL import Image

#: Pixels of the longer side: what a messenger makes of a photo.
SIDE = 1280
QUALITY = 85
#: Level of grey above which nothing is to be seen.
WHITE = 250


def first_page(data: bytes) -> tuple[bytes, bool]:
    """A JPEG, and whether the page shows nothing. Raises pypdfium2.PdfiumError where viewers cannot open the file."""
    with pypdfium2.PdfDocument(data) as opened:
        opened.init_forms()
        page = opened[0]
        scale = SIDE / max(*page.get_size(), 1)
        picture = page.render(scale=min(scale, 8)).to_pil()
        blank = _is_white(picture) and page.get_textpage().count_chars() == 0
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=QUALITY)
    return out.getvalue(), blank


def _is_white(picture: Image.Image) -> bool:
    darkest = picture.convert("L").getextrema()[0]
    assert isinstance(darkest, int | float)
    return darkest > WHITE
