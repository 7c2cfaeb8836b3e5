"""The required documents: rule, order, number of files, name. Requests already submitted go on as they are.

See docs/specification.md 3.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.core.context import Actor
from bot.core.refusals import InvalidInput, Stale
from bot.services.directorate import reference_rows
from bot.services.shared.permissions import require
from storage.enums import Role
from storage.tables import DocumentType

REQUIRED = ("yes", "men", "no")
MOST_FILES = 3
#: Characters of a name, and of the one on a button.
LONGEST_NAME, LONGEST_SHORT = 80, 20


def all_document_types(db: Session, *, actor: Actor) -> list[DocumentType]:
    """Also what is switched off, in order."""
    require(db, actor, Role.STAFF)
    return reference_rows.in_order(db, DocumentType)


def change_document_type(
    db: Session, *, actor: Actor, code: str, expected: int, now: datetime, event: str, **values: Any
) -> DocumentType:
    """Write some of `required`, `active`, `max_files`, `sides`, `name`, `short_name`.

    `expected` is the mark of the row as it was shown. Raises NotAllowed, Stale, InvalidInput.
    """
    require(db, actor, Role.STAFF)
    row = reference_rows.lock_row(db, DocumentType, code, expected=expected)
    if values.get("required", "no") not in REQUIRED or not 1 <= values.get("max_files", 1) <= MOST_FILES:
        raise Stale
    if values.get("sides", 1) not in (1, 2):
        raise Stale
    if "name" in values:
        reference_rows.need_free_name(db, DocumentType, values["name"], but=code)
        _fits(values["name"], values["short_name"])
    reference_rows.change(db, row, actor=actor, now=now, event=event, subject="document_type", **values)
    return row


def _fits(name: str, short_name: str) -> None:
    if not 2 <= len(name) <= LONGEST_NAME or not 2 <= len(short_name) <= LONGEST_SHORT:
        raise InvalidInput("error.long_text", max=LONGEST_SHORT)


def move_document_type(
    db: Session, *, actor: Actor, code: str, up: bool, expected: int, now: datetime
) -> None:
    """Change places with the neighbour before (`up`) or after it. Raises NotAllowed, Stale at the ends."""
    require(db, actor, Role.STAFF)
    reference_rows.move(
        db,
        DocumentType,
        code,
        actor=actor,
        up=up,
        expected=expected,
        now=now,
        event="document_moved",
        subject="document_type",
    )


def add_document_type(
    db: Session,
    *,
    actor: Actor,
    name: str,
    short_name: str,
    required: str,
    max_files: int,
    active: bool,
    now: datetime,
) -> DocumentType:
    """A document that is asked for from now on, or, not `active`, once it is switched on. Raises NotAllowed, InvalidInput."""
    require(db, actor, Role.STAFF)
    reference_rows.need_free_name(db, DocumentType, name)
    _fits(name, short_name)
    if required not in REQUIRED or not 1 <= max_files <= MOST_FILES:
        raise Stale
    row = DocumentType(
        code=reference_rows.next_code(db, DocumentType),
        name=name,
        short_name=short_name,
        required=required,
        max_files=max_files,
        active=active,
        position=max(
            (document_type.position for document_type in all_document_types(db, actor=actor)), default=0
        )
        + 1,
    )
    reference_rows.add(
        db,
        row,
        actor=actor,
        now=now,
        event="document_added",
        subject="document_type",
        name=name,
        required=required,
    )
    return row
