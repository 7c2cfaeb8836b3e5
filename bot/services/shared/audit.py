"""The record of who did what: append-only, written in the transaction of the action.

See docs/architecture.md, "State machines".
"""

from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from bot.core.context import Actor
from storage.tables import AuditEvent

#: Events by names of earlier releases → their names now. Lines that are written are never changed: code that
#: shows or queries a renamed event must know both names.
FORMER_EVENTS = {
    "moved_in": "legacy_import",
    "moving_in_corrected": "legacy_import_corrected",
    "paper_removed": "document_removed",
}
_INSERT = insert(AuditEvent.metadata.tables["audit_event"])


def present_name(event: str) -> str:
    """The name of a stored event in this release."""
    return FORMER_EVENTS.get(event, event)


def record(
    db: Session,
    *,
    now: datetime,
    actor: Actor,
    event: str,
    subject: str,
    subject_id: int,
    from_state: str | None = None,
    to_state: str | None = None,
    **data: Any,
) -> None:
    """Append one event. `data` is JSON and holds no secret, national code or mobile."""
    db.exec(
        _INSERT,
        params={
            "at": now,
            "event": event,
            "subject": subject,
            "subject_id": subject_id,
            "actor_id": actor.account_id,
            "actor_role": actor.role,
            "messenger": actor.messenger,
            "from_state": from_state,
            "to_state": to_state,
            "data": data,
        },
    )
