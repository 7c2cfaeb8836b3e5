"""Whether a file may be taken, by its bytes alone, and the copy of it that is shown. Pure and synchronous.

It runs in a process of its own (bot.documents.checker), because decoding what strangers send may hang, crash or eat memory.
"""

import io
from dataclasses import dataclass

from PIL import Image, ImageOps

from bot.documents.pdf import pages_of_harmless_pdf
from bot.errors import FileRejected

#: Bytes (SPEC 3).
LARGEST = 10 * 1024 * 1024
SMALLEST_IMAGE = 10 * 1024

#: Longest side of the copy that is shown, in pixels; messengers refuse photos of width + height over 10,000.
SHOWN_SIDE = 4000
SHOWN_QUALITY = 90

#: Pixels. A JPEG is decoded at a fraction of its size (`draft`), a PNG has to be decoded whole.
MOST_PIXELS = {"image/jpeg": 110_000_000, "image/png": 40_000_000}

_MAGIC = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"%PDF-": "application/pdf"}
_PILLOW = {"image/jpeg": "JPEG", "image/png": "PNG"}


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be taken."""

    #: Of the original: "application/pdf" | "image/jpeg" | "image/png"
    media_type: str
    #: What people are shown: a JPEG without metadata, or the PDF as it is.
    shown: bytes
    pages: int | None = None
    #: Pixels of the shown image.
    width: int | None = None
    height: int | None = None


def media_type_of(data: bytes) -> str | None:
    """By the first bytes, never by a name; None for whatever is not accepted."""
    return next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)


def check(data: bytes) -> Checked:
    """Raises FileRejected with the sentence for the officer."""
    media_type = preliminary(data)
    if media_type == "application/pdf":
        return Checked(media_type, data, pages=pages_of_harmless_pdf(data))
    return _image(data, media_type)


def preliminary(data: bytes) -> str:
    """What needs no decoding; the media type. Raises FileRejected."""
    if len(data) > LARGEST:
        raise FileRejected("error.too_large")
    if not data:
        raise FileRejected("error.too_small")
    media_type = media_type_of(data)
    if media_type is None:
        raise FileRejected("error.unsupported_file")
    if media_type != "application/pdf" and len(data) < SMALLEST_IMAGE:
        raise FileRejected("error.too_small")
    return media_type


def damaged(media_type: str) -> FileRejected:
    """The refusal of a file that cannot be read through."""
    return FileRejected("error.damaged_pdf" if media_type == "application/pdf" else "error.too_small")


def _image(data: bytes, media_type: str) -> Checked:
    """Decode and encode anew: metadata, foreign data behind the picture and hidden frames stay behind."""
    try:
        with Image.open(io.BytesIO(data), formats=[_PILLOW[media_type]]) as image:
            if image.width * image.height > MOST_PIXELS[media_type]:
                raise FileRejected("error.too_many_pixels")
            image.draft("RGB", (SHOWN_SIDE, SHOWN_SIDE))
            image.load()
            shown = _plain(image)
    except FileRejected:
        raise
    except Image.DecompressionBombError:
        raise FileRejected("error.too_many_pixels") from None
    except Exception as error:  # a decoder fed by strangers raises anything
        raise damaged(media_type) from error
    out = io.BytesIO()
    shown.save(out, "JPEG", quality=SHOWN_QUALITY, optimize=True)
    return Checked(media_type, out.getvalue(), width=shown.width, height=shown.height)


def _plain(image: Image.Image) -> Image.Image:
    """Upright, of bounded size, on white, RGB, with nothing but pixels."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode.startswith("I"):  # 16 bits of grey
        image = image.point(lambda level: level / 256).convert("L")
    elif image.mode != "L":
        image = image.convert("RGB")
    image.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB")
    image.info = {}
    return image
