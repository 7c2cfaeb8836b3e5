"""How a database finds the rows of the statements that some work runs: by an index, or by a walk over a whole table.

    assert whole_reads(db, lambda db: review.LISTS.listed(db, …)) == []

The databases are asked with EXPLAIN. PostgreSQL takes a walk, or a join that reads both tables as a whole, for the best way over
tables of few rows; it is told not to, and does so then only where no index serves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlmodel import Session, SQLModel

import storage.tables  # noqa: F401  (fills the metadata)

#: Tables of some hundred rows, whatever the number of people and years: they may be read as a whole.
SMALL = frozenset(
    [
        "bot_profile",
        "closed_pair",
        "coverage",
        "degree_level",
        "document_type",
        "faq_entry",
        "field_of_study",
        "tariff",
        "university",
    ]
)
GROWING = frozenset(SQLModel.metadata.tables) - SMALL
#: Indexes of a part of their table: one that is read as a whole is read for that part.
_PARTIAL = {
    index.name
    for table in SQLModel.metadata.tables.values()
    for index in table.indexes
    if index.dialect_options["sqlite"]["where"] is not None
}
_EXPLAINED = ("SELECT", "WITH", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class Statement:
    sql: str
    values: Any


@dataclass(frozen=True, slots=True)
class Read:
    """How the rows of one table are found in one statement. `index` with its condition in the database's words; empty where
    the whole table is walked. `whole`: every row of the table or of an index is looked at."""

    table: str
    index: str
    whole: bool
    sql: str

    def __str__(self) -> str:
        return f"{self.table} by {self.index or 'a walk'}: {' '.join(self.sql.split())[:400]}"


@contextmanager
def listened() -> Iterator[list[Statement]]:
    """The statements that SQLAlchemy runs on whatever connection meanwhile, in their order."""
    asked: list[Statement] = []

    def note(conn: Any, cursor: Any, sql: str, values: Any, context: Any, many: bool) -> None:
        asked.append(Statement(sql, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def statements_of(db: Session, work: Callable[[Session], Any]) -> list[Statement]:
    """The statements that the work runs, each once, but for inserts."""
    found: dict[str, Statement] = {}
    connection = db.connection()

    def note(conn: Any, cursor: Any, statement: str, values: Any, context: Any, many: bool) -> None:
        if statement.lstrip().upper().startswith(_EXPLAINED):
            found.setdefault(statement, Statement(statement, values[0] if many and values else values))

    event.listen(connection, "before_cursor_execute", note)
    try:
        work(db)
        db.flush()
    finally:
        event.remove(connection, "before_cursor_execute", note)
    return list(found.values())


def executed(db: Session, work: Callable[[Session], Any]) -> int:
    """How many statements the work runs."""
    number = 0
    connection = db.connection()

    def note(*_: Any) -> None:
        nonlocal number
        number += 1

    event.listen(connection, "before_cursor_execute", note)
    try:
        work(db)
        db.flush()
    finally:
        event.remove(connection, "before_cursor_execute", note)
    return number


def reads_of(db: Session, statements: Sequence[Statement]) -> list[Read]:
    """How each table of these statements is read."""
    return [read for statement in statements for read in _reads(db, statement)]


def whole_reads(
    db: Session, work: Callable[[Session], Any], *, tables: frozenset[str] = GROWING
) -> list[str]:
    """The statements of the work that look at every row of one of these tables."""
    reads = reads_of(db, statements_of(db, work))
    return [str(read) for read in reads if read.whole and read.table in tables]


def _reads(db: Session, statement: Statement) -> Iterator[Read]:
    connection = db.connection()
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement.sql}", statement.values).all()
        names = _names(statement.sql)
        for _, _, _, words in rows:
            if (match := _SQLITE.match(words)) is not None:
                how, alias, index = match.groups()
                walk = how == "SCAN" and not any(name in _PARTIAL for name in (index or "").split())
                yield Read(names.get(alias, alias), index or "", walk, statement.sql)
        return
    try:
        _set(connection, "off")
        sql = f"EXPLAIN (FORMAT JSON, COSTS OFF) {statement.sql}"
        told = connection.exec_driver_sql(sql, statement.values).scalar_one()
    finally:
        _set(connection, "on")
    (plan,) = json.loads(told) if isinstance(told, str) else told
    yield from _of_node(plan["Plan"], statement.sql)


#: What PostgreSQL does without. The statistics that it chooses by may be of an earlier test, whose rows are gone.
_WALKS = ("enable_seqscan", "enable_mergejoin", "enable_hashjoin")


def _set(connection: Connection, value: str) -> None:
    """Switch `_WALKS`, for this transaction."""
    connection.exec_driver_sql(
        "SELECT " + ", ".join(f"set_config('{name}', '{value}', true)" for name in _WALKS)
    )


#: «SEARCH account USING INDEX ix_account_mobile (mobile=?)», «SCAN a USING COVERING INDEX …», «SCAN account».
_SQLITE = re.compile(r"(SEARCH|SCAN) (\w+)(?: USING (.*))?")
_ALIAS = re.compile(r"\b(?:FROM|JOIN|,)\s+(\w+) AS (\w+)", re.IGNORECASE)


def _names(sql: str) -> dict[str, str]:
    """alias → table."""
    return {alias: table for table, alias in _ALIAS.findall(sql)}


def _of_node(node: dict[str, Any], sql: str, table: str = "") -> Iterator[Read]:
    """The reads of a plan of PostgreSQL. A bitmap's table is read by the indexes below it."""
    kind, table = node["Node Type"], node.get("Relation Name", table)
    if kind == "Seq Scan":
        yield Read(table, "", True, sql)
    elif kind in ("Index Scan", "Index Only Scan", "Bitmap Index Scan"):
        condition = node.get("Index Cond")
        whole = condition is None and node["Index Name"] not in _PARTIAL
        yield Read(table, f"{node['Index Name']} {condition or ''}".strip(), whole, sql)
    for part in node.get("Plans", ()):
        yield from _of_node(part, sql, table)
