"""Qualification requests, their rounds of deficiencies, and documents (docs/specification.md 2.2)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.enums import Messenger, RejectReason, RequestKind, RequestState
from storage.tables.column_types import Json
from storage.tables.columns import (
    bigint_column,
    created,
    enum_column,
    index_where_set,
    json_dict,
    json_list,
    primary_key,
    reference,
    timestamp_column,
)

_OPEN = "state IN ('DRAFT','SUBMITTED','IN_REVIEW','DEFICIENT','AWAITING_PAYMENT')"


_HELD = "held_until IS NOT NULL"
_CLOSED = "closed_at IS NOT NULL"


class QualificationRequest(SQLModel, table=True):
    """One request, new or amendment. The officer's answers are in the draft until they are frozen in
    `snapshot`."""

    __tablename__ = "qualification_request"
    __table_args__ = (
        Index(
            "uq_qualification_request_open",
            "account_id",
            unique=True,
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
        Index(
            "ix_qualification_request_deputy_for_id",
            "deputy_for_id",
            sqlite_where=text("deputy_for_id IS NOT NULL"),
            postgresql_where=text("deputy_for_id IS NOT NULL"),
        ),
        Index("ix_qualification_request_queue", "university_code", "state", "submitted_at"),
        # Not claimed, and since when; the last of them says whether something new came; lists by the last step.
        Index("ix_qualification_request_arrivals", "university_code", "state", "state_since"),
        # Reminders that are due, drafts that nobody goes on with, and whether a kind is under review.
        Index("ix_qualification_request_reminders", "kind", "state", "reminders", "state_since"),
        # What a university has in a state, in the order of its arrival there.
        Index("ix_qualification_request_received", "university_code", "state", "received_at"),
        # How long a university usually takes is read from this index alone; of reports, how long to the only decision.
        Index("ix_qualification_request_decided", "university_code", "decided_at", "submitted_at", "round"),
        # How long files took to their end, and in how many rounds: read from this index alone.
        Index(
            "ix_qualification_request_closed",
            *("university_code", "state", "closed_at", "submitted_at", "round"),
            sqlite_where=text(_CLOSED),
            postgresql_where=text(_CLOSED),
        ),
        # What one reviewer has in hand, in the order in which it came; what one decided.
        Index("ix_qualification_request_reviewer", "reviewer_id", "state", "received_at"),
        Index("ix_qualification_request_reviewer_decided", "reviewer_id", "decided_at"),
        Index(
            "ix_qualification_request_held",
            "held_until",
            sqlite_where=text(_HELD),
            postgresql_where=text(_HELD),
        ),
        CheckConstraint(
            "state <> 'REJECTED' OR (reject_reason IS NOT NULL AND coalesce(length(reject_text), 0) >= 5)",
            name="rejection_has_reason",
        ),
        CheckConstraint("state <> 'IN_REVIEW' OR reviewer_id IS NOT NULL", name="review_has_reviewer"),
        # A discarded draft's id must not come back: its audit events and its old buttons refer to that draft.
        {"sqlite_autoincrement": True},
    )

    id: int | None = primary_key()
    account_id: int = reference("account.id")
    kind: RequestKind = enum_column(RequestKind)
    state: RequestState = enum_column(RequestState, default=RequestState.DRAFT)
    #: Grows with every change; buttons carry it (compare-and-set).
    version: int = 0
    #: 12 digits: yyyymmdd (Jalali) + daily number; the same on every round (Q32).
    tracking_code: str | None = Field(default=None, unique=True, max_length=12)
    university_code: str | None = Field(default=None, foreign_key="university.code")
    reviewer_id: int | None = reference("account.id", default=None, index=False)
    #: account.id of the expert on leave for whom the reviewer has it; it goes back to them afterwards.
    deputy_for_id: int | None = bigint_column(default=None)
    #: All field values and documents ({"doc.<code>": [stored_file ids]}) as last submitted.
    snapshot: dict[str, Any] = json_dict()
    #: The approved file as it was when an amendment was submitted (old → new).
    before: dict[str, Any] = json_dict()
    round: int = 0
    #: What the officer wrote to the expert with the last submission.
    officer_note: str | None = None
    reject_reason: RejectReason | None = enum_column(RejectReason, default=None)
    reject_text: str | None = None
    fee_rial: int | None = bigint_column(default=None)
    #: Of the pay page; made at approval, 32 url-safe characters.
    pay_token: str | None = Field(default=None, unique=True, max_length=64)
    submitted_at: datetime | None = timestamp_column(default=None)
    #: When it last came to the university: with the submission, or back from the officer.
    received_at: datetime | None = timestamp_column(default=None)
    decided_at: datetime | None = timestamp_column(default=None)
    closed_at: datetime | None = timestamp_column(default=None)
    #: A decision that its expert may still undo, until then (`bot.services.review.held_decisions`).
    held_until: datetime | None = timestamp_column(default=None)
    held_decision: dict[str, Any] = json_dict(server_default="{}")
    #: Why staff took an approval or the qualification back.
    revoke_reason: str | None = None
    #: How many of the reminders N20 (after 3, 7, 30 days) were sent for the present state;
    #: of a draft 1: its removal was announced.
    reminders: int = 0
    state_since: datetime = created()
    created_at: datetime = created()


class DeficiencyRound(SQLModel, table=True):
    """One declaration of deficiencies: ticked items (field keys, "doc.<code>") and a note, then the
    replies."""

    __tablename__ = "deficiency_round"
    __table_args__ = (
        UniqueConstraint("request_id", "round"),
        # What was declared in a period.
        Index("ix_deficiency_round_declared", "declared_at", "round", "request_id"),
    )

    id: int | None = primary_key()
    request_id: int = reference("qualification_request.id")
    round: int
    declared_by: int = reference("account.id", index=False)
    items: list[Any] = json_list()
    note: str | None = None
    #: The snapshot that was found deficient.
    snapshot: dict[str, Any] = json_dict()
    #: item → why the expert found it deficient, where they wrote it
    reasons: dict[str, Any] = Field(
        default_factory=dict, sa_type=Json, sa_column_kwargs={"server_default": text("'{}'")}
    )
    #: item → the officer's reply where no new value was given
    replies: dict[str, Any] = json_dict()
    declared_at: datetime = created()
    resolved_at: datetime | None = timestamp_column(default=None)


class SavedPhrase(SQLModel, table=True):
    """What experts write again and again: of one account, or of all experts of a university."""

    __tablename__ = "saved_phrase"
    __table_args__ = (
        UniqueConstraint("account_id", "text"),
        UniqueConstraint("university_code", "text"),
        CheckConstraint("(account_id IS NULL) <> (university_code IS NULL)", name="one_owner"),
        # A removed phrase's id must not come back: audit events and old buttons refer to that phrase.
        {"sqlite_autoincrement": True},
    )

    id: int | None = primary_key()
    account_id: int | None = reference("account.id", index=False, default=None)
    university_code: str | None = Field(default=None, foreign_key="university.code", max_length=32)
    text: str = Field(max_length=300)
    created_at: datetime = created()


_NEW = "check_at IS NULL AND removed_at IS NULL"
_CHECKED = "check_at IS NOT NULL AND removed_at IS NULL"


class StoredFile(SQLModel, table=True):
    """An uploaded document: its bytes are encrypted in the file store, never here. Belongs to its
    uploader."""

    __tablename__ = "stored_file"
    __table_args__ = (
        index_where_set("stored_file", "preview_key"),
        Index("ix_stored_file_new", "created_at", sqlite_where=text(_NEW), postgresql_where=text(_NEW)),
        Index(
            "ix_stored_file_check", "check_at", sqlite_where=text(_CHECKED), postgresql_where=text(_CHECKED)
        ),
    )

    id: int | None = primary_key()
    account_id: int = reference("account.id")
    #: Of the bytes as uploaded, hex.
    sha256: str = Field(max_length=64, index=True)
    #: "application/pdf", "image/jpeg", "image/heic" …, by the bytes themselves (docs/documents.md)
    media_type: str = Field(max_length=32)
    size: int = bigint_column()
    #: A label for people, never a path.
    original_name: str | None = Field(default=None, max_length=255)
    #: Keys of the encrypted original and of the copy that is shown (the same for a PDF that needed no cleaning).
    original_key: str = Field(max_length=80, index=True)
    shown_key: str = Field(max_length=80, index=True)
    #: Of the copy that is shown; None in rows of earlier releases (a PDF as it is, a picture as a JPEG).
    shown_media_type: str | None = Field(default=None, max_length=32)
    #: Key of the picture of a PDF's first page.
    preview_key: str | None = Field(default=None, max_length=80)
    #: What the expert is told of a PDF, with commas between: "signed" | "cleaned" | "unlocked" | "fonts"
    remarks: str | None = Field(default=None, max_length=80)
    pages: int | None = None
    #: Why people may be unable to read it: "blurred" | "dark" | "glare" | "small" | "blank" | "empty"; of a file of several
    #: pages with their numbers: "dark 2,5"
    quality_warning: str | None = Field(default=None, max_length=16)
    created_at: datetime = created()
    removed_at: datetime | None = timestamp_column(default=None)
    #: When `bot.jobs.retention` looks at it next; None: not once yet.
    check_at: datetime | None = timestamp_column(default=None)

    @property
    def store_keys(self) -> set[str]:
        """Of everything that the file store has of it."""
        return {self.original_key, self.shown_key} | ({self.preview_key} if self.preview_key else set())


class UploadDay(SQLModel, table=True):
    """What an account sent on one day in Tehran: files and their bytes, taken or not."""

    __tablename__ = "upload_day"
    __table_args__ = (Index("ix_upload_day_day", "day"),)

    account_id: int = reference("account.id", index=False, primary_key=True)
    day: date = Field(primary_key=True)
    files: int = 0
    size: int = bigint_column(default=0)


class RequestFile(SQLModel, table=True):
    """A document that was part of a submission: what the experts of that university may open."""

    __tablename__ = "request_file"
    __table_args__ = (UniqueConstraint("request_id", "file_id", "round"),)

    id: int | None = primary_key()
    request_id: int = reference("qualification_request.id")
    file_id: int = reference("stored_file.id")
    round: int
    document_code: str = Field(max_length=32)


class FileHandle(SQLModel, table=True):
    """A messenger's own id of a file that we sent there once: a cache, lost without harm."""

    __tablename__ = "file_handle"

    file_id: int = reference("stored_file.id", index=False, primary_key=True)
    messenger: Messenger = enum_column(Messenger, primary_key=True)
    #: File ids of one bot mean nothing to another.
    bot_id: int = bigint_column(default=0, primary_key=True, sa_column_kwargs={"server_default": "0"})
    #: Which copy: "shown" | "preview" | "original"
    variant: str = Field(
        default="shown", max_length=8, primary_key=True, sa_column_kwargs={"server_default": "shown"}
    )
    handle: str
