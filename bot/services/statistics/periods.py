"""Jalali weeks, quarters and months as instants, and what people call them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

import jdatetime

from bot.services import team
from bot.texts import t
from bot.texts.formats import TEHRAN, digits, jalali_day


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` until just before `until`. `tick` is the short name, where there is little room."""

    name: str
    tick: str
    since: datetime
    until: datetime


def weeks(now: datetime, count: int) -> list[Period]:
    """The last ones, Saturday to Friday in Tehran, the oldest first; the last one is this week."""
    this = team.week_start(now)
    starts = [this - timedelta(weeks=ago) for ago in range(count - 1, -1, -1)]
    return [
        Period(name := jalali_day(start), name[5:], start, start + timedelta(weeks=1)) for start in starts
    ]


def quarters(now: datetime) -> tuple[Period, Period]:
    """The quarter of the Jalali year in which `now` is, and the one before."""
    today = jdatetime.date.fromgregorian(date=now.astimezone(TEHRAN).date())
    number = today.year * 4 + (today.month - 1) // 3
    return _quarter(number), _quarter(number - 1)


def _quarter(number: int) -> Period:
    year, season = divmod(number, 4)
    name = t("report.quarter", season=t(f"report.season_{season + 1}"), year=digits(year))
    since, until = _month(number * 3), _month(number * 3 + 3)
    return Period(name, name, since, until)


def months(now: datetime, count: int) -> list[Period]:
    """The last ones, the oldest first; the last one is this month."""
    today = jdatetime.date.fromgregorian(date=now.astimezone(TEHRAN).date())
    last = today.year * 12 + today.month - 1
    found = []
    for number in range(last - count + 1, last + 1):
        year, month = divmod(number, 12)
        tick = t(f"report.month_{month + 1}")
        name = t("report.month", month=tick, year=digits(year))
        found.append(Period(name, tick, _month(number), _month(number + 1)))
    return found


def _month(number: int) -> datetime:
    """Its first instant in Tehran; months are counted from the year 0."""
    year, month = divmod(number, 12)
    day = jdatetime.date(year, month + 1, 1).togregorian()
    return datetime.combine(day, time(), TEHRAN)
