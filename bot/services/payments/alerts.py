"""Alerts to staff about payments, and when they are settled."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session

from bot.services.shared import notify
from bot.texts import t
from bot.texts.formats import number
from storage.tables import PaymentAttempt, QualificationRequest


def raise_gateway_refused(db: Session, *, gateway: str, code: int | str | None, now: datetime) -> None:
    """The gateway refuses us: settings, tariff, or a payment of ours that it does not know."""
    notify.alert_staff(
        db,
        key=f"{_gateway_refused_key(gateway)}{code}",
        text=t("alert.gateway_refused", gateway=gateway, why=code),
        now=now,
    )


def close_gateway_refused(db: Session, *, gateway: str, now: datetime) -> None:
    """The gateway takes our payments: the reason of its refusals is repaired."""
    notify.close_alerts(db, keys=notify.open_keys(db, _gateway_refused_key(gateway)), now=now)


def raise_wrong_amount(
    db: Session, request: QualificationRequest, attempt: PaymentAttempt, now: datetime
) -> None:
    """Something was paid, but not the fee."""
    text = t("alert.wrong_amount", attempt=attempt.id, code=request.tracking_code or "")
    notify.alert_staff(db, key=_wrong_amount_key(attempt), text=text, now=now)


def close_wrong_amount(db: Session, attempt: PaymentAttempt, now: datetime) -> None:
    notify.close_alert(db, key=_wrong_amount_key(attempt), now=now)


def raise_refund_due(
    db: Session, request: QualificationRequest, attempt: PaymentAttempt, now: datetime
) -> None:
    """Money must go back to the payer."""
    text = t(
        "alert.refund_due",
        attempt=attempt.id,
        code=request.tracking_code or "",
        amount=number(attempt.amount_rial),
    )
    notify.alert_staff(db, key=_refund_key(attempt), text=text, now=now)


def close_refund_due(db: Session, attempt: PaymentAttempt, now: datetime) -> None:
    notify.close_alert(db, key=_refund_key(attempt), now=now)


def raise_unknown_payment(db: Session, *, gateway: str, ref: str, now: datetime) -> None:
    """A payment waits at our gateway that we never opened."""
    notify.alert_staff(
        db,
        key=f"{_unknown_payment_key(gateway)}{ref}",
        text=t("alert.unverified_unknown", gateway=gateway, ref=ref),
        now=now,
    )


def close_unknown_payments(db: Session, *, gateway: str, waiting: Collection[str], now: datetime) -> None:
    """Payments that we never opened and that do not wait at the gateway any more; `waiting` is its whole list."""
    prefix = _unknown_payment_key(gateway)
    gone = [key for key in notify.open_keys(db, prefix) if key.removeprefix(prefix) not in waiting]
    notify.close_alerts(db, keys=gone, now=now)


def _unknown_payment_key(gateway: str) -> str:
    return f"unverified:{gateway}:"


def _gateway_refused_key(gateway: str) -> str:
    return f"gateway:{gateway}:"


def _wrong_amount_key(attempt: PaymentAttempt) -> str:
    return f"wrong_amount:{attempt.id}"


def _refund_key(attempt: PaymentAttempt) -> str:
    return f"refund:{attempt.id}"
