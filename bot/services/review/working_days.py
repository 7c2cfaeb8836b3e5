"""Working days of Iran: neither a Friday nor an official holiday, by day in Tehran."""

from datetime import date, datetime, timedelta

import holidays

from bot.texts import formats

FRIDAY = 4
#: The lunar ones follow the moon: of years to come they are estimated, and may be a day off until a newer
#: release of the package knows them. It estimates until 2077; of later years it knows those of the sun only.
#: Years are worked out when they are first asked for.
_OFFICIAL = holidays.country_holidays("IR")


def is_working_day(day: date) -> bool:
    """Neither a Friday nor an official holiday of Iran."""
    return day.weekday() != FRIDAY and day not in _OFFICIAL


def working_days_before(now: datetime, days: int) -> datetime:
    """The moment so many working days before `now`: the days between that are none do not count."""
    moment = now
    while days > 0:
        moment -= timedelta(days=1)
        days -= is_working_day(moment.astimezone(formats.TEHRAN).date())
    return moment
