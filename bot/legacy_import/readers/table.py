"""A table of rows, whatever the file is: what the readers of CSV and XLSX have in common."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import date

from bot.texts import t

#: Characters of a cell that are looked at. One more tells that it was longer.
CELL = 2000
COLUMNS = 200
#: Rows of a sheet in which the headings are looked for.
HEAD_ROWS = 30


class UnusableFile(Exception):
    """Nothing of this file can be read; the message is a sentence for people."""

    def __init__(self, key: str, **args: object) -> None:
        super().__init__(t(f"import.{key}", **args))


@dataclass(frozen=True, slots=True)
class Formula:
    """A cell that holds a formula instead of a value."""

    text: str


#: What a cell holds. A day comes from a spreadsheet's own dates, which are Gregorian.
Cell = str | date | Formula


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row. `number` is the one that a spreadsheet shows beside it."""

    number: int
    cells: list[Cell]
    #: Text key under `import.` of what makes the whole row unreadable.
    broken: str | None = None
    #: How far the file is read after it, in the unit of `ImportTable.size`.
    position: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of one table of a file, before its headings are found. `size` is the length of the whole in the unit of
    `TableRow.position`, 0 where unknown."""

    name: str
    #: Begins anew with every call. Its iterator raises UnusableFile where the file breaks off.
    rows: Callable[[], Generator[TableRow]]
    size: int = 0


@dataclass(slots=True)
class ImportTable:
    """The rows under a row of headings, which is the one numbered `header_row`."""

    header: list[str]
    lines: Iterator[TableRow]
    sheet: str = ""
    header_row: int = 1
    size: int = 0


def is_empty(cells: list[Cell]) -> bool:
    return all(isinstance(cell, str) and not cell.strip() for cell in cells)
