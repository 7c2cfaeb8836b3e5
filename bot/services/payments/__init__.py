"""Payment of the review fee: pay page, attempts, settling with the gateway, refunds.

See docs/specification.md 2.3.

`verify_and_settle` is the one function that learns whether money came, for every caller: the return page, «بررسی
پرداخت» or the reconciler.
"""

from bot.services.payments.attempts import PAYMENT_CHECKS, PaymentCheck, TooManyAttempts, waits_for_bank
from bot.services.payments.opening import open_attempt
from bot.services.payments.page import (
    PageState,
    PayView,
    attempt_of_return,
    latest,
    pay_button,
    pay_url,
    pay_view,
)
from bot.services.payments.reconciler import reconcile
from bot.services.payments.refunds import (
    RefundDue,
    correct_refund,
    count_due,
    count_refunded,
    record_refund,
    record_wrong_amount,
    refunded,
    refunds_due,
    view_refund,
    wrong_amounts,
)
from bot.services.payments.settlement import check_request, settle_return, verify_and_settle

__all__ = [
    "PAYMENT_CHECKS",
    "PageState",
    "PayView",
    "PaymentCheck",
    "RefundDue",
    "TooManyAttempts",
    "attempt_of_return",
    "check_request",
    "correct_refund",
    "count_due",
    "count_refunded",
    "latest",
    "open_attempt",
    "pay_button",
    "pay_url",
    "pay_view",
    "reconcile",
    "record_refund",
    "record_wrong_amount",
    "refunded",
    "refunds_due",
    "settle_return",
    "verify_and_settle",
    "view_refund",
    "waits_for_bank",
    "wrong_amounts",
]
