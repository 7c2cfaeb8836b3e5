"""What every update does, without the ORM's bookkeeping: Core statements, a row written back, a savepoint.

See docs/performance.md 1.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, Update, bindparam, inspect, update
from sqlalchemy.util import IdentitySet
from sqlmodel import Session, SQLModel

from storage.database.unit_of_work import forget_failure


def connection_of(session: Session) -> Connection:
    """The unit's connection, for statements on tables. What the session holds unflushed is not seen by them."""
    bound = session.get_bind()
    return bound if isinstance(bound, Connection) else session.connection()


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
        connection_of(session).execute(statement, values | {"row": row.id})
    session.expunge_all()


@cache
def _update(table: Table, columns: tuple[str, ...]) -> Update:
    """One a set of columns that is ever changed together: a few."""
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
    return update(table).where(table.c.id == bindparam("row")).values(values)


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """Whatever is written inside is undone where it ends in an error; rows that were known before are then read again.

    Cheaper than `Session.begin_nested`, which remembers every row as it was. It ends with its unit; one inside another
    is not meant. A violation that is expected inside still needs a `begin_nested` of its own."""
    session.flush()
    known = IdentitySet(session)
    connection = connection_of(session)
    connection.exec_driver_sql("SAVEPOINT attempt")
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
