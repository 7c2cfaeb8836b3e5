"""Rows that many tests begin with: written once in a worker, then copied.

Objects that the ORM flushes one by one cost a test ten times as much as their rows.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select
from sqlmodel import Session, SQLModel

from storage.database.database import Database
from storage.tables.column_types import UtcDateTime, utcnow

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the unit returned, what copies its rows, and when they were written."""

    result: Any
    copying: Any
    written: datetime


_prepared: dict[tuple[str, Any], Prepared] = {}


async def prepare(database: Database, unit: Callable[[Session], T]) -> T:
    """As `database.run(unit)` on a database without rows. Times of day that the unit took from the clock are now.

    `unit` is a function of a module; it counts up its codes, so what a test makes after it has others."""
    postgres = database.url.get_backend_name() == "postgresql"
    # A database of PostgreSQL keeps the rows in a schema beside; a file of SQLite is another for each test.
    key = (f"{database.url}" if postgres else "sqlite", unit)
    if (known := _prepared.get(key)) is not None:
        copied = _copy_on_postgres if postgres else _copy_on_sqlite
        await database.run(lambda db: copied(db, known))
        result: T = copy.deepcopy(known.result)
        return result

    began = utcnow()

    def unit_and_rows(db: Session) -> tuple[T, Any]:
        result = unit(db)
        db.flush()
        ended = utcnow()
        keep = _keep_on_postgres if postgres else _keep_on_sqlite
        return copy.deepcopy(result), keep(db, began, ended)

    result, copying = await database.run(unit_and_rows)
    _prepared[key] = Prepared(copy.deepcopy(result), copying, utcnow())
    return result


def _filled(db: Session) -> dict[str, list[str]]:
    """Table that has rows → its columns."""
    run = db.connection().exec_driver_sql
    return {
        table.name: [column.name for column in table.columns]
        for table in SQLModel.metadata.sorted_tables
        if run(f'SELECT 1 FROM "{table.name}" LIMIT 1').first() is not None
    }


def _of_the_clock(db: Session, name: str, began: datetime, ended: datetime) -> set[str]:
    """Columns of this table with times that are now, and not some day that the unit names."""
    table = SQLModel.metadata.tables[name]
    times = [column for column in table.columns if isinstance(column.type, UtcDateTime)]
    if not times:
        return set()
    first = db.connection().execute(select(*times).limit(1)).one()
    return {
        column.name
        for column, value in zip(times, first, strict=True)
        if value is not None and began <= value <= ended
    }


# ── SQLite ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _keep_on_sqlite(db: Session, began: datetime, ended: datetime) -> Any:
    """Statement, rows, and which of their values move with the clock."""
    kept = []
    for table, columns in _filled(db).items():
        names = ", ".join(f'"{name}"' for name in columns)
        rows = [tuple(row) for row in db.connection().exec_driver_sql(f'SELECT {names} FROM "{table}"')]
        moving = _of_the_clock(db, table, began, ended)
        statement = f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(columns))})'
        kept.append((statement, rows, [at for at, name in enumerate(columns) if name in moving]))
    return kept


def _copy_on_sqlite(db: Session, known: Prepared) -> None:
    passed = utcnow() - known.written

    def moved(row: tuple[Any, ...], places: list[int]) -> tuple[Any, ...]:
        values = list(row)
        for place in places:
            at = datetime.fromisoformat(values[place]) + passed
            values[place] = at.isoformat(" ", "microseconds")
        return tuple(values)

    run = db.connection().exec_driver_sql
    run("PRAGMA defer_foreign_keys = ON")
    for statement, rows, places in known.copying:
        run(statement, [moved(row, places) if places else row for row in rows])


# ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────────────────────────


def _keep_on_postgres(db: Session, began: datetime, ended: datetime) -> Any:
    """A script with a place for the seconds that passed."""
    run = db.connection().exec_driver_sql
    schema = f"kept_{len(_prepared)}"
    run(f"CREATE SCHEMA {schema}")
    script = ["SET LOCAL session_replication_role = replica"]  # foreign keys in any order
    for table, columns in _filled(db).items():
        moving = _of_the_clock(db, table, began, ended)
        run(f'CREATE TABLE {schema}."{table}" AS TABLE "{table}"')
        names = ", ".join(f'"{name}"' for name in columns)
        values = ", ".join(f'"{name}" + PASSED' if name in moving else f'"{name}"' for name in columns)
        script.append(f'INSERT INTO "{table}" ({names}) SELECT {values} FROM {schema}."{table}"')
    for name, last in run(
        "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
    ):
        script.append(f"SELECT setval('\"{name}\"', {last})")
    return ";".join([*script, "SET LOCAL session_replication_role = origin"])


def _copy_on_postgres(db: Session, known: Prepared) -> None:
    passed = (utcnow() - known.written) / timedelta(microseconds=1)
    script = known.copying.replace("PASSED", f"interval '{passed:.0f} microseconds'")
    connection = db.connection()
    connection.exec_driver_sql("SELECT 1")  # the transaction has begun
    driver: Any = connection.connection.dbapi_connection
    driver.run_async(lambda raw: raw.execute(script))
