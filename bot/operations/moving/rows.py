"""Rows of any table as both databases keep them alike: read page by page, written, and summed up for a comparison.

The columns have plain types here: what a word or a moment means is for the program, a copy takes it as it stands.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Date,
    DateTime,
    MetaData,
    Row,
    String,
    Table,
    func,
    insert,
    literal,
    select,
    tuple_,
)
from sqlmodel import SQLModel

import storage.tables  # noqa: F401  (fills the metadata)
from bot.services.shared.audit_chain import LINKS
from storage.tables.column_types import EnumText, Json, UtcDateTime

#: Rows of one page, and of one transaction of the copy.
PAGE = 2_000

Key = list[Any]


@cache
def plain_tables() -> tuple[Table, ...]:
    """Every table, those first that others refer to; the links of the audit chain, which cover lines without a foreign key,
    come last."""
    metadata = MetaData()
    tables = sorted(SQLModel.metadata.sorted_tables, key=lambda table: table.name == LINKS.name)
    return tuple(
        Table(
            table.name,
            metadata,
            *(Column(one.name, _plain(one), primary_key=one.primary_key) for one in table.columns),
        )
        for table in tables
    )


def _plain(column: Column[Any]) -> Any:
    if isinstance(column.type, EnumText):
        return String()
    if isinstance(column.type, UtcDateTime):
        return DateTime()
    return column.type


def count(connection: Connection, table: Table) -> int:
    return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def read_page(connection: Connection, table: Table, after: Key | None) -> Sequence[Row[Any]]:
    """The rows behind the one whose key is `after`, in the order of their keys."""
    keys = list(table.primary_key.columns)
    query = select(table).order_by(*keys).limit(PAGE)
    if after is not None:
        values = [literal(value, key.type) for key, value in zip(keys, after, strict=True)]
        behind = keys[0] > values[0] if len(keys) == 1 else tuple_(*keys) > tuple_(*values)
        query = query.where(behind)
    return connection.execute(query).all()


def key_of(table: Table, row: Row[Any]) -> Key:
    return [row._mapping[key.name] for key in table.primary_key.columns]


def key_to_json(key: Key) -> list[Any]:
    return [value.isoformat() if isinstance(value, date) else value for value in key]


def key_from_json(table: Table, key: list[Any]) -> Key:
    columns = table.primary_key.columns
    return [
        date.fromisoformat(value) if isinstance(column.type, Date) else value
        for column, value in zip(columns, key, strict=True)
    ]


def write(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    connection.execute(insert(table), list(rows))


@dataclass(slots=True)
class TableSum:
    """Of the rows of a table, whatever their order."""

    rows: int = 0
    total: int = 0

    def add(self, values: Sequence[Any]) -> None:
        said = json.dumps([_canonical(value) for value in values], separators=(",", ":"), sort_keys=True)
        digest = hashlib.sha256(said.encode()).digest()
        self.rows += 1
        self.total = (self.total + int.from_bytes(digest)) % (1 << 256)

    def __str__(self) -> str:
        return f"{self.rows:,} rows, {self.total:064x}"


def _canonical(value: Any) -> Any:
    """The same for one value on both databases: PostgreSQL keeps the order of keys of JSON, and 1.0, in its own way."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {name: _canonical(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_canonical(one) for one in value]
    return value.isoformat()


def unkeepable(table: Table, row: dict[str, Any]) -> str | None:
    """The column whose value PostgreSQL cannot keep: SQLite asks neither for the length of a text nor for its signs."""
    for column, model in zip(table.columns, SQLModel.metadata.tables[table.name].columns, strict=True):
        value = row[column.name]
        if isinstance(value, str) and ("\0" in value or _lone_surrogate(value)):
            return column.name
        length = getattr(model.type, "length", None) or getattr(
            getattr(model.type, "impl", None), "length", None
        )
        if isinstance(value, str) and length is not None and len(value) > length:
            return column.name
        if model.type is Json or isinstance(value, dict | list):
            said = json.dumps(value, ensure_ascii=False)
            if "\\u0000" in said or _lone_surrogate(said):
                return column.name
    return None


def _lone_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
