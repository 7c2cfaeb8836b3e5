"""The bank speaks Zibal's IPG v1. A repeated verify gets a bare 201, without the amount.

See docs/gateways.md 1.2.
"""

from typing import Any
from urllib.parse import urlsplit

from demo.bank.ledger import Answer, Bank, Payment, PaymentState

_STATUS = {
    PaymentState.IN_BANK: -1,
    PaymentState.PAID: 2,
    PaymentState.VERIFIED: 1,
    PaymentState.FAILED: 3,
    PaymentState.REVERSED: 18,
}


def request(bank: Bank, body: dict[str, Any]) -> Answer:
    if not body.get("merchant"):
        return {"result": 102, "message": "merchant یافت نشد."}
    amount = body.get("amount")
    if not isinstance(amount, int) or isinstance(amount, bool) or amount <= 1000:
        return {"result": 105, "message": "amount بایستی بزرگتر از 1,000 ریال باشد."}
    if amount > 500_000_000:
        return {"result": 113, "message": "amount مبلغ تراکنش از سقف میزان تراکنش بیشتر است."}
    if urlsplit(str(body.get("callbackUrl"))).scheme not in ("http", "https"):
        return {"result": 106, "message": "callbackUrl نامعتبر می‌باشد."}
    payment = bank.create(
        "zibal",
        merchant=body["merchant"],
        amount=amount,
        callback=body["callbackUrl"],
        description=str(body.get("description", "")),
        order_id=body.get("orderId"),
        mobile=body.get("mobile"),
    )
    return {"result": 100, "message": "success", "trackId": int(payment.ref)}


def _find(bank: Bank, body: dict[str, Any]) -> Payment | Answer:
    payment = bank.find(body.get("trackId"), "zibal")
    if payment is None or not isinstance(body.get("trackId"), int):
        return {"result": 203, "message": "trackId نامعتبر می‌باشد."}
    if payment.merchant != body.get("merchant"):
        return {"result": 102, "message": "merchant یافت نشد."}
    return payment


def _facts(payment: Payment) -> dict[str, Any]:
    return {
        "result": 100,
        "message": "success",
        "status": _STATUS[payment.stand],
        "amount": payment.charged if payment.charged is not None else payment.amount,
        "paidAt": payment.paid_at.isoformat() if payment.paid_at else None,
        "cardNumber": payment.card if payment.paid_at else None,
        "refNumber": 301_000_000 + payment.number if payment.paid_at else None,
        "orderId": payment.order_id,
        "description": payment.description,
    }


def verify(bank: Bank, body: dict[str, Any]) -> Answer:
    payment = _find(bank, body)
    if not isinstance(payment, Payment):
        return payment
    payment.asked += 1
    if bank.faults.internal:
        return 500, {"message": "internal error"}
    if payment.stand is PaymentState.VERIFIED:
        return {"result": 201, "message": "قبلا تایید شده."}
    if payment.stand is not PaymentState.PAID:
        return {"result": 202, "message": "سفارش پرداخت نشده یا ناموفق بوده است."}
    payment.stand, payment.verified_at = PaymentState.VERIFIED, bank.clock()
    return _facts(payment)


def inquiry(bank: Bank, body: dict[str, Any]) -> Answer:
    payment = _find(bank, body)
    if not isinstance(payment, Payment):
        return payment
    created = payment.created_at.isoformat()
    verified = payment.verified_at.isoformat() if payment.verified_at else None
    return _facts(payment) | {"createdAt": created, "verifiedAt": verified, "wage": 0}
