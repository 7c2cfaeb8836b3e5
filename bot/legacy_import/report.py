"""The report of refused rows: a CSV file that a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
import errno
import os
import secrets
import unicodedata
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.legacy_import.readers.table import UnusableFile
from bot.legacy_import.row_parser import RowError
from bot.texts import BIDI_MARKS, t

#: A spreadsheet takes a cell that begins so for a formula.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """`text` with a mark before it where a spreadsheet might take it for a formula, also written in wide
    letters."""
    plain = unicodedata.normalize("NFKC", BIDI_MARKS.sub("", text))
    return f"'{text}" if plain.startswith(_DANGEROUS) or plain.lstrip().startswith(_DANGEROUS) else text


def _create(path: Path) -> int:
    """A handle of a new file at `path`. Raises OSError."""
    if path.exists() and not path.is_file():
        raise FileExistsError(errno.EEXIST, "a folder or a device", str(path))
    new = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        new.replace(path)
    except OSError:
        os.close(handle)
        new.unlink(missing_ok=True)
        raise
    return handle


class ImportReport:
    """Written as the import goes on; only its owner may read it, since it holds data of people.

    It is a new file that takes the place of whatever had its name: another's file keeps neither its mode nor
    its readers, and a link is not followed.
    """

    def __init__(self, path: Path) -> None:
        """Raises UnusableFile where it cannot be written, or where a folder or device has this name."""
        try:
            handle = _create(path)
        except OSError as error:
            raise UnusableFile("report_path", path=path) from error
        # The mark lets Excel see that it is UTF-8.
        self._file = os.fdopen(handle, "w", encoding="utf-8-sig", newline="")
        self._rows = csv.writer(self._file)
        self._rows.writerow([t(f"import.report_{name}") for name in ("row", "column", "value", "reason")])

    def add(self, mistake: RowError) -> None:
        value = " ".join(mistake.value.split())
        self._rows.writerow([mistake.row or "", mistake.column, harmless(value), mistake.reason])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
