"""What every screen keeps towards its reader: labels that fit a phone, and no sentence that names a button which is not there."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import arabic_reshaper
from PIL import ImageFont

from bot.core.screens import Button, Screen
from bot.rules.validators import search_key

#: Pixels of a label on a phone of 360 px, by the buttons of its row; more than three are numbers and signs.
WIDTHS = {1: 310.0, 2: 148.0, 3: 90.0}
#: Messengers set labels in about this size (pixels); a picture takes as much and a gap.
SIZE, PICTURE = 14, 18.0
#: «…» that is to be pressed, in the words that the sentences use for it.
_NAMED = re.compile(r"«([^«»]{2,30})»\s+را(?:\s+در پایین صفحه)?\s+(?:بزنید|انتخاب کنید)")


@cache
def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(files("bot.reports").joinpath("fonts/Vazirmatn-Regular.ttf")), SIZE)


@cache
def label_width(label: str) -> float:
    """Pixels of a label in Vazirmatn."""
    pictures = sum(unicodedata.category(letter) == "So" for letter in label)
    letters = "".join(letter for letter in label if unicodedata.category(letter) not in ("So", "Cf", "Mn"))
    return pictures * PICTURE + _font().getlength(arabic_reshaper.reshape(letters))


def too_wide(row: Iterable[Button]) -> list[str]:
    """The labels of a row that a phone would cut."""
    labels = [button.label for button in row]
    width = WIDTHS.get(len(labels))
    return [label for label in labels if width is not None and label_width(label) > width]


def missing_buttons(screen: Screen, others: Iterable[Screen] = ()) -> list[str]:
    """Buttons that the text tells to press and that neither this screen nor `others` beside it have."""
    labels = [button.label for shown in (screen, *others) for button in shown.buttons()]
    labels += [shown.ask_contact for shown in (screen, *others) if shown.ask_contact]
    known = {search_key(label) for label in labels}
    return [name for name in _NAMED.findall(screen.text) if search_key(name) not in known]
