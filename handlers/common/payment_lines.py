"""What staff read of attempts to pay: on cards, in lists and in a file's course."""

from __future__ import annotations

from bot.services.payments.history import LatestPayment, PaymentChange, PaymentRecord
from bot.texts import has, t
from bot.texts.formats import digits, jalali_time, number


def record_lines(i: int, record: PaymentRecord) -> list[str]:
    """What the bank's panel asks for, and where the money is."""
    attempt = record.attempt
    lines = [
        t(
            "payments_staff.line",
            i=digits(i),
            amount=number(attempt.amount_rial),
            state=t(f"pay.state.{attempt.state}"),
        ),
        t("payments_staff.times", opened=jalali_time(attempt.created_at), code=record.tracking_code),
        t("refunds.gateway", what=attempt.gateway, ref=attempt.ref or "–"),
    ]
    if attempt.bank_ref:
        lines.append(t("refunds.bank_ref", ref=attempt.bank_ref))
    if attempt.card_masked:
        lines.append(t("refunds.card", number=attempt.card_masked))
    if attempt.paid_at is not None:
        lines.append(t("refunds.paid", time=jalali_time(attempt.paid_at)))
    if attempt.refund_ref is not None and attempt.refunded_at is not None:
        lines.append(t("refunds.returned", ref=attempt.refund_ref, time=jalali_time(attempt.refunded_at)))
    return lines


def latest_line(latest: LatestPayment | None) -> list[str]:
    """On a card: how often it was tried, and what became of the last."""
    if latest is None:
        return []
    state = t(f"pay.state.{latest.record.attempt.state}")
    return [t("payments_staff.short", n=digits(latest.count), state=state)]


def change_text(change: PaymentChange) -> str:
    """What happened to an attempt: where it is now, else what was recorded."""
    if change.state is not None:
        what = t(f"pay.state.{change.state}")
    else:
        what = t(f"trail.{change.event}") if has(f"trail.{change.event}") else change.event
    return t(
        "payments_staff.change", id=digits(change.attempt_id), amount=number(change.amount_rial), state=what
    )
