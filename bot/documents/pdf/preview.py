"""The first page of a PDF as people see it."""

import io
from ctypes import POINTER, c_ushort, cast, create_string_buffer
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pypdfium2
import pypdfium2.raw as raw
from PIL import Image

#: Pixels of the longer side: what a messenger makes of a photo.
SIDE = 1280
QUALITY = 85
#: Level of grey above which nothing is to be seen.
WHITE = 250
#: Texts of a page that are looked at for their fonts.
MOST_TEXTS = 2000
#: The last letter that the renderer's own fonts have, and which of these have signs in the place of letters.
LATIN = "\u024f"
_OWN_SIGNS = {"Symbol", "ZapfDingbats"}


@dataclass(frozen=True, slots=True)
class FirstPage:
    jpeg: bytes
    #: Nothing is to be seen on it.
    blank: bool
    #: It has writing that is not to be seen on `jpeg`: its font is not in the file.
    lacks_fonts: bool


def first_page(data: bytes) -> FirstPage:
    """Raises pypdfium2.PdfiumError where viewers cannot open the file."""
    with pypdfium2.PdfDocument(data) as opened:
        opened.init_forms()
        page = opened[0]
        scale = SIDE / max(*page.get_size(), 1)
        picture = page.render(scale=min(scale, 8)).to_pil()
        text = page.get_textpage()
        blank = _is_white(picture) and text.count_chars() == 0
        lacks_fonts = _lacks_fonts(page, text)
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=QUALITY)
    return FirstPage(out.getvalue(), blank, lacks_fonts)


def _lacks_fonts(page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage) -> bool:
    """Whether letters stand in a font that is not in the file and beyond what the renderer's own fonts have (Latin). This process
    sees no fonts of the machine, and phones have others."""
    objects = page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=15)
    for written in islice(objects, MOST_TEXTS):
        font = raw.FPDFTextObj_GetFont(written)
        if not font or raw.FPDFFont_GetIsEmbedded(font) != 0 or _base_name(font) in _OWN_SIGNS:
            continue
        words = _words(written, text)
        if any(letter.isalpha() and letter > LATIN for letter in words) or not words.strip("\0\ufffe\uffff "):
            return True
    return False


def _base_name(font: Any) -> str:
    name = create_string_buffer(256)
    raw.FPDFFont_GetBaseFontName(font, name, len(name))
    return name.value.decode(errors="replace")


def _words(written: pypdfium2.PdfObject, text: pypdfium2.PdfTextPage) -> str:
    size = raw.FPDFTextObj_GetText(written, text, None, 0)
    buffer = create_string_buffer(min(size, 4096))
    raw.FPDFTextObj_GetText(written, text, cast(buffer, POINTER(c_ushort)), len(buffer))
    return buffer.raw.decode("utf-16-le", errors="replace")


def _is_white(picture: Image.Image) -> bool:
    darkest = picture.convert("L").getextrema()[0]
    assert isinstance(darkest, int | float)
    return darkest > WHITE
