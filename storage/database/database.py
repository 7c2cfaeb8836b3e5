"""The database as the rest of the program sees it: it runs units of work."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from sqlalchemy import URL

from storage.database.outage import Outage
from storage.database.unit_of_work import T, Unit
from storage.database.unusable import explained_errors
from storage.database.url import parse


class Database(ABC):
    """Runs units: plain functions over a session, re-runnable and without effects outside the database."""

    #: As given to `open_database`, with its asynchronous driver.
    url: URL
    #: Whether it serves; set by the code that uses it.
    outage: Outage

    @abstractmethod
    async def run(
        self, unit: Unit[T], *, lane: str | None = None, before_commit: Callable[[T], None] | None = None
    ) -> T:
        """Run a unit that writes, in one transaction; return after the commit. Raises what the unit raises.

        `lane` names the person whose units exclude each other, also across processes. Cancelling the caller
        does not cancel the unit.

        `before_commit` is given the unit's result as early as units that it starts can join the same transaction; on
        PostgreSQL after the commit. The transaction may still fail, and the unit be run again: then it is called again."""

    @abstractmethod
    async def read(self, unit: Unit[T], *, large: bool = False) -> T:
        """Run a unit that only reads; writing is refused by the database. `large` for whatever may take
        longer than a screen: reports, exports, long queues."""

    @abstractmethod
    def run_in_background(self, unit: Unit[Any]) -> None:
        """Run a unit that writes soon, together with others; no caller waits, a failure is only logged. While
        the database is unavailable it waits; it is lost when the process is killed before."""

    @abstractmethod
    async def announce_process(self) -> bool:
        """Let other processes on this database see that this one serves; True where no other does. Call it at
        start, and now and then again: the sign is renewed where it was lost."""

    @abstractmethod
    async def close(self) -> None:
        """Finish all units that were given, then close."""


def asynchronous(url: str) -> URL:
    """`url` with the driver that we use. Raises ValueError, which quotes nothing of it, for any other
    database and for what is not understood."""
    return parse(url)


async def check_database(url: str) -> None:
    """Whether what `url` names can be opened and served on; a file that is not there yet can. Raises
    DatabaseUnusable."""
    parsed = asynchronous(url)
    with explained_errors(parsed):
        if parsed.get_backend_name() == "postgresql":
            from storage.database.server_check import check_server

            await check_server(parsed)
        else:
            from storage.database.sqlite import check_file

            check_file(parsed)


async def open_database(url: str) -> Database:
    """Open an existing schema (see storage.migrations.migrate). Raises ValueError for a URL that is neither
    SQLite's nor PostgreSQL's, DatabaseUnusable where it does not open."""
    parsed = asynchronous(url)
    with explained_errors(parsed):
        if parsed.get_backend_name() == "sqlite":
            from storage.database.sqlite import SqliteDatabase

            return await SqliteDatabase.open(parsed)
        from storage.database.postgres import PostgresDatabase

        return await PostgresDatabase.open(parsed)
