"""What colleagues tell each other about files, and their leave (docs/specification.md 2.9)."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from storage.tables.columns import (
    bigint_column,
    created,
    index_where_set,
    json_or_none,
    primary_key,
    reference,
    timestamp_column,
)


class FileNote(SQLModel, table=True):
    """A note on a file for the colleagues who may open it; never for the people whom it is about."""

    __tablename__ = "file_note"
    __table_args__ = (
        Index("ix_file_note_file", "subject", "subject_id"),
        Index("ix_file_note_check", "check_at", "created_at"),
    )

    id: int | None = primary_key()
    #: Of audit events: "qualification" or "cooperation", and the id of that request.
    subject: str = Field(max_length=16)
    subject_id: int = bigint_column()
    account_id: int = reference("account.id", index=False)
    #: account.id of the colleague whom the file was given to with these words; None: a note.
    given_to: int | None = bigint_column(default=None)
    text: str
    created_at: datetime = created()
    #: When `bot.jobs.retention` looks at it next; None: not once yet.
    check_at: datetime | None = timestamp_column(default=None)


class ExpertLeave(SQLModel, table=True):
    """Days (in Tehran, both included) on which an expert is away and a deputy gets the files that come back."""

    __tablename__ = "expert_leave"
    __table_args__ = (
        Index(
            "uq_expert_leave_open",
            "university_code",
            "account_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        # Those that are over and whose files are to go back.
        Index(
            "ix_expert_leave_ends",
            "ends_on",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        index_where_set("expert_leave", "giving_back"),
        CheckConstraint("starts_on <= ends_on", name="starts_before_it_ends"),
        CheckConstraint("deputy_id <> account_id", name="deputy_is_another"),
    )

    id: int | None = primary_key()
    account_id: int = reference("account.id")
    university_code: str = Field(foreign_key="university.code")
    deputy_id: int = reference("account.id", index=False)
    starts_on: date
    ends_on: date
    #: The files went back, or it was called off.
    ended_at: datetime | None = timestamp_column(default=None)
    #: While files go back: account.id of deputies → tracking codes of what left them; None: nothing is left to give back.
    giving_back: dict[str, list[str]] | None = json_or_none()
    created_at: datetime = created()
