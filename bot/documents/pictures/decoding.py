"""Pictures of every accepted kind, decoded to what people are shown: upright pages of bounded size, nothing but pixels."""

import io
from collections.abc import Iterator, Mapping
from typing import Any

from PIL import AvifImagePlugin, Image
from pillow_heif import options as heif_options
from pillow_heif import register_heif_opener

from bot.core.refusals import FileRejected
from bot.documents.pictures.colours import flattened, scalable
from bot.documents.pictures.completeness import is_cut, load_jpeg, load_tolerantly
from bot.documents.pictures.metadata import with_readable_metadata
from bot.documents.pictures.orientation import upright

#: Longest side of a page that is shown, in pixels; messengers refuse photos of width + height over 10,000.
SHOWN_SIDE = 4000
#: Pages of one picture file.
MOST_PAGES = 100
#: Pixels of one page. A JPEG is decoded at a fraction of its size, the others have to be decoded whole.
MOST_PIXELS = {"image/jpeg": 110_000_000, "image/heic": 60_000_000}
MOST_PIXELS_ELSE = 40_000_000
#: Pixels of all pages together.
MOST_PIXELS_OF_ALL = 600_000_000

#: Longer sides in shorter ones: of anything slimmer no messenger shows a photo, and it is no document.
SLIMMEST = 20
#: Longer sides in shorter ones above which a messenger's small copy cannot be read: phones have up to 2.4.
SLIM = 2.5
#: Height of a page that a tall picture is cut into, in its widths (A4), and how much of it the next one repeats.
PAGE, OVERLAP = 1.42, 0.06
#: Pixels of the shorter side of such a picture.
SLIM_SIDE = 2000
#: Pixels an inch on one side as a part of those on the other: fax machines have fewer lines than columns.
SQUARE = 1.4

_PILLOW = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/heic": "HEIF",
    "image/avif": "AVIF",
    "image/webp": "WEBP",
    "image/tiff": "TIFF",
    "image/bmp": "BMP",
}
#: Kinds whose further frames are a film.
_MOVING = {"image/webp", "image/avif"}
_REDUCED = 1  # a preview of another page (TIFF 6, tag 254)

register_heif_opener(thumbnails=False)
# Time is measured in seconds of CPU, so more threads gain nothing.
heif_options.DECODE_THREADS = 1
AvifImagePlugin.DEFAULT_MAX_THREADS = 1


def decoded_pages(data: bytes, media_type: str) -> Iterator[Image.Image]:
    """Each page, "L" or "RGB". Raises FileRejected, and whatever a decoder raises."""
    if media_type in ("image/jpeg", "image/png"):
        data = with_readable_metadata(data, _PILLOW[media_type])
    with _opened(data, media_type) as image:
        frames = getattr(image, "n_frames", 1)
        if frames > 1 and media_type in _MOVING:
            raise FileRejected("error.animated_picture")
        if frames == 1 or media_type != "image/tiff":
            yield from _page(data, image, media_type)
            return
        if frames > MOST_PAGES:
            raise FileRejected("error.too_many_pages")
        left = MOST_PIXELS_OF_ALL
        for number in range(frames):
            image.seek(number)
            left -= image.width * image.height
            if left < 0:
                raise FileRejected("error.too_many_pixels")
            if number and getattr(image, "tag_v2", {}).get(254, 0) & _REDUCED:
                continue
            # The file's own picture is decoded over by the next page.
            yield from (page.copy() if page is image else page for page in _page(data, image, media_type))


def _opened(data: bytes, media_type: str) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=[_PILLOW[media_type]])
    except Image.DecompressionBombError:
        raise FileRejected("error.too_many_pixels") from None
    except Exception as error:
        if is_cut(data):
            raise FileRejected("error.incomplete_file") from error
        raise


def _page(data: bytes, image: Image.Image, media_type: str) -> Iterator[Image.Image]:
    """One frame; of a tall picture the pages that it is cut into."""
    if image.width * image.height > MOST_PIXELS.get(media_type, MOST_PIXELS_ELSE):
        raise FileRejected("error.too_many_pixels")
    slimness = max(image.size) / min(image.size)
    if slimness > SLIMMEST:
        raise FileRejected("error.too_small")
    side = SHOWN_SIDE if slimness <= SLIM else int(SLIM_SIDE * slimness)
    loaded = _loaded(data, image, media_type, (side, side))
    info = loaded.info
    # Smaller before anything else: of a large picture there is memory for few copies.
    page = scalable(loaded)
    if not page.mode.startswith("I;16"):
        page.thumbnail((side, side))
    page = flattened(page, info)
    page = _square(page, info) if media_type == "image/tiff" else page
    page.thumbnail((side, side))
    page = upright(page, info)
    if page.height > SLIM * page.width:
        yield from _cut_into_pages(page)
    else:
        page.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
        yield page


def _loaded(data: bytes, image: Image.Image, media_type: str, size: tuple[int, int]) -> Image.Image:
    if media_type == "image/jpeg":
        return load_jpeg(data, size)
    try:
        image.load()
    except Image.DecompressionBombError:
        raise FileRejected("error.too_many_pixels") from None
    except Exception as error:  # a decoder of files from outside raises anything
        if media_type == "image/tiff" and image.tell():
            raise
        return load_tolerantly(data, _PILLOW[media_type], error)
    return image


def _square(page: Image.Image, info: Mapping[Any, Any]) -> Image.Image:
    """With pixels as high as they are wide."""
    try:
        across, down = (float(value) for value in info.get("dpi", (1, 1)))
    except (TypeError, ValueError, ZeroDivisionError):
        return page
    if not (across > 1 and down > 1) or max(across, down) > 4 * min(across, down):
        return page
    if across > SQUARE * down:
        return page.resize((page.width, round(page.height * across / down)))
    if down > SQUARE * across:
        return page.resize((round(page.width * down / across), page.height))
    return page


def _cut_into_pages(image: Image.Image) -> Iterator[Image.Image]:
    """From top to bottom, all of one height; each repeats the end of the one before, so that no line of writing is lost."""
    height = round(PAGE * image.width)
    step = round(height * (1 - OVERLAP))
    for top in range(0, image.height - height, step):
        yield image.crop((0, top, image.width, top + height))
    yield image.crop((0, image.height - height, image.width, image.height))
