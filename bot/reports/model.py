"""What a report shows: pages of charts, longer tables for the spreadsheet only, lists by row, sheets of facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

#: A number of a chart; None where nothing is known (a median of no files).
Value = int | float | None
Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    values: Sequence[Value]


@dataclass(frozen=True, slots=True)
class Chart:
    """Numbers by label, a value of each series for every label.

    "columns" stand beside each other in the order of time, the first label on the right; "bars" lie below each other.
    """

    title: str
    form: Literal["columns", "bars"]
    #: What the labels are, and what the values are: the names of the columns of its table.
    label: str
    unit: str
    labels: Sequence[str]
    series: Sequence[Series]
    #: Short labels, below columns.
    ticks: Sequence[str] = ()
    #: How many of the bars a page shows; the spreadsheet has all.
    most: int = 15
    #: The part of the page's width that the labels of bars have.
    labels_share: float = 0.44

    @property
    def empty(self) -> bool:
        """Whether nothing was counted. A median of less than an hour is 0.0, and something."""
        values = [value for series in self.series for value in series.values]
        return not any(value or isinstance(value, float) for value in values)


@dataclass(frozen=True, slots=True)
class ChartPage:
    """One question with its answer: a page of the PDF, or one picture."""

    title: str
    subtitle: str
    charts: Sequence[Chart]
    #: How it was counted.
    note: str


@dataclass(frozen=True, slots=True)
class ReportTable:
    """One sheet of the spreadsheet."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class StatisticsReport:
    title: str
    issuer: str
    pages: Sequence[ChartPage]
    tables: Sequence[ReportTable]
    #: Said where a chart has nothing to show.
    nothing: str
    #: For the file's own data.
    made_at: datetime


@dataclass(frozen=True, slots=True)
class RowExport:
    """A list by row: what it is of as (label, value), the head, the rows, and the sum of each column that has one."""

    title: str
    about: Sequence[tuple[str, str]]
    head: Sequence[str]
    rows: Sequence[Sequence[str | int]]
    sums: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a PDF of one page says. `facts` are (label, value); `link` is what the QR code leads to, if there is one."""

    title: str
    issuer: str
    facts: tuple[tuple[str, str], ...]
    note: str
    issued: str
    link: str | None
    #: For the file's own data.
    made_at: datetime
