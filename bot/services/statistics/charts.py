"""The figures as charts: one page a question (docs/specification.md 7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from bot.reports.model import Chart, ChartPage, Series
from bot.services.statistics.counts import AGES, OPEN_STATES, OpenFiles, PeriodCounts
from bot.services.statistics.details import DECISIONS, ExpertDecisions, OldFile
from bot.services.statistics.durations import ByUniversity, Hours, median_days
from bot.services.statistics.periods import Period
from bot.services.statistics.scope import Scope
from bot.texts import t
from bot.texts.formats import digits, jalali_time

#: A reason is shown that was given so often in two quarters: kept phrases are, a sentence about one person is not.
REPEATED = 3
#: Rounds of deficiencies from which on files are counted together.
MANY_ROUNDS = 3


def _page(question: str, scope: Scope, now: datetime, charts: Sequence[Chart]) -> ChartPage:
    subtitle = t("report.subtitle", place=scope.title, time=jalali_time(now))
    return ChartPage(t(f"report.{question}.title"), subtitle, charts, t(f"report.{question}.note"))


def age_labels() -> list[str]:
    pairs = pairwise(AGES)
    between = [t("report.between", low=digits(low), high=digits(high)) for low, high in pairs]
    return [t("report.under", days=digits(AGES[0])), *between, t("report.over", days=digits(AGES[-1]))]


def state_name(state: str) -> str:
    """A status without the sign it begins with."""
    status = t(f"status.{state}")
    return status.split(" ", 1)[1] if " " in status and not status[0].isalpha() else status


def now_page(scope: Scope, now: datetime, files: OpenFiles, by_university: Counter[str]) -> ChartPage:
    states, by_state = (
        [state_name(state) for state in OPEN_STATES],
        [files.by_state[state] for state in OPEN_STATES],
    )
    charts = [
        _counted("by_state", "state", states, by_state),
        _counted("by_age", "age", age_labels(), files.by_age),
    ]
    if scope.university is None:
        codes = sorted(by_university, key=lambda code: (-by_university[code], scope.short_name(code)))
        names = [scope.short_name(code) for code in codes]
        charts.append(_counted("by_university", "university", names, [by_university[code] for code in codes]))
    return _page("now", scope, now, charts)


def _counted(title: str, label: str, labels: Sequence[str], numbers: Sequence[int]) -> Chart:
    """Files by one label."""
    unit = t("report.files")
    return Chart(t(f"report.{title}"), "bars", t(f"report.{label}"), unit, labels, [Series(unit, numbers)])


def weeks_page(
    scope: Scope, now: datetime, weeks: Sequence[Period], counts: Sequence[PeriodCounts]
) -> ChartPage:
    series = [
        Series(t("report.filed"), [one.filed for one in counts]),
        Series(t("report.decided"), [one.decided for one in counts]),
        Series(t("report.paid"), [one.paid for one in counts]),
    ]
    names, ticks = [week.name for week in weeks], [week.tick for week in weeks]
    chart = Chart(
        t("report.weeks.chart"), "columns", t("report.week"), t("report.files"), names, series, ticks
    )
    return _page("weeks", scope, now, [chart])


def speed_page(
    question: str, scope: Scope, now: datetime, quarters: Sequence[Period], found: Sequence[ByUniversity]
) -> ChartPage:
    """The slowest university first, all together on top; `found` has a part for each of `quarters`."""
    medians = [{code: median_days(hours) for code, hours in part.items()} for part in found]
    codes = sorted(
        {code for part in medians for code in part},
        key=lambda code: (-(medians[0].get(code) or -1), -(medians[1].get(code) or -1), code),
    )
    labels = [scope.short_name(code) for code in codes]
    values = [[part.get(code) for code in codes] for part in medians]
    if scope.university is None and codes:
        labels.insert(0, t("report.everywhere"))
        for rows, part in zip(values, found, strict=True):
            rows.insert(0, median_days(sum(part.values(), Hours())))
    series = [Series(quarter.name, rows) for quarter, rows in zip(quarters, values, strict=True)]
    chart = Chart(
        t(f"report.{question}.chart"), "bars", t("report.university"), t("report.days"), labels, series
    )
    return _page(question, scope, now, [chart])


def deficiencies_page(
    scope: Scope,
    now: datetime,
    quarters: Sequence[Period],
    rounds: Sequence[Counter[int]],
    items: Sequence[Counter[str]],
    names: Mapping[str, str],
    reasons: Sequence[Counter[str]],
) -> ChartPage:
    labels = [
        t("report.no_round"),
        *(t("report.rounds", n=digits(n)) for n in range(1, MANY_ROUNDS)),
        t("report.more_rounds", n=digits(MANY_ROUNDS)),
    ]
    round_values = [
        [
            *(part[n] for n in range(MANY_ROUNDS)),
            sum(many for n, many in part.items() if n >= MANY_ROUNDS),
        ]
        for part in rounds
    ]
    keys = sorted(names, key=lambda key: (-items[0][key], -items[1][key], names[key]))
    unit = t("report.files")
    charts = (
        Chart(
            t("report.deficiencies.rounds"),
            "bars",
            t("report.round"),
            unit,
            labels,
            _beside(quarters, round_values),
        ),
        Chart(
            t("report.deficiencies.items"),
            "bars",
            t("report.item"),
            t("report.times"),
            [names[key] for key in keys],
            _beside(quarters, [[part[key] for key in keys] for part in items]),
            most=10,
        ),
        _reasons_chart(quarters, reasons),
    )
    return _page("deficiencies", scope, now, charts)


def _reasons_chart(quarters: Sequence[Period], reasons: Sequence[Counter[str]]) -> Chart:
    """What experts wrote most often."""
    this, last = reasons
    texts = [text for text, number in (this + last).items() if number >= REPEATED]
    texts.sort(key=lambda text: (-this[text], -last[text], text))
    return Chart(
        t("report.deficiencies.reasons"),
        "bars",
        t("report.reason"),
        t("report.times"),
        texts,
        _beside(quarters, [[part[text] for text in texts] for part in reasons]),
        most=8,
        labels_share=0.7,
    )


def _beside(quarters: Sequence[Period], values: Sequence[Sequence[int]]) -> list[Series]:
    return [Series(quarter.name, rows) for quarter, rows in zip(quarters, values, strict=True)]


def oldest_page(scope: Scope, now: datetime, files: Sequence[OldFile]) -> ChartPage:
    labels = []
    for file in files:
        known = {"code": digits(file.tracking_code), "state": state_name(file.state)}
        if scope.university is None:
            place = scope.short_name(file.university_code)
            labels.append(t("report.old_file_at", **known, university=place))
        else:
            labels.append(t("report.old_file", **known))
    ages = [(now - file.submitted_at) // timedelta(days=1) for file in files]
    chart = Chart(
        t("report.oldest.chart"),
        "bars",
        t("report.file"),
        t("report.days"),
        labels,
        [Series(t("report.days"), ages)],
        labels_share=0.7,
    )
    return _page("oldest", scope, now, [chart])


def fees_page(
    scope: Scope, now: datetime, months: Sequence[Period], paid: Sequence[tuple[int, int]]
) -> ChartPage:
    names = [month.name for month in months]
    charts = (
        Chart(
            t("report.fees.chart"),
            "bars",
            t("report.month_head"),
            t("report.toman"),
            names,
            [Series(t("report.toman"), [rial // 10 for _, rial in paid])],
        ),
        Chart(
            t("report.fees.number"),
            "columns",
            t("report.month_head"),
            t("report.payments"),
            names,
            [Series(t("report.payments"), [number for number, _ in paid])],
            [month.tick for month in months],
        ),
    )
    return _page("fees", scope, now, charts)


def experts_page(scope: Scope, now: datetime, experts: Sequence[ExpertDecisions]) -> ChartPage:
    series = [
        Series(t(f"report.{decision}"), [one.counts.get(decision, 0) for one in experts])
        for decision in DECISIONS
    ]
    chart = Chart(
        t("report.experts.chart"),
        "bars",
        t("report.expert"),
        t("report.decisions"),
        [one.name for one in experts],
        series,
        most=12,
    )
    return _page("experts", scope, now, [chart])
