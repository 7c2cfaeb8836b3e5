"""Text tables: the encoding and the separator found out, every row on its own, nothing kept in memory."""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TextIO

from bot.legacy_import.readers.table import CELL, COLUMNS, HEAD_ROWS, Sheet, TableRow, UnusableFile, is_empty

#: Characters of a line; a longer one is skipped.
LINE = 64_000
#: Lines that a quoted cell may go over; after that the quote is taken for a slip.
LINES_OF_A_ROW = 20
_CHUNK = 1 << 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, ""),
    (codecs.BOM_UTF32_BE, ""),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: What a byte that is no letter is read as.
UNREADABLE = "\ufffd"
_SEPARATORS = (",", ";", "\t", "|", "؛")
#: How reports keep the zeros of a number from Excel: ="0012".
_AS_TEXT = re.compile(r'="([^"]*)"')
#: Excel's own first line, which names the separator.
_SEP_LINE = re.compile(r'"?sep=(.)"?,*\s*', re.IGNORECASE)

Score = Callable[[list[str]], int]


def open_csv(path: Path, score: Score) -> Sheet:
    """`score` counts the columns that are known in a header. Raises UnusableFile."""
    encoding = find_encoding(path, score)
    with closing(_open(path, encoding)) as lines:
        head = [raw for raw, _ in islice(lines, HEAD_ROWS) if raw is not None]
    if not any(raw.strip(' \t\r\n,;|"؛') for raw in head):
        raise UnusableFile("empty_file")
    named = next((match for raw in head[:2] if (match := _SEP_LINE.fullmatch(raw))), None)
    separator = named[1] if named else _separator(head, score)
    return Sheet("", partial(_read_rows, path, encoding, separator), path.stat().st_size)


def find_encoding(path: Path, score: Score) -> str:
    """UTF-8 or UTF-16 by their marks; else UTF-8 where most lines are, else Windows-1256. Raises
    UnusableFile."""
    with path.open("rb") as file:
        start = file.read(16384)
        for mark, encoding in _BOMS:
            if start.startswith(mark):
                if not encoding:
                    raise UnusableFile("bad_encoding")
                return encoding
        if b"\0" in start:
            return _utf16_without_mark(start)
        file.seek(0)
        good = bad = 0
        while line := file.readline(_CHUNK):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                good += 1
            except UnicodeDecodeError:
                bad += 1
            if b"\0" in line:
                raise UnusableFile("not_a_table")
    if bad <= good:
        return "utf-8"
    lines = [line.decode("cp1256") for line in start.splitlines()[:HEAD_ROWS]]
    if _best(lines, _separator(lines, score), score):
        return "cp1256"
    raise UnusableFile("bad_encoding")


def _utf16_without_mark(start: bytes) -> str:
    """The high bytes of ASCII signs are zero: at odd places, or at even ones. Raises UnusableFile."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if max(even, odd) < len(start) // 16 or min(even, odd) > max(even, odd) // 16:
        raise UnusableFile("not_a_table")
    return "utf-16-le" if odd > even else "utf-16-be"


def _separator(lines: list[str], score: Score) -> str:
    """The one that makes the most known columns of any line, and the most cells of it."""

    def merit(separator: str) -> tuple[int, int]:
        return _best(lines, separator, score), max(line.count(separator) for line in lines)

    return max(_SEPARATORS, key=merit)


def _best(lines: list[str], separator: str, score: Score) -> int:
    """How many columns the best of these lines names."""
    return max((score(_split([line], separator) or []) for line in lines), default=0)


def _split(lines: list[str], separator: str) -> list[str] | None:
    """The cells of one row; None where its quotes are broken."""
    csv.field_size_limit(LINE * LINES_OF_A_ROW)
    try:
        rows = list(csv.reader(lines, delimiter=separator, strict=True))
    except csv.Error:
        return None
    return [_content(cell) for cell in rows[0]] if len(rows) == 1 else None


def _content(cell: str) -> str:
    if cell.startswith('="') and (as_text := _AS_TEXT.fullmatch(cell)):
        cell = as_text[1]
    return cell[: CELL + 1]


class _Lines(Iterator[tuple[str | None, int]]):
    """Lines with their position (a rough one, in bytes); None for one that is too long. Lines can be put
    back."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._back: deque[tuple[str | None, int]] = deque()

    def __next__(self) -> tuple[str | None, int]:
        if self._back:
            return self._back.popleft()
        line = "" if self._file.closed else self._file.readline(LINE)
        if not line:
            self._file.close()
            raise StopIteration
        too_long = False
        while line and not line.endswith("\n") and len(line) == LINE:
            too_long = True
            line = self._file.readline(LINE)
        return (None if too_long else line), self._file.buffer.tell()

    def close(self) -> None:
        self._file.close()

    def put_back(self, lines: list[tuple[str | None, int]]) -> None:
        self._back.extendleft(reversed(lines))


def _open(path: Path, encoding: str) -> _Lines:
    return _Lines(path.open(encoding=encoding, errors="replace", newline=None))


def _read_rows(path: Path, encoding: str, separator: str) -> Generator[TableRow]:
    """The rows with anything in them, from the first line on."""
    with closing(_open(path, encoding)) as lines:
        yield from _rows_of(lines, separator)


def _rows_of(lines: _Lines, separator: str) -> Iterator[TableRow]:
    number = 0
    for raw, position in lines:
        number += 1
        if raw is not None and number <= 2 and _SEP_LINE.fullmatch(raw):
            continue
        if raw is None:
            yield TableRow(number, [], "row_too_long", position)
            continue
        taken = [raw]
        if raw.count('"') % 2:
            taken = _quoted(lines, raw)
        cells = _split(taken, separator)
        if not raw.strip():
            continue
        if cells is None:
            yield TableRow(number, [], "broken_quotes", position)
        elif len(cells) > COLUMNS:
            yield TableRow(number, [], "too_many_cells", position)
        elif not is_empty(list(cells)):
            broken = "unreadable" if any(UNREADABLE in cell for cell in cells) else None
            yield TableRow(number, list(cells), broken, position)


def _quoted(lines: _Lines, first: str) -> list[str]:
    """The lines of a row whose quoted cell goes on; the first alone where it never ends."""
    ahead: list[tuple[str | None, int]] = []
    for raw, position in lines:
        ahead.append((raw, position))
        if raw is None or len(ahead) >= LINES_OF_A_ROW:
            break
        if raw.count('"') % 2:
            return [first, *(line for line, _ in ahead if line is not None)]
    lines.put_back(ahead)
    return [first]
