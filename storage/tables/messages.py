"""Inbox and outbox (docs/architecture.md, "The way of an update")."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.enums import InboxState, Messenger, PushChannel, PushState
from storage.tables.columns import (
    bigint_column,
    created,
    enum_column,
    json_dict,
    json_list,
    primary_key,
    reference,
    timestamp_column,
)


class InboxUpdate(SQLModel, table=True):
    """An update as it came. `raw` loses a password once it is done.

    Keyed by messenger, bot, its number there and `again`: a messenger may give one number to several updates
    in the course of time, which are told apart by their bodies."""

    __tablename__ = "inbox_update"
    __table_args__ = (
        UniqueConstraint("messenger", "bot_id", "update_id", "again"),
        Index(
            "ix_inbox_update_unfinished",
            "state",
            sqlite_where=text("state IN ('RECEIVED', 'DONE')"),
            postgresql_where=text("state IN ('RECEIVED', 'DONE')"),
        ),
        # What went wrong, for staff to look at.
        Index(
            "ix_inbox_update_odd",
            "state",
            "received_at",
            sqlite_where=text("state IN ('QUARANTINED', 'FAILED')"),
            postgresql_where=text("state IN ('QUARANTINED', 'FAILED')"),
        ),
    )

    id: int | None = primary_key()
    messenger: Messenger = enum_column(Messenger)
    #: The bot that it was sent to; 0: of before this was noted, taken over by the first bot that starts.
    bot_id: int = bigint_column(default=0, sa_column_kwargs={"server_default": "0"})
    update_id: int = bigint_column()
    #: How many other updates had this number before.
    again: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    #: Whose chat queue: the chat's id on that messenger; None where it could not be read.
    lane: int | None = bigint_column(default=None)
    raw: str
    #: Of a wiped body: what tells it from other updates, without its words.
    identity: str | None = None
    state: InboxState = enum_column(InboxState, default=InboxState.RECEIVED)
    #: Why it was quarantined, or the number of the error shown to the person.
    note: str | None = None
    received_at: datetime = created()
    done_at: datetime | None = timestamp_column(default=None)


class LeftGroup(SQLModel, table=True):
    """A group or channel that the bot was added to, was told where it answers, and was left. Kept so that a
    person who adds the bot again and again is told once in a while."""

    __tablename__ = "left_group"
    __table_args__ = (
        UniqueConstraint("messenger", "chat_id"),
        Index("ix_left_group_left_at", "left_at"),
    )

    id: int | None = primary_key()
    messenger: Messenger = enum_column(Messenger)
    chat_id: int = bigint_column()
    notified_at: datetime = timestamp_column()
    left_at: datetime = timestamp_column()


class BotProfile(SQLModel, table=True):
    """What a messenger was told about the bot: commands and descriptions. Told again only where they are others."""

    __tablename__ = "bot_profile"

    messenger: Messenger = enum_column(Messenger, primary_key=True)
    bot_id: int = bigint_column()
    #: SHA-256 of what was sent, in hexadecimal.
    fingerprint: str = Field(max_length=64)
    #: Menus of chats after this chat.id are still to be told anew; None: all were.
    menus_after: int | None = bigint_column(default=None)


class PayMessage(SQLModel, table=True):
    """A message that shows the button to the pay page of a request. The button is taken off it once nothing is due."""

    __tablename__ = "pay_message"
    # An id is never given again: a push that waits names its message by it.
    __table_args__ = (
        UniqueConstraint("chat_row_id", "bot_id", "message_id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = primary_key()
    request_id: int = reference("qualification_request.id")
    chat_row_id: int = reference("chat.id", index=False)
    #: Whose number of a message it is.
    bot_id: int = bigint_column()
    message_id: int = bigint_column()


class Push(SQLModel, table=True):
    """A push or SMS to be sent, written in the transaction of what it tells. `key` makes it unique:
    "{event}:{recipient}:{chat or sms}"."""

    __tablename__ = "push"
    __table_args__ = (
        Index(
            "ix_push_due",
            "state",
            "next_at",
            sqlite_where=text("state IN ('QUEUED', 'SENDING')"),
            postgresql_where=text("state IN ('QUEUED', 'SENDING')"),
        ),
        # In the order in which each messenger is given them: letters after everything else.
        *(
            Index(
                name,
                "messenger",
                "next_at",
                "id",
                sqlite_where=text(f"state IN ('QUEUED', 'SENDING') AND letter_id IS {which}"),
                postgresql_where=text(f"state IN ('QUEUED', 'SENDING') AND letter_id IS {which}"),
            )
            for name, which in (("ix_push_turn", "NULL"), ("ix_push_turn_of_letters", "NOT NULL"))
        ),
        # What waits for one chat: the first of it goes first. With all that is asked of a row.
        Index(
            "ix_push_of_chat",
            "chat_row_id",
            "id",
            "letter_id",
            "state",
            sqlite_where=text("state IN ('QUEUED', 'SENDING')"),
            postgresql_where=text("state IN ('QUEUED', 'SENDING')"),
        ),
        Index(
            "ix_push_given_up",
            "id",
            sqlite_where=text("state = 'GIVEN_UP'"),
            postgresql_where=text("state = 'GIVEN_UP'"),
        ),
        # What was said long ago is emptied.
        Index(
            "ix_push_told",
            "created_at",
            sqlite_where=text("state IN ('SENT', 'SKIPPED') AND text <> ''"),
            postgresql_where=text("state IN ('SENT', 'SKIPPED') AND text <> ''"),
        ),
        Index(
            "ix_push_letter",
            "letter_id",
            "state",
            "account_id",
            sqlite_where=text("letter_id IS NOT NULL"),
            postgresql_where=text("letter_id IS NOT NULL"),
        ),
    )

    id: int | None = primary_key()
    key: str = Field(unique=True, max_length=160)
    #: N1 … N24 or "alert"
    kind: str = Field(max_length=16)
    channel: PushChannel = enum_column(PushChannel)
    account_id: int | None = reference("account.id", default=None)
    #: role_grant.id: told to the holder of that role, and not at all once it is gone; None: to the person
    #: themself.
    grant_id: int | None = bigint_column(default=None)
    #: chat.id (our row), for CHAT
    chat_row_id: int | None = reference("chat.id", default=None)
    #: That chat's, which never changes. None for SMS, and where a process of an earlier release wrote the row.
    messenger: Messenger | None = enum_column(Messenger, default=None)
    #: Of a letter (N9): thousands of them give way to everything else.
    letter_id: int | None = reference("letter.id", index=False, default=None)
    #: +989…, for SMS
    mobile: str | None = None
    #: Empty where it was sent long ago.
    text: str
    #: Rows of [label, packed press or url], as `bot.core.screens.rows_to_json` writes them.
    buttons: list[Any] = json_list()
    #: qualification_request.id whose pay page a button leads to: not sent where nothing is due any more.
    pays_request_id: int | None = bigint_column(default=None)
    #: pay_message.id: this message is edited, none is sent. Nothing is done where that row is gone.
    pay_message_id: int | None = bigint_column(default=None)
    #: Name of the SMS template and its tokens, for SMS: {"template": …, "tokens": [...]}.
    sms: dict[str, Any] = json_dict()
    state: PushState = enum_column(PushState, default=PushState.QUEUED)
    attempts: int = 0
    next_at: datetime = created()
    #: SENDING until then; a dead process's lease runs out.
    leased_until: datetime | None = timestamp_column(default=None)
    note: str | None = None
    #: What it was written for (storage/correlation.py): the id that finds all of it in the logs.
    correlation_id: str | None = Field(default=None, max_length=40)
    provider_id: str | None = None
    created_at: datetime = created()
    sent_at: datetime | None = timestamp_column(default=None)


class StaffAlert(SQLModel, table=True):
    """Something staff must see until it is resolved. One open alert a key."""

    __tablename__ = "staff_alert"
    __table_args__ = (
        Index(
            "uq_staff_alert_open_key",
            "key",
            unique=True,
            sqlite_where=text("resolved_at IS NULL"),
            postgresql_where=text("resolved_at IS NULL"),
        ),
        # Open ones that are to be told again.
        Index(
            "ix_staff_alert_told",
            "notified_at",
            sqlite_where=text("resolved_at IS NULL"),
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )

    id: int | None = primary_key()
    key: str = Field(max_length=120)
    text: str
    raised_at: datetime = created()
    notified_at: datetime | None = timestamp_column(default=None)
    resolved_at: datetime | None = timestamp_column(default=None)
