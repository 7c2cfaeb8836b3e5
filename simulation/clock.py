"""Another time for this process: what the product takes as "now" is read in one function, whose clock is replaced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from storage.tables import column_types


def install(now: Callable[[], datetime]) -> None:
    """From here on `storage.tables.column_types.utcnow` says what `now` says, whoever imported it."""

    class Moved(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return now().astimezone(tz)

    vars(column_types)["datetime"] = Moved


def ahead(by: timedelta) -> Callable[[], datetime]:
    """The machine's clock, and so much more."""
    return lambda: datetime.now(UTC) + by


class StoryClock:
    """Stands still until it is moved; never back."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def move(self, moment: datetime) -> None:
        self.moment = max(self.moment, moment)
