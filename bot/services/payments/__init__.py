"""Paying the review fee: the page, attempts, settling them with the gateway, refunds (SPEC 2.3).

`settle` is the one function that learns whether money came, whoever asks: the return page, «بررسی پرداخت» or the
reconciler.
"""

from bot.services.payments.attempts import PAYMENT_CHECKS, Checked, TooManyAttempts, waits_for_bank
from bot.services.payments.opening import open_attempt
from bot.services.payments.page import PageState, PayView, attempt_of_return, latest, pay_url, pay_view
from bot.services.payments.reconciler import reconcile
from bot.services.payments.refunds import (
    RefundDue,
    record_refund,
    record_wrong_amount,
    refunds_due,
    wrong_amounts,
)
from bot.services.payments.settlement import check_request, settle, settle_return

__all__ = [
    "PAYMENT_CHECKS",
    "Checked",
    "PageState",
    "PayView",
    "RefundDue",
    "TooManyAttempts",
    "attempt_of_return",
    "check_request",
    "latest",
    "open_attempt",
    "pay_url",
    "pay_view",
    "reconcile",
    "record_refund",
    "record_wrong_amount",
    "refunds_due",
    "settle",
    "settle_return",
    "waits_for_bank",
    "wrong_amounts",
]
