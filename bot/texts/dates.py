"""Days as people write them, in the Jalali calendar. Pure (docs/specification.md 3).

«1365/04/12», «12/04/1365», «65/4/12», «۱۲ تیر ۱۳۶۵», «13650412». A year of two digits is read where the other numbers can
be no year; which century it is, and which of two readings, says the caller by the days that it takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import jdatetime


def _key(word: str) -> str:
    return word.casefold().translate(_LIKE)


_LIKE = str.maketrans("آأئ", "اای", "\u200c")
_MONTHS = {
    _key(name): number
    for number, names in enumerate(
        (
            "فروردین",
            "اردیبهشت",
            "خرداد",
            "تیر",
            "مرداد امرداد",
            "شهریور",
            "مهر",
            "آبان",
            "آذر",
            "دی",
            "بهمن",
            "اسفند",
        ),
        1,
    )
    for name in names.split()
}
_GREGORIAN_MONTHS = {
    _key(name): number
    for number, names in enumerate(
        (
            "ژانویه january jan",
            "فوریه february feb",
            "مارس march mar",
            "آوریل اوریل april apr",
            "مه می may",
            "ژوئن جون june jun",
            "ژوئیه ژوییه جولای july jul",
            "اوت آگوست august aug",
            "سپتامبر september sep sept",
            "اکتبر october oct",
            "نوامبر november nov",
            "دسامبر december dec",
        ),
        1,
    )
    for name in names.split()
}
#: Words around a date that say nothing about the day.
_FILLERS = {
    _key(word)
    for word in (
        [
            "متولد",
            "تاریخ",
            "تولد",
            "من",
            "روز",
            "ماه",
            "سال",
            "ام\u200c",
            "ام",
            "م",
            "مورخ",
            "هجری",
            "شمسی",
            "خورشیدی",
            "ه",
            "ش",
            "هستم",
            "است",
            "برابر",
            "با",
            "در",
            "و",
        ]
    )
}
_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+")
_FORM = re.compile(r"[\w\s/.\-،,:()\u200c\\]*")
_COMPACT = re.compile(r"[0-9]{6}|[0-9]{8}")
_MAX_LENGTH = 60
_CENTURIES = (1300, 1400)
_JALALI = range(1200, 1500)
_GREGORIAN = range(1900, 2101)


class NoDate(ValueError):
    """What was written is not a date."""


class ImpossibleDate(ValueError):
    """No calendar has that day."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The days that a text may mean, without doubles; `gregorian`: it was written in that calendar."""

    days: tuple[date, ...]
    gregorian: bool = False


def read_day(line: str) -> Reading:
    """Every day that a line of `validators.normalise` may mean, at least one. Raises NoDate where it is no date, and
    ImpossibleDate where no calendar has that day."""
    if len(line) > _MAX_LENGTH or not _FORM.fullmatch(line):
        raise NoDate
    numbers, month, gregorian = _parts(line)
    if month is not None:
        wanted = [(year, month, day) for year, day in _named(numbers) if len(day) < 3]
    else:
        wanted = _numeric(numbers)
    if not wanted:
        raise NoDate
    readings = [(int(year), len(year), int(m), int(d)) for year, m, d in wanted]
    if gregorian or any(length == 4 and year in _GREGORIAN for year, length, *_ in readings):
        # Americans write the month before the day; behind a year, or with a name, there is no doubt.
        sure = month is not None or len(numbers[0]) >= 4
        return _reading(_gregorian_days(readings, sure=sure), gregorian=True)
    if not any(length == 2 or year in _JALALI for year, length, *_ in readings):
        raise ImpossibleDate
    return _reading(_jalali_days(readings))


def _parts(line: str) -> tuple[list[str], str | None, bool]:
    """The numbers, the number of a month that is named, and whether its name is a Gregorian one."""
    numbers: list[str] = []
    month: str | None = None
    gregorian = False
    for token in _TOKEN.findall(line):
        key = _key(token)
        bare = key.removesuffix(_key("ماه"))
        if token.isdecimal():
            numbers.append(token)
        elif month is None and (known := _MONTHS.get(bare)) is not None:
            month = str(known)
        elif month is None and (known := _GREGORIAN_MONTHS.get(bare)) is not None:
            month, gregorian = str(known), True
        elif key == _key("میلادی"):
            gregorian = True
        elif key not in _FILLERS:
            raise NoDate
    return numbers, month, gregorian


def _named(numbers: list[str]) -> list[tuple[str, str]]:
    """(year, day) beside a named month."""
    if len(numbers) != 2:
        return []
    return _year_first_or_last(numbers[0], numbers[1])


def _year_first_or_last(first: str, last: str) -> list[tuple[str, str]]:
    """(year, day): a year has four digits, or two that can be no day; else it may be either of two."""
    pairs = [(first, last), (last, first)]
    for year, other in pairs:
        if len(year) == 4:
            return [(year, other)]
    pairs = [(year, other) for year, other in pairs if len(year) == 2]
    sure = [(year, other) for year, other in pairs if int(year) > 31]
    return sure or [(year, other) for year, other in pairs if len(other) < 3]


def _numeric(numbers: list[str]) -> list[tuple[str, str, str]]:
    """(year, month, day) of numbers alone: the year first or last, the month in the middle."""
    if len(numbers) == 1 and _COMPACT.fullmatch(numbers[0]):
        return _compact(numbers[0])
    if len(numbers) != 3 or len(numbers[1]) > 2:
        return []
    first, month, last = numbers
    return [(year, month, day) for year, day in _year_first_or_last(first, last) if len(day) < 3]


def _compact(digits: str) -> list[tuple[str, str, str]]:
    if len(digits) == 6:
        return _numeric([digits[:2], digits[2:4], digits[4:]])
    first = (digits[:4], digits[4:6], digits[6:])
    last = (digits[4:], digits[2:4], digits[:2])
    known = [parts for parts in (first, last) if int(parts[0]) in _JALALI or int(parts[0]) in _GREGORIAN]
    return [parts for parts in known if 1 <= int(parts[1]) <= 12] or known or [first]


def _reading(days: list[date], *, gregorian: bool = False) -> Reading:
    if not days:
        raise ImpossibleDate
    return Reading(tuple(dict.fromkeys(days)), gregorian)


def _jalali_days(readings: list[tuple[int, int, int, int]]) -> list[date]:
    return [
        found
        for year, length, month, day in readings
        for full in ([century + year for century in _CENTURIES] if length == 2 else [year])
        if full in _JALALI and (found := _day(_jalali, full, month, day)) is not None
    ]


def _gregorian_days(readings: list[tuple[int, int, int, int]], *, sure: bool) -> list[date]:
    days = []
    for year, length, month, day in readings:
        for full in [1900 + year, 2000 + year] if length == 2 else [year]:
            orders = [(month, day)] if sure else [(month, day), (day, month)]
            days += [_day(date, full, *order) for order in orders]
    return [day for day in days if day is not None]


def _jalali(year: int, month: int, day: int) -> date:
    found: date = jdatetime.date(year, month, day).togregorian()
    return found


def _day(make: Callable[[int, int, int], date], year: int, month: int, day: int) -> date | None:
    try:
        return make(year, month, day)
    except (ValueError, OverflowError):
        return None
