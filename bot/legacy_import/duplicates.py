"""Which codes an import has met already, in a temporary file: memory does not grow with the rows."""

from __future__ import annotations

import sqlite3


class SeenCodes:
    def __init__(self) -> None:
        # An empty name is SQLite's word for a file of its own that vanishes at the end.
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute(
            "CREATE TABLE seen (kind TEXT, code TEXT, row INTEGER, PRIMARY KEY (kind, code)) WITHOUT ROWID"
        )
        self._file.execute("BEGIN")

    def first(self, kind: str, code: str, row: int) -> int:
        """The row that had this code first; `row` itself where it is new."""
        known = self._file.execute(
            "SELECT row FROM seen WHERE kind = ? AND code = ?", (kind, code)
        ).fetchone()
        if known is not None:
            return int(known[0])
        self._file.execute("INSERT INTO seen VALUES (?, ?, ?)", (kind, code, row))
        return row

    def close(self) -> None:
        self._file.close()
