"""Persian text for pictures: joined and put in visual order by ourselves, so that no system library is needed."""

from functools import cache
from importlib.resources import files
from io import BytesIO

import arabic_reshaper
from bidi import get_display
from PIL import ImageFont

from bot.texts import BIDI_MARKS

#: Vazirmatn (SIL Open Font License, beside the files): it holds the joined forms of all letters.
_FONTS = files(__name__.rpartition(".")[0]).joinpath("fonts")
_RESHAPER = arabic_reshaper.ArabicReshaper({"support_ligatures": False, "support_zwj": True})


def visual(text: str) -> str:
    """`text` as a picture shows it from left to right."""
    # What is joined no longer needs the mark, and the font draws nothing for it.
    return str(get_display(_RESHAPER.reshape(BIDI_MARKS.sub("", text)), base_dir="R")).replace("\u200c", "")


@cache
def font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    name = "Vazirmatn-Bold.ttf" if bold else "Vazirmatn-Regular.ttf"
    data = BytesIO(_FONTS.joinpath(name).read_bytes())
    return ImageFont.truetype(data, size, layout_engine=ImageFont.Layout.BASIC)
