"""The charts of a report: what each counts together, what stands first, how much of a page shows."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from bot.reports.model import Chart, ChartPage
from bot.services.statistics import charts, counts
from bot.services.statistics.counts import OpenFiles, PeriodCounts
from bot.services.statistics.details import ExpertDecisions, OldFile
from bot.services.statistics.durations import ByUniversity, Hours
from bot.services.statistics.periods import Period
from bot.services.statistics.scope import Scope
from bot.texts import BIDI_MARKS
from storage.enums import RequestState

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NAMES = {code: f"دانشگاه علوم پزشکی {name}" for code, name in (("a", "اراک"), ("b", "بم"), ("c", "تبریز"))}
ALL, ARAK = Scope(NAMES, None), Scope({"a": NAMES["a"]}, "a")
THIS, LAST = (Period(name, name[:3], NOW, NOW) for name in ("پاییز", "تابستان"))
QUARTERS = (THIS, LAST)


def table(chart: Chart) -> list[tuple[object, ...]]:
    """Each label with its values, as they stand below each other."""
    values = zip(*(series.values for series in chart.series), strict=True)
    return [(BIDI_MARKS.sub("", label), *row) for label, row in zip(chart.labels, values, strict=True)]


def test_open_files_by_state_age_and_university() -> None:
    numbers = {state: number for number, state in enumerate(counts.OPEN_STATES)}
    files = OpenFiles(numbers, [4, 3, 2, 1])
    page = charts.now_page(ALL, NOW, files, Counter({"c": 2, "b": 2, "a": 1, "gone": 9}))
    states, ages, universities = (table(chart) for chart in page.charts)
    assert states == [
        ("در انتظار بررسی", 0),
        ("در حال بررسی", 1),
        ("دارای نقص", 2),
        ("تأییدشده، در انتظار پرداخت", 3),
    ]
    assert ages == [("کمتر از ۳ روز", 4), ("۳ تا ۱۰ روز", 3), ("۱۰ تا ۳۰ روز", 2), ("بیش از ۳۰ روز", 1)]
    assert universities == [("gone", 9), ("بم", 2), ("تبریز", 2), ("اراک", 1)]
    assert (page.title, page.subtitle) == ("پرونده‌های در گردش", "همه دانشگاه‌ها، ۱۴۰۵/۰۹/۰۱ ساعت ۱۲:۳۰")
    page = charts.now_page(ARAK, NOW, files, Counter())
    assert (len(page.charts), page.subtitle[: len(NAMES["a"])]) == (2, NAMES["a"])


def test_a_column_for_each_week_with_its_short_name_below() -> None:
    [chart] = charts.weeks_page(ALL, NOW, QUARTERS, [PeriodCounts(1, 2, 3), PeriodCounts(4, 5, 6)]).charts
    assert table(chart) == [("پاییز", 1, 2, 3), ("تابستان", 4, 5, 6)]
    assert [series.name for series in chart.series] == ["ثبت‌شده", "تأیید یا رد", "پرداخت‌شده"]
    assert (chart.form, list(chart.ticks)) == ("columns", ["پای", "تاب"])


def speed(scope: Scope, this: dict[str, float], last: dict[str, float]) -> list[tuple[object, ...]]:
    """Of one file each, which took these days."""
    found: list[ByUniversity] = [
        {code: Hours({int(24 * days): 1}) for code, days in part.items()} for part in (this, last)
    ]
    [chart] = charts.speed_page("end", scope, NOW, QUARTERS, found).charts
    assert [series.name for series in chart.series] == ["پاییز", "تابستان"]
    return table(chart)


def test_the_slowest_university_first_and_all_together_on_top() -> None:
    together = ("همه دانشگاه‌ها", 4.0, 6.0)
    ranked = [("تبریز", 5.0, None), ("بم", 4.0, 7.0), ("اراک", 4.0, 6.0)]
    assert speed(ALL, {"a": 4, "b": 4, "c": 5}, {"a": 6, "b": 7}) == [("همه دانشگاه‌ها", 4.0, 6.5), *ranked]
    assert speed(ALL, {"a": 4}, {"b": 6}) == [together, ("اراک", 4.0, None), ("بم", None, 6.0)]
    assert speed(ALL, {"a": 0.5}, {"b": 6})[1:] == [("اراک", 0.5, None), ("بم", None, 6.0)]
    equal = [("اراک", 4.0, None), ("بم", 4.0, None)]
    assert speed(ALL, {"b": 4, "a": 4}, {})[1:] == equal
    assert speed(ARAK, {"a": 4}, {"a": 6}) == [("اراک", 4.0, 6.0)]
    assert speed(ALL, {}, {}) == []


def deficiencies(reasons: tuple[Counter[str], Counter[str]]) -> ChartPage:
    rounds = [Counter({0: 9, 1: 8, 2: 7, 3: 6, 4: 5}), Counter({1: 4, 7: 1})]
    items = [Counter({"x": 2, "y": 2, "z": 3, "w": 2}), Counter({"y": 1, "v": 9, "w": 1})]
    names = {"x": "عکس", "y": "مدرک", "z": "گواهی", "v": "تلفن", "w": "نشانی"}
    return charts.deficiencies_page(ALL, NOW, QUARTERS, rounds, items, names, reasons)


def test_rounds_from_the_third_on_together_and_the_most_frequent_item_first() -> None:
    rounds, items, reasons = deficiencies((Counter(), Counter())).charts
    assert table(rounds) == [
        ("بدون نقص", 9, 0),
        ("۱ نوبت نقص", 8, 4),
        ("۲ نوبت نقص", 7, 0),
        ("۳ نوبت نقص یا بیشتر", 11, 1),
    ]
    assert table(items) == [("گواهی", 3, 0), ("مدرک", 2, 1), ("نشانی", 2, 1), ("عکس", 2, 0), ("تلفن", 0, 9)]
    assert table(reasons) == []
    assert (items.most, reasons.most, reasons.labels_share) == (10, 8, 0.7)


def test_a_reason_is_told_that_was_given_three_times_in_two_quarters() -> None:
    this = Counter({"یک": 2, "ناقص": 2, "ناخوانا": 2, "تار": 2})
    last = Counter({"قدیمی": 3, "ناقص": 1, "ناخوانا": 1, "تار": 2})
    told = deficiencies((this, last)).charts[2]
    assert table(told) == [("تار", 2, 2), ("ناخوانا", 2, 1), ("ناقص", 2, 1), ("قدیمی", 0, 3)]


@pytest.mark.parametrize(
    ("scope", "label"),
    [
        (ALL, "۱۴۰۵۰۱۰۱۰۰۰۱، بم، دارای نقص"),
        (ARAK, "۱۴۰۵۰۱۰۱۰۰۰۱، دارای نقص"),
    ],
)
def test_an_old_file_with_its_whole_days(scope: Scope, label: str) -> None:
    ages = (3 * DAY, 3 * DAY - timedelta(seconds=1))
    files = [OldFile("140501010001", "b", RequestState.DEFICIENT, NOW - age) for age in ages]
    [chart] = charts.oldest_page(scope, NOW, files).charts
    assert table(chart) == [(label, 3), (label, 2)]
    assert chart.labels_share == 0.7


def test_fees_in_toman_and_their_number() -> None:
    toman, number = charts.fees_page(ALL, NOW, QUARTERS, [(2, 1_000), (1, 509)]).charts
    assert table(toman) == [("پاییز", 100), ("تابستان", 50)]
    assert table(number) == [("پاییز", 2), ("تابستان", 1)]
    assert (toman.form, number.form, list(number.ticks)) == ("bars", "columns", ["پای", "تاب"])


def test_what_each_expert_decided() -> None:
    decided = [ExpertDecisions("علی", {"rejected": 2, "approved": 1}), ExpertDecisions("زهرا", {})]
    [chart] = charts.experts_page(ALL, NOW, decided).charts
    assert table(chart) == [("علی", 1, 0, 2), ("زهرا", 0, 0, 0)]
    assert ([series.name for series in chart.series], chart.most) == (["تأیید", "اعلام نقص", "رد"], 12)
