"""Alerts to staff about payments, and when they are settled."""

from datetime import datetime

from sqlmodel import Session, col, select

from bot.services.shared import notify
from bot.texts import t
from bot.texts.formats import number
from storage.tables import PaymentAttempt, QualificationRequest, StaffAlert


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
    keys = db.exec(
        select(StaffAlert.key).where(
            col(StaffAlert.key).startswith(_gateway_refused_key(gateway)),
            col(StaffAlert.resolved_at).is_(None),
        )
    ).all()
    for key in keys:
        notify.close_alert(db, key=key, now=now)


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
        key=f"unverified:{gateway}:{ref}",
        text=t("alert.unverified_unknown", gateway=gateway, ref=ref),
        now=now,
    )


def _gateway_refused_key(gateway: str) -> str:
    return f"gateway:{gateway}:"


def _wrong_amount_key(attempt: PaymentAttempt) -> str:
    return f"wrong_amount:{attempt.id}"


def _refund_key(attempt: PaymentAttempt) -> str:
    return f"refund:{attempt.id}"
