"""Attempts to pay a request's fee (docs/specification.md 2.3)."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.enums import AttemptState
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


class PaymentAttempt(SQLModel, table=True):
    """One click on the pay page, one authority at the gateway. At most one PAID a request."""

    __tablename__ = "payment_attempt"
    __table_args__ = (
        UniqueConstraint("gateway", "ref"),
        Index(
            "uq_payment_attempt_paid",
            "request_id",
            unique=True,
            sqlite_where=text("state = 'PAID'"),
            postgresql_where=text("state = 'PAID'"),
        ),
        index_where_set("payment_attempt", "next_check_at"),
        # The fees of a period are read from this index alone.
        Index(
            "ix_payment_attempt_paid_at",
            *("state", "paid_at", "amount_rial", "request_id"),
            sqlite_where=text("state = 'PAID'"),
            postgresql_where=text("state = 'PAID'"),
        ),
        # What is not settled, and since when: few among all that is paid.
        Index("ix_payment_attempt_state", "state", "state_since"),
        CheckConstraint("amount_rial > 0", name="amount_positive"),
        CheckConstraint("state <> 'REFUNDED' OR refund_ref IS NOT NULL", name="refund_has_reference"),
    )

    id: int | None = primary_key()
    request_id: int = reference("qualification_request.id")
    gateway: str = Field(max_length=16)
    #: Authority or trackId; None between our row and the gateway's answer.
    ref: str | None = Field(default=None, max_length=64)
    amount_rial: int = bigint_column()
    state: AttemptState = enum_column(AttemptState, default=AttemptState.CREATED)
    state_since: datetime = created()
    version: int = 0
    #: Shown to people as «شماره پیگیری بانک».
    bank_ref: str | None = None
    card_masked: str | None = None
    #: The gateway's last answer, without secrets.
    answer: dict[str, Any] = json_dict()
    checks: int = 0
    #: The reconciler's next look; of a VERIFYING one, the end of its lease.
    next_check_at: datetime | None = timestamp_column(default=None)
    #: When the gateway was last asked because the payer came to the pay page or back from the bank.
    looked_at: datetime | None = timestamp_column(default=None)
    created_at: datetime = created()
    paid_at: datetime | None = timestamp_column(default=None)
    refund_ref: str | None = None
    refunded_at: datetime | None = timestamp_column(default=None)
    refunded_by: int | None = reference("account.id", index=False, default=None)
