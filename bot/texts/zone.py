"""Tehran's time. A system whose zone data are from before 2022 is an hour ahead every summer since: there is
no DST any more."""

import importlib.resources
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

NAME = "Asia/Tehran"
#: What it has been in every summer since the law of 2022.
OFFSET = timedelta(hours=3, minutes=30)
_SUMMER = datetime(2025, 7, 1)  # noqa: DTZ001  the wall clock there


def load_tehran() -> ZoneInfo:
    """The system's zone, so that a later law reaches us with the system's updates; that of the package
    `tzdata` where the system has none or an old one. Raises ZoneInfoNotFoundError where there is no right
    one."""
    try:
        # Not from the cache: a test, or a tool that is in the same process, may have searched elsewhere.
        zone = ZoneInfo.no_cache(NAME)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return _packaged()
    return zone if is_right(zone) else _packaged()


def is_right(zone: ZoneInfo) -> bool:
    return zone.utcoffset(_SUMMER) == OFFSET


def _packaged() -> ZoneInfo:
    area, _, city = NAME.partition("/")
    try:
        with importlib.resources.files(f"tzdata.zoneinfo.{area}").joinpath(city).open("rb") as file:
            zone = ZoneInfo.from_file(file, key=NAME)
    except (ImportError, OSError, ValueError):
        raise ZoneInfoNotFoundError(NAME) from None
    if not is_right(zone):
        raise ZoneInfoNotFoundError(NAME)
    return zone
