"""Persian text for pictures: joined and put in visual order by ourselves, so that no system library is
needed."""

from functools import cache
from importlib.resources import files
from io import BytesIO

import arabic_reshaper
from bidi import get_display
from PIL import ImageDraw, ImageFont

from bot.texts import BIDI_MARKS

#: Vazirmatn (SIL Open Font License, beside the files): it holds the joined forms of all letters.
FONTS = files(__name__.rpartition(".")[0]).joinpath("fonts")
INK = "#1d2733"
_RESHAPER = arabic_reshaper.ArabicReshaper({"support_ligatures": False, "support_zwj": True})


def visual(text: str) -> str:
    """`text` as a picture shows it from left to right."""
    # The marks order the line; the font draws nothing for them.
    ordered = str(get_display(_RESHAPER.reshape(text), base_dir="R"))
    return BIDI_MARKS.sub("", ordered).replace("\u200c", "")


@cache
def font(size: int, *, bold: bool) -> ImageFont.FreeTypeFont:
    name = "Vazirmatn-Bold.ttf" if bold else "Vazirmatn-Regular.ttf"
    data = BytesIO(FONTS.joinpath(name).read_bytes())
    return ImageFont.truetype(data, size, layout_engine=ImageFont.Layout.BASIC)


def draw_text(
    pen: ImageDraw.ImageDraw,
    text: str,
    right: int,
    middle: int,
    *,
    size: int,
    max_width: int,
    bold: bool = False,
    color: str = INK,
) -> None:
    """One line that ends at `right`, cut to `max_width` pixels."""
    face = font(size, bold=bold)
    while len(text) > 2 and pen.textlength(visual(text), font=face) > max_width:
        text = text[:-2].rstrip(" \u200c…") + "…"
    pen.text((right, middle), visual(text), font=face, fill=color, anchor="rm")
