"""The database as the rest of the program sees it: a place that runs units."""

from abc import ABC, abstractmethod
from typing import Any

from sqlalchemy import URL, make_url

from storage.away import Outage
from storage.units import T, Unit


class Database(ABC):
    """Runs units. Satisfies `bot.desk.Database`."""

    #: As given to `open_database`, with its asynchronous driver.
    url: URL
    #: Whether it serves; kept by whoever works with it.
    outage: Outage

    @abstractmethod
    async def run(self, unit: Unit[T], *, lane: str | None = None) -> T:
        """Run a unit that writes, in one transaction; return after the commit. Raises what the unit raises.

        `lane` names the person whose units exclude each other, also across processes. Cancelling the caller does
        not cancel the unit."""

    @abstractmethod
    async def read(self, unit: Unit[T], *, large: bool = False) -> T:
        """Run a unit that only reads; writing is refused by the database. `large` for whatever may take longer than
        a screen: reports, exports, long queues."""

    @abstractmethod
    def later(self, unit: Unit[Any]) -> None:
        """Run a unit that writes soon, together with others; nobody waits, a failure is only logged. While the database
        is away it waits; it is lost when the process is killed before."""

    @abstractmethod
    async def attend(self) -> bool:
        """Let other processes on this database see that this one serves; True where no other does. Call it at start,
        and now and then again: the sign is renewed where it was lost."""

    @abstractmethod
    async def close(self) -> None:
        """Finish all units that were given, then close."""


def asynchronous(url: str) -> URL:
    """`url` with the driver that we use. Raises ValueError for any other database."""
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            return parsed.set(drivername="sqlite+aiosqlite")
        case "postgresql":
            return parsed.set(drivername="postgresql+asyncpg")
        case other:
            raise ValueError(f"DATABASE_URL: {other} is not supported; use sqlite:///… or postgresql://…")


async def open_database(url: str) -> Database:
    """Open an existing schema (see storage.migrate). Raises ValueError for a URL that is neither SQLite's nor
    PostgreSQL's."""
    parsed = asynchronous(url)
    if parsed.get_backend_name() == "sqlite":
        from storage.sqlite import SqliteDatabase

        return await SqliteDatabase.open(parsed)
    from storage.postgres import PostgresDatabase

    return await PostgresDatabase.open(parsed)
