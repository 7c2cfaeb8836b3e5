"""Compare-and-set: a row changes only if it has not changed since it was read.

See docs/architecture.md, "State machines".
"""

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import update
from sqlmodel import Session


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
