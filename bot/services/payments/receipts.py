"""Receipts of payments that were made, for their payer alone (docs/specification.md 7)."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bot.core.context import Actor
from bot.core.refusals import NotAllowed
from bot.services.shared.permissions import require
from storage.enums import AttemptState, RequestKind, Role
from storage.tables import Account, PaymentAttempt, QualificationRequest

#: Payments that a list of receipts holds at most, the newest.
LISTED = 20


@dataclass(frozen=True, slots=True)
class Receipt:
    request_id: int
    kind: RequestKind
    tracking_code: str
    amount_rial: int
    paid_at: datetime
    bank_ref: str | None
    #: As the gateway gives it: most of its digits are hidden.
    card_masked: str | None


_PAID = (
    select(QualificationRequest, PaymentAttempt)
    .join(PaymentAttempt, col(PaymentAttempt.request_id) == col(QualificationRequest.id))
    .where(PaymentAttempt.state == AttemptState.PAID)
    .order_by(col(QualificationRequest.id).desc())
    .limit(LISTED)
)


def receipts_of(db: Session, *, actor: Actor) -> list[Receipt]:
    """Of the acting officer's own payments, newest first. Raises NotAllowed."""
    require(db, actor, Role.OFFICER, reading=True)
    rows = db.exec(_PAID.where(QualificationRequest.account_id == actor.account_id))
    return [_receipt(request, attempt) for request, attempt in rows]


def receipt_of(db: Session, *, actor: Actor, request_id: int) -> tuple[Account, Receipt]:
    """The payer and the receipt of one request. Raises NotAllowed for another officer's, and where nothing was
    paid."""
    require(db, actor, Role.OFFICER, reading=True)
    own = _PAID.where(
        QualificationRequest.account_id == actor.account_id, QualificationRequest.id == request_id
    )
    row = db.exec(own).first()
    if row is None:
        raise NotAllowed
    return db.get_one(Account, actor.account_id), _receipt(*row)


def _receipt(request: QualificationRequest, attempt: PaymentAttempt) -> Receipt:
    return Receipt(
        request.id or 0,
        request.kind,
        request.tracking_code or "",
        attempt.amount_rial,
        attempt.paid_at or attempt.state_since,
        attempt.bank_ref,
        attempt.card_masked,
    )
