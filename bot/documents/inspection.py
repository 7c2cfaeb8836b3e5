"""Whether a file may be taken, by its bytes alone, and the copy of it that is shown. Pure and synchronous.

It runs in a process of its own (bot.documents.inspection_pool), because decoding files from outside may hang,
crash or eat memory.
"""

import io
from collections.abc import Iterable, Iterator
from itertools import chain

from PIL import Image

from bot.core.refusals import FileRejected
from bot.documents.file_types import PDF, InspectedFile, check_without_decoding, damaged_refusal
from bot.documents.pdf.checking import checked_pdf
from bot.documents.pdf.preview import first_page
from bot.documents.pictures.decoding import SLIM, decoded_pages
from bot.documents.pictures.paged import pdf_of
from bot.documents.pictures.quality import page_quality, quality_warning, warning_of_pages

SHOWN_QUALITY = 90
#: Pixels of the longer side of a picture of a PDF's first page: what a messenger makes of a photo.
PREVIEW_SIDE = 1280


def inspect(data: bytes) -> InspectedFile:
    """Raises FileRejected with the sentence for the officer."""
    media_type = check_without_decoding(data)
    if media_type == PDF:
        return _pdf(data)
    try:
        return _picture(data, media_type)
    except FileRejected:
        raise
    except Exception as error:  # a decoder of files from outside raises anything
        raise damaged_refusal(media_type) from error


def _pdf(data: bytes) -> InspectedFile:
    checked = checked_pdf(data)
    try:
        first = first_page(checked.shown)
    except Exception as error:  # what this reader cannot open, no phone opens
        raise damaged_refusal(PDF) from error
    return InspectedFile(
        PDF,
        data if checked.shown == data else checked.shown,
        pages=checked.pages,
        quality_warning="blank" if first.blank else None,
        shown_media_type=PDF,
        remarks=(*checked.remarks, "fonts") if first.lacks_fonts else checked.remarks,
        preview=first.jpeg,
    )


def _picture(data: bytes, media_type: str) -> InspectedFile:
    """Decode and encode anew: metadata, foreign data behind the picture and hidden frames stay behind."""
    pages = decoded_pages(data, media_type)
    first = next(pages)
    second = next(pages, None)
    if second is None and max(first.size) <= SLIM * min(first.size):
        warning = quality_warning(first)
        shown = _jpeg(first)
        return InspectedFile(
            media_type, shown, width=first.width, height=first.height, quality_warning=warning
        )
    rest = pages if second is None else chain([second], pages)
    found: list[str | None] = []
    shown, count = pdf_of(_judged(chain([first], rest), found))
    return InspectedFile(
        media_type,
        shown,
        pages=count,
        width=first.width,
        height=first.height,
        quality_warning=quality_warning(first) if count == 1 else warning_of_pages(found),
        shown_media_type=PDF,
        preview=_jpeg(first, PREVIEW_SIDE),
    )


def _judged(pages: Iterable[Image.Image], found: list[str | None]) -> Iterator[Image.Image]:
    """The same pages; what is found of each is added to `found`."""
    for page in pages:
        found.append(page_quality(page))
        yield page


def _jpeg(image: Image.Image, side: int | None = None) -> bytes:
    out = io.BytesIO()
    if side is not None:
        image.thumbnail((side, side))
    image = image if image.mode == "RGB" else image.convert("RGB")
    image.save(out, "JPEG", quality=SHOWN_QUALITY)
    return out.getvalue()
