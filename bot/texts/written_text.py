"""What people write in their own words: kept as it was written. Spelling is folded for comparing only
(`validators.search_key`), and in names of people (docs/specification.md 3). Pure."""

import re
import unicodedata

from bot.texts.words import visible, without_piles

ZWNJ = "\u200c"
ZWJ = "\u200d"
#: Letters of a raw text that are looked at. Longer than anything that is taken.
LONGEST = 8192

#: Letters as a PDF holds them, by their shape in a word; not the ligatures that people type as one sign.
_PRESENTED = re.compile("[\ufb50-\ufbc1\ufbd3-\ufd3d\ufd50-\ufdc7\ufe80-\ufefc]+")
#: Diacritics that stand alone among the presentation forms.
_ALONE = dict.fromkeys((*range(0xFC5E, 0xFC64), *range(0xFCF2, 0xFCF5), *range(0xFE70, 0xFE80)))
_ZWNJ_AT_EDGE = re.compile(rf"{ZWNJ}*(\s){ZWNJ}*")
_SPACE = re.compile(r"\s+")
_EMPTY_LINES = re.compile(r"\n{3,}")
#: Letters of an Arabic keyboard that are the same Persian ones.
_KEYBOARD = str.maketrans("يىك", "ییک")


def written(text: str, *, lines: bool = False) -> str:
    """`text` as it was written: every letter, mark and digit stays that can be seen. Control and direction marks go,
    spaces are single. `lines` keeps line breaks, two in a row at most. Letters beyond `LONGEST` are left out."""
    text = without_piles(text[:LONGEST].translate(_ALONE))
    text = _PRESENTED.sub(lambda run: unicodedata.normalize("NFKC", run.group()), text)
    if unkept := dict.fromkeys(ord(letter) for letter in set(text) if not _is_kept(letter)):
        text = text.translate(unkept)
    text = visible(unicodedata.normalize("NFC", visible(text)))[:LONGEST]
    if lines:
        cleaned = (_SPACE.sub(" ", line).strip(f" {ZWNJ}") for line in text.splitlines())
        return _EMPTY_LINES.sub("\n\n", "\n".join(cleaned)).strip()
    return _SPACE.sub(" ", _ZWNJ_AT_EDGE.sub(r"\1", text)).strip(f" {ZWNJ}")


def business_name(text: str) -> str:
    """The name of a centre or a branch on one line, as it was written, in the letters of a Persian keyboard."""
    return written(text).translate(_KEYBOARD)


def _is_kept(letter: str) -> bool:
    return (
        letter in (ZWNJ, ZWJ)
        or letter.isspace()
        or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Cn", "Co")
    )
