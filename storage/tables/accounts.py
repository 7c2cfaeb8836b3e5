"""Accounts, their roles, the officer's file, and chats.

See docs/specification.md 2.1.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.enums import AccountState, Messenger, Role
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


class Account(SQLModel, table=True):
    """A person who can log in. `national_code` is unique among accounts not annulled (R12)."""

    __tablename__ = "account"
    __table_args__ = (
        Index(
            "uq_account_living_national_code",
            "national_code",
            unique=True,
            sqlite_where=text("state <> 'ANNULLED'"),
            postgresql_where=text("state <> 'ANNULLED'"),
        ),
        # Annulled accounts are looked up as well.
        Index("ix_account_national_code", "national_code"),
    )

    id: int | None = primary_key()
    user_code: str = Field(unique=True, max_length=32)
    password_hash: str
    #: A password was made whose screen is not known to be delivered: the next touch makes another (Q30).
    credentials_pending: bool = False
    state: AccountState = enum_column(AccountState, default=AccountState.ACTIVE)
    state_reason: str | None = None
    national_code: str | None = Field(default=None, max_length=10)
    first_name: str
    last_name: str
    #: +989…, as `rules.identity.mobile` makes it
    mobile: str | None = Field(default=None, max_length=13, index=True)
    mobile_verified: bool = False
    migrated: bool = False
    version: int = 0
    created_at: datetime = created()

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class Grant(SQLModel, table=True):
    """A role that an account holds; an expert's belongs to one university, a manager's to one distributor."""

    __tablename__ = "role_grant"
    __table_args__ = (
        UniqueConstraint("account_id", "role", "university_code"),
        # Staff, experts: few among all officers.
        Index("ix_role_grant_role", "role", "account_id"),
        # To a unique constraint two NULLs are different.
        Index(
            "uq_role_grant_plain",
            "account_id",
            "role",
            unique=True,
            sqlite_where=text("university_code IS NULL AND distributor_id IS NULL"),
            postgresql_where=text("university_code IS NULL AND distributor_id IS NULL"),
        ),
        Index(
            "uq_role_grant_distributor",
            "account_id",
            "distributor_id",
            unique=True,
            sqlite_where=text("distributor_id IS NOT NULL"),
            postgresql_where=text("distributor_id IS NOT NULL"),
        ),
        Index(
            "uq_role_grant_one_distributor",
            "account_id",
            unique=True,
            sqlite_where=text("distributor_id IS NOT NULL AND active"),
            postgresql_where=text("distributor_id IS NOT NULL AND active"),
        ),
        CheckConstraint(
            "(role = 'distributor') = (distributor_id IS NOT NULL)", name="manager_has_distributor"
        ),
    )

    id: int | None = primary_key()
    account_id: int = reference("account.id")
    role: Role = enum_column(Role)
    university_code: str | None = Field(default=None, foreign_key="university.code", index=True)
    distributor_id: int | None = reference("distributor.id", default=None)
    active: bool = True
    #: When this expert was last told of waiting files (N10: at most once an hour).
    waiting_notified_at: datetime | None = timestamp_column(default=None)
    #: The day in Tehran of this expert's last morning digest.
    digest_on: date | None = None
    created_at: datetime = created()


class Invitation(SQLModel, table=True):
    """A role that staff offer to somebody by name and mobile, or (`account_id`) new access to an account. The link's token
    and the one-time code are kept as hashes."""

    __tablename__ = "invitation"
    __table_args__ = (Index("ix_invitation_university", "university_code", "id"),)

    id: int | None = primary_key()
    role: Role = enum_column(Role)
    university_code: str | None = Field(default=None, foreign_key="university.code")
    distributor_id: int | None = reference("distributor.id", default=None)
    #: Whose password the link sets anew; None: the link gives the role.
    account_id: int | None = reference("account.id", default=None)
    first_name: str
    last_name: str
    #: +989…; "" where the account has none.
    mobile: str = Field(max_length=13)
    #: Where staff know it; else who accepts writes it.
    national_code: str | None = Field(default=None, max_length=10)
    token_hash: str = Field(unique=True, max_length=64)
    code_hash: str = Field(max_length=64)
    #: How often it was sent; names its SMS.
    sent: int = 1
    wrong_codes: int = 0
    invited_by: int = reference("account.id", index=False)
    expires_at: datetime = timestamp_column()
    accepted_at: datetime | None = timestamp_column(default=None)
    accepted_by: int | None = reference("account.id", index=False, default=None)
    cancelled_at: datetime | None = timestamp_column(default=None)
    created_at: datetime = created()

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class Officer(SQLModel, table=True):
    """The officer's file as approved, and the items that may be edited freely (R48)."""

    __tablename__ = "officer"

    account_id: int = reference("account.id", index=False, primary_key=True)
    birth_date: date
    level_code: str | None = Field(default=None, foreign_key="degree_level.code")
    field_code: str | None = Field(default=None, foreign_key="field_of_study.code")
    #: The officer's own words where the field is «سایر».
    field_note: str | None = None
    father_name: str | None = None
    gender: str | None = Field(default=None, max_length=8)  # "female" | "male"
    birth_cert_no: str | None = Field(default=None, max_length=10)
    province: str | None = None
    city: str | None = None
    university_code: str | None = Field(default=None, foreign_key="university.code")
    postal_address: str | None = None
    phone: str | None = None
    email: str | None = None
    #: Documents of the approved file: code → list of stored_file ids.
    documents: dict[str, Any] = json_dict()
    legacy_qualified: bool = False
    qualified_at: datetime | None = timestamp_column(default=None)
    #: What the QR code of the officer card leads to: 128 random bits, made when the card is first asked for.
    card_token: str | None = Field(default=None, max_length=32, unique=True)
    version: int = 0


class Chat(SQLModel, table=True):
    """A private chat on one messenger: who is logged in there, and what it shows now.

    One row is all that the bot keeps of a conversation between two updates. Answers are in the draft.
    """

    __tablename__ = "chat"
    __table_args__ = (
        UniqueConstraint("messenger", "chat_id"),
        index_where_set("chat", "show_at"),
        index_where_set("chat", "rest_until"),
        # Those whose menu is another role's. Not «messenger = …»: SQLite would compare it with the messenger that a
        # statement is given, and compile that statement anew each time (docs/performance.md 9).
        Index(
            "ix_chat_menu_due",
            "id",
            sqlite_where=text("messenger <> 'bale' AND dead IS 0 AND role IS NOT menu_role"),
            postgresql_where=text(
                "messenger <> 'bale' AND dead IS false AND role IS DISTINCT FROM menu_role"
            ),
        ),
    )

    id: int | None = primary_key()
    messenger: Messenger = enum_column(Messenger)
    chat_id: int = bigint_column()
    account_id: int | None = reference("account.id", default=None)
    #: The role chosen where the account holds several.
    role: Role | None = enum_column(Role, default=None)
    #: The role whose commands its menu shows; None: a guest's (docs/messengers.md).
    menu_role: Role | None = enum_column(Role, default=None)
    #: The messenger refuses messages to this chat (blocked, deactivated).
    dead: bool = False
    #: What it shows: the packed Press of a show route; a dialogue, where one is open, hides it.
    view: str | None = None
    #: The packed Press of the list that it showed last: the way back to the same page.
    list_view: str | None = None
    dialogue: str | None = None
    draft_id: int | None = reference("draft.id", default=None)
    #: The position in the dialogue: {"step": …, "editing": bool, "page": int, "query": str …}
    dialogue_state: dict[str, Any] = json_dict()
    #: The list that an expert came from, and the place of the open file in it: {"list": packed Press, "at": number}.
    listing: dict[str, Any] = json_dict(server_default="{}")
    #: A reply keyboard (the contact button) is open there: the next answer takes it away.
    keyboard: bool = False
    #: Messages with a button to the pay page stand in it (`pay_message`).
    has_pay_message: bool = Field(default=False, sa_column_kwargs={"server_default": "0"})
    #: The current screen is to be shown (again) at this time: albums, restarts.
    show_at: datetime | None = timestamp_column(default=None)
    #: The messenger asked for a long rest: nothing is sent here before `rest_until`. When it asked tells
    #: apart a rest of hours and a clock that was set back.
    rest_since: datetime | None = timestamp_column(default=None)
    rest_until: datetime | None = timestamp_column(default=None)
    version: int = 0
    linked_at: datetime | None = timestamp_column(default=None)
    created_at: datetime = created()


class KnownChat(SQLModel, table=True):
    """A chat that an account is or was logged in to, until it is signed out as a foreign one."""

    __tablename__ = "known_chat"
    __table_args__ = (UniqueConstraint("chat_row_id", "account_id"),)

    id: int | None = primary_key()
    account_id: int = reference("account.id")
    chat_row_id: int = reference("chat.id", index=False)
    at: datetime = timestamp_column()


class Draft(SQLModel, table=True):
    """Answers of an unfinished dialogue. An account's draft is shared by all its chats; a guest's is the
    chat's."""

    __tablename__ = "draft"
    __table_args__ = (
        UniqueConstraint("account_id", "dialogue", "subject_id"),
        UniqueConstraint("guest_chat_id", "dialogue"),
        # Those that nobody goes on with.
        Index("ix_draft_touched", "dialogue", "updated_at"),
    )

    id: int | None = primary_key()
    account_id: int | None = reference("account.id", default=None, index=False)
    #: chat.id of a guest's chat (no foreign key: chat points here)
    guest_chat_id: int | None = bigint_column(default=None)
    dialogue: str = Field(max_length=40)
    #: Version of the dialogue that the answers were given to.
    dialogue_version: int = 1
    #: What it is about, e.g. qualification_request.id; 0 where nothing.
    subject_id: int = bigint_column(default=0)
    answers: dict[str, Any] = json_dict()
    version: int = 0
    created_at: datetime = created()
    updated_at: datetime = created()


class Throttle(SQLModel, table=True):
    """One counted try (a wrong password, a national code): key names what is counted."""

    __tablename__ = "throttle"

    id: int | None = primary_key()
    key: str = Field(max_length=80, index=True)
    at: datetime = timestamp_column(index=True)
