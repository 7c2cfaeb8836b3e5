"""The record of who did what: append-only, written in the transaction of the action.

See docs/architecture.md, "State machines".
"""

from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from bot.core.context import Actor
from storage.tables import AuditEvent

_INSERT = insert(AuditEvent.metadata.tables["audit_event"])


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
