"""The bank speaks Zarinpal's REST v4 (docs/gateways.md 1.1), strictly."""

import re
from typing import Any
from urllib.parse import urlsplit

from demo.bank.ledger import Answer, Bank, Payment, PaymentState

UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", re.IGNORECASE)
AUTHORITY = re.compile(r"^[AS][0-9A-Za-z]{35}$")
REQUEST_FIELDS = {"merchant_id", "amount", "currency", "callback_url", "description", "metadata"}


def _bad(code: int, message: str, status: int = 200, **validations: str) -> Answer:
    listed = [{name: why} for name, why in validations.items()]
    return status, {"data": [], "errors": {"code": code, "message": message, "validations": listed}}


def _good(**data: Any) -> Answer:
    return {"data": data, "errors": []}


def _is_rial(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1000


def request(bank: Bank, body: dict[str, Any]) -> Answer:
    if bank.faults.refuse_create:
        return _bad(bank.faults.refuse_create, "refused")
    metadata = body.get("metadata", {})
    wrong: dict[str, str] = dict.fromkeys(body.keys() - REQUEST_FIELDS, "unknown field")
    if not UUID.match(str(body.get("merchant_id"))):
        wrong["merchant_id"] = "must be a UUID"
    if not _is_rial(body.get("amount")):
        wrong["amount"] = "must be a whole number of at least 1000"
    if body.get("currency") not in ("IRR", "IRT"):
        wrong["currency"] = "must be IRR or IRT"
    if urlsplit(str(body.get("callback_url"))).scheme not in ("http", "https"):
        wrong["callback_url"] = "must be an address"
    if not 1 <= len(str(body.get("description", ""))) <= 500:
        wrong["description"] = "1 to 500 characters"
    if not isinstance(metadata, dict) or not isinstance(metadata.get("order_id", ""), str):
        wrong["metadata"] = "order_id must be text"
    elif "mobile" in metadata and not re.fullmatch(r"09[0-9]{9}", str(metadata["mobile"])):
        wrong["metadata"] = "mobile must be 09…"
    if wrong:
        return _bad(-9, "The input params invalid, validation error.", 422, **wrong)
    if body["amount"] > 1_000_000_000:
        return _bad(-41, "Maximum amount is 100,000,000 tomans.")
    if bank.domains is not None and urlsplit(body["callback_url"]).hostname not in bank.domains:
        return _bad(-14, "The callback URL domain does not match the registered terminal domain.")
    payment = bank.create(
        "zarinpal",
        merchant=body["merchant_id"],
        amount=body["amount"] * (10 if body["currency"] == "IRT" else 1),
        callback=body["callback_url"],
        description=body["description"],
        order_id=metadata.get("order_id"),
        mobile=metadata.get("mobile"),
    )
    return _good(code=100, message="Success", authority=payment.ref, fee_type="Merchant", fee=100)


def _find(bank: Bank, body: dict[str, Any]) -> Payment | Answer:
    if not UUID.match(str(body.get("merchant_id"))):
        return _bad(-9, "validation", 422, merchant_id="must be a UUID")
    if not AUTHORITY.match(str(body.get("authority"))):
        return 400, {"data": [], "errors": {"authority": ["Invalid authority", "-54"]}}
    payment = bank.find(body["authority"], "zarinpal")
    if payment is None:
        return _bad(-55, "Manual payment request not found.")
    if payment.merchant != body["merchant_id"]:
        return _bad(-53, "Session is not this merchant_id session.")
    return payment


def verify(bank: Bank, body: dict[str, Any]) -> Answer:
    payment = _find(bank, body)
    if not isinstance(payment, Payment):
        return payment
    payment.asked += 1
    if not _is_rial(body.get("amount")):
        return _bad(-9, "validation", 422, amount="must be a whole number of at least 1000")
    if bank.faults.internal or payment.silent:
        return _bad(-52, "Oops!!, please contact our support team")
    if payment.stand not in (PaymentState.PAID, PaymentState.VERIFIED):
        return _bad(-51, "Session is not valid, session is not active paid try.")
    if body["amount"] != payment.charged:
        return _bad(-50, "Session is not valid, amounts values is not the same.")
    before = payment.stand is PaymentState.VERIFIED
    payment.stand, payment.verified_at = PaymentState.VERIFIED, payment.verified_at or bank.clock()
    return _good(
        code=101 if before else 100,
        message="Verified" if before else "Paid",
        ref_id=201_000_000 + payment.number,
        card_pan=payment.card,
        card_hash="1EBE3EBEBE35C7EC0F8D6EE4F2F859107A87822CA179BC9528767EA7B5489B69",
        fee_type="Merchant",
        fee=0,
        order_id=payment.order_id,
    )


def inquiry(bank: Bank, body: dict[str, Any]) -> Answer:
    payment = _find(bank, body)
    if not isinstance(payment, Payment):
        return payment
    return _good(status=payment.stand, code=100, message="Success")


def unverified(bank: Bank, body: dict[str, Any]) -> Answer:
    if not UUID.match(str(body.get("merchant_id"))):
        return _bad(-9, "validation", 422, merchant_id="must be a UUID")
    refs = [ref for ref, payment in bank.payments.items() if payment.merchant == body["merchant_id"]]
    waiting_payments = [
        candidate
        for ref in refs
        if (candidate := bank.find(ref, "zarinpal")) and candidate.stand is PaymentState.PAID
    ]
    listed = [
        {
            "authority": payment.ref,
            "amount": payment.amount,
            "callback_url": payment.callback,
            "referer": payment.referrer or "/",
            "date": f"{payment.created_at:%Y-%m-%d %H:%M:%S}",
        }
        for payment in waiting_payments[-100:]
    ]
    return _good(code="100", message="Success", authorities=listed)
