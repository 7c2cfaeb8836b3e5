"""People's words inside the bot's sentences: set off on every line, closed with who wrote them, without live addresses.

A messenger makes links by itself of whatever looks like an address. A hair space (U+200A) in the middle ends the address
for every client and is hardly seen; a zero-width letter would not do, since some clients read over it.

Below it what it needs: units of one direction inside a line, and text of which only remains what can be seen.
"""

import re
import unicodedata
from dataclasses import dataclass

LRI, FSI, PDI = "\u2066", "\u2068", "\u2069"
_LATIN = re.compile(r"[A-Za-z0-9]")
#: Marks that turn text around; never let in from people's input (ZWNJ, U+200C, stays).
BIDI_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u061c]")


def isolate(value: str) -> str:
    """`value` as one unit of direction: codes left-to-right, mixed text by its first strong letter. A break of the line
    ends an isolate, so each line has its own."""
    if not _LATIN.search(value):
        return value
    if "\n" in value:
        # Lines of quoted words have their marks already, behind the bar that nothing may stand before.
        return "\n".join(line if line.startswith((BAR, END)) else isolate(line) for line in value.split("\n"))
    first = re.search(r"[^\W\d_]", value)
    mark = FSI if first and not first.group().isascii() else LRI
    return f"{mark}{value}{PDI}"


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


HAIR = "\u200a"
#: Before each line of quoted words, and before who wrote them.
BAR, END = "│ ", "└ "
#: Around a block inside a sentence, until its line breaks are put right; taken out of people's words.
OPENS, CLOSES = "\ue000", "\ue001"

_RLM = "\u200f"
#: Everything but letters, digits and signs of which no address is made. A value without it is shown as it is.
_SUSPECT = re.compile(
    "[^ A-Za-z0-9«»()،؛؟!…–—\u200c\u0621-\u063a\u0641-\u064a\u067e\u0686\u0698\u06a9\u06af\u06c0\u06cc\u06f0-\u06f9-]"
    "|  |^ | $|[0-9\u06f0-\u06f9][0-9\u06f0-\u06f9 ()-]{5,}[0-9\u06f0-\u06f9]|\u200c\u200c|[A-Za-z0-9]\u200c[A-Za-z0-9]"
)
_INNER = str.maketrans("«»", "‹›")
_TURNS = re.compile(
    "[\u200e\u200f\u202a-\u202e\u2067\ufeff\u061c\ue000\ue001\x00-\x08\x0e-\x1b\x7f\x80-\x84\x86-\x9f]"
)
_ISOLATES = re.compile(f"[{LRI}{FSI}{PDI}]")
_EMPTY_LINES = re.compile("\n{3,}")
_SPACES = re.compile(r"[^\S\n]+")

#: A lone dot of any kind between two letters; not the one of a decimal number, or before the ending of a file.
_DOT = re.compile(
    r"(?<![\w.])(\d+[.]\d+)(?![\w.])|(?<=[^\s.])([.\u2024\ufe52\uff0e\u3002\uff61])(?=[^\s.\u2024\ufe52\uff0e\u3002\uff61])"
    r"(?!(?:jpe?g|png|pdf|heic|webp|gif|tiff?|bmp|docx?|xlsx?)(?![\w.-]))"
)
#: «https:», «mailto:», «evil:8080».
_COLON = re.compile(r"(?<=[^\W\u0600-\u06ff])([:：\ufe55])(?=\S)")
_CLOCK = re.compile(r"\d[:：]\d\d(?!\d)")
_SLASHES = re.compile(r"([/\\／])(?=[/\\／])")
#: A name, a tag, a ticker, a command.
_SIGN = re.compile(
    r"([@＠﹫#＃﹟])(?=\w)|(?<!\w)([$＄])(?=[^\W\u0600-\u06ff])|(?<![\w/])([/／])(?=[^\W\u0600-\u06ff])"
)
_NUMBER = re.compile(r"\d(?:[ ()\u2010-\u2015\u2212-]{0,3}\d){6,}")
_LONG_RUN = re.compile(r"\d{7,}")
_GROUP = re.compile(r"(\d)(?=(?:\d{3})+(?!\d))")
_BETWEEN = re.compile(r"(?<=\d)([ ()\u2010-\u2015\u2212-]+)(?=\d)")
_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")


@dataclass(frozen=True, slots=True)
class Quoted:
    """A person's words, and what the reader calls the writer. `preset` is a sentence of ours that was chosen besides."""

    text: str
    by: str = ""
    preset: str = ""


def quoted(text: str | None, by: str = "", preset: str = "") -> Quoted:
    """Words of `by` for a sentence's placeholder. Raises nothing, also where nothing was written."""
    return Quoted(text or "", by, preset)


def without_addresses(text: str, *, codes: bool = False) -> str:
    """`text` as it reads, with nothing in it that a messenger turns to a link: addresses, names, mail, phone numbers.
    `codes`: what has no letters at all may be a code, and stays as it is."""
    text = _COLON.sub(lambda match: _colon(match, text), text)
    text = _SLASHES.sub(rf"\1{HAIR}", text)
    text = _DOT.sub(lambda match: match.group(1) or f"{match.group(2)}{HAIR}", text)
    text = _SIGN.sub(lambda match: f"{match.group()}{HAIR}", text)
    if not codes or any(letter.isalpha() for letter in text):
        text = _NUMBER.sub(_number, text)
    return text


def _colon(match: re.Match[str], text: str) -> str:
    clock = _CLOCK.match(text, match.start() - 1)
    return match.group() if clock else f"{match.group()}{HAIR}"


def _number(match: re.Match[str]) -> str:
    """Seven digits or more could be called; each group of them, and each run that is long by itself, ends for a client."""
    number = match.group()
    if _DAY.fullmatch(number):
        return number
    number = _LONG_RUN.sub(lambda run: _GROUP.sub(rf"\1{HAIR}", run.group()), number)
    return _BETWEEN.sub(rf"\1{HAIR}", number)


def one_line(value: str, *, in_quotes: bool = False) -> str:
    """Names and other short words of people: one line, nothing invisible, nothing live. `in_quotes`: it stands between
    «», which its own must not end."""
    if in_quotes and ("«" in value or "»" in value):
        value = value.translate(_INNER)
    if not _SUSPECT.search(value):
        return value
    return without_addresses(" ".join(line for line in _clean(value).split("\n") if line), codes=True)


def set_off(words: Quoted) -> str:
    """The words as a block: a bar before each line, and below them who wrote them."""
    lines = [without_addresses(line.strip()) for line in _clean(words.text).split("\n")]
    block = [_barred(BAR, line) for line in lines]
    if words.by:
        block.append(_barred(END, one_line(words.by)))
    return "\n".join(block)


def _barred(sign: str, line: str) -> str:
    shown = isolate(line)
    return f"{sign if shown == line else sign + _RLM}{shown}".rstrip(" ")


def inside(words: Quoted) -> str:
    """What appears in the sentence: the block between its marks; the chosen sentence before it, or alone."""
    if not words.text.strip():
        return words.preset
    lead = f"{words.preset}؛" if words.preset else ""
    return f"{lead}{OPENS}{set_off(words)}{CLOSES}"


_OPENING = re.compile(rf"\s*{OPENS}")
_CLOSING = re.compile(rf"{CLOSES}[.،؛]?\s*")


def settled(sentence: str) -> str:
    """A sentence with its blocks on lines of their own."""
    if OPENS not in sentence:
        return sentence
    return _CLOSING.sub("\n", _OPENING.sub("\n", sentence)).strip("\n")


def _clean(text: str) -> str:
    """Lines by "\\n" alone, at most one of them empty in a row; nothing invisible, no turning around."""
    text = _TURNS.sub("", "\n".join(text.splitlines()))
    if _ISOLATES.search(text) and not _balanced(text):
        text = _ISOLATES.sub("", text)
    text = _SPACES.sub(lambda run: HAIR if run.group() == HAIR else " ", visible(text))
    return _EMPTY_LINES.sub("\n\n", "\n".join(line.strip() for line in text.split("\n"))).strip("\n")


def _balanced(text: str) -> bool:
    """Each line closes the isolates that it opens."""
    for line in text.split("\n"):
        depth = 0
        for mark in _ISOLATES.findall(line):
            depth += -1 if mark == PDI else 1
            if depth < 0:
                return False
        if depth:
            return False
    return True


__all__ = [
    "BIDI_MARKS",
    "HAIR",
    "Quoted",
    "inside",
    "one_line",
    "quoted",
    "set_off",
    "settled",
    "without_addresses",
]
