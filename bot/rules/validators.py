"""What people type about themselves: normalised first, then checked (docs/specification.md 3). Pure.

Every check takes text as typed and returns the value as it is stored, or raises InvalidInput with the sentence's key.
A service that takes a `NationalCode` or a `Mobile` is given what a check returned, and does not check again.
"""

import re
import unicodedata
from datetime import date
from typing import NewType

import jdatetime

from bot.core.refusals import InvalidInput
from bot.texts import dates
from bot.texts.formats import digits
from bot.texts.words import visible, without_piles
from bot.texts.written_text import written

ZWNJ = "\u200c"

#: 10 digits with a right check digit, of `national_code`.
NationalCode = NewType("NationalCode", str)
#: +989…, of `mobile`.
Mobile = NewType("Mobile", str)

#: Letters of neighbouring alphabets that look like Persian ones (also as NFKC leaves presentation forms), and digits.
_LETTERS = str.maketrans(
    "يىےۓېۍؠكڪةھہۂۀەۃٱإٲٳ۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩",
    "ییییییی" + "کک" + "ههههههه" + "ااأا" + "01234567890123456789",
)
#: Diacritics that stand alone among the presentation forms; NFKC would put a space before each.
_PRESENTED = dict.fromkeys((*range(0xFC5E, 0xFC64), *range(0xFCF2, 0xFCF5), *range(0xFE70, 0xFE80)))
#: Arabic diacritics and the tatweel.
_DIACRITICS = re.compile(
    "[\u0610-\u061a\u064b-\u065f\u0670\u0674\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u08d3-\u08ff\u0640]"
)
_ZWNJ_AT_EDGE = re.compile(rf"{ZWNJ}*(\s){ZWNJ}*")
_PERSIAN_NAME = re.compile(
    rf"[ءآأؤئابتثجحخدذرزسشصضطظعغفقلمنهوپچژکگی]([{ZWNJ} ]?[ءآأؤئابتثجحخدذرزسشصضطظعغفقلمنهوپچژکگی])+"
)
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
_MOBILE = re.compile(r"(?:\+98|0098|98|0)(9\d{9})")
_PHONE = re.compile(r"(?:\+98|0098|0)([1-8]\d{9})")
#: Texts that are in this spelling already, the great majority: letters that stay as they are, single spaces between them.
_NORMAL_LETTERS = "!-~ءآأؤئابتثجحخدذرزسشصضطظعغفقلمنهوپچژکگی«»،؛؟"
_NORMAL = re.compile(f"[{_NORMAL_LETTERS}]+(?: [{_NORMAL_LETTERS}]+)*")
_FORMATTING = re.compile(r"[\s\-()._/\u2010-\u2015\u2212]")
#: Letters that people exchange: alef with and without madd or hamza, and hamza on its seats.
_LIKE = str.maketrans("آأإؤئ", "اااوی")
#: Letters of a raw text that are looked at, and letters that NFKC may make of them (one ligature is eighteen). Longer than
#: anything that a validator takes, so that what is cut here is refused as too long.
LONGEST = 8192
#: Letters of the longest button or name that a typed text is compared with.
LONGEST_KEY = 512

ADULT, OLDEST = 18, 90  # years of age, inclusive
NAME_LENGTH = (2, 40)
ADDRESS_LENGTH = (10, 300)
EMAIL_LENGTH = 120


def normalise(text: str, *, lines: bool = False) -> str:
    """`text` in one spelling: Persian letters, ASCII digits, no tatweel, diacritics, bidi or control marks, single
    spaces; ZWNJ stays inside words, at most two marks on a letter, no letter without a shape. `lines` keeps line breaks.
    Letters beyond `LONGEST` are left out."""
    if len(text) <= LONGEST and _NORMAL.fullmatch(text):
        return text
    return _normalised(text, lines=lines)


def _normalised(text: str, *, lines: bool) -> str:
    text = without_piles(text[:LONGEST].translate(_PRESENTED))
    text = unicodedata.normalize("NFKC", text)[:LONGEST].translate(_LETTERS)
    text = _DIACRITICS.sub("", text)
    if unkept := dict.fromkeys(ord(letter) for letter in set(text) if not _is_kept(letter)):
        text = text.translate(unkept)
    text = visible(text)
    if lines:
        cleaned = (re.sub(r"\s+", " ", line).strip(f" {ZWNJ}") for line in text.splitlines())
        return re.sub(r"\n{3,}", "\n\n", "\n".join(cleaned)).strip()
    return re.sub(r"\s+", " ", _ZWNJ_AT_EDGE.sub(r"\1", text)).strip(f" {ZWNJ}")


def search_key(text: str) -> str:
    """What two spellings of one name have in common: letters and digits only, case and hamza forgotten."""
    key = normalise(text[:LONGEST_KEY]).casefold().translate(_LIKE)
    return "".join(letter for letter in key if letter.isalnum())


def _is_kept(letter: str) -> bool:
    return letter == ZWNJ or letter.isspace() or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Cn")


def _bounded(text: str, longest: int) -> str:
    """`text` where it may be a value of so many letters at all, else an empty one, before any work is done on it."""
    return text if len(text) <= 4 * longest + 16 else ""


def _digits(text: str) -> str:
    return _FORMATTING.sub("", normalise(_bounded(text, 24)))


def national_code(text: str) -> NationalCode:
    """10 digits with a right check digit. Raises InvalidInput("error.bad_national_code").

    See docs/specification.md 3, W15.
    """
    code = _digits(text)
    if not re.fullmatch(r"[0-9]{10}", code) or len(set(code)) == 1:
        raise InvalidInput("error.bad_national_code")
    rest = sum(int(digit) * (10 - index) for index, digit in enumerate(code[:9])) % 11
    if int(code[9]) != (rest if rest < 2 else 11 - rest):
        raise InvalidInput("error.bad_national_code")
    return NationalCode(code)


def legal_id(text: str) -> str:
    """A company's 11-digit national identifier. Raises InvalidInput("error.bad_legal_id")."""
    code = _digits(text)
    if not re.fullmatch(r"[0-9]{11}", code) or len(set(code)) == 1:
        raise InvalidInput("error.bad_legal_id")
    shift = int(code[9]) + 2
    weights = (29, 27, 23, 19, 17) * 2
    rest = sum((int(digit) + shift) * weight for digit, weight in zip(code[:10], weights, strict=True)) % 11
    if int(code[10]) != rest % 10:
        raise InvalidInput("error.bad_legal_id")
    return code


def guild_id(text: str) -> str:
    """The number of a guild's business licence, 5–20 digits. Raises InvalidInput("error.bad_guild_id")."""
    code = _digits(text)
    if not re.fullmatch(r"[0-9]{5,20}", code):
        raise InvalidInput("error.bad_guild_id")
    return code


def birth_cert_no(text: str) -> str:
    """1–10 digits. Raises InvalidInput("error.bad_birth_cert_no")."""
    code = _digits(text)
    if not re.fullmatch(r"[0-9]{1,10}", code):
        raise InvalidInput("error.bad_birth_cert_no")
    return code


def mobile(text: str) -> Mobile:
    """+989… from 09…, +98…, 0098… or 98…. Raises InvalidInput("error.bad_mobile")."""
    match = _MOBILE.fullmatch(_digits(text))
    if match is None:
        raise InvalidInput("error.bad_mobile")
    return Mobile(f"+98{match.group(1)}")


def phone(text: str) -> str:
    """A landline with its area code, 11 digits from 0. Raises InvalidInput("error.bad_phone")."""
    match = _PHONE.fullmatch(_digits(text))
    if match is None:
        raise InvalidInput("error.bad_phone")
    return f"0{match.group(1)}"


def email(text: str) -> str:
    """Lower case, one @, a dot in the domain, at most 120 characters. Raises InvalidInput("error.bad_email")."""
    address = normalise(_bounded(text, EMAIL_LENGTH)).replace(ZWNJ, "").lower()
    name = address.split("@")[0]
    if (
        len(address) > EMAIL_LENGTH
        or not _EMAIL.fullmatch(address)
        or ".." in address
        or name[0] == "."
        or name[-1] == "."
    ):
        raise InvalidInput("error.bad_email")
    return address


def persian_name(text: str) -> str:
    """Persian letters with single spaces or ZWNJ between them, 2–40. Raises InvalidInput("error.not_persian_name")."""
    shortest, longest = NAME_LENGTH
    name = normalise(_bounded(text, longest))
    if not shortest <= len(name) <= longest or not _PERSIAN_NAME.fullmatch(name):
        raise InvalidInput("error.not_persian_name")
    return name


def address(text: str) -> str:
    """10–300 characters on one line, as they were written. Raises InvalidInput("error.bad_address" or "error.long_text")."""
    shortest, longest = ADDRESS_LENGTH
    if len(text) > 4 * longest:
        raise too_long(longest)
    line = written(text)
    if len(line) < shortest or not any(letter.isalpha() for letter in line):
        raise InvalidInput("error.bad_address")
    if len(line) > longest:
        raise too_long(longest)
    return line


def too_long(longest: int) -> InvalidInput:
    return InvalidInput("error.long_text", max=digits(longest))


def any_day(text: str) -> dates.Reading:
    """Every day that `text` may mean, in the calendar in which it is written. Raises InvalidInput("error.bad_date") where
    it is no date, and ("error.impossible_date") for a day that no calendar has."""
    try:
        return dates.read_day(normalise(_bounded(text, 60)))
    except dates.NoDate:
        raise InvalidInput("error.bad_date") from None
    except dates.ImpossibleDate:
        raise InvalidInput("error.impossible_date") from None


def jalali_date(text: str) -> date:
    """A day as people write it: 1365/04/12, 12/04/1365, «۱۲ تیر ۱۳۶۵», 13650412. Raises InvalidInput("error.bad_date")
    for another form or a year of two digits, ("error.impossible_date") for a day that no calendar has, and
    ("error.gregorian_date") for one of the other calendar."""
    reading = any_day(text)
    if reading.gregorian:
        raise InvalidInput("error.gregorian_date")
    if len(reading.days) > 1:
        raise InvalidInput("error.bad_date")
    return reading.days[0]


def birth_dates(text: str, today: date) -> tuple[date, ...]:
    """The dates of birth of a person who is 18–90 years old `today` (a day in Tehran) that `text` may mean: one, or
    several where that is open («20/5/25»). Raises as `jalali_date`, and InvalidInput("error.age_out_of_range")."""
    reading = any_day(text)
    if reading.gregorian:
        raise InvalidInput("error.gregorian_date")
    possible = tuple(day for day in reading.days if ADULT <= age_on(day, today) <= OLDEST)
    if not possible:
        raise InvalidInput("error.age_out_of_range")
    return possible


def gregorian_birth_date(text: str, today: date) -> date | None:
    """The one date of birth that `text` says in the Gregorian calendar; None where it says none, or leaves it open."""
    try:
        reading = any_day(text)
    except InvalidInput:
        return None
    possible = [day for day in reading.days if ADULT <= age_on(day, today) <= OLDEST]
    return possible[0] if reading.gregorian and len(possible) == 1 else None


def birth_date(text: str, today: date) -> date:
    """The one date of `birth_dates`. Raises as it does, and InvalidInput("error.ambiguous_date")."""
    possible = birth_dates(text, today)
    if len(possible) > 1:
        raise InvalidInput("error.ambiguous_date")
    return possible[0]


def age_on(born: date, today: date) -> int:
    """Full years by the Jalali calendar; negative for a day to come."""
    birth = jdatetime.date.fromgregorian(date=born)
    now = jdatetime.date.fromgregorian(date=today)
    return int(now.year - birth.year - ((now.month, now.day) < (birth.month, birth.day)))
