"""Whether people will be able to read a picture: blurred, too dark, glaring or too small. A warning, never a refusal.

Measured with Pillow alone, on a grey copy of at most `SIDE` pixels (what a messenger makes of a photo), so that a sheet from
a large camera and the same sheet from a chat are judged alike.
"""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter

#: Pixels of the longer side of the copy that is measured.
SIDE = 1280
#: Pixels of the longer side below which small print cannot be read.
SMALLEST_SIDE = 440
#: Levels of grey (0–255). Paper that is darker than this was photographed in the dark.
DARK_PAPER = 95
#: A tile with less than this between its darkest and brightest point holds nothing to be read, or only noise.
SHOWS_SOMETHING = 36
#: And it must show this part of the contrast of the whole picture.
CLEARLY = 0.3
#: The steepest tenth of those tiles must have edges at least so steep (1.0: from black to white in one pixel).
STEEPER, STEEP = 0.9, 0.24
#: Level of grey that is burnt out.
BURNT = 251
#: The part of a picture that may be burnt out.
GLARE = 0.05
#: Where more than this part of the writing stands on white, the paper is white.
WHITE_PAPER = 0.5
#: A tile is 2 ** HALVINGS pixels wide.
HALVINGS = 5


def quality_warning(picture: Image.Image) -> str | None:
    """ "small", "dark", "blurred", "glare", or None. The picture is as it will be shown."""
    if max(picture.size) < SMALLEST_SIDE:
        return "small"
    # Of a large picture a copy of half (a third …) its size first: that is what costs time.
    grey = picture.reduce(max(1, max(picture.size) // (SIDE * 3 // 2))).convert("L")
    grey.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    levels = grey.histogram()
    if _percentile(levels, 0.95) < DARK_PAPER:
        return "dark"
    if steepness(grey) < STEEP:
        return "blurred"
    return "glare" if _glares(grey) else None


def steepness(grey: Image.Image) -> float:
    """How steep the steeper edges are: the change over one pixel as a part of the whole change around it. Noise is smoothed
    away first. Across and along are measured apart: a hand that shook blurs one of them only."""
    smooth = grey.filter(ImageFilter.GaussianBlur(0.8))
    width, height = smooth.size
    body = smooth.crop((0, 0, width - 1, height - 1))
    across = _brightest(ImageChops.difference(body, smooth.crop((1, 0, width, height - 1))))
    along = _brightest(ImageChops.difference(body, smooth.crop((0, 1, width - 1, height))))
    ranges = list(zip(_brightest(body).tobytes(), _darkest(body).tobytes(), strict=True))
    levels = grey.histogram()
    something = max(SHOWS_SOMETHING, CLEARLY * (_percentile(levels, 0.95) - _percentile(levels, 0.02)))
    return min(_upper(steps.tobytes(), ranges, something) for steps in (across, along))


def _upper(steps: bytes, ranges: list[tuple[int, int]], something: float) -> float:
    parts = sorted(
        step / (top - bottom)
        for step, (top, bottom) in zip(steps, ranges, strict=True)
        if top - bottom >= something
    )
    return parts[int(len(parts) * STEEPER)] if parts else 0.0


def _glares(grey: Image.Image) -> bool:
    """Burnt out in places, while the paper elsewhere is not: white paper from a scanner is no glare."""
    smooth = grey.filter(ImageFilter.BoxBlur(2))
    tiles = list(zip(_brightest(smooth).tobytes(), _darkest(smooth).tobytes(), strict=True))
    blank = sum(bottom >= BURNT for _, bottom in tiles)
    if blank < GLARE * len(tiles):
        return False
    written = [top for top, bottom in tiles if top - bottom >= SHOWS_SOMETHING]
    return sum(top >= BURNT for top in written) <= WHITE_PAPER * len(written)


def _percentile(levels: list[int], part: float) -> int:
    """The level of grey below which this part of a histogram lies."""
    wanted, so_far = part * sum(levels), 0
    for level, count in enumerate(levels):
        so_far += count
        if so_far >= wanted:
            return level
    return 255


def _brightest(image: Image.Image) -> Image.Image:
    """The brightest point of each tile."""
    return _reduced(image, brightest=True)


def _darkest(image: Image.Image) -> Image.Image:
    return _reduced(image, brightest=False)


def _reduced(image: Image.Image, *, brightest: bool) -> Image.Image:
    join = ImageChops.lighter if brightest else ImageChops.darker
    for _ in range(HALVINGS):
        width, height = image.width // 2 * 2, image.height // 2 * 2
        rows = image.crop((0, 0, width, height))
        # Every second column or row, and its neighbours.
        left = rows.resize((width // 2, height), Image.Resampling.NEAREST, box=(0, 0, width, height))
        right = ImageChops.offset(rows, -1, 0).resize((width // 2, height), Image.Resampling.NEAREST)
        columns = join(left, right)
        upper = columns.resize((width // 2, height // 2), Image.Resampling.NEAREST)
        lower = ImageChops.offset(columns, 0, -1).resize((width // 2, height // 2), Image.Resampling.NEAREST)
        image = join(upper, lower)
    return image
