"""What a report shows: titled tables of a label and a count, and longer tables for the spreadsheet only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Bars:
    """One panel of the picture: counts by label, in reading order."""

    title: str
    rows: Sequence[tuple[str, int]]
    #: What the counts are called.
    unit: str


@dataclass(frozen=True, slots=True)
class ReportTable:
    """One sheet of the spreadsheet."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str | int]]


@dataclass(frozen=True, slots=True)
class StatisticsReport:
    title: str
    subtitle: str
    bars: Sequence[Bars]
    tables: Sequence[ReportTable]


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
