"""Units of work: plain functions over a session, run several to a transaction or alone.

A unit must be re-runnable and without effects outside the database: one that shared a transaction with a failing
neighbour is run again.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import Session

T = TypeVar("T")
Unit = Callable[[Session], T]

log = logging.getLogger(__name__)

_FAILED = "a statement failed outside a savepoint"


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
    connection: Connection, units: Sequence[Unit[Any]], before: tuple[str, tuple[Any, ...]] | None = None
) -> list[Any]:
    """Run units in one transaction and commit it. Any error rolls back all of them and is raised.

    `before` is a driver's statement, with its values, that the transaction begins with."""
    forget_failure(connection)
    session = Session(
        bind=connection, expire_on_commit=False, autoflush=False, join_transaction_mode="rollback_only"
    )
    with connection.begin() as transaction, session:
        if before is not None:
            connection.exec_driver_sql(*before)
        results = []
        for unit in units:
            results.append(unit(session))
            if transaction.is_active:
                session.flush()
            if not transaction.is_active or _FAILED in connection.info:
                raise SwallowedError(f"{_name(unit)} swallowed a database error")
            # The next unit reads for itself.
            session.expunge_all()
            session.info.clear()
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
