"""Real papers: bytes of pictures and PDFs, each different, as a phone or a scanner makes them."""

from __future__ import annotations

import io
import random
from itertools import count

from PIL import Image, ImageDraw
from pypdf import PdfWriter

_serial = count(1)


def picture(label: str = "", *, kind: str = "JPEG", size: tuple[int, int] = (900, 640)) -> bytes:
    """A scanned page of at least 10 KB, never the same twice."""
    number = next(_serial)
    noise = random.Random(number)
    image = Image.frombytes(
        "RGB", (size[0] // 8, size[1] // 8), noise.randbytes(size[0] // 8 * (size[1] // 8) * 3)
    )
    image = image.resize(size).convert("RGB")
    ImageDraw.Draw(image).text((40, 40), f"{label} {number}", fill=(20, 20, 60))
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def pdf(pages: int = 1) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    writer.add_metadata({"/Title": f"paper {next(_serial)}"})
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def locked_pdf() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    writer.encrypt("secret")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()
