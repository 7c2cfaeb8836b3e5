"""Degree levels and fields: which are open to new requests (R20). Files already submitted go on (Q34)."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import Stale
from bot.services.directorate import reference_rows
from bot.services.shared import audit
from bot.services.shared.permissions import require
from storage.enums import Role
from storage.tables import ClosedPair, DegreeLevel, FieldOfStudy


def levels(db: Session, *, actor: Actor) -> list[DegreeLevel]:
    require(db, actor, Role.STAFF)
    return list(db.exec(select(DegreeLevel).order_by(col(DegreeLevel.position))))


def fields(db: Session, *, actor: Actor) -> list[FieldOfStudy]:
    """All, the one that must be described last."""
    require(db, actor, Role.STAFF)
    order = (col(FieldOfStudy.needs_note), col(FieldOfStudy.position), col(FieldOfStudy.name))
    return list(db.exec(select(FieldOfStudy).order_by(*order)))


def closed_at(db: Session, *, actor: Actor, field_code: str) -> set[str]:
    """Codes of the levels at which a field is closed."""
    require(db, actor, Role.STAFF)
    return set(db.exec(select(ClosedPair.level_code).where(ClosedPair.field_code == field_code)))


def closed_fields(db: Session, *, actor: Actor, level_code: str) -> list[str]:
    """Names of the fields that are closed at a level."""
    require(db, actor, Role.STAFF)
    query = (
        select(FieldOfStudy.name)
        .join(ClosedPair, col(ClosedPair.field_code) == col(FieldOfStudy.code))
        .where(ClosedPair.level_code == level_code)
    )
    return list(db.exec(query.order_by(col(FieldOfStudy.position))))


def set_level(db: Session, *, actor: Actor, code: str, allowed: bool, now: datetime) -> DegreeLevel:
    """Open or close a level. Raises NotAllowed, Stale where it is so already."""
    require(db, actor, Role.STAFF)
    row = reference_rows.lock_row(db, DegreeLevel, code)
    event = "level_opened" if allowed else "level_closed"
    reference_rows.change(db, row, actor=actor, now=now, event=event, subject="level", allowed=allowed)
    return row


def set_field(db: Session, *, actor: Actor, code: str, allowed: bool, now: datetime) -> FieldOfStudy:
    """Open or close a field at every level. Raises NotAllowed, Stale where it is so already."""
    require(db, actor, Role.STAFF)
    row = reference_rows.lock_row(db, FieldOfStudy, code)
    event = "field_opened" if allowed else "field_closed"
    reference_rows.change(db, row, actor=actor, now=now, event=event, subject="field", allowed=allowed)
    return row


def set_pair(
    db: Session, *, actor: Actor, field_code: str, level_code: str, allowed: bool, now: datetime
) -> None:
    """Open or close a field at one level. Raises NotAllowed, Stale where it is so already."""
    require(db, actor, Role.STAFF)
    reference_rows.lock_row(db, FieldOfStudy, field_code)  # a second change of the same pair waits here
    if db.get(DegreeLevel, level_code) is None:
        raise Stale
    pair = db.get(ClosedPair, (level_code, field_code), populate_existing=True)
    if (pair is None) == allowed:
        raise Stale
    if pair is None:
        db.add(ClosedPair(level_code=level_code, field_code=field_code))
    else:
        db.delete(pair)
    db.flush()
    audit.record(
        db,
        now=now,
        actor=actor,
        event="pair_opened" if allowed else "pair_closed",
        subject="field",
        subject_id=0,
        code=field_code,
        level=level_code,
    )


def add_field(db: Session, *, actor: Actor, name: str, needs_note: bool, now: datetime) -> FieldOfStudy:
    """A field that officers may choose from now on. Raises NotAllowed, InvalidInput("error.name_taken")."""
    require(db, actor, Role.STAFF)
    reference_rows.need_free_name(db, FieldOfStudy, name)
    last = max((field.position for field in fields(db, actor=actor)), default=0)
    row = FieldOfStudy(
        code=reference_rows.next_code(db, FieldOfStudy), name=name, position=last + 1, needs_note=needs_note
    )
    reference_rows.add(
        db, row, actor=actor, now=now, event="field_added", subject="field", name=name, needs_note=needs_note
    )
    return row
