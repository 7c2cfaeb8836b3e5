"""Only what can be seen: letters without a shape, stray joiners and piles of combining marks are taken out."""

import re
import unicodedata

#: Letters that show nothing: default-ignorable ones but the joiners, the selectors of emoji and the marks of direction
#: (which have rules of their own), the fillers of Hangul and Khitan, the blank of Braille.
_BLANK = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2065\u206a-\u206f\u2800\u3164\ufe00-\ufe0d\uffa0"
    "\ufff0-\ufffb\U00016fe4\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_ZWNJ_RUN = re.compile("\u200c{2,}")
#: A ZWNJ beside no letter of the Arabic script, or at the edge of a word.
_ZWNJ_STRAY = re.compile("(?<![\u0600-\u06ff])\u200c(?![\u0600-\u06ff])|(?<!\\S)\u200c|\u200c(?!\\S)")
#: A selector of emoji behind a letter that is none (of digits only keycaps have one).
_SELECTOR_STRAY = re.compile("(?<=\\w)[\ufe0e\ufe0f](?!\u20e3)")
#: All that needs a closer look. Whatever is in the usual alphabets passes at once.
_UNUSUAL = re.compile(
    "[^\\s\x20-\x7e\u00ab\u00bb\u060c\u061b\u061f\u0621-\u063a\u0641-\u064a\u0660-\u066c\u067e\u0686\u0698\u06a9\u06af"
    "\u06c0\u06cc\u06f0-\u06f9\u200c\u2010-\u2027\u2066\u2068\u2069]|\u200c\u200c|(?<!\\S)\u200c|\u200c(?!\\S)|[\x00-\x7f]\u200c[\x00-\x7f]"
)
#: Combining marks that one letter may carry.
MARKS = 2


_COMBINING = "".join(
    chr(code) for code in range(0x300, 0x20000) if unicodedata.category(chr(code)) in ("Mn", "Me", "Mc")
)
#: Marks beyond `MARKS`; marks without a letter to stand on.
_PILED = re.compile(f"(?<=[{_COMBINING}]{{{MARKS}}})[{_COMBINING}]+")
_TALL = re.compile(f"(?<=[{_COMBINING}]{{{4 * MARKS}}})[{_COMBINING}]+")
_ALONE = re.compile(f"(?<!\\S)[{_COMBINING}]+")


def without_piles(text: str) -> str:
    """`text` with no more marks on a letter than any writing has. To be called before NFKC, which sorts the marks of a
    letter in time that grows with their square."""
    return _TALL.sub("", text) if _UNUSUAL.search(text) else text


def visible(text: str) -> str:
    """`text` without letters that show nothing, with at most two combining marks on a letter; ZWNJ stays beside letters
    of the Arabic script, ZWJ inside emoji. Breaks of lines and marks of direction are left alone."""
    if not _UNUSUAL.search(text):
        return text
    text = _BLANK.sub("", text)
    text = _ZWNJ_STRAY.sub("", _ZWNJ_RUN.sub("\u200c", text))
    if "\u200d" in text:
        text = _joined(text)
    return _ALONE.sub("", _PILED.sub("", _SELECTOR_STRAY.sub("", text)))


def _joined(text: str) -> str:
    """ZWJ only between the parts of an emoji."""
    letters: list[str] = []
    for at, letter in enumerate(text):
        if letter == "\u200d":
            before = letters[-1] if letters else " "
            after = text[at + 1 : at + 2] or " "
            if not (_of_emoji(before) and _of_emoji(after)):
                continue
        letters.append(letter)
    return "".join(letters)


def _of_emoji(letter: str) -> bool:
    return letter == "\ufe0f" or unicodedata.category(letter) in ("So", "Sk")
