"""Workbooks of other kinds than XLSX, read by calamine in a process beside this one (calamine_process.py)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from bot.legacy_import.readers import calamine_process
from bot.legacy_import.readers.table import Cell, Sheet, TableRow, UnusableFile

#: Bytes of a file that is read so: the whole of it is in memory, of the other process.
LARGEST = 64 << 20


def open_workbook(path: Path) -> list[Sheet]:
    """The sheets that can be seen. Raises UnusableFile."""
    if path.stat().st_size > LARGEST:
        raise UnusableFile("bomb")
    return [
        Sheet(known["name"], partial(_rows, path, known["index"]), known["height"])
        for known in _records(path)
        if known["rows"]
    ]


def _rows(path: Path, index: int) -> Generator[TableRow]:
    for number, cells in _records(path, str(index)):
        yield TableRow(number, [_cell(value) for value in cells], position=number)


def _cell(value: Any) -> Cell:
    return date.fromisoformat(value["day"]) if isinstance(value, dict) else str(value)


def _records(path: Path, *which: str) -> Iterator[Any]:
    """What the other process prints, line by line. Raises UnusableFile as its exit status says."""
    command = [sys.executable, "-m", calamine_process.__name__, str(path.resolve()), *which]
    top = Path(calamine_process.__file__).resolve().parents[3]
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=top, encoding="ascii"
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                yield json.loads(line)
        except GeneratorExit:
            process.kill()
            raise
    match process.returncode:
        case 0:
            return
        case calamine_process.LOCKED:
            raise UnusableFile("locked_file")
        case calamine_process.BROKEN:
            raise UnusableFile("broken_workbook")
        case _:  # out of memory or time
            raise UnusableFile("bomb")
