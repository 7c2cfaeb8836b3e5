"""The append-only record of who did what, and its hash chain (the database itself refuses UPDATE, DELETE and
REPLACE)."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.enums import Messenger, Role
from storage.tables.column_types import BigId
from storage.tables.columns import bigint_column, created, enum_column, json_dict, primary_key, reference


class AuditEvent(SQLModel, table=True):
    """One event: becomes a timeline line for people, and the cause of pushes."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_subject", "subject", "subject_id", "id"),
        Index("ix_audit_event_at", "at", "id"),
    )

    id: int | None = primary_key()
    at: datetime = created()
    #: Verb of the field: "submitted", "claimed", "deficiencies_declared", "document_viewed" …
    event: str = Field(max_length=40)
    subject: str = Field(max_length=32)
    subject_id: int = bigint_column()
    actor_id: int | None = reference("account.id", default=None)
    actor_role: Role = enum_column(Role)
    messenger: Messenger | None = enum_column(Messenger, default=None)
    from_state: str | None = Field(default=None, max_length=32)
    to_state: str | None = Field(default=None, max_length=32)
    data: dict[str, Any] = json_dict()


class AuditLink(SQLModel, table=True):
    """One link of the hash chain over the audit lines, added in batches shortly after the commit."""

    __tablename__ = "audit_link"

    #: 1, 2, 3 … without gaps; the order in which lines were linked, which is nearly that of their ids.
    position: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    event_id: int = bigint_column(unique=True)
    #: SHA-256 over the link before and the line, in hexadecimal.
    hash: str = Field(max_length=64)
    #: The last link of a batch is signed: which key signed it, and the HMAC.
    key_id: str | None = Field(default=None, max_length=16)
    mac: str | None = Field(default=None, max_length=64)
    #: The links before it were signed under a key that was not here when it was added.
    resumed: bool = False
