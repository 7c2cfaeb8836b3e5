"""The fee at the demo's bank: the pay page's own services, and a payer who is this module over HTTP."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlmodel import Session, col, select

from bot.services import payments
from simulation.past import Past
from simulation.stories import Outside
from storage.tables import PaymentAttempt, QualificationRequest


class Ending(StrEnum):
    PAID = "paid"
    #: The payer turned back at the bank's page.
    CANCELLED = "cancelled"
    #: Paid, and the bank does not say so.
    UNCERTAIN = "uncertain"
    #: The card was charged another amount.
    WRONG_AMOUNT = "wrong_amount"
    #: Withdrawn while the payer was at the bank, who paid all the same.
    REFUND_DUE = "refund_due"


def pay(past: Past, request_id: int, ending: Ending, *, meanwhile: Outside | None = None) -> Outside:
    """A visit to the bank, between two transactions."""

    async def work() -> None:
        token = await past.resources.database.read(lambda db: _token(db, request_id))
        await payments.open_attempt(past.resources, token)
        attempt = await past.resources.database.read(lambda db: _newest(db, request_id))
        if meanwhile is not None:
            await meanwhile.work()
        if ending is Ending.WRONG_AMOUNT:
            await _control(past, "faults", {"wrong_amount": 100_000})
        how = {Ending.CANCELLED: "cancel", Ending.UNCERTAIN: "silence"}.get(ending, "pay")
        await _control(past, f"payments/{attempt.ref}/{how}", {})
        if ending is Ending.WRONG_AMOUNT:
            await _control(past, "faults", {"wrong_amount": 0})
        await payments.settle_return(past.resources, attempt.id or 0, cancelled=ending is Ending.CANCELLED)

    return Outside(work)


async def _control(past: Past, path: str, body: dict[str, Any]) -> None:
    url = f"{past.resources.settings.zarinpal_url}/control/{path}"
    (await past.http.post(url, json=body)).raise_for_status()


def _token(db: Session, request_id: int) -> str:
    token = db.get_one(QualificationRequest, request_id).pay_token
    assert token is not None
    return token


def _newest(db: Session, request_id: int) -> PaymentAttempt:
    query = select(PaymentAttempt).where(PaymentAttempt.request_id == request_id)
    return db.exec(query.order_by(col(PaymentAttempt.id).desc()).limit(1)).one()
