"""Statements of the hot path, worked out once: on SQLite they run on the driver's own cursor, a fifth of the cost of
`Connection.execute` (docs/performance.md 1). On PostgreSQL, where somebody listens to statements, and where one fails, they run
as any other.

Of SQLAlchemy's statements only those with plain columns and `bindparam`s, one row of values a call: no lists for IN, no defaults
of columns. What they write is not in the session, and what the session holds unflushed they do not see.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Dialect, Select, bindparam
from sqlalchemy import inspect as mapping_of
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm.attributes import instance_dict, instance_state
from sqlalchemy.sql.dml import UpdateBase
from sqlmodel import Session, SQLModel

M = TypeVar("M", bound=SQLModel)
Values = Mapping[str, Any]
_Processor = Callable[[Any], Any] | None


def connection_of(session: Session) -> Connection:
    """The unit's connection, for statements on tables. What the session holds unflushed is not seen by them."""
    bound = session.get_bind()
    return bound if isinstance(bound, Connection) else session.connection()


class _Sqlite:
    """A statement as SQLite's driver takes it."""

    def __init__(self, statement: Select[Any] | UpdateBase, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        assert not compiled.insert_prefetch
        assert not compiled.update_prefetch
        self.sql = str(compiled)
        assert "POSTCOMPILE" not in self.sql
        #: Name, value where it is a constant, and what makes of a value what the driver takes.
        self.parameters: list[tuple[str, Any, _Processor]] = [
            (
                name,
                compiled.params[name],
                compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect),
            )
            for name in compiled.positiontup
        ]
        columns: Any = statement.selected_columns if isinstance(statement, Select) else ()
        readers = (column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns)
        #: Of the columns whose values are converted: most are not.
        self.readers = [(place, read) for place, read in enumerate(readers) if read is not None]

    def bound(self, values: Values) -> list[Any]:
        get = values.get
        return [
            get(name, constant) if process is None else process(get(name, constant))
            for name, constant, process in self.parameters
        ]

    def read(self, row: Sequence[Any]) -> Sequence[Any]:
        found = list(row)
        for place, read in self.readers:
            # NULL is None to all of them, and most of a guest's columns are NULL.
            if (value := found[place]) is not None:
                found[place] = read(value)
        return found


class Prepared:
    """One statement."""

    def __init__(self, statement: Select[Any] | UpdateBase) -> None:
        self.statement: Any = statement
        self._sqlite: _Sqlite | None = None

    def first(self, connection: Connection, values: Values) -> Sequence[Any] | None:
        """The first row of a select, or of an insert that returns one; None where there is none."""
        if (sqlite := self._direct(connection)) is not None:
            try:
                row = _cursor(connection).execute(sqlite.sql, sqlite.bound(values)).fetchone()
                return None if row is None else sqlite.read(row)
            except sqlite3.Error:
                pass  # told by SQLAlchemy, below
        return connection.execute(self.statement, values).first()

    def all(self, connection: Connection, values: Values) -> Sequence[Sequence[Any]]:
        """All rows of a select."""
        if (sqlite := self._direct(connection)) is not None:
            try:
                rows = _cursor(connection).execute(sqlite.sql, sqlite.bound(values)).fetchall()
                return [sqlite.read(row) for row in rows]
            except sqlite3.Error:
                pass
        return connection.execute(self.statement, values).all()

    def change(self, connection: Connection, values: Values) -> int:
        """The rows that an update or delete changed."""
        if (sqlite := self._direct(connection)) is not None:
            try:
                return int(_cursor(connection).execute(sqlite.sql, sqlite.bound(values)).rowcount)
            except sqlite3.Error:
                pass  # changed nothing; tried again and told by SQLAlchemy
        return int(connection.execute(self.statement, values).rowcount)

    def change_each(self, connection: Connection, values: Sequence[Values]) -> None:
        """The same with each of these values. It may be done twice with some of them, where one fails."""
        if (sqlite := self._direct(connection)) is not None:
            try:
                _cursor(connection).executemany(sqlite.sql, map(sqlite.bound, values))
                return
            except sqlite3.Error:
                pass  # told by SQLAlchemy, below
        connection.execute(self.statement, list(values))

    def _direct(self, connection: Connection) -> _Sqlite | None:
        if not is_direct(connection):
            return None
        if self._sqlite is None:
            self._sqlite = _Sqlite(self.statement, connection.dialect)
        return self._sqlite


def is_direct(connection: Connection) -> bool:
    """Whether statements go to the driver's cursor."""
    return connection.dialect.name == "sqlite" and not connection.dispatch.before_cursor_execute


def execute_direct(connection: Connection, sql: str) -> None:
    """A statement without values or rows."""
    if is_direct(connection):
        try:
            _cursor(connection).execute(sql)
        except sqlite3.Error:
            pass
        else:
            return
    connection.exec_driver_sql(sql)


def _cursor(connection: Connection) -> Any:
    return connection.connection.cursor()


class LoadedRow(Generic[M]):
    """Makes of the columns of a row, as `Prepared` read them, the object that the ORM would make: loaded, unchanged, of this
    session. `into` only into a session that has no such object yet."""

    def __init__(self, model: type[M]) -> None:
        table = model.__table__  # type: ignore[attr-defined]
        mapper: Any = mapping_of(model)
        self.columns: list[ColumnElement[Any]] = list(table.c)
        self._new: Callable[[], M] = mapper.class_manager.new_instance
        self._names = [mapper.get_property_by_column(column).key for column in table.c]
        self._identity = self._names.index("id")
        self._key = mapper.identity_key_from_primary_key

    def __len__(self) -> int:
        return len(self._names)

    def found(self, session: Session, values: Sequence[Any]) -> M:
        """The object that the session has of this row, as it is; else a loaded one."""
        known = session.identity_map.get(self._key((values[self._identity],)))
        loaded = known if known is not None else self.into(session, values)
        assert loaded is not None
        return loaded

    def into(self, session: Session, values: Sequence[Any]) -> M | None:
        """None where an outer join found none."""
        if values[self._identity] is None:
            return None
        loaded = self._new()
        instance_dict(loaded).update(zip(self._names, values, strict=True))
        _attach(session, loaded, self._key((values[self._identity],)))
        return loaded


def _attach(session: Session, row: SQLModel, key: Any) -> None:
    """As the ORM does with an object that it loads (`sqlalchemy.orm.loading`): `Session.add` looks for changes and for rows
    that hang on it, of which there are none."""
    state: Any = instance_state(row)
    state.key = key
    state.session_id = session.hash_key
    session.identity_map._add_unpresent(state, key)


class NewRow(Generic[M]):
    """New rows of a table: made, and inserted with a statement that is compiled once. The ORM takes a millisecond for both."""

    def __init__(self, model: type[M]) -> None:
        table: Any = model.__table__  # type: ignore[attr-defined]
        mapper: Any = mapping_of(model)
        self._new: Callable[[], M] = mapper.class_manager.new_instance
        self._key = mapper.identity_key_from_primary_key
        fields = [(name, field) for name, field in model.model_fields.items() if not field.is_required()]
        self._constants: dict[str, Any] = {
            name: field.default for name, field in fields if field.default_factory is None
        }
        self._factories: dict[str, Any] = {
            name: field.default_factory for name, field in fields if field.default_factory is not None
        }
        self._names = [column.name for column in table.c if column.name != "id"]
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in self._names}
        self._insert = {
            dialect: Prepared(insert(table).values(values).on_conflict_do_nothing().returning(table.c.id))
            for dialect, insert in (("sqlite", sqlite_insert), ("postgresql", postgresql_insert))
        }

    def make(self, **values: Any) -> M:
        """A row in no session, with the model's defaults."""
        row = self._new()
        made = {name: factory() for name, factory in self._factories.items()}
        instance_dict(row).update(self._constants | made | values)
        return row

    def insert(self, session: Session, row: M) -> bool:
        """Store a row that `make` made; it is one of the session then, loaded and unchanged. False where a unique key is
        taken: then it is as it was."""
        connection, held = connection_of(session), instance_dict(row)
        values = {f"new_{name}": held[name] for name in self._names}
        stored = self._insert[connection.dialect.name].first(connection, values)
        if stored is None:
            return False
        held["id"] = stored[0]
        state: Any = instance_state(row)
        state._commit_all(held)
        _attach(session, row, self._key((stored[0],)))
        return True
