"""How numbers, money, days and codes look."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from bot.texts import formats
from bot.texts.quality import quality_in_short, quality_warning

#: A quarter of an hour before midnight in Tehran.
LATE = datetime(2026, 11, 22, 20, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (formats.digits("کد 0123456789"), "کد ۰۱۲۳۴۵۶۷۸۹"),
        (formats.digits(5), "۵"),
        (formats.number(999), "۹۹۹"),
        (formats.number(1_234_567), "۱٬۲۳۴٬۵۶۷"),
        (formats.bounded(98, 99), "۹۸"),
        (formats.bounded(99, 99), "۹۹"),
        (formats.bounded(100, 99), "۹۹+"),
        (formats.toman(15_000_000), "۱٬۵۰۰٬۰۰۰"),
        (formats.toman(15), "۱٫۵"),
        (formats.toman(9), "۰٫۹"),
        (formats.toman(0), "۰"),
        (formats.masked("9991234561"), "\u2066•••••••۵۶۱\u2069"),
        (formats.local_mobile("+989121234567"), "۰۹۱۲۱۲۳۴۵۶۷"),
        (formats.jalali_day(date(2026, 3, 5)), "۱۴۰۴/۱۲/۱۴"),
        (formats.jalali_day(LATE), "۱۴۰۵/۰۹/۰۱"),
        (formats.jalali_day(LATE + timedelta(minutes=15)), "۱۴۰۵/۰۹/۰۲"),
        (formats.jalali_time(LATE), "۱۴۰۵/۰۹/۰۱ ساعت ۲۳:۴۵"),
        (formats.clock(LATE + timedelta(minutes=20)), "۰۰:۰۵"),
        (formats.clock(datetime(2026, 7, 1, tzinfo=timezone(timedelta(hours=2)))), "۰۱:۳۰"),
        (formats.jalali_compact(LATE), "14050901"),
        (formats.jalali_compact(LATE + timedelta(minutes=15)), "14050902"),
        (formats.age(timedelta(0)), "کمتر از یک ساعت"),
        (formats.age(timedelta(seconds=3599)), "کمتر از یک ساعت"),
        (formats.age(timedelta(hours=1)), "۱ ساعت"),
        (formats.age(timedelta(hours=23, seconds=3599)), "۲۳ ساعت"),
        (formats.age(timedelta(days=1)), "۱ روز"),
        (formats.age(timedelta(days=12, hours=23)), "۱۲ روز"),
    ],
)
def test_what_people_see(shown: str, expected: str) -> None:
    assert shown == expected


def test_a_picture_that_may_be_unreadable() -> None:
    """The pages are named where there are several."""
    one, several = quality_warning("dark"), quality_warning("dark 2,5")
    assert "صفحه ۲ و ۵" in several
    assert "صفحه" not in one
    assert several.endswith(one)
    assert quality_in_short("dark 2,5") == f"{quality_in_short('dark')} در صفحه ۲ و ۵"
