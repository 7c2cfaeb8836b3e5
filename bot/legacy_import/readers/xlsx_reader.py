"""Excel workbooks, row by row; however small a file is packed, memory stays bounded (workbook.py,
xml_records.py)."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from openpyxl.utils.exceptions import InvalidFileException

from bot.legacy_import.readers.table import (
    CELL,
    COLUMNS,
    Cell,
    Formula,
    ImportTable,
    TableRow,
    UnusableFile,
    is_empty,
)
from bot.legacy_import.readers.workbook import Parts, RowParser, Workbook
from bot.legacy_import.readers.xml_records import Records, TooLargeError

#: Empty rows after which the rest is taken for formatting without contents.
EMPTY_ROWS = 10_000
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, InvalidFileException, DefusedXmlException, ParseError,
    ValueError, KeyError, IndexError, TypeError, AttributeError, OSError, EOFError, NotImplementedError,
    OverflowError, RecursionError,
)  # fmt: skip


def open_xlsx(path: Path) -> ImportTable:
    """The first sheet that can be seen. Raises UnusableFile."""
    try:
        parts = Parts(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            workbook = Workbook(parts)
            part = workbook.first_sheet()
        if part is None:
            raise UnusableFile("empty_file")
        lines = _lines(parts, part, workbook.rows())
        for line in lines:
            if not is_empty(line.cells):
                header = [cell if isinstance(cell, str) else "" for cell in line.cells]
                return ImportTable(header, lines, size=parts.getinfo(part).file_size)
    except TooLargeError:
        raise UnusableFile("bomb") from None
    except _BROKEN as error:
        raise UnusableFile("broken_xlsx") from error
    raise UnusableFile("empty_file")


def _lines(parts: Parts, part: str, parser: RowParser) -> Iterator[TableRow]:
    """Rows with anything in them. Raises UnusableFile where the workbook breaks off."""
    number = empty = 0
    try:
        with warnings.catch_warnings(), parts.open(part) as source:
            warnings.simplefilter("ignore")
            for row in (records := Records(source, parser.tag)):
                number, parsed = parser.cells(row)
                cells = _cells(parsed)
                if is_empty(cells):
                    empty += 1
                    if empty > EMPTY_ROWS:
                        return
                    continue
                empty = 0
                yield TableRow(number, cells, position=records.read_bytes)
    except TooLargeError:
        raise UnusableFile("bomb_at", row=number + 1) from None
    except _BROKEN as error:
        raise UnusableFile("broken_xlsx_at", row=number + 1) from error


def _cells(parsed: list[dict[str, Any]]) -> list[Cell]:
    """By their columns, gaps filled; cells far to the right are dropped."""
    placed = {
        cell["column"]: _cell(cell["value"], cell["data_type"])
        for cell in parsed
        if 1 <= cell["column"] <= COLUMNS
    }
    return [placed.get(column, "") for column in range(1, max(placed, default=0) + 1)]


def _cell(value: Any, kind: str) -> Cell:
    """The value as people would type it. A whole number has no «.0», and none is written with an exponent."""
    if kind == "f":
        return Formula(str(value)[:CELL])
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case datetime():
            return value.date()
        case date():
            return value
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
    return str(value)[: CELL + 1]
