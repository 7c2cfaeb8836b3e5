"""A report as a whole: its figures piece by piece.

Each piece is a unit of its own on a connection for large reads: a week, a month, or a few universities. So nobody waits for a
report, and none reads for long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from sqlmodel import Session

from bot.core.context import Actor
from bot.reports.model import ChartPage, ReportTable, StatisticsReport
from bot.services.statistics import charts, counts, details, durations, periods
from bot.services.statistics.periods import Period
from bot.services.statistics.scope import Scope, scope_of
from bot.texts import t
from bot.texts.formats import jalali_time
from storage.database.database import Database

T = TypeVar("T")
#: Universities that one unit reads.
PIECE = 8
#: What a report tells of: this many weeks and months, this many of the oldest files, decisions of this many days.
WEEKS, MONTHS, OLDEST, DAYS = 13, 12, 10, 30


@dataclass(frozen=True, slots=True)
class _Reader:
    database: Database
    scope: Scope
    now: datetime

    async def read(self, unit: Callable[[Session], T]) -> T:
        return await self.database.read(unit, large=True)

    def some_universities(self) -> Iterator[list[str]]:
        codes = self.scope.codes
        return (codes[start : start + PIECE] for start in range(0, len(codes), PIECE))

    def quarters(self) -> tuple[Period, Period]:
        return periods.quarters(self.now)


async def read(
    database: Database, *, actor: Actor, questions: Sequence[str], now: datetime
) -> StatisticsReport:
    """The pages of these `QUESTIONS`, in their order. Raises NotAllowed."""
    scope = await database.read(partial(scope_of, actor=actor), large=True)
    reader = _Reader(database, scope, now)
    pages = [await QUESTIONS[question](reader) for question in questions]
    title = t("report.title")
    issuer = t("report.subtitle", place=scope.title, time=jalali_time(now))
    return StatisticsReport(title, issuer, pages, _tables(pages), t("report.nothing"), now)


def _tables(pages: Sequence[ChartPage]) -> list[ReportTable]:
    """What each page is of and how it was counted."""
    rows = [(page.title, page.subtitle, page.note) for page in pages]
    head = (t("report.question"), t("report.of"), t("report.how"))
    return [ReportTable(t("report.about"), head, rows)]


async def _now(reader: _Reader) -> ChartPage:
    files = await reader.read(partial(counts.open_files, scope=reader.scope, now=reader.now))
    by_university = Counter[str]()
    for codes in reader.some_universities():
        by_university += await reader.read(partial(counts.open_by_university, codes=codes))
    return charts.now_page(reader.scope, reader.now, files, by_university)


async def _weeks(reader: _Reader) -> ChartPage:
    weeks = periods.weeks(reader.now, WEEKS)
    found = [
        await reader.read(partial(counts.period_counts, scope=reader.scope, period=week)) for week in weeks
    ]
    return charts.weeks_page(reader.scope, reader.now, weeks, found)


async def _first(reader: _Reader) -> ChartPage:
    found = []
    for quarter in reader.quarters():
        parts = [
            await reader.read(partial(durations.until_only_decision, codes=codes, period=quarter))
            for codes in reader.some_universities()
        ]
        parts += [
            await reader.read(partial(durations.until_first_deficiencies, scope=reader.scope, period=week))
            for week in _weeks_of(quarter)
        ]
        found.append(durations.merged(parts))
    return charts.speed_page("first", reader.scope, reader.now, reader.quarters(), found)


async def _end(reader: _Reader) -> ChartPage:
    found = []
    for quarter in reader.quarters():
        parts = [
            await reader.read(partial(durations.until_end, codes=codes, period=quarter))
            for codes in reader.some_universities()
        ]
        found.append(durations.merged(parts))
    return charts.speed_page("end", reader.scope, reader.now, reader.quarters(), found)


async def _deficiencies(reader: _Reader) -> ChartPage:
    rounds, items, reasons = [], [], []
    for quarter in reader.quarters():
        by_round = Counter[int]()
        for codes in reader.some_universities():
            by_round += await reader.read(partial(durations.rounds_of_ended, codes=codes, period=quarter))
        rounds.append(by_round)
        by_item, by_reason = Counter[str](), Counter[str]()
        for week in _weeks_of(quarter):
            by_item += await reader.read(partial(details.deficient_items, scope=reader.scope, period=week))
            by_reason += await reader.read(partial(details.given_reasons, scope=reader.scope, period=week))
        items.append(by_item)
        reasons.append(by_reason)
    names = await reader.read(partial(details.names_of_items, items=items[0] | items[1]))
    return charts.deficiencies_page(
        reader.scope, reader.now, reader.quarters(), rounds, items, names, reasons
    )


def _weeks_of(quarter: Period) -> Iterator[Period]:
    since = quarter.since
    while since < quarter.until:
        until = min(since + timedelta(weeks=1), quarter.until)
        yield Period("", "", since, until)
        since = until


async def _oldest(reader: _Reader) -> ChartPage:
    files = [
        file
        for codes in reader.some_universities()
        for file in await reader.read(partial(details.oldest_files, codes=codes, limit=OLDEST))
    ]
    files.sort(key=lambda file: (file.submitted_at, file.tracking_code))
    return charts.oldest_page(reader.scope, reader.now, files[:OLDEST])


async def _fees(reader: _Reader) -> ChartPage:
    months = periods.months(reader.now, MONTHS)
    paid = [await reader.read(partial(counts.fees, scope=reader.scope, period=month)) for month in months]
    return charts.fees_page(reader.scope, reader.now, months, paid)


async def _experts(reader: _Reader) -> ChartPage:
    last = Period("", "", reader.now - timedelta(days=DAYS), reader.now + timedelta(minutes=1))
    decisions = Counter[tuple[int, str]]()
    for week in _weeks_of(last):
        decisions += await reader.read(partial(details.expert_decisions, scope=reader.scope, period=week))
    experts = await reader.read(partial(details.by_expert, decisions=decisions))
    return charts.experts_page(reader.scope, reader.now, experts)


#: What a report answers, in the order of its pages; each has its texts under «report».
QUESTIONS: dict[str, Callable[[_Reader], Awaitable[ChartPage]]] = {
    "now": _now,
    "weeks": _weeks,
    "first": _first,
    "end": _end,
    "deficiencies": _deficiencies,
    "oldest": _oldest,
    "fees": _fees,
    "experts": _experts,
}
