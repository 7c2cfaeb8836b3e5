"""Units of work: plain functions over a session, run several to a transaction or alone.

A unit must be re-runnable and without effects outside the database: one that shared a transaction with a failing
neighbour is run again.

Below them what units do beside the ORM's bookkeeping (docs/performance.md 1): Core statements, a row written back, a savepoint,
an insert that finds the row there, compare-and-set.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy import Connection, Table, bindparam, event, inspect, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.util import IdentitySet
from sqlmodel import Session, SQLModel

from storage.database.outage import outage_reason
from storage.prepared import Prepared, connection_of, execute_direct

if TYPE_CHECKING:
    from storage.database.database import Database

T = TypeVar("T")
Unit = Callable[[Session], T]

log = logging.getLogger(__name__)

_FAILED = "a statement failed outside a savepoint"
#: Seconds between tries; the last for as long as it takes.
PAUSES = (0.05, 0.2, 1.0, 3.0, 5.0)
#: Seconds until a waiting person is told.
ANNOUNCE_AFTER = 8.0


class SwallowedError(RuntimeError):
    """A unit caught a database error and went on. Its transaction may be lost without a word (on PostgreSQL it is),
    so nothing of it is committed. Expected violations belong in `session.begin_nested()`."""


def watch(engine: AsyncEngine) -> None:
    """Let `run_together` notice errors that a unit swallowed. Call once an engine."""

    def note(context: ExceptionContext) -> None:
        if context.connection is not None and not context.connection.invalidated:
            context.connection.info[_FAILED] = True

    def heal(connection: Connection, name: str, context: None) -> None:
        forget_failure(connection)

    event.listen(engine.sync_engine, "handle_error", note)
    event.listen(engine.sync_engine, "rollback_savepoint", heal)


def forget_failure(connection: Connection) -> None:
    """What failed was rolled back to a savepoint."""
    connection.info.pop(_FAILED, None)


def run_together(
    connection: Connection,
    units: Sequence[Unit[Any]],
    before: tuple[str, tuple[Any, ...]] | None = None,
    followers: Callable[[list[Any]], Sequence[Unit[Any]]] = lambda results: (),
) -> list[Any]:
    """Run units in one transaction and commit it. Any error rolls back all of them and is raised.

    `before` is a driver's statement, with its values, that the transaction begins with. `followers` is given the results and
    returns the units that are run after them."""
    forget_failure(connection)
    session = Session(
        bind=connection, expire_on_commit=False, autoflush=False, join_transaction_mode="rollback_only"
    )
    with connection.begin() as transaction, session:
        if before is not None:
            connection.exec_driver_sql(*before)
        results: list[Any] = []

        def run(unit: Unit[Any]) -> None:
            results.append(unit(session))
            if transaction.is_active:
                session.flush()
            if not transaction.is_active or _FAILED in connection.info:
                raise SwallowedError(f"{_name(unit)} swallowed a database error")
            # The next unit reads for itself.
            session.expunge_all()
            session.info.clear()

        for unit in units:
            run(unit)
        for unit in followers(results):
            run(unit)
        return results


def run_reading(connection: Connection, unit: Unit[T]) -> T:
    """Run a unit on a read-only connection."""
    with (
        connection.begin() as transaction,
        Session(bind=connection, expire_on_commit=False, autoflush=False) as session,
    ):
        result = unit(session)
        transaction.rollback()
        return result


def report_unseen(unit: Unit[Any], error: BaseException) -> None:
    """Log the failure of a unit that no caller waits for (any more)."""
    log.error("a unit without a waiting caller failed: %s", _name(unit), exc_info=error)


def _name(unit: Unit[Any]) -> str:
    return getattr(unit, "__qualname__", repr(unit))


async def run_when_available(
    database: Database,
    unit: Unit[T],
    *,
    lane: str | None = None,
    tell: Callable[[], Awaitable[None]] | None = None,
    failed: Callable[[], None] = lambda: None,
) -> T:
    """`Database.run`, again and again while the database is away; `tell` is called once where that takes long, `failed`
    after every try that broke off. Raises what the unit raises for any other reason."""

    async def work() -> T:
        try:
            return await database.run(unit, lane=lane)
        except Exception:
            failed()
            raise

    return await _retry(work, tell)


async def read_when_available(database: Database, unit: Unit[T]) -> T:
    """`Database.read`, again and again while the database is away. Raises what the unit raises for any other reason."""
    return await _retry(lambda: database.read(unit))


async def _retry(work: Callable[[], Awaitable[T]], tell: Callable[[], Awaitable[None]] | None = None) -> T:
    began = time.monotonic()
    for pause in itertools.chain(PAUSES, itertools.repeat(PAUSES[-1])):
        try:
            return await work()
        except Exception as error:
            if outage_reason(error) is None:
                raise
        if tell is not None and time.monotonic() - began > ANNOUNCE_AFTER:
            await tell()
            tell = None
        await asyncio.sleep(pause)
    raise AssertionError("unreachable")


def defer(session: Session, kind: str, values: Iterable[str]) -> None:
    """Leave something to be done after the commit, by whoever runs this unit: see `deferred`."""
    session.info.setdefault(kind, set()).update(values)


def deferred(session: Session, kind: str) -> frozenset[str]:
    """What this unit left of a kind (or tried to, and rolled back)."""
    return frozenset(session.info.get(kind, ()))


def table_of(model: type[SQLModel]) -> Table:
    return model.metadata.tables[str(model.__tablename__)]


def flush_row(session: Session, row: SQLModel) -> None:
    """At the end of a unit: write the changed columns of a loaded row with one prepared statement, and let go of all
    rows. Where more than this row waits to be written, nothing is done: a flush knows what comes first."""
    dirty = list(session.dirty)
    if len(dirty) != 1 or dirty[0] is not row or session.new or session.deleted:
        return
    before = inspect(row).committed_state
    changed = {name: new for name, old in before.items() if (new := getattr(row, name)) != old}
    if changed:
        values = {f"new_{name}": value for name, value in changed.items()}
        statement = _update(table_of(type(row)), tuple(sorted(changed)))
        statement.change(connection_of(session), values | {"row": row.id})
    session.expunge_all()


@cache
def _update(table: Table, columns: tuple[str, ...]) -> Prepared:
    """One a set of columns that is ever changed together: a few."""
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
    return Prepared(update(table).where(table.c.id == bindparam("row")).values(values))


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """Whatever is written inside is undone where it ends in an error; rows that were known before are then read again.

    Cheaper than `Session.begin_nested`, which remembers every row as it was. It ends with its unit; one inside another
    is not meant. A violation that is expected inside still needs a `begin_nested` of its own."""
    session.flush()
    known = IdentitySet(session)
    connection = connection_of(session)
    execute_direct(connection, "SAVEPOINT attempt")
    try:
        yield
    except Exception:
        for row in list(session):
            if row not in known:
                session.expunge(row)
        session.expire_all()
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT attempt")
        forget_failure(connection)
        raise


@cache
def _insert(dialect: str, model: type[SQLModel]) -> UpdateBase:
    table = model.metadata.tables[str(model.__tablename__)]
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing().returning(table.c.id)
    return sqlite.insert(table).on_conflict_do_nothing().returning(table.c.id)


def insert_once(db: Session, model: type[SQLModel], values: dict[str, Any]) -> int | None:
    """The id of the new row, or None where a unique key was already taken. `values` names every column."""
    row = db.exec(_insert(db.get_bind().dialect.name, model), params=values).first()
    if row is None:
        return None
    db.info[model] = True
    return int(row[0])


def inserted(db: Session, model: type[SQLModel]) -> bool:
    """Whether this unit wrote new rows of `model` by `insert_once` (or tried to, and rolled them back)."""
    return model in db.info


class Versioned(Protocol):
    """A row with an id, a state, and a version that grows with every change."""

    id: int | None
    version: int
    state: Any


def compare_and_set(db: Session, row: Versioned, values: Mapping[str, Any]) -> bool:
    """Set `values` where id, state and version still are as in `row`; False where they are not. Reads `row` anew."""
    table: Any = type(row)
    won = db.exec(
        update(table)
        .where(table.id == row.id, table.version == row.version, table.state == row.state)
        .values(version=row.version + 1, **values)
        .execution_options(synchronize_session=False)
    ).rowcount
    db.refresh(row)
    return won > 0
