"""A value of a spreadsheet as text or day."""

from __future__ import annotations

from datetime import date, datetime

from bot.legacy_import.readers.table import CELL


def plain(value: object) -> str | date:
    """A value as people would type it. A whole number has no «.0», and none is written with an exponent."""
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
