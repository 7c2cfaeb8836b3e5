"""What a press changed in the database, row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event, inspect
from sqlmodel import Session, SQLModel

_WRITES = re.compile(r'^\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)', re.IGNORECASE)

Row = dict[str, Any]


@dataclass(frozen=True)
class Change:
    table: str
    old: Row | None
    new: Row | None

    @property
    def row(self) -> Row:
        return self.new or self.old or {}

    @property
    def state(self) -> str | None:
        """Afterwards."""
        return None if self.new is None else str(self.new.get("state"))

    @property
    def columns(self) -> set[str]:
        """Those that differ; all of them where the row is new or gone."""
        return {key for key in self.row if (self.old or {}).get(key) != (self.new or {}).get(key)}

    def __str__(self) -> str:
        if self.old is None or self.new is None:
            return f"{'+' if self.old is None else '-'}{self.table} {self.row}"
        parts = {key: (self.old[key], self.new[key]) for key in sorted(self.columns)}
        return f"~{self.table} {self.old.get('id')} {parts}"


@dataclass
class WrittenTables:
    """Names of the tables that statements wrote to, while it listens."""

    names: set[str] = field(default_factory=set)

    @contextmanager
    def listening(self) -> Iterator[WrittenTables]:
        def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            if (found := _WRITES.match(statement)) is not None:
                self.names.add(found.group(1))

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield self
        finally:
            event.remove(Engine, "before_cursor_execute", note)


class Snapshot:
    """The rows as they were, to compare with; of no tables before anything was looked at."""

    def __init__(self, db: Session | None = None) -> None:
        self._before = {name: _rows(db, name) for name in SQLModel.metadata.tables} if db is not None else {}

    def changes(self, db: Session, tables: set[str]) -> list[Change]:
        found = []
        for name in sorted(tables & set(self._before)):
            old, new = self._before[name], _rows(db, name)
            changed = (key for key in {**old, **new} if old.get(key) != new.get(key))
            found += [Change(name, old.get(key), new.get(key)) for key in changed]
        return found


def _rows(db: Session, name: str) -> dict[Any, Row]:
    table = SQLModel.metadata.tables[name]
    keys = [column.name for column in inspect(table).primary_key]
    rows = [dict(one._mapping) for one in db.execute(table.select())]
    return {tuple(row[key] for key in keys): row for row in rows}
