"""Letters of the directorate to officers, their attachments, and who got and read them.

See R44, docs/specification.md 2.7.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from storage.enums import LetterState
from storage.tables.columns import (
    bigint_column,
    created,
    enum_column,
    index_where_set,
    json_dict,
    primary_key,
    reference,
    timestamp_column,
)


class Letter(SQLModel, table=True):
    """A letter that was sent off. It never changes; unfinished ones are drafts of a dialogue."""

    __tablename__ = "letter"
    __table_args__ = (
        Index(
            "ix_letter_sending",
            "state",
            sqlite_where=text("state = 'SENDING'"),
            postgresql_where=text("state = 'SENDING'"),
        ),
        index_where_set("letter", "taking_back"),
        CheckConstraint("(state = 'SENDING') = (finished_at IS NULL)", name="finished_has_its_time"),
    )

    id: int | None = primary_key()
    #: The directorate's own number of it; None: a message without one.
    number: str | None = Field(default=None, max_length=40)
    title: str = Field(max_length=120)
    text: str
    #: {"kind": …, "value": …}, see bot.services.letters.audience
    audience: dict[str, Any] = json_dict()
    state: LetterState = enum_column(LetterState, default=LetterState.SENDING)
    created_by: int = reference("account.id", index=False)
    #: Until then nobody gets it, and a stop finds everybody.
    starts_at: datetime | None = timestamp_column(default=None)
    #: Recipients without a live chat get an SMS.
    sms: bool = False
    #: The letter that this one corrects.
    corrects_id: int | None = reference("letter.id", default=None)
    #: Accounts up to this account.id are still to be looked at for recipients; None: all recipients are listed.
    unlisted: int | None = bigint_column(default=None)
    #: How many letter_recipient rows it has.
    recipients: int = 0
    #: How many of them have it in their inbox.
    delivered: int = 0
    #: Recipients up to this account.id have it; the sweep goes on behind it (compare-and-set).
    reached: int = bigint_column(default=0)
    #: It was stopped, and is still to be taken back from recipients up to this account.id; None: from nobody more.
    taking_back: int | None = bigint_column(default=None)
    created_at: datetime = created()
    #: SENT or STOPPED since.
    finished_at: datetime | None = timestamp_column(default=None)


class LetterFile(SQLModel, table=True):
    """An attachment: its letter's recipients may open it."""

    __tablename__ = "letter_file"

    letter_id: int = reference("letter.id", index=False, primary_key=True)
    file_id: int = reference("stored_file.id", primary_key=True)
    position: int


class LetterRecipient(SQLModel, table=True):
    """One officer among the recipients, fixed when the letter was sent off; in the inbox once delivered."""

    __tablename__ = "letter_recipient"
    __table_args__ = (
        Index(
            "ix_letter_recipient_unread",
            "account_id",
            sqlite_where=text("delivered_at IS NOT NULL AND read_at IS NULL"),
            postgresql_where=text("delivered_at IS NOT NULL AND read_at IS NULL"),
        ),
        Index(
            "ix_letter_recipient_read",
            "letter_id",
            sqlite_where=text("read_at IS NOT NULL"),
            postgresql_where=text("read_at IS NOT NULL"),
        ),
    )

    letter_id: int = reference("letter.id", index=False, primary_key=True)
    account_id: int = reference("account.id", primary_key=True)
    delivered_at: datetime | None = timestamp_column(default=None)
    #: When it was first opened.
    read_at: datetime | None = timestamp_column(default=None)
