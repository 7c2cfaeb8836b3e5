"""Reads XLS, XLSB, ODS and Strict XLSX with calamine, in a process of its own whose memory and time are bounded: it is native
code that meets files of strangers, and it holds a whole sheet.

`python -m bot.legacy_import.readers.calamine_process FILE` prints a line of JSON for each sheet that can be seen: its name,
index, number of rows, first rows. With an index it prints each row of that sheet as `[number, [cells]]`; a day is `{"day": …}`.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetVisibleEnum,
    load_workbook,
)

from bot.legacy_import.readers.table import COLUMNS, HEAD_ROWS
from bot.legacy_import.readers.values import plain

#: Bytes and seconds that one file may take.
MEMORY, SECONDS = 1 << 30, 120
_OLE = b"\xd0\xcf\x11\xe0"
#: Exit statuses.
LOCKED, BROKEN, TOO_LARGE = 3, 4, 5


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        workbook = _open(Path(sys.argv[1]))
        if len(sys.argv) > 2:
            for row in _rows(workbook.get_sheet_by_index(int(sys.argv[2]))):
                _say(row)
            return 0
        for index, sheet in enumerate(workbook.sheets_metadata):
            if sheet.visible is SheetVisibleEnum.Visible:
                opened = workbook.get_sheet_by_index(index)
                rows = list(islice(_rows(opened), HEAD_ROWS))
                _say({"name": sheet.name, "index": index, "height": opened.total_height, "rows": rows})
    except PasswordError:
        return LOCKED
    except MemoryError:
        return TOO_LARGE
    except (CalamineError, OSError, ValueError):
        return BROKEN
    return 0


def _open(path: Path) -> CalamineWorkbook:
    """By its content: its name may say something else. Raises CalamineError, of which PasswordError is one."""
    content = path.read_bytes()
    try:
        return load_workbook(io.BytesIO(content))
    except CalamineError:
        # Only where it need not guess the kind does it tell that there is a password.
        with tempfile.TemporaryDirectory() as folder:
            named = Path(folder) / ("table.xls" if content.startswith(_OLE) else "table.ods")
            named.symlink_to(path)
            return load_workbook(named)


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[Any]]]:
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells = [_value(value) for value in row[:COLUMNS]]
        if any(cells):
            yield number, cells


def _value(value: object) -> object:
    if isinstance(value, timedelta):
        return str(value)
    known = plain(value)
    return {"day": known.isoformat()} if isinstance(known, date | datetime) else known


def _say(record: object) -> None:
    sys.stdout.write(json.dumps(record, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    sys.exit(main())
