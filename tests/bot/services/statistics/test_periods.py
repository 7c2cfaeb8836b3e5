"""Weeks, quarters and months as people in Iran count them."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from bot.services.statistics import periods
from bot.services.statistics.durations import Hours, median_days
from bot.texts.formats import TEHRAN

#: Sunday, 1405/09/01, half past twelve in Tehran.
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def test_weeks_are_from_saturday_and_the_last_one_is_this_week() -> None:
    weeks = periods.weeks(NOW, 13)
    assert [(one.name, one.tick) for one in weeks[-2:]] == [("۱۴۰۵/۰۸/۲۳", "۰۸/۲۳"), ("۱۴۰۵/۰۸/۳۰", "۰۸/۳۰")]
    assert weeks[-1].since == datetime(2026, 11, 21, tzinfo=TEHRAN)
    assert all(one.until == following.since for one, following in itertools.pairwise(weeks))
    friday_night = datetime(2026, 11, 20, 23, 59, tzinfo=TEHRAN)
    assert periods.weeks(friday_night, 1)[0].name == "۱۴۰۵/۰۸/۲۳"


@pytest.mark.parametrize(
    ("day", "names"),
    [
        (datetime(2026, 11, 22, tzinfo=TEHRAN), ["پاییز ۱۴۰۵", "تابستان ۱۴۰۵"]),
        # The first day of the year, and the last minute before it.
        (datetime(2026, 3, 21, tzinfo=TEHRAN), ["بهار ۱۴۰۵", "زمستان ۱۴۰۴"]),
        (datetime(2026, 3, 20, 23, 59, tzinfo=TEHRAN), ["زمستان ۱۴۰۴", "پاییز ۱۴۰۴"]),
    ],
)
def test_a_quarter_is_a_season_with_the_one_before_beside_it(day: datetime, names: list[str]) -> None:
    this, last = periods.quarters(day)
    assert [this.name, last.name] == names
    assert last.since < last.until == this.since <= day < this.until
    assert timedelta(days=88) < last.until - last.since < timedelta(days=94)


def test_months_go_back_over_the_turn_of_the_year() -> None:
    months = periods.months(NOW, 12)
    assert [one.name for one in months[:4]] == ["دی ۱۴۰۴", "بهمن ۱۴۰۴", "اسفند ۱۴۰۴", "فروردین ۱۴۰۵"]
    assert (months[-1].name, months[-1].tick) == ("آذر ۱۴۰۵", "آذر")
    assert months[-1].since == datetime(2026, 11, 22, tzinfo=TEHRAN)


@pytest.mark.parametrize(
    ("hours", "days"),
    [
        ({}, None),
        ({0: 1}, 0.0),
        ({48: 1}, 2.0),
        ({24: 1, 72: 1}, 2.0),
        ({24: 2, 72: 1}, 1.0),
        # One file that took a year moves nothing.
        ({12: 3, 8760: 1}, 0.5),
        ({24: 1_000_000, 48: 1_000_001}, 2.0),
    ],
)
def test_a_median_of_counted_hours(hours: dict[int, int], days: float | None) -> None:
    assert median_days(Hours(hours)) == days
