"""When people are reminded: by day in Tehran, not on Fridays, not on official holidays (docs/specification.md 2.8)."""

from datetime import datetime, time

from bot.services.review.working_days import is_working_day
from bot.texts import formats

#: In Tehran.
FROM, UNTIL = time(9), time(20)


def may_remind(now: datetime) -> bool:
    """Whether a reminder may be sent now; what is not sent is due at the next tick that may."""
    local = now.astimezone(formats.TEHRAN)
    return FROM <= local.time() < UNTIL and is_working_day(local.date())
