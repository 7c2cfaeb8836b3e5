"""Excel workbooks, row by row through openpyxl; their table of texts lies in a temporary file, not in memory."""

from __future__ import annotations

import tempfile
import warnings
import zipfile
from array import array
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from bot.moving_in.sheet import CELL, COLUMNS, Cell, Formula, Line, Sheet, UnusableFile, is_empty

#: Bytes that the parts of a workbook may unpack to, and how much smaller they may have been.
UNPACKED = 4 << 30
RATIO = 200
_SMALL = 16 << 20
#: Empty rows after which the rest is taken for formatting without contents.
EMPTY_ROWS = 10_000
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, InvalidFileException, DefusedXmlException, ParseError,
    ValueError, KeyError, IndexError, TypeError, AttributeError, OSError, EOFError, NotImplementedError,
)  # fmt: skip


class Texts:
    """The workbook's table of texts, in a file that goes with it."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._starts = array("Q", [0])

    def append(self, text: str) -> None:
        raw = text[: CELL + 1].encode("utf-8", "replace")
        self._file.write(raw)
        self._starts.append(self._starts[-1] + len(raw))

    def __getitem__(self, place: int) -> str:
        start, end = self._starts[place], self._starts[place + 1]
        self._file.seek(start)
        return self._file.read(end - start).decode("utf-8")

    def __len__(self) -> int:
        return len(self._starts) - 1


class _Reader(ExcelReader):  # type: ignore[misc]
    """openpyxl's, but the texts go into a file. Only what a table needs is read: no styles but those of dates."""

    def read_strings(self) -> None:
        self.shared_strings = texts = Texts()
        part = self.package.find(SHARED_STRINGS)
        if part is None:
            return
        item, text, phonetic = (f"{{{SHEET_MAIN_NS}}}{tag}" for tag in ("si", "t", "rPh"))
        with self.archive.open(part.PartName[1:]) as source:
            root = None
            for event, node in iterparse(source, ("start", "end")):
                if root is None:
                    root = node
                if event == "end" and node.tag == phonetic:
                    node.clear()
                elif event == "end" and node.tag == item:
                    texts.append("".join(one.text or "" for one in node.iter(text)))
                    root.clear()


def open_xlsx(path: Path) -> Sheet:
    """The first sheet that can be seen. Raises UnusableFile."""
    try:
        _refuse_bombs(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader = _Reader(str(path), read_only=True, keep_links=False)
            reader.read()
        visible = [sheet for sheet in reader.wb.worksheets if sheet.sheet_state == "visible"]
        if not visible:
            raise UnusableFile("empty_file")
        size = visible[0].max_row or 0
        lines = _lines(visible[0])
        for line in lines:
            if not is_empty(line.cells):
                header = [cell if isinstance(cell, str) else "" for cell in line.cells]
                return Sheet(header, lines, size)
    except _BROKEN as error:
        raise UnusableFile("broken_xlsx") from error
    raise UnusableFile("empty_file")


def _refuse_bombs(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        if any(part.flag_bits & 1 for part in parts):
            raise UnusableFile("locked_file")
        unpacked, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
        if unpacked > UNPACKED or (unpacked > _SMALL and unpacked > RATIO * packed):
            raise UnusableFile("bomb")
        if "xl/workbook.xml" not in archive.namelist() and "[Content_Types].xml" not in archive.namelist():
            raise UnusableFile("not_a_table")


def _lines(sheet: Any) -> Iterator[Line]:
    """Rows with anything in them. Raises UnusableFile where the workbook breaks off."""
    sheet.reset_dimensions()
    number = empty = 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for row in sheet.iter_rows():
                number += 1
                cells = [_cell(one) for one in row[:COLUMNS]]
                if is_empty(cells):
                    empty += 1
                    if empty > EMPTY_ROWS:
                        return
                    continue
                empty = 0
                yield Line(number, cells, position=number)
    except _BROKEN as error:
        raise UnusableFile("broken_xlsx_at", row=number + 1) from error


def _cell(cell: Any) -> Cell:
    """The value as people would type it. A whole number has no «.0», and none is written with an exponent."""
    value, kind = cell.value, cell.data_type
    if kind == "f":
        return Formula(str(getattr(value, "text", value))[:CELL])
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
