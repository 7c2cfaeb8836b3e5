"""What the directorate's services share: permission, and changing one row of reference data exactly once."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar
from zlib import crc32

from sqlalchemy import inspect
from sqlmodel import Session, SQLModel, col, select

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, Stale
from bot.core.screens import MAX_VERSION
from bot.services.shared import audit
from bot.services.shared.permissions import require
from storage.enums import Role
from storage.tables import DocumentType

Row = TypeVar("Row", bound=SQLModel)


def row_fingerprint(row: SQLModel) -> int:
    """Names the row as it is now, for buttons: any change of it has another mark. Below MAX_VERSION."""
    names = sorted(column.key for column in inspect(type(row)).column_attrs)
    return crc32(repr([(name, getattr(row, name)) for name in names]).encode()) % MAX_VERSION


def lock_row(db: Session, model: type[Row], key: Any, *, expected: int | None = None) -> Row:
    """The row, locked until the commit. Raises Stale where it is gone or not as it was seen."""
    row = db.get(model, key, with_for_update=True, populate_existing=True)
    if row is None or (expected is not None and row_fingerprint(row) != expected):
        raise Stale
    return row


def change(
    db: Session, row: SQLModel, *, actor: Actor, now: datetime, event: str, subject: str, **values: Any
) -> None:
    """Write `values` into a held row, and the event with what they were. Raises Stale where nothing would
    change."""
    was = {name: getattr(row, name) for name in values}
    if was == values:
        raise Stale
    for name, value in values.items():
        setattr(row, name, value)
    db.add(row)
    db.flush()
    key = getattr(row, "id", None)
    audit.record(
        db,
        now=now,
        actor=actor,
        event=event,
        subject=subject,
        subject_id=key if isinstance(key, int) else 0,
        code=getattr(row, "code", None),
        was=was,
        **values,
    )


def add(
    db: Session, row: Any, *, actor: Actor, now: datetime, event: str, subject: str, **details: Any
) -> None:
    """Store a new row that has a `code`, and the event with `details`."""
    db.add(row)
    db.flush()
    audit.record(
        db, now=now, actor=actor, event=event, subject=subject, subject_id=0, code=row.code, **details
    )


def in_order(db: Session, model: type[Any]) -> list[Any]:
    """All rows of a table that staff keep in an order."""
    return list(db.exec(select(model).order_by(col(model.position), col(model.code))))


def move(
    db: Session,
    model: type[Any],
    code: str,
    *,
    actor: Actor,
    up: bool,
    expected: int,
    now: datetime,
    event: str,
    subject: str,
) -> None:
    """Change places with the neighbour before (`up`) or after it. Raises Stale at the ends."""
    lock_row(db, model, code, expected=expected)
    every = in_order(db, model)
    index = next(i for i, row in enumerate(every) if row.code == code)
    other = index + (-1 if up else 1)
    if not 0 <= other < len(every):
        raise Stale
    every[index], every[other] = every[other], every[index]
    for position, row in enumerate(every, start=1):
        row.position = position
        db.add(row)
    db.flush()
    audit.record(db, now=now, actor=actor, event=event, subject=subject, subject_id=0, code=code, up=up)


def need_free_name(
    db: Session, model: type[Any], name: str, *, but: str | None = None, column: str = "name"
) -> None:
    """Raises InvalidInput("error.name_taken") where another row has this name: people choose by names."""
    query = select(model.code).where(getattr(model, column) == name)
    if but is not None:
        query = query.where(model.code != but)
    if db.exec(query).first() is not None:
        raise InvalidInput("error.name_taken")


def next_code(db: Session, model: type[Any]) -> str:
    """A code for a row that staff add: "added_1", "added_2" …"""
    taken = set(db.exec(select(model.code).where(col(model.code).startswith("added_"))))
    return f"added_{next(n for n in range(1, len(taken) + 2) if f'added_{n}' not in taken)}"


def names_of_documents(db: Session, *, actor: Actor) -> dict[str, str]:
    """Code → what the document is called. Raises NotAllowed."""
    require(db, actor, Role.STAFF)
    return dict(db.exec(select(DocumentType.code, DocumentType.name)).all())
