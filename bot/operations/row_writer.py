"""Writes many rows of a table by one statement, from SQL expressions over their number `i` (SQLite and PostgreSQL)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from sqlalchemy import Column, Connection, select
from sqlmodel import SQLModel, col

from bot.services.search.keys import name_keys
from bot.texts.formats import TEHRAN
from storage.database.unit_of_work import table_of
from storage.tables import University

FIRST = ("محمد", "علی", "رضا", "زهرا", "فاطمه", "مریم", "سارا", "حسین", "امیر", "لیلا")
_SYLLABLES = ("با", "دا", "را", "سا", "شا", "کا", "گا", "لا", "پور", "زاد", "وند", "یان", "مند", "فر", "تا")
LAST = tuple("".join(parts) for parts in product(_SYLLABLES, repeat=3))
#: JSON columns that hold a list; the others hold an object.
_LISTS = frozenset({"items", "buttons"})
_HELPERS = {"load_name": 3, "load_key": 2, "load_university": 2}


@dataclass(frozen=True, slots=True)
class RowWriter:
    connection: Connection
    now: datetime

    @property
    def is_sqlite(self) -> bool:
        return self.connection.dialect.name == "sqlite"

    def run(self, statement: str, *values: Any) -> Any:
        return self.connection.exec_driver_sql(statement, *values)

    def ago(self, minutes: str) -> str:
        """The moment so many minutes ago."""
        at = self.now.strftime("%Y-%m-%d %H:%M:%S")
        if self.is_sqlite:
            return f"(datetime('{at}', (0 - ({minutes})) || ' minutes') || '.000000')"
        return f"(timestamp '{at}' - ({minutes}) * interval '1 minute')"

    def day_ago(self, days: str) -> str:
        moment = self.ago(f"({days}) * 1440")
        return f"substr({moment}, 1, 10)" if self.is_sqlite else f"CAST({moment} AS date)"

    @property
    def local_day(self) -> str:
        """Today in Tehran."""
        return self.now.astimezone(TEHRAN).date().isoformat()

    def today(self) -> str:
        return f"'{self.local_day}'" if self.is_sqlite else f"date '{self.local_day}'"

    def digits(self, number: str, length: int) -> str:
        """A number with zeros before it."""
        text = f"CAST({number} AS text)"
        return f"substr('{'0' * length}' || {text}, length({text}) + 1)"

    def flag(self, condition: str) -> str:
        return f"(CASE WHEN {condition} THEN true ELSE false END)"

    def name(self, part: str) -> str:
        """`first` or `last` of person `i`."""
        return f"(SELECT {part} FROM load_name WHERE n = (i * 7919) % {len(LAST)})"

    def university(self, number: str = "i / 100") -> str:
        return f"(SELECT code FROM load_university WHERE n = ({number}) % {self.universities})"

    @property
    def universities(self) -> int:
        return int(self.run("SELECT count(*) FROM load_university").scalar_one())

    def write(self, model: type[SQLModel], number: int, *, where: str = "true", **values: str) -> None:
        """Rows 1 to `number`, those of them that are `where`."""
        table = table_of(model)
        found = {column.name: self._plain(column) for column in table.columns} | values
        chosen = {name: value for name, value in found.items() if value}
        if not self.is_sqlite:
            json = {column.name for column in table.columns if _is_json(column)}
            chosen |= {name: f"({value})::jsonb" for name, value in chosen.items() if name in json}
        self.run(
            f"INSERT INTO {table.name} ({', '.join(chosen)}) WITH RECURSIVE g(i) AS "
            f"(SELECT CAST(1 AS bigint) UNION ALL SELECT i + 1 FROM g WHERE i < {number}) "
            f"SELECT {', '.join(chosen.values())} FROM g WHERE {where}"
        )

    def _plain(self, column: Column[Any]) -> str:
        """What a row has where nothing else is said; "": the database says it."""
        if column.name == "id":
            return "i"
        if column.nullable or column.server_default is not None:
            return ""
        if _is_json(column):
            return "'[]'" if column.name in _LISTS else "'{}'"
        value: Any = getattr(column.default, "arg", "")
        if callable(value):
            return self.ago("0")
        return f"'{value}'" if isinstance(value, str) and value else str(value).lower()

    def make_helpers(self) -> None:
        """Names, what these are found by, and universities by number; `finish` drops these tables."""
        self.run("CREATE TABLE load_name (n integer PRIMARY KEY, first text, last text)")
        self.run("CREATE TABLE load_key (n integer, key text)")
        self.run("CREATE TABLE load_university (n integer PRIMARY KEY, code text)")
        names = [(n, FIRST[n % len(FIRST)], last) for n, last in enumerate(LAST)]
        keys = [(n, key) for n, first, last in names for key in sorted(name_keys(f"{first} {last}"))]
        codes = self.connection.execute(select(col(University.code)).order_by(col(University.code))).scalars()
        contents: tuple[list[Any], ...] = (names, keys, list(enumerate(codes)))
        for (table, width), rows in zip(_HELPERS.items(), contents, strict=True):
            marks = ", ".join("?" if self.is_sqlite else f"${n}" for n in range(1, width + 1))
            self.run(f"INSERT INTO {table} VALUES ({marks})", rows)
        self.run("CREATE INDEX load_key_n ON load_key (n)")

    def finish(self) -> None:
        """Drop the helpers, let ids go on behind the last ones, and learn how many rows there are."""
        for table in _HELPERS:
            self.run(f"DROP TABLE {table}")
        if not self.is_sqlite:
            for counted in (one for one in SQLModel.metadata.sorted_tables if "id" in one.columns):
                last = f"(SELECT max(id) FROM {counted.name})"
                self.run(
                    f"SELECT setval(pg_get_serial_sequence('{counted.name}', 'id'), {last}) WHERE {last} IS NOT NULL"
                )
        self.run("ANALYZE")


def _is_json(column: Column[Any]) -> bool:
    return "JSON" in str(column.type)
