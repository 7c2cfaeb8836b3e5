"""Tables that old systems write as HTML or as XML of Excel 2003 and name «.xls», row by row in bounded memory."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import date
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from typing import Protocol
from xml.parsers import expat

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

EXCEL_2003 = "urn:schemas-microsoft-com:office:spreadsheet"
#: Rows of a worksheet of Excel.
_ROWS = 1 << 20
_PIECE = 64 << 10
#: Characters of a tag or text that is not finished yet, tables inside tables, tables of a file.
_UNFINISHED, _DEPTH, _TABLES = 2 << 20, 20, 200
_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?([\w-]+)""", re.IGNORECASE)


class _Tables(Protocol):
    """A parser that is fed in pieces. `ready` are finished rows, each with the index of its table and its number there;
    whoever takes them empties it."""

    ready: list[tuple[int, int, list[Cell]]]
    names: list[str]

    def take(self, text: str, *, last: bool) -> None: ...


def open_markup(path: Path) -> list[Sheet]:
    """The tables of a file that begins with a tag. Raises UnusableFile."""
    with path.open("rb") as file:
        start = file.read(4096)
    encoding = _encoding(start)
    make = _ExcelXml if EXCEL_2003.encode() in start.replace(b"\0", b"") else _Html
    names: dict[int, str] = {}
    for index, name, *_ in _read(path, encoding, make):
        names.setdefault(index, name)
    size = path.stat().st_size
    return [Sheet(name, partial(_rows, path, encoding, make, index), size) for index, name in names.items()]


def _rows(path: Path, encoding: str, make: Callable[[], _Tables], wanted: int) -> Generator[TableRow]:
    for index, _, number, cells, position in _read(path, encoding, make):
        if index == wanted and not is_empty(cells):
            yield TableRow(number, cells, position=position)


def _read(
    path: Path, encoding: str, make: Callable[[], _Tables]
) -> Iterator[tuple[int, str, int, list[Cell], int]]:
    """(index and name of the table, number, cells, bytes read) of every row."""
    parser, decoder = make(), codecs.getincrementaldecoder(encoding)("replace")
    with path.open("rb") as file:
        while True:
            data = file.read(_PIECE)
            parser.take(decoder.decode(data, not data), last=not data)
            ready, parser.ready = parser.ready, []
            for index, number, cells in ready:
                yield index, parser.names[index], number, cells, file.tell()
            if not data:
                return


def _encoding(start: bytes) -> str:
    """By the mark at the beginning, by what the file says of itself, else UTF-8 or Windows-1256."""
    for mark, name in ((codecs.BOM_UTF8, "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if start.startswith(mark):
            return name
    if start[1:2] == b"\0":
        return "utf-16-le"
    said = _CHARSET.search(start)
    if said is not None:
        try:
            name = codecs.lookup(said[1].decode("ascii")).name
        except LookupError:
            name = ""
        if name and not name.startswith("utf-16"):
            return name
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return "cp1256"
    return "utf-8"


class _Cells:
    """The row that is being read; cells and columns beyond the bounds are dropped."""

    def __init__(self, held: Mapping[int, int] = MappingProxyType({})) -> None:
        """`held`: columns over which cells of earlier rows go down, and for how many rows from here."""
        self.cells: list[Cell] = []
        self.words: list[str] | None = None
        self.length = 0
        self.span = self.down = 1
        self.held = held
        #: The same for the next row.
        self.held_below = {column: rows - 1 for column, rows in held.items() if rows > 1}
        #: Whether a tag of a row was met, which counts as a row even without cells.
        self.begun = False

    def open(self, span: int, down: int) -> None:
        self.close()
        self.words, self.length, self.span, self.down = [], 0, max(1, span), down

    def add(self, text: str) -> None:
        if self.words is not None and self.length <= CELL:
            self.words.append(text[: CELL + 1])
            self.length += len(text)

    def close(self) -> None:
        if self.words is not None:
            self.put(" ".join("".join(self.words).split())[: CELL + 1])
        self.words = None

    def put(self, cell: Cell) -> None:
        while len(self.cells) in self.held:
            self.cells.append("")
        if self.down > 1:
            columns = range(len(self.cells), min(len(self.cells) + self.span, COLUMNS))
            self.held_below |= dict.fromkeys(columns, self.down - 1)
        self.cells += [cell, *[""] * (self.span - 1)]
        del self.cells[COLUMNS:]
        self.span = self.down = 1


class _Html(HTMLParser):
    """`<table>`s, one inside another too: each is a table of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.ready: list[tuple[int, int, list[Cell]]] = []
        self.names: list[str] = []
        self._open: list[tuple[int, _Cells]] = []
        #: By table, the rows that are finished.
        self._numbers = Counter[int]()

    def take(self, text: str, *, last: bool) -> None:
        self.feed(text)
        if len(self.rawdata) > _UNFINISHED:
            raise UnusableFile("bomb")
        if last:
            self.close()
            while self._open:
                self._end_row()
                self._open.pop()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            if len(self._open) >= _DEPTH or len(self.names) >= _TABLES:
                raise UnusableFile("not_a_table")
            self._open.append((len(self.names), _Cells()))
            self.names.append("")
        elif not self._open:
            return
        elif tag == "tr":
            self._end_row()
            self._open[-1][1].begun = True
        elif tag in ("td", "th"):
            said = dict(attrs)
            across, down = (_number(said.get(name), COLUMNS, 1) for name in ("colspan", "rowspan"))
            self._open[-1][1].open(across, down)
        elif tag in ("br", "p", "div"):
            self._open[-1][1].add(" ")

    def handle_endtag(self, tag: str) -> None:
        if not self._open:
            return
        if tag in ("td", "th"):
            self._open[-1][1].close()
        elif tag == "tr":
            self._end_row()
        elif tag == "table":
            self._end_row()
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1][1].add(data)

    def _end_row(self) -> None:
        index, row = self._open[-1]
        row.close()
        if row.cells or row.begun:
            self._numbers[index] += 1
            self.ready.append((index, self._numbers[index], row.cells))
            self._open[-1] = (index, _Cells(row.held_below))
        else:
            self._open[-1] = (index, _Cells(row.held))


def _number(said: str | None, most: int, default: int = 0) -> int:
    return min(int(said[:9]), most) if said and said.isascii() and said.isdecimal() else default


class _ExcelXml:
    """The «XML Spreadsheet 2003» of Excel: worksheets with rows of cells of data."""

    def __init__(self) -> None:
        self.ready: list[tuple[int, int, list[Cell]]] = []
        self.names: list[str] = []
        self._row, self._number = _Cells(), 0
        self._kind: str | None = None
        self._formula = ""
        self._fed = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.EntityDeclHandler = self._refuse

    def take(self, text: str, *, last: bool) -> None:
        # The text is decoded already; and blanks before a declaration would be a mistake.
        if not self._fed:
            text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
        self._fed += len(text)
        try:
            self._parser.Parse(text, last)
        except expat.ExpatError as error:
            raise UnusableFile("broken_workbook") from error
        if self._fed - self._parser.CurrentByteIndex > 8 * _UNFINISHED:
            raise UnusableFile("bomb")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.removeprefix(f"{EXCEL_2003} ")
        said = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        if tag == "Worksheet":
            if len(self.names) >= _TABLES:
                raise UnusableFile("bomb")
            self.names.append(said.get("Name", ""))
            self._number = 0
        elif tag == "Row":
            # Empty rows before it may be left out.
            self._row, self._number = _Cells(), max(self._number + 1, _number(said.get("Index"), _ROWS))
        elif tag == "Cell":
            missing = _number(said.get("Index"), COLUMNS) - 1 - len(self._row.cells)
            self._row.cells += [""] * missing
            self._formula = said.get("Formula", "")
            self._row.span = 1 + _number(said.get("MergeAcross"), COLUMNS)
        elif tag == "Data":
            self._kind = said.get("Type", "String")
            self._row.words, self._row.length = [], 0

    def _text(self, text: str) -> None:
        if self._kind is not None:
            self._row.add(text)

    def _end(self, name: str) -> None:
        tag = name.removeprefix(f"{EXCEL_2003} ")
        if tag == "Data" and self._kind is not None:
            text = "".join(self._row.words or [])
            self._row.words = None
            unknown = self._formula and not text.strip()  # a value beside a formula is what people see
            self._row.put(Formula(self._formula[:CELL]) if unknown else _value(self._kind, text))
            self._kind = None
        elif tag == "Cell" and self._row.span > 1:
            self._row.put("")  # nothing in it
        elif tag == "Row" and self.names:
            self.ready.append((len(self.names) - 1, self._number, self._row.cells))

    def _refuse(self, *arguments: object) -> None:
        raise UnusableFile("broken_workbook")


def _value(kind: str, text: str) -> Cell:
    if kind == "Error":
        return ""
    if kind == "DateTime":
        try:
            return date.fromisoformat(text[:10])
        except ValueError:
            return text[: CELL + 1]
    if kind == "Number":
        try:
            return plain(float(text))
        except ValueError:
            return text[: CELL + 1]
    return text[: CELL + 1]
