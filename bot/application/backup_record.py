"""When the last whole backup was made: a line of the audit record, since every machine reads the same database.

It is written after the archive, so a restored database does not know of the archive that it came from.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from bot.core.context import SYSTEM
from bot.services.shared import audit
from storage.tables import AuditEvent

#: Of audit events.
SUBJECT = "backup"


def note_backup(db: Session, *, documents: int, size: int, now: datetime) -> None:
    """Record a whole backup; `size` in bytes before encryption."""
    audit.record(
        db,
        now=now,
        actor=SYSTEM,
        event="backup_made",
        subject=SUBJECT,
        subject_id=0,
        documents=documents,
        bytes=size,
    )


def last_backup(db: Session) -> datetime | None:
    """When the newest whole backup was made; None: never."""
    newest = (
        select(AuditEvent.at)
        .where(AuditEvent.subject == SUBJECT, AuditEvent.subject_id == 0)
        .order_by(col(AuditEvent.id).desc())
        .limit(1)
    )
    return db.exec(newest).first()


def seconds_without_backup(db: Session, *, now: datetime) -> float:
    """Age of the newest whole backup; where there was none, of the first thing that happened."""
    since = last_backup(db)
    if since is None:
        since = db.exec(select(AuditEvent.at).order_by(col(AuditEvent.id)).limit(1)).first()
    return max(0.0, (now - since).total_seconds()) if since is not None else 0.0
