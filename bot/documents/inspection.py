"""Whether a file may be taken, by its bytes alone, and the copy of it that is shown. Pure and synchronous.

It runs in a process of its own (bot.documents.inspection_pool), because decoding files from outside may hang,
crash or eat memory.
"""

import io

from PIL import Image, ImageOps

from bot.core.refusals import FileRejected
from bot.documents.file_types import InspectedFile, check_without_decoding, damaged_refusal
from bot.documents.pdf import pages_of_harmless_pdf
from bot.documents.picture_quality import quality_warning

#: Longest side of the copy that is shown, in pixels; messengers refuse photos of width + height over 10,000.
SHOWN_SIDE = 4000
SHOWN_QUALITY = 90

#: Pixels. A JPEG is decoded at a fraction of its size (`draft`), a PNG has to be decoded whole.
MOST_PIXELS = {"image/jpeg": 110_000_000, "image/png": 40_000_000}

#: Longer sides in shorter ones: of anything slimmer no messenger shows a photo, and it is no document.
SLIMMEST = 20

_PILLOW = {"image/jpeg": "JPEG", "image/png": "PNG"}


def inspect(data: bytes) -> InspectedFile:
    """Raises FileRejected with the sentence for the officer."""
    media_type = check_without_decoding(data)
    if media_type == "application/pdf":
        return InspectedFile(media_type, data, pages=pages_of_harmless_pdf(data))
    return _image(data, media_type)


def _image(data: bytes, media_type: str) -> InspectedFile:
    """Decode and encode anew: metadata, foreign data behind the picture and hidden frames stay behind."""
    try:
        with Image.open(io.BytesIO(data), formats=[_PILLOW[media_type]]) as image:
            if image.width * image.height > MOST_PIXELS[media_type]:
                raise FileRejected("error.too_many_pixels")
            if max(image.size) > SLIMMEST * min(image.size):
                raise FileRejected("error.too_small")
            image.draft("RGB", (SHOWN_SIDE, SHOWN_SIDE))
            image.load()
            shown = _flattened(image)
    except FileRejected:
        raise
    except Image.DecompressionBombError:
        raise FileRejected("error.too_many_pixels") from None
    except Exception as error:  # a decoder of files from outside raises anything
        raise damaged_refusal(media_type) from error
    out = io.BytesIO()
    shown.save(out, "JPEG", quality=SHOWN_QUALITY, optimize=True)
    return InspectedFile(
        media_type,
        out.getvalue(),
        width=shown.width,
        height=shown.height,
        quality_warning=quality_warning(shown),
    )


def _flattened(image: Image.Image) -> Image.Image:
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
