"""Compiled SQL statements, shared by the tests of a worker."""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache


def share_compiled_statements() -> None:
    """SQLAlchemy keeps compiled statements by engine and dialect object, and every test opens engines of its own: without
    this, each compiles all of its statements again. Dialects of one kind that are set up alike compile alike."""

    def set_up(dialect: Any) -> tuple[Any, ...]:
        return (
            dialect._json_serializer,
            dialect._json_deserializer,
            dialect.paramstyle,
            dialect.server_version_info if isinstance(dialect, PGDialect_asyncpg) else None,
        )

    def alike(self: Any, other: object) -> bool:
        return self is other or (type(self) is type(other) and set_up(self) == set_up(other))

    for kind in (PGDialect_asyncpg, SQLiteDialect_pysqlite, SQLiteDialect_aiosqlite):
        kind.__eq__ = alike
        kind.__hash__ = lambda self: hash(type(self))
    make, compiled = Engine.__init__, LRUCache(5000)

    def make_sharing(self: Engine, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        self._compiled_cache = compiled

    Engine.__init__ = make_sharing
