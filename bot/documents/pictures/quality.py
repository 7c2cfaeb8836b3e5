"""Whether people will be able to read a picture: blurred, too dark, glaring or too small. A warning, never a refusal.
Of a file of several pages each is judged, and the warning names them.

Measured with Pillow alone, on a grey copy of at most `SIDE` pixels (what a messenger makes of a photo), so that a sheet from
a large camera and the same sheet from a chat are judged alike.
"""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageChops, ImageFilter

#: Pixels of the longer side of the copy that is measured.
SIDE = 1280
#: Pixels of the longer side below which small print cannot be read.
SMALLEST_SIDE = 440
#: Levels of grey (0–255). Paper that is darker than this was photographed in the dark.
DARK_PAPER = 95
#: A tile with less than this between its darkest and brightest point holds nothing to be read, or only noise.
SHOWS_SOMETHING = 36
#: The same of a picture taken in the dark, where only noise has less.
SHOWS_IN_THE_DARK = 8
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
#: A page with nothing on it that could be read: the back of a sheet, for instance.
EMPTY = "empty"
#: Letters of a warning (`StoredFile.quality_warning`).
LONGEST_WARNING = 16


def quality_warning(picture: Image.Image) -> str | None:
    """Of a picture alone: "small", "dark", "blurred", "glare", or None. It is as it will be shown."""
    found = page_quality(picture)
    if found != EMPTY:
        return found
    return "dark" if _is_dark(_grey_copy(picture).histogram()) else "blurred"


def warning_of_pages(found: Sequence[str | None]) -> str | None:
    """Of a file whose pages were judged so (`page_quality`): the first reason, and the pages that it holds for: "dark 2,5".
    Empty pages are no fault where there are others."""
    if all(one == EMPTY for one in found):
        return EMPTY
    reason = next((one for one in found if one not in (None, EMPTY)), None)
    if reason is None:
        return None
    first, *others = (n for n, one in enumerate(found, 1) if one == reason)
    warning = f"{reason} {first}"
    for n in others:
        if len(warning) + len(f",{n}") > LONGEST_WARNING:
            break
        warning += f",{n}"
    return warning


def page_quality(picture: Image.Image) -> str | None:
    """ "small", "dark", "blurred", "glare", "empty", or None."""
    if max(picture.size) < SMALLEST_SIDE:
        return "small"
    if picture.mode == "L" and sum(picture.histogram()[1:255]) == 0:  # a fax
        return None if picture.getextrema() == (0, 255) else EMPTY
    grey = _grey_copy(picture)
    levels = grey.histogram()
    dark = _is_dark(levels)
    parts = _steep_parts(grey, SHOWS_IN_THE_DARK if dark else SHOWS_SOMETHING)
    if not parts:
        return EMPTY
    if dark:
        return "dark"
    if min(parts) < STEEP:
        return "blurred"
    return "glare" if _may_glare(levels) and _glares(grey) else None


def _grey_copy(picture: Image.Image) -> Image.Image:
    """At most SIDE pixels; of a large picture a half (a third …) first: that is what costs time."""
    grey = picture.reduce(max(1, max(picture.size) // SIDE)).convert("L")
    grey.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    return grey


def _steep_parts(grey: Image.Image, something: float) -> list[float]:
    """How steep the steeper edges are, across and along: the change over one pixel as a part of the whole change around it, in
    tiles that change by `something` or more; empty where there are none. Noise is smoothed away first. Across and along are
    measured apart: a hand that shook blurs one of them only."""
    smooth = grey.filter(ImageFilter.BoxBlur(0.5))
    width, height = smooth.size
    # A difference is as large as the smaller of two pictures.
    body = smooth.crop((0, 0, width - 1, height - 1))
    across = _brightest(ImageChops.difference(body, smooth.crop((1, 0, width, height))))
    along = _brightest(ImageChops.difference(body, smooth.crop((0, 1, width, height))))
    ranges = [
        top - bottom for top, bottom in zip(_brightest(body).tobytes(), _darkest(body).tobytes(), strict=True)
    ]
    levels = grey.histogram()
    something = max(something, CLEARLY * (_percentile(levels, 0.95) - _percentile(levels, 0.02)))
    if not any(changes >= something for changes in ranges):
        return []
    return [_upper(steps.tobytes(), ranges, something) for steps in (across, along)]


def _upper(steps: bytes, ranges: list[int], something: float) -> float:
    parts = sorted(
        step / changes for step, changes in zip(steps, ranges, strict=True) if changes >= something
    )
    return parts[int(len(parts) * STEEPER)]


def _is_dark(levels: list[int]) -> bool:
    return _percentile(levels, 0.95) < DARK_PAPER


def _may_glare(levels: list[int]) -> bool:
    """Whether there is enough of almost white for `_glares` to find any; that takes longer. A mean over BURNT takes about
    half of its points at least so bright."""
    return sum(levels[2 * BURNT - 255 :]) > GLARE / 3 * sum(levels)


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
        # Every second column or row, and the one before it.
        right = rows.resize((width // 2, height), Image.Resampling.NEAREST)
        left = ImageChops.offset(rows, 1, 0).resize((width // 2, height), Image.Resampling.NEAREST)
        columns = join(left, right)
        lower = columns.resize((width // 2, height // 2), Image.Resampling.NEAREST)
        upper = ImageChops.offset(columns, 0, 1).resize((width // 2, height // 2), Image.Resampling.NEAREST)
        image = join(upper, lower)
    return image
