"""Excel workbooks, row by row; however small a file is packed, memory stays bounded (workbook.py,
xml_records.py)."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Any

from defusedxml import DefusedXmlException
from openpyxl.utils.exceptions import InvalidFileException

from bot.legacy_import.readers.table import (
    CELL,
    COLUMNS,
    Cell,
    Formula,
    Sheet,
    TableRow,
    UnusableFile,
    is_empty,
)
from bot.legacy_import.readers.values import plain
from bot.legacy_import.readers.workbook import Parts, Workbook
from bot.legacy_import.readers.xml_records import Records, TooLargeError

#: Empty rows after which the rest is taken for formatting without contents.
EMPTY_ROWS = 10_000
# SyntaxError is the parent of what both XML parsers raise, that of the library and lxml (openpyxl takes the one that is there).
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, InvalidFileException, DefusedXmlException, SyntaxError,
    ValueError, KeyError, IndexError, TypeError, AttributeError, OSError, EOFError, NotImplementedError,
    OverflowError, RecursionError,
)  # fmt: skip


def open_xlsx(path: Path) -> list[Sheet]:
    """The sheets that can be seen. Raises UnusableFile."""
    try:
        parts = Parts(path)
        if not {"xl/workbook.xml", "[Content_Types].xml"} & set(parts.namelist()):
            raise UnusableFile("not_a_table")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            workbook = Workbook(parts)
            return [
                Sheet(name, partial(_lines, parts, part, workbook), parts.getinfo(part).file_size)
                for name, part in workbook.visible_sheets()
            ]
    except TooLargeError:
        raise UnusableFile("bomb") from None
    except _BROKEN as error:
        raise UnusableFile("broken_xlsx") from error


def _lines(parts: Parts, part: str, workbook: Workbook) -> Generator[TableRow]:
    """Rows with anything in them. Raises UnusableFile where the workbook breaks off."""
    number = empty = 0
    parser = workbook.rows()
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
    if kind == "f":
        return Formula(str(value)[:CELL])
    if kind == "e":
        return ""  # #N/A, #REF! and their kin are nothing
    return plain(value)
