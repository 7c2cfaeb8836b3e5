"""Insert a row unless one with the same unique key exists: the same on SQLite and PostgreSQL."""

from functools import cache
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase
from sqlmodel import Session, SQLModel


@cache
def _statement(dialect: str, model: type[SQLModel]) -> UpdateBase:
    table = model.metadata.tables[str(model.__tablename__)]
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing().returning(table.c.id)
    return sqlite.insert(table).on_conflict_do_nothing().returning(table.c.id)


def insert_once(db: Session, model: type[SQLModel], values: dict[str, Any]) -> int | None:
    """The id of the new row, or None where a unique key was already taken. `values` names every column."""
    row = db.exec(_statement(db.get_bind().dialect.name, model), params=values).first()
    if row is None:
        return None
    db.info[model] = True
    return int(row[0])


def inserted(db: Session, model: type[SQLModel]) -> bool:
    """Whether this unit wrote new rows of `model` by `insert_once` (or tried to, and rolled them back)."""
    return model in db.info
