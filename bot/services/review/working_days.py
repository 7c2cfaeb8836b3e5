"""Working days of Iran: neither a Friday nor an official holiday, by day in Tehran."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files

from bot.texts import formats

FRIDAY = 4
#: A year a line: "2026: 0101 0211 …". Made of the package `holidays` by `python -m tests.support.official_holidays`: the package
#: itself loads the calendars of all countries, 11 MB. The lunar days follow the moon: those of years to come are estimated, and
#: may be a day off until a newer release of the package knows them.
TABLE = "official_holidays.txt"


@cache
def official_holidays() -> frozenset[date]:
    """Those of the years in the table."""
    days: set[date] = set()
    for line in files(__package__).joinpath(TABLE).read_text("ascii").splitlines():
        year, _, listed = line.partition(": ")
        days |= {date(int(year), int(day[:2]), int(day[2:])) for day in listed.split()}
    return frozenset(days)


def is_working_day(day: date) -> bool:
    """Neither a Friday nor an official holiday of Iran."""
    return day.weekday() != FRIDAY and day not in official_holidays()


def working_days_before(now: datetime, days: int) -> datetime:
    """The moment so many working days before `now`: the days between that are none do not count."""
    moment = now
    while days > 0:
        moment -= timedelta(days=1)
        days -= is_working_day(moment.astimezone(formats.TEHRAN).date())
    return moment
