"""The append-only record of who did what (the database itself refuses UPDATE and DELETE)."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.states import Messenger, Role
from storage.tables.base import big, created, json_dict, primary_key, reference, word


class AuditEvent(SQLModel, table=True):
    """One event: becomes a timeline line for people, and the cause of pushes."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_subject", "subject", "subject_id", "id"),)

    id: int | None = primary_key()
    at: datetime = created()
    #: Verb of the trade: "submitted", "claimed", "deficiencies_declared", "document_viewed" …
    event: str = Field(max_length=40)
    subject: str = Field(max_length=32)
    subject_id: int = big()
    actor_id: int | None = reference("account.id", default=None)
    actor_role: Role = word(Role)
    messenger: Messenger | None = word(Messenger, default=None)
    from_state: str | None = Field(default=None, max_length=32)
    to_state: str | None = Field(default=None, max_length=32)
    data: dict[str, Any] = json_dict()
