"""What spreadsheets, databases and people write in a cell where there is nothing."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from bot.legacy_import.readers.table import Cell
from bot.rules.validators import search_key

#: Signs that say nothing by themselves: dashes, a form's blanks («__/__/__»), stars over a password, letters that nobody sees.
_SIGNS = re.compile(
    r"""[\s'"\-–—−ـ_./\\|?؟*#•…،,:;+=()\[\]<>{}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"""
)
#: Errors of spreadsheets, in any language: #N/A, #BEZUG!, #¿NOMBRE?, Err:502.
_ERROR = re.compile(
    r"#¿?[A-ZÀ-Ý][A-ZÀ-Ý0-9/_ ]*[!?]|#(?:N/?A|N/?V|N/?D|N/?B|GETTING_DATA|N/A N/A)|Err:[0-9]{3}"
)
_WORDS = {
    *(
        "null",
        "none",
        "nil",
        "nan",
        "nat",
        "na",
        "n/a",
        "n.a",
        "n.a.",
        "undefined",
        "empty",
        "blank",
        "\\n",
        "&nbsp;",
    ),
    *("dbnull", "system.dbnull", "dbnull.value"),
}
_BRACKETS = "()[]<>{}'\"# \t\r\n"
_PERSIAN_WORDS = (
    *("خالی", "ندارد", "ندارم", "نامشخص", "نا مشخص", "نا معلوم", "تهی", "هیچ", "هیچکدام", "بدون", "فاقد"),
    *(
        "بدون اطلاعات",
        "ثبت نشده",
        "ثبت نشده است",
        "وارد نشده",
        "درج نشده",
        "تعریف نشده",
        "موجود نیست",
        "مشخص نیست",
        "نامعتبر",
    ),
)
_PERSIAN = {search_key(word) for word in _PERSIAN_WORDS}
_BEGINNINGS = {beginning for word in _PERSIAN_WORDS for beginning in (word[:2], word[:2].replace("ی", "ي"))}
#: A word is no longer.
_LONGEST = 30
#: No cell of these is a word or sign.
_DIGITS = "123456789"
#: Columns in which «ندارد» is an answer.
_ANSWERED, _ANSWERS = {"qualified", "degree_level"}, {search_key("ندارد"), search_key("ندارم")}
#: Columns in which a zero is one.
_ZERO_SAYS = {"qualified", "gender", "birth_cert_no"}
_ZERO = re.compile(r"[0۰٠]+(?:\.[0۰٠]+)?|-1")
#: The day with which databases and spreadsheets begin: year 0, 1, 1753, 1899, 1900; a time of day without one.
_FIRST_DAY = re.compile(
    r"(?:0000?|0001|1753|1899|1900)[-/.](?:0?[01]|12)[-/.](?:0?[01]|3[01])(?:[ T][0-9:.]+)?"
    r"|(?:0?[01]|12)/(?:0?[01]|3[01])/(?:0000?|0001|1753|1899|1900)(?:[ T][0-9:.]+(?: ?[AP]M)?)?|0?0:00(?::00)?"
)
_FIRST_DAYS = {date(1, 1, 1), date(1753, 1, 1), date(1899, 12, 30), date(1899, 12, 31), date(1900, 1, 1)}
_DAYS = {"birth_date", "qualified_on", "contract_from"}


def says_nothing(cell: Cell, column: str) -> bool:
    """Whether a cell of this column is as good as empty."""
    if not isinstance(cell, str):
        return column in _DAYS and cell in _FIRST_DAYS
    text = cell.strip()
    if not text:
        return True
    first = text[0]
    # Most cells begin with a letter or digit: these are told first, since a table has millions of them.
    if first in _DIGITS:
        return column in _DAYS and _FIRST_DAY.fullmatch(text) is not None
    if len(text) > _LONGEST:
        return _SIGNS.fullmatch(cell) is not None
    if first.isalpha():
        if first.isascii():
            return text.casefold() in _WORDS or _ERROR.fullmatch(text) is not None
        return text[:2] in _BEGINNINGS and _is_word_for_nothing(text, answered=column in _ANSWERED)
    if _SIGNS.fullmatch(cell) or _ERROR.fullmatch(text):
        return True
    if column in _DAYS and _FIRST_DAY.fullmatch(text):
        return True
    if _ZERO.fullmatch(text):
        return column not in _ZERO_SAYS
    bare = text.strip(_BRACKETS)
    return bare.casefold() in _WORDS or _is_word_for_nothing(bare, answered=column in _ANSWERED)


@lru_cache(maxsize=4096)
def _is_word_for_nothing(text: str, *, answered: bool) -> bool:
    key = search_key(text)
    return key in _PERSIAN and not (answered and key in _ANSWERS)
