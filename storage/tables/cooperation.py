"""Distributors and their branches, cooperation requests, contracts, terminations.

See docs/specification.md 2.4–2.6.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from storage.enums import ContractState, CooperationState, DistributorKind, TerminationState
from storage.tables.columns import (
    bigint_column,
    created,
    enum_column,
    json_dict,
    primary_key,
    reference,
    timestamp_column,
)

_OPEN = "state IN ('PENDING_OFFICER', 'PENDING_UNIVERSITY')"


class Distributor(SQLModel, table=True):
    """A company or a guild (R43). The name is kept without its kind; `manager_mobile` gets the SMS of R33."""

    __tablename__ = "distributor"
    __table_args__ = (
        CheckConstraint(
            "(kind = 'COMPANY' AND legal_id IS NOT NULL) OR (kind = 'GUILD' AND guild_id IS NOT NULL)",
            name="kind_has_its_number",
        ),
        Index("ix_distributor_name", "name", "id"),
    )

    id: int | None = primary_key()
    kind: DistributorKind = enum_column(DistributorKind)
    name: str = Field(max_length=120)
    legal_id: str | None = Field(default=None, unique=True, max_length=11)
    guild_id: str | None = Field(default=None, unique=True, max_length=20)
    manager_name: str
    phone: str | None = None
    address: str | None = None
    #: +989…
    manager_mobile: str | None = Field(default=None, max_length=13)
    active: bool = True
    version: int = 0
    created_at: datetime = created()


class Branch(SQLModel, table=True):
    """Where an officer serves. Exactly one central branch a distributor; the name is kept without «شعبه»."""

    __tablename__ = "branch"
    __table_args__ = (
        Index(
            "uq_branch_central",
            "distributor_id",
            unique=True,
            sqlite_where=text("is_central"),
            postgresql_where=text("is_central"),
        ),
        Index(
            "uq_branch_name",
            "distributor_id",
            "name",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: int | None = primary_key()
    distributor_id: int = reference("distributor.id")
    name: str = Field(max_length=120)
    province: str
    city: str
    #: Chosen where the province has several (Tehran), else the province's default.
    university_code: str | None = Field(default=None, foreign_key="university.code")
    address: str
    is_central: bool = False
    #: Nobody serves there any more; its name is free, its history stays.
    closed_at: datetime | None = timestamp_column(default=None)
    version: int = 0
    created_at: datetime = created()


_HELD = "held_until IS NOT NULL"


class CooperationRequest(SQLModel, table=True):
    """A distributor's wish to have an officer at a branch (R37). One open a branch; one accepted an
    officer."""

    __tablename__ = "cooperation_request"
    __table_args__ = (
        Index(
            "ix_cooperation_request_deputy_for_id",
            "deputy_for_id",
            sqlite_where=text("deputy_for_id IS NOT NULL"),
            postgresql_where=text("deputy_for_id IS NOT NULL"),
        ),
        Index(
            "uq_cooperation_request_open_branch",
            "branch_id",
            unique=True,
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
        Index(
            "uq_cooperation_request_reserved",
            "account_id",
            unique=True,
            sqlite_where=text("state = 'PENDING_UNIVERSITY'"),
            postgresql_where=text("state = 'PENDING_UNIVERSITY'"),
        ),
        Index("ix_cooperation_request_queue", "university_code", "state", "accepted_at"),
        # Not claimed, and since when; the last of them says whether something new came.
        Index("ix_cooperation_request_arrivals", "university_code", "state", "reviewer_id", "state_since"),
        # Reminders that are due.
        Index("ix_cooperation_request_reminders", "state", "reminders", "state_since"),
        Index("ix_cooperation_request_closed", "university_code", "closed_at"),
        Index(
            "ix_cooperation_request_held",
            "held_until",
            sqlite_where=text(_HELD),
            postgresql_where=text(_HELD),
        ),
        CheckConstraint(
            "state <> 'REJECTED_BY_UNIVERSITY' OR coalesce(length(reject_text), 0) >= 5",
            name="rejection_has_reason",
        ),
        CheckConstraint(
            "state <> 'PENDING_UNIVERSITY' OR university_code IS NOT NULL", name="review_has_university"
        ),
    )

    id: int | None = primary_key()
    branch_id: int = reference("branch.id")
    distributor_id: int = reference("distributor.id")
    #: The officer.
    account_id: int = reference("account.id")
    requested_by: int = reference("account.id", index=False)
    state: CooperationState = enum_column(CooperationState, default=CooperationState.PENDING_OFFICER)
    version: int = 0
    tracking_code: str = Field(unique=True, max_length=12)
    #: Of the branch (W6), set when the officer accepts.
    university_code: str | None = Field(default=None, foreign_key="university.code")
    #: The expert who has claimed it.
    reviewer_id: int | None = reference("account.id", default=None)
    #: account.id of the expert on leave for whom the reviewer has it; it goes back to them afterwards.
    deputy_for_id: int | None = bigint_column(default=None)
    #: Why the officer refused or gave up; may be empty (R41).
    officer_reason: str | None = None
    reject_text: str | None = None
    accepted_at: datetime | None = timestamp_column(default=None)
    closed_at: datetime | None = timestamp_column(default=None)
    #: A decision that its expert may still undo, until then (`bot.services.review.held_decisions`).
    held_until: datetime | None = timestamp_column(default=None)
    held_decision: dict[str, Any] = json_dict(server_default="{}")
    reminders: int = 0
    state_since: datetime = created()
    created_at: datetime = created()


class Contract(SQLModel, table=True):
    """An officer serves at a branch. At most one ACTIVE an officer (Q17), and one a branch; only officers who
    came with the old system's data may share their central branch (R53)."""

    __tablename__ = "contract"
    __table_args__ = (
        Index(
            "uq_contract_active_officer",
            "account_id",
            unique=True,
            sqlite_where=text("state = 'ACTIVE'"),
            postgresql_where=text("state = 'ACTIVE'"),
        ),
        Index(
            "uq_contract_active_branch",
            "branch_id",
            unique=True,
            sqlite_where=text("state = 'ACTIVE' AND NOT migrated"),
            postgresql_where=text("state = 'ACTIVE' AND NOT migrated"),
        ),
        CheckConstraint("(state = 'ACTIVE') = (ended_at IS NULL)", name="ended_has_its_time"),
    )

    id: int | None = primary_key()
    account_id: int = reference("account.id")
    distributor_id: int = reference("distributor.id")
    branch_id: int = reference("branch.id")
    #: It came with the old system's data (R53).
    migrated: bool = False
    #: None for a migrated one (R53).
    cooperation_id: int | None = reference("cooperation_request.id", default=None)
    state: ContractState = enum_column(ContractState, default=ContractState.ACTIVE)
    version: int = 0
    started_at: datetime = created()
    ended_at: datetime | None = timestamp_column(default=None)


class Termination(SQLModel, table=True):
    """An officer's request to end a contract (R31–R36): a draft until the second confirmation."""

    __tablename__ = "termination"
    __table_args__ = (
        CheckConstraint("length(reason) >= 10", name="reason_long_enough"),
        Index(
            "uq_termination_draft",
            "contract_id",
            unique=True,
            sqlite_where=text("state = 'DRAFT'"),
            postgresql_where=text("state = 'DRAFT'"),
        ),
    )

    id: int | None = primary_key()
    contract_id: int = reference("contract.id")
    account_id: int = reference("account.id")
    reason: str
    state: TerminationState = enum_column(TerminationState, default=TerminationState.DRAFT)
    version: int = 0
    created_at: datetime = created()
    closed_at: datetime | None = timestamp_column(default=None)
