"""From a file to the table in it: what kind of file it is, which sheet holds the data, and which row the headings."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from bot.legacy_import.columns import score
from bot.legacy_import.readers.calamine_reader import open_workbook
from bot.legacy_import.readers.csv_reader import open_csv
from bot.legacy_import.readers.markup_tables import open_markup
from bot.legacy_import.readers.table import (
    HEAD_ROWS,
    Cell,
    ImportTable,
    Sheet,
    TableRow,
    UnusableFile,
)
from bot.legacy_import.readers.workbook import Parts
from bot.legacy_import.readers.xlsx_reader import open_xlsx
from bot.legacy_import.readers.xml_records import TooLargeError

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: The stream in which Office keeps a workbook that has a password.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_STRICT = b"http://purl.oclc.org/ooxml/"
_OTHERS = (
    b"%PDF",
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"GIF8",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
    b"SQLite format 3",
    b"MIME-Version:",
)
_BROKEN_ZIP = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error)
#: Bytes of an OLE file in which its list of streams is looked for.
_DIRECTORY = 16 << 20


def open_table(path: Path) -> ImportTable:
    """The sheet and row with the most known headings, by what the file is and not by its name. Raises UnusableFile."""
    try:
        return _find_headings(_sheets(path))
    except OSError as error:
        raise UnusableFile("no_file", path=path) from error


def _sheets(path: Path) -> list[Sheet]:
    with path.open("rb") as file:
        start = file.read(512)
        if start.startswith(_OLE) and _ENCRYPTED in start + file.read(_DIRECTORY):
            raise UnusableFile("locked_file")
    if start.startswith(_ZIP):
        return open_workbook(path) if _is_other_workbook(path) else open_xlsx(path)
    if start.startswith(_OLE):
        return open_workbook(path)
    if start.startswith(_OTHERS):
        raise UnusableFile("not_a_table")
    if not start:
        raise UnusableFile("empty_file")
    if start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<"):
        if sheets := open_markup(path):
            return sheets
        raise UnusableFile("not_a_table")
    return [open_csv(path, score)]


def _is_other_workbook(path: Path) -> bool:
    """ODS, XLSB, and the strict form of XLSX, which openpyxl does not read."""
    try:
        with Parts(path) as parts:
            names = set(parts.namelist())
            if "xl/workbook.bin" in names or {"content.xml", "mimetype"} <= names:
                return True
            if "xl/workbook.xml" not in names:
                return False
            with parts.open("xl/workbook.xml") as part:
                return _STRICT in part.read(4096)
    except TooLargeError:
        raise UnusableFile("bomb") from None
    except (*_BROKEN_ZIP, ValueError, KeyError, EOFError, NotImplementedError):
        return False  # the reader of XLSX says what is wrong with it


def _find_headings(sheets: list[Sheet]) -> ImportTable:
    """Raises UnusableFile where all sheets are empty, and what the first of them raised where none can be read."""
    best: tuple[tuple[int, bool], ImportTable] | None = None
    broken: UnusableFile | None = None
    for sheet in sheets:
        try:
            with closing(sheet.rows()) as rows:
                head = list(islice(rows, HEAD_ROWS))
        except UnusableFile as error:
            broken = broken or error
            continue
        for place, row in enumerate(head):
            header = _headings(row)
            for headings in (header, _below_merged(_headings(head[place - 1]), header) if place else []):
                merit = (score(headings), place + 1 < len(head))
                if best is None or merit > best[0]:
                    table = ImportTable(headings, iter(()), sheet.name, row.number, sheet.size)
                    best, chosen = (merit, table), sheet
    if best is None:
        raise broken or UnusableFile("empty_file")
    table = best[1]
    table.lines = _below(chosen, table.header_row)
    return table


def _below(sheet: Sheet, header_row: int) -> Iterator[TableRow]:
    rows = sheet.rows()
    for row in rows:
        if row.number == header_row:
            break
    yield from rows


def _below_merged(above: list[str], header: list[str]) -> list[str]:
    """Headings of two rows as one: a heading of the upper row goes down over a cell that is empty. No headings where the lower
    row names no column itself."""
    if not score(header):
        return []
    above, header = (cells + [""] * (max(len(above), len(header)) - len(cells)) for cells in (above, header))
    return [lower if lower.strip() else upper for upper, lower in zip(above, header, strict=True)]


def _headings(row: TableRow) -> list[str]:
    return [_heading(cell) for cell in row.cells]


def _heading(cell: Cell) -> str:
    return cell if isinstance(cell, str) else ""
