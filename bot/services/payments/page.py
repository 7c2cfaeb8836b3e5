"""What the pay page shows, found by its token; which attempt a return from the bank belongs to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from bot.core.context import PublicInfo
from bot.core.screens import Button
from bot.services.payments.attempts import PAID_OF, waits_for_bank
from bot.texts import t
from storage.enums import AccountState, RequestKind, RequestState
from storage.tables import Account, PaymentAttempt, QualificationRequest


class PageState(StrEnum):
    PAYABLE = "PAYABLE"
    PAID = "PAID"
    WITHDRAWN = "WITHDRAWN"
    UNCERTAIN = "UNCERTAIN"
    #: The payer's account is suspended: nothing can be paid until that ends.
    HELD = "HELD"


@dataclass(frozen=True, slots=True)
class PayView:
    state: PageState
    request_id: int
    kind: RequestKind
    amount_rial: int
    payer: str
    tracking_code: str
    approved_at: datetime | None
    #: Of the payment that completed the request.
    bank_ref: str | None = None
    paid_at: datetime | None = None


_BY_TOKEN = (
    select(QualificationRequest, Account)
    .join(Account, col(Account.id) == col(QualificationRequest.account_id))
    .where(QualificationRequest.pay_token == bindparam("token"))
)
_OF_RETURN = (
    select(PaymentAttempt.ref, QualificationRequest.pay_token)
    .join(QualificationRequest, col(QualificationRequest.id) == col(PaymentAttempt.request_id))
    .where(PaymentAttempt.id == bindparam("id"), PaymentAttempt.gateway == bindparam("gateway"))
)
_NEWEST = (
    select(PaymentAttempt)
    .where(PaymentAttempt.request_id == bindparam("request_id"))
    .order_by(col(PaymentAttempt.id).desc())
    .limit(1)
)
_PAGE = {
    RequestState.AWAITING_PAYMENT: PageState.PAYABLE,
    RequestState.COMPLETED: PageState.PAID,
    RequestState.REVOKED: PageState.PAID,
    RequestState.WITHDRAWN: PageState.WITHDRAWN,
}


def pay_url(public_info: PublicInfo, token: str) -> str:
    """Our own page for a request's `pay_token`; what every payment button opens."""
    return f"{public_info.public_url.rstrip('/')}/pay/{token}"


def pay_button(public_info: PublicInfo, request: QualificationRequest) -> Button:
    """«پرداخت», of a request that waits for its fee."""
    return Button(t("pay.button"), url=pay_url(public_info, request.pay_token or ""), pays=request.id)


def pay_view(db: Session, token: str, *, now: datetime) -> PayView | None:
    """The page of `token`, None where no page has it."""
    row = db.exec(_BY_TOKEN, params={"token": token}).first()
    if row is None:
        return None
    request, account = row
    state = _PAGE.get(request.state)
    if state is None or request.id is None:
        return None
    if state is PageState.PAYABLE and waits_for_bank(db, request.id, now=now):
        state = PageState.UNCERTAIN
    elif state is PageState.PAYABLE and account.state is not AccountState.ACTIVE:
        state = PageState.HELD
    paid = db.exec(PAID_OF, params={"request_id": request.id}).first() if state is PageState.PAID else None
    return PayView(
        state,
        request.id,
        request.kind,
        request.fee_rial or 0,
        account.name,
        request.tracking_code or "",
        request.decided_at,
        paid.bank_ref if paid else None,
        paid.paid_at if paid else None,
    )


def latest(db: Session, *, request_id: int) -> PaymentAttempt | None:
    """The attempt that tells the state of the fee: the one that was paid, else the newest."""
    paid = db.exec(PAID_OF, params={"request_id": request_id}).first()
    return paid or db.exec(_NEWEST, params={"request_id": request_id}).first()


def attempt_of_return(db: Session, *, gateway: str, attempt_id: int) -> tuple[str | None, str | None] | None:
    """(the gateway's ref, the page's token) of an attempt, None where there is none."""
    row = db.exec(_OF_RETURN, params={"id": attempt_id, "gateway": gateway}).first()
    return None if row is None else (row[0], row[1])
