"""The demo's time: the machine's, and as much more as was skipped. One for the process: messengers, bank and SMS live in it."""

from __future__ import annotations

import time as machine
from datetime import UTC, datetime, timedelta, timezone

#: Reminders and digests are sent by day in Tehran, to which a skip leads.
_TEHRAN = timezone(timedelta(hours=3, minutes=30))
_MORNING, _EVENING = 9, 18

_ahead = 0.0


def time() -> float:
    """Seconds since 1970, like `time.time`."""
    return machine.time() + _ahead


def now() -> datetime:
    return datetime.fromtimestamp(time(), UTC)


def ahead() -> float:
    """Seconds that were skipped."""
    return _ahead


def set_ahead(seconds: float) -> None:
    global _ahead
    _ahead = seconds


def later(days: int) -> float:
    """Seconds ahead of the machine that are so many days from now; in the evening and at night it becomes the next
    morning of Tehran."""
    moment = (now() + timedelta(days=days)).astimezone(_TEHRAN)
    if not _MORNING <= moment.hour < _EVENING:
        day = moment if moment.hour < _MORNING else moment + timedelta(days=1)
        moment = day.replace(hour=_MORNING, minute=30, second=0, microsecond=0)
    return moment.timestamp() - machine.time()
