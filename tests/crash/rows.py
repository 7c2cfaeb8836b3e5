"""What the database holds after a journey."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlmodel import Session, SQLModel, col, select

from storage import tables

T = TypeVar("T", bound=SQLModel)
TABLES: list[Any] = [one for one in vars(tables).values() if hasattr(one, "__table__") and hasattr(one, "id")]


class Rows:
    """`rows[Push]`: all rows of a table, oldest first. All tables are read in one unit."""

    def __init__(self, rows: dict[type[Any], list[Any]]) -> None:
        self._rows = rows

    @classmethod
    def read(cls, db: Session) -> Rows:
        return cls({one: list(db.exec(select(one).order_by(col(one.id)))) for one in TABLES})

    def __getitem__(self, table: type[T]) -> list[T]:
        return self._rows[table]

    def by_id(self, table: type[T]) -> dict[int, T]:
        return {one.id or 0: one for one in self._rows[table]}

    def replaced(self, table: type[T], rows: list[T]) -> Rows:
        """As if the table held these."""
        return Rows(self._rows | {table: rows})
