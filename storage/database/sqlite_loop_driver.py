"""SQLite without thread hops: the only file that touches private names of aiosqlite and SQLAlchemy.

Stock aiosqlite sends every call to its thread, three or four hops a statement, each dearer than the statement. Here
statements run on the loop's thread, on the driver's own cursors; what waits for the disk (commit, and rollback with
it) still goes to aiosqlite's thread. tests/storage/database/test_sqlite_loop_driver.py fails loudly when a version changes the names.
"""

import sqlite3
from typing import Any

from sqlalchemy import event
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.ext.asyncio import AsyncEngine


class LoopConnection(AsyncAdapt_aiosqlite_connection):
    """Statements here, commit and rollback in the thread."""

    __slots__ = ()

    @property
    def driver(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = self._connection._conn
        return connection

    def cursor(self, server_side: bool = False) -> Any:
        return self.driver.cursor()


class ReadingLoopConnection(LoopConnection):
    """For reads: nothing waits for the disk, so nothing leaves the loop's thread."""

    __slots__ = ()

    def commit(self) -> None:
        self.driver.commit()

    def rollback(self) -> None:
        self.driver.rollback()


def stay_on_loop(engine: AsyncEngine, kind: type[LoopConnection]) -> None:
    """Make every connection of this engine a `kind`."""

    def connect(dialect: Dialect, record: Any, arguments: Any, options: dict[str, Any]) -> LoopConnection:
        stock = dialect.connect(*arguments, **options)
        return kind(dialect.dbapi, stock._connection)

    event.listen(engine.sync_engine, "do_connect", connect)
