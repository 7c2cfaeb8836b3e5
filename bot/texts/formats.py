"""How numbers, money, dates and codes look to people (docs/specification.md 3, 4)."""

from datetime import date, datetime, timedelta

import jdatetime

from bot.texts import LRI, PDI
from bot.texts.zone import load_tehran

TEHRAN = load_tehran()
_TO_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def digits(value: object) -> str:
    """ASCII digits as Persian ones."""
    return str(value).translate(_TO_PERSIAN)


def number(value: int) -> str:
    """With «٬» between thousands."""
    return digits(f"{value:,}".replace(",", "٬"))


def bounded(value: int, most: int) -> str:
    """A number that was counted up to `most` + 1 only: «۹۹+» for what is more."""
    return number(value) if value <= most else f"{number(most)}+"


def toman(rial: int) -> str:
    """Rial as toman (a tenth); a rest shows after «٫»."""
    whole, rest = divmod(rial, 10)
    return number(whole) + (f"٫{digits(rest)}" if rest else "")


def jalali_day(moment: date | datetime) -> str:
    """۱۴۰۵/۰۹/۰۱; an instant is shown as the day in Tehran."""
    if isinstance(moment, datetime):
        moment = moment.astimezone(TEHRAN).date()
    day = jdatetime.date.fromgregorian(date=moment)
    return digits(f"{day.year:04}/{day.month:02}/{day.day:02}")


def jalali_time(moment: datetime) -> str:
    """۱۴۰۵/۰۹/۰۱ ساعت ۱۴:۰۵, in Tehran."""
    return f"{jalali_day(moment)} ساعت {clock(moment)}"


def clock(moment: datetime) -> str:
    """۱۴:۰۵, in Tehran."""
    local = moment.astimezone(TEHRAN)
    return digits(f"{local.hour:02}:{local.minute:02}")


def jalali_compact(moment: datetime) -> str:
    """14050901, in Tehran: the first half of a tracking code."""
    day = jdatetime.date.fromgregorian(date=moment.astimezone(TEHRAN).date())
    return f"{day.year:04}{day.month:02}{day.day:02}"


def age(span: timedelta) -> str:
    """How long something has waited, in its largest unit: «۳ روز», «۵ ساعت», «کمتر از یک ساعت»."""
    if span >= timedelta(days=1):
        return f"{digits(span.days)} روز"
    hours = int(span.total_seconds() // 3600)
    return f"{digits(hours)} ساعت" if hours else "کمتر از یک ساعت"


def masked(code: str) -> str:
    """A national code for others than its owner and reviewer: «•••••••۵۶۱», as one unit that reads from the
    left."""
    return f"{LRI}{'•' * (len(code) - 3)}{digits(code[-3:])}{PDI}"


def local_mobile(mobile: str) -> str:
    """+989… as people write it, 09…, in Persian digits."""
    return digits("0" + mobile.removeprefix("+98"))
