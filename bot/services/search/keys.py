"""What a name or number is found by: folded words, beginnings of names, and the numbers in a text. Pure.

Letters are folded as `validators.search_key` does it: one spelling of Persian and Arabic letters and digits, no half-space,
marks or signs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

from bot.rules.validators import ZWNJ, normalise, search_key

#: Letters of a key; a longer name is found by its beginning.
LONGEST = 60
#: Words of a name that it is found by.
WORDS = 6
#: Letters of a text that is searched for; digits of a tracking code, and at the end of a national code that find it.
TEXT_LENGTH, TRACKING_CODE, CODE_END = 200, 12, 4
#: Words of a name of which any two find it, and letters of the first of the two.
PAIR_WORDS, PAIR_LETTERS = 4, 2
#: What the keys of pairs and of ends of codes begin with, as no name does.
PAIR, CODE = "~", "#"
_BETWEEN_WORDS = re.compile(f"[\\s{ZWNJ}()\\[\\]«»\"'/،,.؛:_–—-]+")
#: Written as one word with what follows («سیدمحمد»), which is then found by itself as well.
_TITLES = ("سیده", "سید")
#: Digits, also in groups: «09123456789», «0912 345 6789», «14050101-0001».
_NUMBER = re.compile(r"(?<!\d)\+?\d(?:[ -]?\d)*(?!\d)")
_RUN = re.compile(r"\d+")


@lru_cache(maxsize=256)
def words_of(text: str) -> tuple[str, ...]:
    """The folded words of a name. Kept for a moment: the keys of one name are made of them twice."""
    words = (search_key(part) for part in _BETWEEN_WORDS.split(normalise(text[:TEXT_LENGTH])))
    return tuple(word for word in words if word)


def name_keys(name: str) -> set[str]:
    """The beginnings that a name is found by: all its words, written as one, from each of them on and round to those
    before it."""
    words = words_of(name)[:WORDS]
    spelled = (words, _without_titles(words))
    return {"".join([*some[at:], *some[:at]])[:LONGEST] for some in spelled for at in range(len(some))}


def _without_titles(words: Sequence[str]) -> list[str]:
    parts: list[str] = []
    for word in words:
        title = next(
            (title for title in _TITLES if word.startswith(title) and len(word) > len(title) + 1), ""
        )
        parts += [title, word[len(title) :]] if title else [word]
    return parts


def pair_keys(name: str) -> set[str]:
    """What two beginnings find a name by («نگا طبا»): for each two of its first words the first letters of the one, and
    the name from the other on and round to the one."""
    words = words_of(name)[:PAIR_WORDS]
    found = set()
    for some in (words, _without_titles(words)):
        for one, other in permutations(range(len(some)), 2):
            rest = some[other:one] if other < one else [*some[other:], *some[:one]]
            found.add(pair_key(some[one], "".join(rest)))
    return found


def pair_key(one: str, other: str) -> str:
    return f"{PAIR}{one[:PAIR_LETTERS]}{PAIR}{other}"[:LONGEST]


def code_end(national_code: str) -> str:
    """The key of the last digits of a national code."""
    return f"{CODE}{national_code[-CODE_END:]}"


def end_of_range(key: str) -> str:
    """What comes after everything that begins with `key`, compared by bytes."""
    return f"{key[:-1]}{chr(ord(key[-1]) + 1)}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a text asks for. `numbers` are its numbers in ASCII digits, the longest first; `words` its folded words, none
    where it is a number or a sentence around one; `as_code` the text itself, as a user code may have letters."""

    numbers: tuple[str, ...]
    words: tuple[str, ...]
    as_code: str

    @property
    def key(self) -> str:
        """The words as one beginning of a name."""
        return "".join(self.words)[:LONGEST]


#: Digits from which on a number in a sentence is a code.
_CODE = 8


def wanted(text: str) -> Wanted:
    """What is searched for. A code inside a sentence is taken out of it; else the text is a name."""
    text = normalise(text[:TEXT_LENGTH])
    spelled = [re.sub(r"[ +-]", "", number) for number in _NUMBER.findall(text)]
    runs = _RUN.findall(text)
    numbers = sorted(dict.fromkeys([*spelled, *runs]), key=len, reverse=True)
    alone = not any(letter.isalpha() for letter in text)
    if alone or any(len(number) >= _CODE for number in numbers):
        return Wanted(tuple(numbers), (), text)
    return Wanted((), tuple(words_of(text)[:WORDS]), text)
