"""When people are reminded: by day in Tehran, not on Fridays, not on official holidays (docs/specification.md 2.8)."""

from datetime import date, datetime, time

import holidays

from bot.texts import formats

#: In Tehran.
FROM, UNTIL = time(9), time(20)
FRIDAY = 4

#: The lunar ones follow the moon: of years to come they are estimated, and may be a day off until a newer
#: release of the package knows them. It estimates until 2077; of later years it knows those of the sun only.
#: Years are worked out when they are first asked for.
_OFFICIAL = holidays.country_holidays("IR")


def is_working_day(day: date) -> bool:
    """Neither a Friday nor an official holiday of Iran."""
    return day.weekday() != FRIDAY and day not in _OFFICIAL


def may_remind(now: datetime) -> bool:
    """Whether a reminder may be sent now; what is not sent is due at the next tick that may."""
    local = now.astimezone(formats.TEHRAN)
    return FROM <= local.time() < UNTIL and is_working_day(local.date())
